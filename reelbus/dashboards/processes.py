"""The rows that every dashboard ends with: the bus, and the processes themselves."""

from __future__ import annotations

from reelbus.dashboards.model import Panel, Query, Row
from reelbus.dashboards.rows import RATE, rate


def process(where: str) -> Row:
    return Row(
        "Processes",
        (
            Panel(
                "Ready",
                "1 while the process says at /ready that it can work.",
                (Query(f"reelbus_ready{{{where}}}", "{{component}} {{instance}}"),),
                width=6,
                alerts=("ReelbusNotReady", "ReelbusServiceDown", "ReelbusRestarting"),
            ),
            Panel(
                "Dependencies",
                "1 while the dependency answers the process.",
                (
                    Query(
                        f"min by (component, dependency) (reelbus_dependency_up{{{where}}})",
                        "{{component}} {{dependency}}",
                    ),
                ),
                width=6,
                alerts=("ReelbusDependencyDown",),
            ),
            Panel(
                "CPU",
                "Cores that the process itself uses; ffmpeg is not in it.",
                (Query(f"rate(process_cpu_seconds_total{{{where}}}[{RATE}])", "{{component}} {{instance}}"),),
                width=6,
                alerts=("ReelbusProcessBusy",),
            ),
            Panel(
                "Memory",
                "Of the container, with ffmpeg and what is in a tmpfs; without a container, of the process.",
                (Query(f"reelbus_memory_bytes{{{where}}}", "{{component}} {{instance}}"),),
                unit="bytes",
                width=6,
                alerts=("ReelbusMemoryHigh",),
            ),
            Panel(
                "Share of the memory limit",
                "0 where nothing limits it.",
                (
                    Query(
                        f"reelbus_memory_bytes{{{where}}} / reelbus_memory_limit_bytes{{{where}}}",
                        "{{component}} {{instance}}",
                    ),
                ),
                unit="percentunit",
                width=6,
                alerts=("ReelbusMemoryHigh",),
                limits=(0.8, 0.9),
            ),
            Panel(
                "Lateness of the event loop",
                "What one timer in ten is late by: everything that the process answers is late by as much.",
                (
                    Query(
                        "histogram_quantile(0.9, sum by (component, instance, le)"
                        f" (rate(reelbus_event_loop_late_seconds_bucket{{{where}}}[{RATE}])))",
                        "{{component}} {{instance}}",
                    ),
                ),
                unit="s",
                width=6,
                alerts=("ReelbusLoopLate",),
                limits=(0.1, 0.25),
            ),
            Panel(
                "Open files",
                "Share of the file descriptors that the process may have open.",
                (
                    Query(
                        f"process_open_fds{{{where}}} / process_max_fds{{{where}}}",
                        "{{component}} {{instance}}",
                    ),
                ),
                unit="percentunit",
                width=6,
                alerts=("ReelbusFilesHigh",),
                limits=(0.6, 0.8),
            ),
            Panel(
                "Versions",
                "Processes by the version that they run.",
                (
                    Query(
                        f"count by (component, version) (reelbus_build_info{{{where}}})",
                        "{{component}} {{version}}",
                    ),
                ),
                width=6,
                alerts=("ReelbusVersionsMixed",),
            ),
        ),
    )


def bus(where: str) -> Row:
    return Row(
        "Bus",
        (
            Panel(
                "Messages received",
                "By subject and how they ended here.",
                (rate("reelbus_bus_received_processed_messages_total", where, "handler, status"),),
                unit="ops",
            ),
            Panel(
                "Messages published",
                "Events and calls, by subject.",
                (rate("reelbus_bus_published_messages_total", where, "destination, status"),),
                unit="ops",
            ),
            Panel(
                "Deliveries",
                "From JetStream. Retried: tried again later; returned: given back on stop.",
                (rate("reelbus_deliveries_total", where, "outcome"),),
                unit="ops",
                alerts=("ReelbusTasksRetrying", "ReelbusDeadLetters"),
            ),
            Panel(
                "Not yet received",
                "Messages that wait in a stream for a consumer of this service.",
                (Query(f"max by (consumer) (reelbus_consumer_pending{{{where}}})", "{{consumer}}"),),
                alerts=("ReelbusConsumerBehind",),
            ),
        ),
    )
