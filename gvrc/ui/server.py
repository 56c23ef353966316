"""`python -m gvrc.ui.server`: serve the application at the address and port of the settings.

Sets Streamlit up as this project needs it, opens (and on the very first start makes) the database, prints the address and, while there is
no administrator, the set-up code.
"""

from __future__ import annotations

import importlib
import os
import runpy
import socket
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import structlog

from gvrc import accounts, heap, setup
from gvrc.errors import ConfigError, GvrcError
from gvrc.logs import configure_logs
from gvrc.settings import PROJECT_DIR, Settings, load_settings
from gvrc.tracing import configure_traces
from gvrc.ui import house

if TYPE_CHECKING:
    import uvicorn

# Options of .streamlit/config.toml that safety or speed rest on; two of them are hidden options of Streamlit, so they are checked.
REQUIRED_OPTIONS: dict[str, Any] = {
    "runner.postScriptGC": False,
    "server.fileWatcherType": "none",
    "server.enableXsrfProtection": True,
    "server.enableAgentApi": False,
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
}

LOADED_MEANWHILE = ("streamlit", "gvrc.api", "gvrc.ui.desk", "gvrc.ui.sign_in", "uvicorn")
"""What `app.py` needs and takes long to load."""

SWITCH_SECONDS = 0.0005
"""How long a thread at work may keep the interpreter from another that is ready. A page asks the database some forty times, and after each answer waits for
a long computation beside it (the preview of a large commit, the encoding of a file) as long as this; of Python's own 5 ms each page becomes slow."""

_log = structlog.get_logger("server")


def check_options() -> None:
    """Raise ConfigError when Streamlit runs with an option that this application cannot accept."""
    from streamlit import config

    wrong = [name for name, value in REQUIRED_OPTIONS.items() if config.get_option(name) != value]
    if wrong:
        raise ConfigError(f"Streamlit runs with other options than this application needs: {', '.join(wrong)}.", "Start it from the project's folder, with its .streamlit/config.toml.")


def send_without_delay() -> None:
    """Switch Nagle's algorithm off on this process's listening sockets (accepted ones inherit it on Linux): with it every rerun waits
    40 ms. Servers that switch it off themselves are not hurt; elsewhere than on Linux there is nothing to do."""
    if not sys.platform.startswith("linux"):
        return
    for descriptor in map(int, os.listdir("/proc/self/fd")):
        with suppress(OSError):
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                _set_no_delay(socket.socket(fileno=os.dup(descriptor)))


def _set_no_delay(connection: socket.socket) -> None:
    with connection:
        if connection.family in (socket.AF_INET, socket.AF_INET6) and connection.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def serve(settings: Settings) -> None:
    """Serve until interrupted. Raises ConfigError when the address cannot be used, StoreError when the database cannot be made."""
    sys.setswitchinterval(SWITCH_SECONDS)
    with heap.no_sweeps():
        _make_ready(settings)
        serving, listening = _loaded(settings)
        heap.keep_what_is_loaded()
    serving.run(sockets=[listening])


def _loaded(settings: Settings) -> tuple[uvicorn.Server, socket.socket]:
    """The server with the application, and the socket it will listen on; the address is told."""
    import uvicorn
    from streamlit.web.server.starlette.starlette_server import _get_uvicorn_config_kwargs

    from gvrc.api.connection import KEEP_ALIVE_SECONDS, Connection

    here = house.install(settings)
    _load_streamlit_options(settings)
    listening = _listen(settings.host, settings.port)
    app = runpy.run_path(str(PROJECT_DIR / "app.py"))["app"]
    _announce(here, listening.getsockname()[1])
    Connection.obey(settings)
    options = _get_uvicorn_config_kwargs() | {
        "server_header": False, "log_level": "warning", "http": Connection, "timeout_keep_alive": KEEP_ALIVE_SECONDS, "forwarded_allow_ips": settings.api_proxies,
    }
    return uvicorn.Server(uvicorn.Config(app, **options)), listening


def _load_streamlit_options(settings: Settings) -> None:
    """Read .streamlit/config.toml beside app.py and lay our own settings over it."""
    from streamlit import config
    from streamlit.web import bootstrap

    config._main_script_path = str(PROJECT_DIR / "app.py")
    bootstrap.load_config_options(
        {"server.port": settings.port, "server.address": settings.host, "server.maxUploadSize": settings.max_upload_mb, "server.headless": True}
    )


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listening.bind(address)
        listening.listen(256)
        listening.set_inheritable(True)
    except OSError as error:
        raise ConfigError(f"The address {host}:{port} cannot be used: {error.strerror}.", "Stop what uses it, or set another GVRC_PORT.") from None
    return listening


def _announce(here: house.House, port: int) -> None:
    """Tell the person at the terminal where to go, and the set-up code while nobody can sign in yet."""
    settings, words = here.settings, here.words
    shown_host = "localhost" if settings.host in ("127.0.0.1", "0.0.0.0", "::", "::1") else settings.host  # noqa: S104 (compared, not bound)
    _print(words("server.address", address=f"http://{shown_host}:{port}"))
    try:
        code = accounts.first_start_code(here.database())
    except GvrcError as error:
        _print(f"{error.detail} {error.hint}")
        return
    if code:
        _print(words("server.code", code=code))


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201 (the terminal is the only place where the set-up code is told)


def _make_ready(settings: Settings) -> None:
    """The database started (and on the very first start made) while this process loads what it serves with: each takes a second or two."""
    with ThreadPoolExecutor(max_workers=1) as beside:
        made = beside.submit(setup.init, settings, operator=accounts.local_operator_name())
        for name in LOADED_MEANWHILE:
            importlib.import_module(name)
        made.result()


def main() -> int:
    """The entry point; the exit code of the error tree."""
    try:
        settings = load_settings()
        configure_logs(settings)
        configure_traces(settings, "gvrc")
        serve(settings)
    except GvrcError as error:
        print(f"{error.detail} {error.hint}".strip(), file=sys.stderr)  # noqa: T201
        return error.exit_code
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
