"""The contract families, over the parts that they share."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from litestar import Router

from libs.chassis.bus import Bus
from libs.chassis.health import Health
from libs.chassis.links import Links
from libs.chassis.proxies import Proxies
from libs.chassis.storage import Storage
from services.edge.auth.authenticator import Authenticator
from services.edge.auth.gate import Gate, guard
from services.edge.auth.refusals import Refusals
from services.edge.contracts.enhancement.files import ResultFiles
from services.edge.contracts.enhancement.routes import router as enhancement
from services.edge.contracts.enhancement.schemas import FAMILY as ENHANCEMENT
from services.edge.contracts.enhancement.upload import UploadFlow
from services.edge.contracts.jobs.creating import Creating
from services.edge.contracts.jobs.outputs import Outputs
from services.edge.contracts.jobs.records import Records
from services.edge.contracts.jobs.routes import router as jobs_family
from services.edge.contracts.jobs.sources import Sources
from services.edge.contracts.jobs.uploading import Uploading
from services.edge.contracts.motion_photo.accounts import Accounts
from services.edge.contracts.motion_photo.ends import Ends
from services.edge.contracts.motion_photo.gate import Gate as MotionPhotoGate
from services.edge.contracts.motion_photo.preparing import Preparing
from services.edge.contracts.motion_photo.routes import router as motion_photo
from services.edge.contracts.motion_photo.schemas import FAMILY as MOTION_PHOTO
from services.edge.contracts.motion_photo.sessions import Sessions
from services.edge.contracts.motion_photo.tokens import Tokens, parse_tokens
from services.edge.contracts.video_editor.editing import Editing
from services.edge.contracts.video_editor.routes import router as video_editor
from services.edge.contracts.video_editor.schemas import FAMILY as VIDEO_EDITOR
from services.edge.contracts.video_editor.upload import VideoUpload
from services.edge.contracts.video_editor.videos import Videos
from services.edge.job_loader import JobLoader
from services.edge.limits import Limiter
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
    refusals: Refusals


def routers(parts: Parts, settings: EdgeSettings) -> list[Router]:
    """One router for each family."""
    bus, storage, jobs = parts.bus, parts.storage, parts.jobs
    proxies = Proxies(settings.trusted_proxies)
    links = Links(settings.public_url, proxies)
    uploader = Uploader(bus, storage, max_size=settings.max_upload_bytes, max_uploads=settings.max_uploads)
    files = ResultFiles(bus, storage, jobs)
    gate = Gate(parts.authenticator, parts.refusals, parts.limiter, proxies, rate=settings.jobs_rate)
    editor = video_editor(
        VideoUpload(bus, uploader, max_form=settings.max_form_bytes, max_files=settings.max_form_files),
        Videos(bus, storage),
        Editing(bus, parts.waiter, timeout=settings.execute_timeout),
        links,
    )
    opened = settings.open_families
    return [
        _guarded(enhancement(UploadFlow(bus, uploader), jobs, files), ENHANCEMENT, gate, opened),
        _guarded(editor, VIDEO_EDITOR, gate, opened),
        _motion_photo(parts, settings, uploader, links, _motion_gate(parts, settings, proxies, gate)),
        _jobs(parts, settings, gate, links, uploader=uploader, files=files),
    ]


def _guarded(family: Router, name: str, gate: Gate, opened: Collection[str]) -> Router:
    """The family, for users alone unless it is open to everybody."""
    return family if name in opened else Router("/", route_handlers=[family], guards=[guard(gate)])


def _motion_gate(parts: Parts, settings: EdgeSettings, proxies: Proxies, gate: Gate) -> MotionPhotoGate:
    secret = settings.signing_secret.get_secret_value()
    return MotionPhotoGate(
        Tokens(parse_tokens(settings.motion_tokens.get_secret_value())),
        parts.limiter,
        proxies,
        ip_rate=settings.motion_ip_rate,
        token_rate=settings.motion_token_rate,
        accounts=None if MOTION_PHOTO in settings.open_families else Accounts(gate, secret),
    )


def _motion_photo(
    parts: Parts, settings: EdgeSettings, uploader: Uploader, links: Links, gate: MotionPhotoGate
) -> Router:
    ends, uploader = Ends(parts.jobs, parts.waiter), uploader.limited(settings.motion_max_bytes)
    preparing = Preparing(parts.bus, uploader, ends, time_limit=settings.prepare_time_limit)
    sessions = Sessions(parts.bus, parts.storage, parts.jobs, ends, time_limit=settings.convert_time_limit)
    return motion_photo(gate, preparing, sessions, links, parts.health)


def _jobs(
    parts: Parts, settings: EdgeSettings, gate: Gate, links: Links, *, uploader: Uploader, files: ResultFiles
) -> Router:
    records = Records(parts.bus)
    return jobs_family(
        gate,
        links,
        creating=Creating(
            parts.bus,
            Sources(parts.bus, records, files.result),
            most=settings.jobs_unfinished if settings.rate_limits else None,
        ),
        records=records,
        outputs=Outputs(records, parts.storage),
        uploading=Uploading(uploader),
    )
