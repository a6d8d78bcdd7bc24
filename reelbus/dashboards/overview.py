"""The dashboard to begin with."""

from __future__ import annotations

from reelbus.dashboards.model import NAMESPACE, Dashboard, Panel, Query, Row, Variable
from reelbus.dashboards.processes import process
from reelbus.dashboards.rows import HERE, rate, sockets


def overview() -> Dashboard:
    chosen = f'{HERE},component=~"$component",instance=~"$instance"'
    everywhere = f"{{{HERE}}}"
    state = Row(
        "Now",
        (
            _stat(
                "Alerts",
                "Alerts that fire.",
                f'count(ALERTS{{alertname=~"Reelbus.+",alertstate="firing",{HERE}}}) or vector(0)',
                limits=(1, 5),
            ),
            _stat(
                "Services up",
                "Of eight.",
                f"count(group by (component) (reelbus_ready{{{HERE}}} == 1))",
                alerts=("ReelbusServiceDown",),
            ),
            _stat(
                "Requests that fail",
                "With 5xx, in the last hour.",
                f"max(reelbus:api_errors:ratio_rate1h{everywhere})",
                unit="percentunit",
                limits=(0.001, 0.0144),
                alerts=("ReelbusApiErrors",),
            ),
            _stat(
                "Look-ups that are slow",
                "Over 250 ms, in the last hour.",
                f"max(reelbus:api_slow:ratio_rate1h{everywhere})",
                unit="percentunit",
                limits=(0.01, 0.144),
                alerts=("ReelbusApiSlow",),
            ),
            _stat(
                "Dead letters",
                "Messages that were given up.",
                f"max(reelbus:dead_letters:max{everywhere})",
                limits=(1, 10),
                alerts=("ReelbusDeadLetters",),
            ),
            _stat(
                "Oldest waiting task",
                "Of all services.",
                f"max(reelbus:tasks_oldest_seconds:max{everywhere})",
                unit="s",
                limits=(600, 3600),
                alerts=("ReelbusQueueOld",),
            ),
        ),
    )
    flow = Row(
        "Requests, jobs, tasks",
        (
            Panel(
                "Requests",
                "At the API, by status.",
                (rate("reelbus_http_requests_total", HERE, "status"),),
                unit="reqps",
                stack=True,
                alerts=("ReelbusApiErrors",),
            ),
            Panel(
                "Jobs",
                "By the state that they reached.",
                (rate("reelbus_jobs_total", HERE, "state"),),
                unit="ops",
                alerts=("ReelbusJobsFailing",),
            ),
            Panel(
                "Failed jobs",
                "By the code of the error; internal, unavailable, timeout, crashed and tasks_failed"
                " are ours.",
                (rate("reelbus_job_failures_total", HERE, "code"),),
                unit="ops",
                alerts=("ReelbusJobsFailing",),
            ),
            Panel(
                "Tasks that wait",
                "On the stream or before it.",
                (
                    Query(
                        f'sum by (service) (reelbus:tasks_open:max{{{HERE},state!="running"}})', "{{service}}"
                    ),
                ),
                stack=True,
                alerts=("ReelbusNoWorkers",),
            ),
            Panel(
                "Age of the queues",
                "How long the oldest task waits for a worker.",
                (Query(f"reelbus:tasks_oldest_seconds:max{everywhere}", "{{service}}"),),
                unit="s",
                limits=(600, 3600),
                alerts=("ReelbusQueueOld",),
            ),
            Panel(
                "Busy lanes",
                "Share of the lanes of a service that work.",
                (Query(f"reelbus:worker_busy:ratio{everywhere}", "{{service}}"),),
                unit="percentunit",
                alerts=("ReelbusWorkersSaturated",),
            ),
        ),
    )
    media = Row(
        "What they stand on",
        (
            Panel(
                "ffmpeg that fails",
                "Share of the runs in 15 minutes, without ffprobe.",
                (Query(f"reelbus:ffmpeg_failures:ratio_rate15m{everywhere}", "{{component}}", quiet=True),),
                unit="percentunit",
                alerts=("ReelbusFfmpegFailing",),
            ),
            Panel(
                "Storage that fails",
                "Share of the operations in five minutes.",
                (Query(f"reelbus:storage_errors:ratio_rate5m{everywhere}", "{{component}}", quiet=True),),
                unit="percentunit",
                alerts=("ReelbusStorageErrors",),
            ),
            Panel(
                "Storage",
                "What the smallest question takes on average.",
                (Query(f"reelbus:storage_check_seconds:mean5m{everywhere}", "check"),),
                unit="s",
                alerts=("ReelbusStorageSlow",),
            ),
        ),
    )
    return Dashboard(
        "reelbus-overview",
        "Reelbus / overview",
        "All services at a glance. Generated: see docs/operations/monitoring.md.",
        (state, flow, media, sockets(HERE), process(chosen)),
        (
            NAMESPACE,
            Variable("component", "Service", "label_values(reelbus_build_info, component)"),
            Variable(
                "instance", "Instance", 'label_values(reelbus_build_info{component=~"$component"}, instance)'
            ),
        ),
    )


def _stat(
    title: str,
    description: str,
    expr: str,
    *,
    unit: str = "short",
    limits: tuple[float, float] | None = None,
    alerts: tuple[str, ...] = (),
) -> Panel:
    return Panel(
        title,
        description,
        (Query(expr),),
        unit=unit,
        kind="stat",
        width=4,
        height=4,
        limits=limits,
        alerts=alerts,
    )
