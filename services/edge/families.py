"""The contract families, over the parts that they share."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import Router

from libs.chassis.bus import Bus
from libs.chassis.health import Health
from libs.chassis.storage import Storage
from services.edge.auth.authenticator import Authenticator
from services.edge.contracts.enhancement.files import ResultFiles
from services.edge.contracts.enhancement.routes import router as enhancement
from services.edge.contracts.enhancement.upload import UploadFlow
from services.edge.contracts.jobs.creating import Creating
from services.edge.contracts.jobs.gate import Gate as JobsGate
from services.edge.contracts.jobs.outputs import Outputs
from services.edge.contracts.jobs.records import Records
from services.edge.contracts.jobs.routes import router as jobs_family
from services.edge.contracts.jobs.sources import Sources
from services.edge.contracts.jobs.uploading import Uploading
from services.edge.contracts.motion_photo.ends import Ends
from services.edge.contracts.motion_photo.gate import Gate
from services.edge.contracts.motion_photo.preparing import Preparing
from services.edge.contracts.motion_photo.routes import router as motion_photo
from services.edge.contracts.motion_photo.sessions import Sessions
from services.edge.contracts.motion_photo.tokens import Tokens, parse_tokens
from services.edge.contracts.video_editor.editing import Editing
from services.edge.contracts.video_editor.routes import router as video_editor
from services.edge.contracts.video_editor.upload import VideoUpload
from services.edge.contracts.video_editor.videos import Videos
from services.edge.job_loader import JobLoader
from services.edge.limits import Limiter
from services.edge.links import Links
from services.edge.proxies import Proxies
from services.edge.settings import EdgeSettings
from services.edge.uploads import Uploader
from services.edge.waiting import EndWaiter


@dataclass(frozen=True)
class Parts:
    """What all families stand on."""

    bus: Bus
    storage: Storage
    jobs: JobLoader
    waiter: EndWaiter
    limiter: Limiter
    health: Health
    authenticator: Authenticator


def routers(parts: Parts, settings: EdgeSettings) -> list[Router]:
    """One router for each family."""
    bus, storage, jobs = parts.bus, parts.storage, parts.jobs
    proxies = Proxies(settings.trusted_proxies)
    links = Links(settings.public_url, proxies)
    uploader = Uploader(bus, storage, max_size=settings.max_upload_bytes, max_uploads=settings.max_uploads)
    files = ResultFiles(bus, storage, jobs)
    return [
        enhancement(UploadFlow(bus, uploader), jobs, files),
        video_editor(
            VideoUpload(bus, uploader, max_form=settings.max_form_bytes, max_files=settings.max_form_files),
            Videos(bus, storage),
            Editing(bus, parts.waiter, timeout=settings.execute_timeout),
            links,
        ),
        _motion_photo(parts, settings, uploader.limited(settings.motion_max_bytes), links, proxies),
        _jobs(parts, _jobs_gate(parts, settings, proxies), links, uploader, files),
    ]


def _motion_photo(
    parts: Parts, settings: EdgeSettings, uploader: Uploader, links: Links, proxies: Proxies
) -> Router:
    ends = Ends(parts.jobs, parts.waiter)
    gate = Gate(
        Tokens(parse_tokens(settings.motion_tokens.get_secret_value())),
        parts.limiter,
        proxies,
        ip_rate=settings.motion_ip_rate,
        token_rate=settings.motion_token_rate,
    )
    preparing = Preparing(parts.bus, uploader, ends, time_limit=settings.prepare_time_limit)
    sessions = Sessions(parts.bus, parts.storage, parts.jobs, ends, time_limit=settings.convert_time_limit)
    return motion_photo(gate, preparing, sessions, links, parts.health)


def _jobs_gate(parts: Parts, settings: EdgeSettings, proxies: Proxies) -> JobsGate:
    return JobsGate(
        parts.authenticator,
        parts.limiter,
        proxies,
        rate=settings.jobs_rate,
        refused_rate=settings.jobs_refused_rate,
    )


def _jobs(parts: Parts, gate: JobsGate, links: Links, uploader: Uploader, files: ResultFiles) -> Router:
    records = Records(parts.bus)
    return jobs_family(
        gate,
        links,
        creating=Creating(parts.bus, Sources(parts.bus, records, files.result)),
        records=records,
        outputs=Outputs(records, parts.storage),
        uploading=Uploading(uploader),
    )
