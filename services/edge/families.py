"""The contract families, over the parts that they share."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from litestar import Router

from libs.chassis.bus import Bus
from libs.chassis.fetch import Reach
from libs.chassis.health import Check, Health
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
from services.edge.contracts.jobs.schemas import FAMILY as JOBS
from services.edge.contracts.jobs.uploading import Uploading
from services.edge.contracts.motion_photo.accounts import Accounts
from services.edge.contracts.motion_photo.ends import Ends
from services.edge.contracts.motion_photo.gate import Gate as MotionPhotoGate
from services.edge.contracts.motion_photo.preparing import Preparing
from services.edge.contracts.motion_photo.routes import health_route as motion_health
from services.edge.contracts.motion_photo.routes import router as motion_photo
from services.edge.contracts.motion_photo.schemas import FAMILY as MOTION_PHOTO
from services.edge.contracts.motion_photo.sessions import Sessions
from services.edge.contracts.motion_photo.tokens import Tokens, parse_tokens
from services.edge.contracts.video_editor.editing import Editing
from services.edge.contracts.video_editor.routes import router as video_editor
from services.edge.contracts.video_editor.schemas import FAMILY as VIDEO_EDITOR
from services.edge.contracts.video_editor.upload import VideoUpload
from services.edge.contracts.video_editor.videos import Videos
from services.edge.contracts.videocraft.creating import Creating as MovieCreating
from services.edge.contracts.videocraft.gate import Gate as VideocraftGate
from services.edge.contracts.videocraft.health import HealthReport
from services.edge.contracts.videocraft.makings import MakingRecords
from services.edge.contracts.videocraft.metrics import JobFigures
from services.edge.contracts.videocraft.routes import health_route
from services.edge.contracts.videocraft.routes import router as videocraft
from services.edge.contracts.videocraft.schemas import FAMILY as VIDEOCRAFT
from services.edge.contracts.videocraft.videos import Videos as MadeVideos
from services.edge.csrf import Csrf
from services.edge.job_loader import JobLoader
from services.edge.limits import Limit, Limiter
from services.edge.settings import EdgeSettings
from services.edge.sources import Sources
from services.edge.submitting import Submitting
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
    checks: Mapping[str, Check]
    """Whether `database` and `storage` work."""
    figures: JobFigures


def routers(parts: Parts, settings: EdgeSettings) -> list[Router]:
    """One router for each family."""
    bus, storage, jobs = parts.bus, parts.storage, parts.jobs
    proxies = settings.proxies()
    links = Links(settings.public_url, proxies)
    uploader = Uploader(bus, storage, max_size=settings.max_upload_bytes, max_uploads=settings.max_uploads)
    files = ResultFiles(bus, storage, jobs)
    gate = _gate(parts, proxies, Limit("jobs", settings.jobs_rate))
    records, makings = Records(bus), MakingRecords(bus)
    made = MadeVideos(bus, storage, makings)
    sources = Sources(
        bus, output=records.output, enhanced=files.result, made=made.file, reach=Reach.of(settings)
    )
    editor = video_editor(
        VideoUpload(bus, uploader, max_form=settings.max_form_bytes, max_files=settings.max_form_files),
        Videos(bus, storage),
        Editing(bus, parts.waiter, timeout=settings.execute_timeout),
        links,
    )
    opened = settings.open_families
    motion_gate = _motion_gate(parts, settings, proxies, gate)
    report, health = HealthReport(bus, parts.checks, parts.figures), parts.health
    return [
        _guarded(enhancement(UploadFlow(bus, uploader), jobs, files), ENHANCEMENT, gate, opened),
        _guarded(editor, VIDEO_EDITOR, gate, opened),
        _motion_photo(parts, settings, uploader, links, motion_gate),
        Router("/", route_handlers=[motion_health(motion_gate, health), health_route(report, health)]),
        jobs_family(
            gate,
            links,
            creating=Creating(_submitting(bus, settings, JOBS, "job"), sources),
            records=records,
            outputs=Outputs(records, storage),
            uploading=Uploading(uploader),
        ),
        videocraft(
            VideocraftGate(
                _gate(parts, proxies, Limit("videocraft", settings.videocraft_rate)), _csrf(settings)
            ),
            links,
            creating=MovieCreating(_submitting(bus, settings, VIDEOCRAFT, "movie"), sources),
            records=makings,
            videos=made,
            report=report,
            service=health,
        ),
    ]


def _gate(parts: Parts, proxies: Proxies, writes: Limit) -> Gate:
    return Gate(parts.authenticator, parts.refusals, parts.limiter, proxies, writes=writes)


def _csrf(settings: EdgeSettings) -> Csrf:
    return Csrf(settings.signing_secret.get_secret_value(), seconds=settings.csrf_seconds)


def _submitting(bus: Bus, settings: EdgeSettings, family: str, prefix: str) -> Submitting:
    most = settings.jobs_unfinished if settings.rate_limits else None
    return Submitting(bus, family=family, prefix=prefix, most=most)


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
    return motion_photo(gate, preparing, sessions, links)
