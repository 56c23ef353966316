"""Traces by OpenTelemetry: spans around requests and stages, sent to an OTLP/HTTP collector when `otlp_endpoint` is set; else nothing happens.

`with tracing.span("stage", stage="extract"): ...`. Values are ids, names of stages and routes, counts; never personal data.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from opentelemetry import trace

from gvrc import __version__
from gvrc.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_tracer = trace.get_tracer("gvrc", __version__)


def configure_traces(settings: Settings, service: str) -> TracerProvider | None:
    """Starts sending traces of this process under the name `service`; None without an endpoint. The first call of a process counts."""
    if not settings.otlp_endpoint:
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": service, "service.version": __version__, "deployment.environment": settings.environment}))
    exporter = OTLPSpanExporter(endpoint=f"{settings.otlp_endpoint.rstrip('/')}/v1/traces", timeout=5)
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=2000))
    trace.set_tracer_provider(provider)
    return provider


@contextmanager
def span(name: str, **values: str | int | float | bool) -> Iterator[trace.Span]:
    """A span over this block; an exception that leaves it marks it as failed, by its kind and without its words."""
    with _tracer.start_as_current_span(name, attributes=values, record_exception=False, set_status_on_exception=False) as current:
        try:
            yield current
        except BaseException as error:
            current.set_status(trace.Status(trace.StatusCode.ERROR, type(error).__name__))
            raise
