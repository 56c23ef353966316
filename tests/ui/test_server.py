"""What the server insists on before it serves."""

from __future__ import annotations

import socket

import pytest
from streamlit import config

from gvrc.errors import ConfigError
from gvrc.settings import PROJECT_DIR, Settings
from gvrc.ui import navigation, server


@pytest.fixture
def project_options() -> None:
    server._load_streamlit_options(Settings(_env_file=None))  # type: ignore[call-arg]


@pytest.mark.usefixtures("project_options")
def test_the_projects_own_options_are_in_force() -> None:
    server.check_options()


@pytest.mark.usefixtures("project_options")
@pytest.mark.parametrize("option", sorted(server.REQUIRED_OPTIONS))
def test_a_missing_option_stops_the_server(option: str) -> None:
    before = config.get_option(option)
    config.set_option(option, "something else")
    try:
        with pytest.raises(ConfigError, match=option):
            server.check_options()
    finally:
        config.set_option(option, before)


def test_a_port_in_use_is_said_in_words() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ConfigError, match="cannot be used"):
            server._listen("127.0.0.1", taken.getsockname()[1])


def test_the_listening_socket_sends_without_delay() -> None:
    with server._listen("127.0.0.1", 0) as listening:
        assert listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_socket_that_another_server_opened_is_told_to_send_without_delay() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        assert not listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        server.send_without_delay()
        assert listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_every_page_has_its_script_and_every_script_its_page() -> None:
    assert {entry.name for entry in navigation.PAGES} == {path.stem for path in (PROJECT_DIR / "pages").glob("*.py")}


def test_no_page_stands_beside_the_streamlit_script() -> None:
    assert not (PROJECT_DIR / "gvrc" / "ui" / "pages").exists()


@pytest.mark.parametrize("path", sorted((PROJECT_DIR / "pages").glob("*.py")), ids=lambda path: path.stem)
def test_a_page_takes_its_seat_before_anything_else_and_stays_thin(path) -> None:  # type: ignore[no-untyped-def]
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith(('"""', "from ", "import "))]
    assert lines[0].startswith("seat = desk.take(desk.Permission.")
    assert path.stat().st_size < 12_000


def test_nothing_is_shown_as_html() -> None:
    for path in [*(PROJECT_DIR / "gvrc" / "ui").glob("*.py"), *(PROJECT_DIR / "pages").glob("*.py")]:
        text = path.read_text(encoding="utf-8")
        assert "unsafe_allow_html" not in text, path.name
        assert "st.html" not in text, path.name
        assert "components.v1" not in text, path.name
