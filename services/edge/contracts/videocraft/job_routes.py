"""Routes of the videocraft contract: making videos, and the jobs that do."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from libs.chassis.links import Links
from services.edge.bodies import body_of
from services.edge.contracts.videocraft import openapi
from services.edge.contracts.videocraft.answers import answer, told
from services.edge.contracts.videocraft.creating import Creating
from services.edge.contracts.videocraft.errors import about
from services.edge.contracts.videocraft.gate import Gate
from services.edge.contracts.videocraft.inputs import MAX_BODY, request_of
from services.edge.contracts.videocraft.makings import MakingRecords
from services.edge.contracts.videocraft.paging import page_of, pagination_of
from services.edge.contracts.videocraft.queries import PageLimit, PageOffset, Status
from services.edge.contracts.videocraft.schemas import (
    BASE,
    Answer,
    CancelledJob,
    CreatedJob,
    JobDetails,
    JobListing,
    JobStatus,
    Told,
)
from services.edge.contracts.videocraft.views import (
    cancelled_of,
    created_of,
    job_details_of,
    job_status_of,
    listed_job_of,
)
from services.edge.errors import AnyRequest
from services.edge.submitting import IDEMPOTENCY_KEY, idempotency_key_of

_UNKNOWN = "There is no such job of this user"


@post(
    f"{BASE}/generate-video",
    status_code=202,
    operation_class=openapi.GenerateOperation,
    responses=openapi.written(
        status_400="The request is not valid: all problems by their paths",
        status_409="The Idempotency-Key was used for another request",
        status_413="The body is too large",
    ),
    request_max_body_size=MAX_BODY,
    summary="Make a video",
)
async def generate(
    request: AnyRequest,
    gate: NamedDependency[Gate],
    creating: NamedDependency[Creating],
    links: NamedDependency[Links],
) -> Response[Told[CreatedJob]]:
    principal = await gate.writer(request)
    base = links.to(request, "/")
    with about(IDEMPOTENCY_KEY):
        key = idempotency_key_of(request.headers.getall(IDEMPOTENCY_KEY, []))
    with about("body"):
        given = request_of(await body_of(request))
    job = await creating.create(principal, given, base, key)
    return told(request, created_of(job), "Video generation job created successfully", 202)


@get(
    f"{BASE}/jobs",
    responses=openapi.errors(status_400="The query is not valid"),
    summary="Jobs of the caller, newest first",
)
async def listing(
    request: AnyRequest,
    gate: NamedDependency[Gate],
    records: NamedDependency[MakingRecords],
    *,
    status: Status = None,
    limit: PageLimit = None,
    offset: PageOffset = None,
) -> Response[Answer[JobListing]]:
    principal = await gate.reader(request)
    asked = page_of(principal.owner, status=status, limit=limit, offset=offset)
    found = await records.page(asked)
    jobs = [listed_job_of(each) for each in found.makings]
    return answer(request, JobListing(jobs=jobs, pagination=pagination_of(asked, found)))


@get(
    f"{BASE}/jobs/{{job_id:str}}",
    responses=openapi.errors(status_404=_UNKNOWN),
    summary="A job, what it was asked, and its log",
)
async def details(
    request: AnyRequest,
    job_id: FromPath[str],
    gate: NamedDependency[Gate],
    records: NamedDependency[MakingRecords],
) -> Response[Answer[JobDetails]]:
    principal = await gate.reader(request)
    return answer(request, job_details_of(await records.get(job_id, principal.owner)))


@get(
    f"{BASE}/jobs/{{job_id:str}}/status",
    responses=openapi.errors(status_404=_UNKNOWN),
    summary="How far a job is",
)
async def status(
    request: AnyRequest,
    job_id: FromPath[str],
    gate: NamedDependency[Gate],
    records: NamedDependency[MakingRecords],
) -> Response[Answer[JobStatus]]:
    principal = await gate.reader(request)
    return answer(request, job_status_of(await records.get(job_id, principal.owner)))


@post(
    f"{BASE}/jobs/{{job_id:str}}/cancel",
    status_code=200,
    operation_class=openapi.WritingOperation,
    responses=openapi.written(status_404=_UNKNOWN, status_409="The job has ended already"),
    summary="Cancel a job",
)
async def cancel(
    request: AnyRequest,
    job_id: FromPath[str],
    gate: NamedDependency[Gate],
    records: NamedDependency[MakingRecords],
) -> Response[Told[CancelledJob]]:
    principal = await gate.writer(request)
    job = await records.cancel(job_id, principal.owner)
    return told(request, cancelled_of(job), "Job cancelled successfully")
