"""Routes of the jobs contract."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import HttpMethod, Request, Response, Router, delete, get, post, route
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, QueryParameter

from libs.chassis.links import Links
from services.edge.auth.gate import Gate
from services.edge.bodies import json_object
from services.edge.contracts.jobs import openapi
from services.edge.contracts.jobs.creating import Creating
from services.edge.contracts.jobs.errors import about, envelope
from services.edge.contracts.jobs.inputs import MAX_BODY, new_edit_of
from services.edge.contracts.jobs.outputs import Outputs
from services.edge.contracts.jobs.paging import DEFAULT_LIMIT, MAX_LIMIT, MAX_OFFSET, STATUSES, page_of
from services.edge.contracts.jobs.records import Records
from services.edge.contracts.jobs.schemas import (
    CancelledJob,
    CreatedJob,
    JobStatus,
    Listing,
    UploadedFile,
    cancelled_of,
    created_of,
    job_status_of,
    listed_of,
    uploaded_of,
)
from services.edge.contracts.jobs.uploading import Uploading
from services.edge.downloads import serve
from services.edge.errors import exception_handlers
from services.edge.submitting import IDEMPOTENCY_KEY, idempotency_key_of

AnyRequest = Request[Any, Any, Any]
_READ = [HttpMethod.GET, HttpMethod.HEAD]
_PRIVATE = {"Cache-Control": "no-store"}

_UNKNOWN = "There is no such job of this user"
_Status = Annotated[
    str | None,
    QueryParameter(
        description="Only jobs of this status.",
        schema_extra={"type": "string", "one_of": None, "enum": STATUSES},
    ),
]
_Limit = Annotated[
    str | None,
    QueryParameter(
        description=f"Jobs of a page, 1 to {MAX_LIMIT}; default {DEFAULT_LIMIT}.",
        schema_extra={"type": "integer", "one_of": None, "minimum": 1, "maximum": MAX_LIMIT},
    ),
]
_Offset = Annotated[
    str | None,
    QueryParameter(
        description="How many of the newest jobs are left out.",
        schema_extra={"type": "integer", "one_of": None, "minimum": 0, "maximum": MAX_OFFSET},
    ),
]


@post(
    "/jobs",
    status_code=200,
    operation_class=openapi.CreateOperation,
    responses=openapi.errors(
        status_409="The Idempotency-Key was used for another request",
        status_413="The body is too large",
    ),
    request_max_body_size=MAX_BODY,
    summary="Create a job",
)
async def create(
    request: AnyRequest,
    gate: NamedDependency[Gate],
    creating: NamedDependency[Creating],
    links: NamedDependency[Links],
) -> Response[CreatedJob]:
    principal = await gate.writer(request)
    base = links.to(request, "/")
    with about(IDEMPOTENCY_KEY):
        key = idempotency_key_of(request.headers.getall(IDEMPOTENCY_KEY, []))
    with about("body"):
        new = new_edit_of(await json_object(request))
    job = await creating.create(principal, new, base, key)
    return Response(created_of(job), status_code=200, headers=_PRIVATE)


@get("/jobs", responses=openapi.errors(), summary="Jobs of the caller, newest first")
async def listing(
    request: AnyRequest,
    gate: NamedDependency[Gate],
    records: NamedDependency[Records],
    *,
    status: _Status = None,
    limit: _Limit = None,
    offset: _Offset = None,
) -> Response[Listing]:
    principal = await gate.reader(request)
    wanted = page_of(principal.owner, status, limit, offset)
    page = await records.page(wanted)
    found = [listed_of(job) for job in page.jobs]
    answer = Listing(total=page.total, offset=wanted.offset, limit=wanted.limit, jobs=found)
    return Response(answer, headers=_PRIVATE)


@get("/jobs/{job_id:str}", responses=openapi.errors(status_404=_UNKNOWN), summary="A job and its output")
async def status(
    request: AnyRequest,
    job_id: FromPath[str],
    gate: NamedDependency[Gate],
    records: NamedDependency[Records],
    links: NamedDependency[Links],
) -> Response[JobStatus]:
    principal = await gate.reader(request)
    found = await records.get(job_id, principal.owner)
    return Response(job_status_of(found, links.base(request)), headers=_PRIVATE)


@delete(
    "/jobs/{job_id:str}",
    status_code=200,
    responses=openapi.errors(status_404=_UNKNOWN, status_409="The job has ended already"),
    summary="Cancel a job",
)
async def cancel(
    request: AnyRequest, job_id: FromPath[str], gate: NamedDependency[Gate], records: NamedDependency[Records]
) -> CancelledJob:
    principal = await gate.writer(request)
    return cancelled_of(await records.cancel(job_id, principal.owner))


@post(
    "/uploads",
    status_code=200,
    operation_class=openapi.UploadOperation,
    responses=openapi.errors(status_413="The file is larger than the limit"),
    request_max_body_size=None,
    summary="Store a file for the caller",
)
async def upload(
    request: AnyRequest, gate: NamedDependency[Gate], uploading: NamedDependency[Uploading]
) -> UploadedFile:
    principal = await gate.writer(request)
    content_type, length = request.headers.get("content-type", ""), request.content_length
    return uploaded_of(await uploading.run(principal.owner, request.stream(), content_type, length))


@route(
    "/outputs/{job_id:str}/{name:str}",
    http_method=_READ,
    media_type="video/mp4",
    responses=openapi.errors(
        status_404="There is no such file of this user", status_416="The range lies outside of the file"
    ),
    summary="The output of a job",
)
async def output(
    request: AnyRequest,
    job_id: FromPath[str],
    name: FromPath[str],
    gate: NamedDependency[Gate],
    outputs: NamedDependency[Outputs],
) -> Response[Any]:
    principal = await gate.reader(request)
    return serve(request, await outputs.content(job_id, name, principal.owner))


def router(
    gate: Gate,
    links: Links,
    *,
    creating: Creating,
    records: Records,
    outputs: Outputs,
    uploading: Uploading,
) -> Router:
    """The family's routes over these parts."""
    return Router(
        "/",
        route_handlers=[create, listing, status, cancel, upload, output],
        dependencies={
            "gate": Provide(lambda: gate, sync_to_thread=False),
            "creating": Provide(lambda: creating, sync_to_thread=False),
            "records": Provide(lambda: records, sync_to_thread=False),
            "outputs": Provide(lambda: outputs, sync_to_thread=False),
            "uploading": Provide(lambda: uploading, sync_to_thread=False),
            "links": Provide(lambda: links, sync_to_thread=False),
        },
        exception_handlers=exception_handlers(envelope),
        security=openapi.SECURITY,
        tags=["jobs"],
    )
