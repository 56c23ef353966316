"""`gvrc serve`: the API alone, at the root of its own port, by as many processes as there are cores."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import tempfile
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.supervisors import Multiprocess

from gvrc.api.connection import KEEP_ALIVE_SECONDS, Connection, allow_many_files
from gvrc.api.limits import Limits
from gvrc.errors import ConfigError
from gvrc.logs import configure_logs
from gvrc.settings import Settings
from gvrc.store.keeper import DatabaseKeeper
from gvrc.tracing import configure_traces

if TYPE_CHECKING:
    from fastapi import FastAPI

WAITING_CONNECTIONS = 512
MOST_WORKERS = 8
"""Unless the settings ask for more: each worker keeps a few connections to the database."""
HUNG_SECONDS = 30
"""Silence after which a worker counts as hung and is replaced; a loaded machine takes many seconds to start one."""
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Where the workers' measurements lie side by side; prometheus-client asks the environment for it when it is imported."""


def serve(settings: Settings) -> None:
    """Serve until interrupted. Prints the address once it listens. Raises ConfigError when the address, or a setting, cannot be used.

    The workers take connections from one listening socket, whoever is free; what they share (how often a token called, the measurements) lies in a
    folder that ends with them. A worker that dies is replaced.
    """
    Limits.of(settings)  # told here, once, rather than by each worker
    allow_many_files()
    listening = _listen(settings.api_host, settings.api_port)
    print(f"The API listens at http://{settings.api_host}:{listening.getsockname()[1]}", flush=True)  # noqa: T201 (who started it in a terminal wants to know)
    workers = settings.api_workers or min(os.cpu_count() or 1, MOST_WORKERS)
    if workers == 1:
        uvicorn.Server(_config(settings, None, 1)).run(sockets=[listening])
        return
    with tempfile.TemporaryDirectory(prefix="gvrc-api-") as folder:
        os.environ[METRICS_FOLDER] = folder
        Multiprocess(_config(settings, Path(folder), workers), sockets=[listening]).run()


def application(settings: Settings, shared: Path | None) -> FastAPI:
    """The API as one worker serves it. Raises ConfigError when a setting of it cannot be used."""
    from gvrc.api.application import create_api

    Connection.obey(settings)
    if shared is not None:
        configure_logs(settings)
        configure_traces(settings, "gvrc-api")
        threading.Thread(target=_end_with_the_parent, name="parent", daemon=True).start()
    return create_api(settings, DatabaseKeeper(settings=settings, application_name="gvrc api"), shared=shared)


def _end_with_the_parent() -> None:
    """A worker whose parent was killed would keep the port, and nobody would replace it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _config(settings: Settings, shared: Path | None, workers: int) -> uvicorn.Config:
    return uvicorn.Config(
        partial(application, settings, shared), factory=True, http=Connection, workers=workers, log_level="warning", access_log=False, server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS, timeout_graceful_shutdown=10, proxy_headers=True, forwarded_allow_ips=settings.api_proxies, log_config=None,
        timeout_worker_healthcheck=HUNG_SECONDS,
    )


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listening.bind(address)
        listening.listen(WAITING_CONNECTIONS)
        listening.set_inheritable(True)
    except OSError as error:
        raise ConfigError(f"The address {host}:{port} cannot be used: {error.strerror}.", "Stop what uses it, or set another GVRC_API_PORT.") from None
    return listening
