"""Spans reach a real OTLP/HTTP receiver when one is configured, and carry no personal data; without one nothing is sent."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from gvrc.settings import PROJECT_DIR, Settings
from gvrc.tracing import configure_traces

SCRIPT = """
from gvrc.settings import load_settings
from gvrc.tracing import configure_traces, span
provider = configure_traces(load_settings(), "gvrc-test")
try:
    with span("stage", stage="extract", run_id=7):
        raise ValueError("call +254700000001")
except ValueError:
    pass
provider.shutdown()
"""


class Receiver(ThreadingHTTPServer):
    def __init__(self) -> None:
        self.bodies: list[tuple[str, bytes]] = []
        super().__init__(("127.0.0.1", 0), Answer)


class Answer(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        self.server.bodies.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def test_a_span_arrives_with_its_run_and_without_the_words_of_its_error() -> None:
    receiver = Receiver()
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    environment = os.environ | {"GVRC_OTLP_ENDPOINT": f"http://127.0.0.1:{receiver.server_port}"}
    subprocess.run([sys.executable, "-c", SCRIPT], cwd=PROJECT_DIR, env=environment, check=True, timeout=60)
    receiver.shutdown()
    receiver.server_close()
    ((path, body),) = receiver.bodies
    assert path == "/v1/traces"
    assert b"700000001" not in body
    (span,) = ExportTraceServiceRequest.FromString(body).resource_spans[0].scope_spans[0].spans
    assert span.name == "stage"
    assert {item.key: item.value.string_value or item.value.int_value for item in span.attributes} == {"stage": "extract", "run_id": 7}
    assert span.status.message == "ValueError"


def test_without_an_endpoint_nothing_is_configured() -> None:
    assert configure_traces(Settings(_env_file=None), "gvrc") is None  # type: ignore[call-arg]
