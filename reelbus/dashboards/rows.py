"""The rows that dashboards are made of. `where` are the matchers of the targets that a row is about."""

from __future__ import annotations

from reelbus.dashboards.model import Panel, Query, Row

RATE = "$__rate_interval"
HERE = 'namespace=~"$namespace"'


def of(component: str) -> str:
    """Matchers for the chosen replicas of one service."""
    return f'{HERE},component="{component}",instance=~"$instance"'


def quantiles(series: str, where: str, by: str = "") -> tuple[Query, ...]:
    """The median and what one in a hundred takes at least; `by` is a label that tells lines apart."""
    labels = f"{by}, le" if by else "le"
    name = f"{{{{{by}}}}} " if by else ""
    return tuple(
        Query(
            f"histogram_quantile({share}, sum by ({labels}) (rate({series}_bucket{{{where}}}[{RATE}])))",
            f"{name}p{share * 100:g}",
        )
        for share in (0.5, 0.99)
    )


def rate(series: str, where: str, by: str, *, quiet: bool = False) -> Query:
    labels = [each.strip() for each in by.split(",")]
    legend = " ".join(f"{{{{{each}}}}}" for each in labels)
    return Query(f"sum by ({by}) (rate({series}{{{where}}}[{RATE}]))", legend, quiet)


def calls(where: str) -> Row:
    return Row(
        "Calls answered",
        (
            Panel(
                "Calls",
                "By method.",
                (rate("reelbus_rpc_seconds_count", where, "method"),),
                unit="ops",
            ),
            Panel(
                "Answers that are errors",
                "By method and code; internal and unavailable are ours.",
                (rate("reelbus_rpc_seconds_count", f'{where},code!="ok"', "method, code", quiet=True),),
                unit="ops",
                alerts=("ReelbusCallsFailing",),
            ),
            Panel(
                "Time to answer",
                "Without the way over the bus.",
                quantiles("reelbus_rpc_seconds", where, "method"),
                unit="s",
            ),
        ),
    )


def work(where: str, service: str) -> Row:
    """`service` is whose tasks the database counts: they are told by the jobs service."""
    tasks = f'{HERE},service="{service}"'
    return Row(
        "Tasks",
        (
            Panel(
                "Tasks in the database",
                "Waiting: not released yet; released: on the stream; running: a worker has it.",
                (Query(f"reelbus:tasks_open:max{{{tasks}}}", "{{state}}"),),
                stack=True,
                alerts=("ReelbusNoWorkers", "ReelbusWorkersSaturated"),
            ),
            Panel(
                "Age of the queue",
                "How long the oldest task waits for a worker.",
                (Query(f"reelbus:tasks_oldest_seconds:max{{{tasks}}}", "{{service}}"),),
                unit="s",
                alerts=("ReelbusQueueOld",),
                limits=(600, 3600),
            ),
            Panel(
                "Busy lanes",
                "Tasks in work, and how many may be.",
                (
                    Query(f"sum by (kind) (reelbus_tasks_running{{{where}}})", "{{kind}}"),
                    Query(f"sum(reelbus_worker_lanes{{{where}}})", "lanes"),
                ),
                alerts=("ReelbusWorkersSaturated",),
            ),
            Panel(
                "Ends of tasks",
                "By outcome: completed, skipped, cancelled, or the code of what went wrong.",
                (rate("reelbus_tasks_total", where, "kind, outcome"),),
                unit="ops",
                alerts=("ReelbusJobsFailing",),
            ),
            Panel(
                "Time of work on a task",
                "By kind.",
                quantiles("reelbus_task_seconds", where, "kind"),
                unit="s",
            ),
            Panel(
                "Scratch disk",
                "What is free of the room for the files of running tasks.",
                (
                    Query(
                        f"reelbus_scratch_free_bytes{{{where}}} / reelbus_scratch_size_bytes{{{where}}}",
                        "{{instance}}",
                    ),
                ),
                unit="percentunit",
                alerts=("ReelbusScratchFull",),
            ),
        ),
    )


