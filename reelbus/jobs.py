"""`reelbus jobs`: what an operator can ask and tell the jobs service."""

from __future__ import annotations

import json
from typing import Annotated, get_args
from uuid import UUID

import msgspec
import typer

from libs.contracts.jobs import Job, JobSpec
from libs.contracts.media import PUBLIC_OWNER
from libs.contracts.rpc import (
    CANCEL_JOB,
    GET_JOBS,
    LIST_CHANNEL_JOBS,
    CancelJob,
    GetJobs,
    JobList,
    ListChannelJobs,
)
from reelbus.operator import DEFAULT_DATA, Data, DefaultData, Json, NatsUrl, address, age, call, run, table
from reelbus.stack.errors import StackError

app = typer.Typer(help="Jobs: list, show and cancel them.", no_args_is_help=True, add_completion=False)

Owner = Annotated[str, typer.Option(help="Whose jobs.")]


@app.command("list")
def list_jobs(  # noqa: PLR0917 (typer calls it by keyword)
    channel: Annotated[str, typer.Argument(help="The WebSocket channel (client_id) that follows them.")],
    finished_within: Annotated[
        float, typer.Option(help="Also jobs that ended in the last so many seconds.", min=0)
    ] = 3600.0,
    as_json: Json = False,
    data: Data = None,
    nats_url: NatsUrl = None,
    default_data: DefaultData = DEFAULT_DATA,
) -> None:
    """List the jobs of a channel, oldest first, at most 1,000."""
    request = ListChannelJobs(channel=channel, finished_within=finished_within)
    url = address(data, nats_url, default_data)
    found: JobList = run(url, lambda client: call(client, LIST_CHANNEL_JOBS, request))
    if as_json:
        _json(found.jobs)
    elif not found.jobs:
        typer.echo(f"No jobs on the channel {channel}.")
    else:
        typer.echo(_table(found.jobs))


@app.command()
def show(
    keys: Annotated[
        list[str],
        typer.Argument(
            metavar="KEY…", help="Keys of jobs (enhance/<file id>), or file ids for all their jobs."
        ),
    ],
    owner: Owner = PUBLIC_OWNER,
    data: Data = None,
    nats_url: NatsUrl = None,
    default_data: DefaultData = DEFAULT_DATA,
) -> None:
    """Show jobs whole, as JSON. Exits with 1 when there is none."""
    request = GetJobs(owner=owner, keys=[key for each in keys for key in _keys(each)])
    url = address(data, nats_url, default_data)
    found: JobList = run(url, lambda client: call(client, GET_JOBS, request))
    if not found.jobs:
        raise StackError(f"There is no such job of {owner}.")
    _json(found.jobs)


@app.command()
def cancel(
    job_id: Annotated[UUID, typer.Argument(help="From `reelbus jobs list` or `show`.")],
    owner: Owner = PUBLIC_OWNER,
    data: Data = None,
    nats_url: NatsUrl = None,
    default_data: DefaultData = DEFAULT_DATA,
) -> None:
    """Cancel a job. Exits with 1 when it ended already."""
    request = CancelJob(job_id=job_id, owner=owner)
    url = address(data, nats_url, default_data)
    job: Job = run(url, lambda client: call(client, CANCEL_JOB, request))
    typer.echo(f"{job.job_id} {job.state.value}")


def _keys(key: str) -> list[str]:
    """The keys under which a file's jobs were submitted, when `key` is a file id."""
    try:
        file_id = UUID(key)
    except ValueError:
        return [key]
    return [key, *(f"{kind.__struct_config__.tag}/{file_id}" for kind in get_args(JobSpec))]


def _json(jobs: list[Job]) -> None:
    plain = [msgspec.to_builtins(job) for job in sorted(jobs, key=lambda job: job.created_at)]
    typer.echo(json.dumps(plain, indent=1, ensure_ascii=False))


def _table(jobs: list[Job]) -> str:
    rows = [
        (
            str(job.job_id),
            job.kind,
            job.state.value,
            f"{job.progress:.0f}",
            age(job.created_at),
            f"{job.error.code}: {job.error.message}" if job.error else job.key,
        )
        for job in jobs
    ]
    return table(("Job", "Kind", "State", "%", "Age", "Key, or what went wrong"), rows)
