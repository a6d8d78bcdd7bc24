"""All dashboards: the overview, and one for each service."""

from __future__ import annotations

from reelbus.dashboards import rows
from reelbus.dashboards.model import NAMESPACE, Dashboard, Panel, Query, Row, Variable
from reelbus.dashboards.overview import overview
from reelbus.dashboards.processes import bus, process
from reelbus.dashboards.rows import of, quantiles, rate


def dashboards() -> tuple[Dashboard, ...]:
    return (
        overview(),
        _service("edge", "The API", _api(of("edge")), rows.storage(of("edge")), _families()),
        _service(
            "ingest",
            "Uploads and downloads become assets",
            *_worker("ingest"),
            rows.calls(of("ingest")),
            rows.outbox(of("ingest")),
        ),
        _service(
            "jobs",
            "Plans, dispatches and ends jobs",
            _jobs(of("jobs")),
            rows.calls(of("jobs")),
            rows.outbox(of("jobs")),
            _streams(of("jobs")),
        ),
        _service("transcode", "Renders", *_worker("transcode"), rows.calls(of("transcode"))),
        _service("analyze", "Finds out what is in media", *_worker("analyze")),
        _service("sessions", "Motion Photo sessions", *_worker("sessions"), rows.calls(of("sessions"))),
        _service(
            "speech",
            "Recognises what is said",
            _speech(of("speech")),
            *_worker("speech"),
            rows.calls(of("speech")),
        ),
        _service("notify", "WebSockets", rows.sockets(of("notify"))),
    )


def _service(name: str, what: str, *own: Row) -> Dashboard:
    """What is the service's own first, then what all have."""
    where = of(name)
    choice = f'label_values(reelbus_build_info{{namespace=~"$namespace",component="{name}"}}, instance)'
    return Dashboard(
        f"reelbus-{name}",
        f"Reelbus / {name}",
        f"{what}. Generated: see docs/operations/monitoring.md.",
        (*own, bus(where), process(where)),
        (NAMESPACE, Variable("instance", "Instance", choice)),
    )


def _worker(name: str) -> tuple[Row, ...]:
    return rows.work(of(name), name), rows.ffmpeg(of(name)), rows.storage(of(name))


def _api(where: str) -> Row:
    failing = f'{where},status=~"5.."'
    return Row(
        "Requests",
        (
            Panel(
                "Requests",
                "By status.",
                (rate("reelbus_http_requests_total", where, "status"),),
                unit="reqps",
                stack=True,
            ),
            Panel(
                "Requests by route",
                "Templates, not paths.",
                (rate("reelbus_http_requests_total", where, "method, route"),),
                unit="reqps",
            ),
            Panel(
                "Failures by route",
                "5xx.",
                (rate("reelbus_http_requests_total", failing, "route, status", quiet=True),),
                unit="reqps",
                alerts=("ReelbusApiErrors",),
            ),
            Panel(
                "Time to the end of the answer",
                "By route. Files take as long as they are large.",
                quantiles("reelbus_http_request_seconds", where, "route"),
                unit="s",
                alerts=("ReelbusApiSlow",),
            ),
            Panel(
                "Open requests",
                "Under way now.",
                (Query(f"sum by (instance) (reelbus_http_requests_open{{{where}}})", "{{instance}}"),),
            ),
            Panel(
                "Uploads",
                "Share of what an edge takes at once.",
                (
                    Query(
                        f"reelbus_uploads_open{{{where}}} / reelbus_uploads_limit{{{where}}}", "{{instance}}"
                    ),
                ),
                unit="percentunit",
                limits=(0.7, 0.9),
                alerts=("ReelbusUploadsFull",),
            ),
        ),
    )


def _families() -> Row:
    """Every edge tells the same of jobs: those of the whole system."""
    where = of("edge")
    return Row(
        "videocraft",
        (
            Panel(
                "Jobs by state",
                "Since ever, in the whole system.",
                (Query(f"max by (status) (videocraft_jobs_total{{{where}}})", "{{status}}"),),
                width=12,
            ),
            Panel(
                "API requests",
                "Of this family.",
                (rate("videocraft_api_requests_total", where, "method, status", quiet=True),),
                unit="reqps",
                width=12,
            ),
        ),
    )


def _jobs(where: str) -> Row:
    return Row(
        "Jobs",
        (
            Panel(
                "Jobs",
                "By kind and the state that they reached.",
                (rate("reelbus_jobs_total", where, "kind, state"),),
                unit="ops",
                alerts=("ReelbusJobsFailing",),
            ),
            Panel(
                "Failed jobs",
                "By kind and code.",
                (rate("reelbus_job_failures_total", where, "kind, code"),),
                unit="ops",
                alerts=("ReelbusJobsFailing",),
            ),
            Panel(
                "Tasks in the database",
                "By service and state. Every replica tells the same.",
                (Query(f"max by (service, state) (reelbus_tasks_open{{{where}}})", "{{service}} {{state}}"),),
                stack=True,
                alerts=("ReelbusQueueOld",),
            ),
        ),
    )


def _streams(where: str) -> Row:
    return Row(
        "Streams",
        (
            Panel(
                "Messages",
                "That JetStream keeps. DLQ: dead letters; events are kept for a week.",
                (Query(f"max by (stream) (reelbus_stream_messages{{{where}}})", "{{stream}}"),),
                width=12,
                alerts=("ReelbusDeadLetters",),
            ),
            Panel(
                "Bytes",
                "That JetStream keeps.",
                (Query(f"max by (stream) (reelbus_stream_bytes{{{where}}})", "{{stream}}"),),
                unit="bytes",
                width=12,
            ),
        ),
    )


def _speech(where: str) -> Row:
    return Row(
        "Speech",
        (
            Panel(
                "Sound recognised",
                "Seconds of sound in a second, by language.",
                (rate("reelbus_speech_seconds_total", where, "language"),),
                width=12,
            ),
            Panel(
                "Real-time factor",
                "Seconds of work for a second of sound.",
                quantiles("reelbus_speech_real_time_factor", where),
                width=12,
                limits=(0.5, 1),
                alerts=("ReelbusSpeechSlow",),
            ),
        ),
    )