def ffmpeg(where: str) -> Row:
    return Row(
        "ffmpeg",
        (
            Panel(
                "Runs",
                "Of ffmpeg, of ffprobe, and of python, which is the cutter, by outcome.",
                (rate("reelbus_ffmpeg_seconds_count", where, "program, outcome"),),
                unit="ops",
                alerts=("ReelbusFfmpegFailing",),
            ),
            Panel(
                "Time of a run",
                "By program.",
                quantiles("reelbus_ffmpeg_seconds", where, "program"),
                unit="s",
            ),
            Panel(
                "Running at once",
                "Seconds of ffmpeg in a second.",
                (rate("reelbus_ffmpeg_seconds_sum", where, "program"),),
            ),
        ),
    )


def storage(where: str) -> Row:
    return Row(
        "Storage",
        (
            Panel(
                "Operations",
                "By kind; read and put are those of one chunk.",
                (rate("reelbus_storage_seconds_count", where, "operation"),),
                unit="ops",
                width=6,
            ),
            Panel(
                "Failures",
                "By kind and what storage said. NoSuchKey is an answer, not a failure.",
                (
                    rate(
                        "reelbus_storage_seconds_count",
                        f'{where},outcome!="ok"',
                        "operation, outcome",
                        quiet=True,
                    ),
                ),
                unit="ops",
                width=6,
                alerts=("ReelbusStorageErrors",),
            ),
            Panel(
                "Time of an operation",
                "By kind.",
                quantiles("reelbus_storage_seconds", where, "operation"),
                unit="s",
                width=6,
                alerts=("ReelbusStorageSlow",),
            ),
            Panel(
                "Bytes",
                "In: to storage; out: from it. What ffmpeg reads by URL is not in it.",
                (rate("reelbus_storage_bytes_total", where, "direction"),),
                unit="Bps",
                width=6,
            ),
        ),
    )


def outbox(where: str) -> Row:
    return Row(
        "Outbox",
        (
            Panel(
                "Waiting",
                "Messages that were committed and are not on the bus yet.",
                (Query(f"max by (service) (reelbus_outbox_waiting{{{where}}})", "{{service}}"),),
                width=12,
                alerts=("ReelbusOutboxStuck",),
            ),
            Panel(
                "Relayed",
                "Messages that went from the outbox to the bus.",
                (rate("reelbus_outbox_relayed_total", where, "service"),),
                unit="ops",
                width=12,
                alerts=("ReelbusOutboxStuck",),
            ),
        ),
    )


def sockets(where: str) -> Row:
    return Row(
        "WebSockets",
        (
            Panel(
                "Sockets",
                "Open now.",
                (
                    Query(f"sum by (instance) (reelbus_ws_connections{{{where}}})", "{{instance}}"),
                    Query(
                        f"sum by (instance) (reelbus_ws_connections_limit{{{where}}})", "{{instance}} at most"
                    ),
                ),
                width=6,
                alerts=("ReelbusSocketsFull",),
            ),
            Panel(
                "Messages",
                "Written to sockets, by type.",
                (rate("reelbus_ws_messages_total", where, "type"),),
                unit="ops",
                width=6,
            ),
            Panel(
                "Lag",
                "From the change of a job to the message in a socket's queue.",
                quantiles("reelbus_ws_lag_seconds", where),
                unit="s",
                width=6,
                limits=(0.5, 1),
                alerts=("ReelbusSocketsLag",),
            ),
            Panel(
                "Dropped",
                "Progress that slow sockets never got; counted when a socket ends.",
                (Query(f"sum(rate(reelbus_ws_dropped_total{{{where}}}[$__rate_interval]))", "dropped"),),
                unit="ops",
                width=6,
                alerts=("ReelbusSocketsDropping",),
            ),
        ),
    )
