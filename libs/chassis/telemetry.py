"""Logs as JSON with trace ids, traces over OTLP when configured, and the metrics of the chassis."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import propagate, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, Sampler, TraceIdRatioBased
from opentelemetry.trace import Span, SpanKind
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
from pythonjsonlogger.json import JsonFormatter

from libs.chassis.settings import TelemetrySettings

TRACER = trace.get_tracer("reelbus")

TASKS_TOTAL = Counter("reelbus_tasks_total", "Task deliveries by how they ended.", ["kind", "outcome"])
TASK_SECONDS = Histogram(
    "reelbus_task_seconds",
    "Seconds of work on a task.",
    ["kind"],
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600),
)
TASKS_RUNNING = Gauge("reelbus_tasks_running", "Tasks in work in this process.", ["kind"])
DELIVERIES_TOTAL = Counter(
    "reelbus_deliveries_total",
    "JetStream deliveries by outcome: acked, retried, returned (on stop), dead_lettered.",
    ["consumer", "outcome"],
)
RPC_SECONDS = Histogram(
    "reelbus_rpc_seconds",
    "Seconds that this process took to answer a call.",
    ["method", "code"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30),
)
STORAGE_SECONDS = Histogram(
    "reelbus_storage_seconds",
    "Seconds of storage operations.",
    ["operation", "outcome"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 300),
)
STORAGE_BYTES = Counter("reelbus_storage_bytes_total", "Bytes moved to and from storage.", ["direction"])
FFMPEG_SECONDS = Histogram(
    "reelbus_ffmpeg_seconds",
    "Seconds that ffmpeg and ffprobe ran, by outcome.",
    ["program", "outcome"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800),
)
CONSUMER_PENDING = Gauge(
    "reelbus_consumer_pending",
    "Messages of a stream that the consumer did not get yet; looked at every 15 seconds.",
    ["consumer"],
)
STREAM_MESSAGES = Gauge("reelbus_stream_messages", "Messages in a JetStream stream.", ["stream"])
STREAM_BYTES = Gauge("reelbus_stream_bytes", "Bytes in a JetStream stream.", ["stream"])
OUTBOX_WAITING = Gauge("reelbus_outbox_waiting", "Messages that wait in the outbox.", ["service"])
OUTBOX_RELAYED = Counter("reelbus_outbox_relayed_total", "Messages that left the outbox.", ["service"])


class _TraceFormatter(JsonFormatter):
    def process_log_record(self, log_data: dict[str, object]) -> dict[str, object]:
        context = trace.get_current_span().get_span_context()
        if context.is_valid:
            log_data["trace_id"] = format(context.trace_id, "032x")
            log_data["span_id"] = format(context.span_id, "016x")
        return log_data


def setup_logging(service: str, settings: TelemetrySettings) -> None:
    """One JSON object a line on stderr, with service, instance and, inside a span, the trace's ids."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        _TraceFormatter(
            "{asctime}{levelname}{name}{message}",
            style="{",
            rename_fields={"asctime": "time", "levelname": "level"},
            static_fields={"service": service, "instance": settings.service_instance or service},
        )
    )
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
    for noisy in ("uvicorn.access", "uvicorn.error", "urllib3", "asyncio", "faststream", "nats"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def setup_tracing(service: str, settings: TelemetrySettings) -> TracerProvider:
    """Install the global tracer provider. Without an OTLP endpoint spans are not recorded, but trace ids
    still travel, so that logs of one request can be found in every service."""
    sampler: Sampler = ALWAYS_OFF
    if settings.otlp_endpoint:
        sampler = ParentBased(TraceIdRatioBased(settings.trace_ratio))
    resource = Resource.create(
        {"service.name": service, "service.instance.id": settings.service_instance or service}
    )
    provider = TracerProvider(sampler=sampler, resource=resource)
    if settings.otlp_endpoint:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        endpoint = settings.otlp_endpoint.rstrip("/") + "/v1/traces"
        provider.add_span_processor(
            BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint), schedule_delay_millis=1000)
        )
    trace.set_tracer_provider(provider)
    return provider


def trace_headers() -> dict[str, str]:
    """W3C headers that carry the current trace."""
    headers: dict[str, str] = {}
    propagate.inject(headers)
    return headers


@contextmanager
def span_from(headers: Mapping[str, str], name: str, **attributes: str | int | float) -> Iterator[Span]:
    """A consumer span that continues the trace in `headers`."""
    with TRACER.start_as_current_span(
        name, context=propagate.extract(headers), kind=SpanKind.CONSUMER, attributes=attributes
    ) as span:
        yield span


def observe_tool(program: str, seconds: float, outcome: str) -> None:
    """Meter one run of a media tool."""
    FFMPEG_SECONDS.labels(program, outcome).observe(seconds)


def registry() -> CollectorRegistry:
    """The registry behind `/metrics`."""
    return REGISTRY
