"""REST sources on the upload page, by AppTest on a real database and against a real server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from streamlit.testing.v1 import AppTest

from gvrc import pipeline
from gvrc.model.access import Actor, Role
from gvrc.model.run import RunStatus
from gvrc.sources.rest import breaker_for
from gvrc.store.session import Database
from gvrc.ui import rest_page
from tests.sources.test_rest import Answer, Server, numbered

Open = Callable[..., AppTest]
SignIn = Callable[[Role], Actor]
Read = Callable[[AppTest], str]


@pytest.fixture
def source_server() -> Iterator[Server]:
    server = Server(numbered)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()
    breaker_for.cache_clear()


@pytest.fixture
def engineer(sign_in_as: SignIn) -> Actor:
    return sign_in_as(Role.DATA_ENGINEER)


def open_rest(open_page: Open) -> AppTest:
    app = open_page("upload", part="REST sources")
    assert not app.exception
    return app


def test_a_source_is_set_up_changed_and_taken_out_of_use_and_no_secret_is_shown(
    engineer: Actor, open_page: Open, database: Database, texts: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GVRC_SOURCE_KWALE_API_SECRET", "Token nobody-may-see")
    app = open_rest(open_page)
    app.text_input(key="rest_name").input("kwale_api")
    app.text_input(key="rest_url").input("https://example.org/list").run()
    assert "GVRC\\_SOURCE\\_KWALE\\_API\\_SECRET" in texts(app)
    app.button(key="rest_save").click().run()
    assert not app.exception
    assert list(app.table[0].value["Secret"]) == ["set"]
    assert "nobody-may-see" not in texts(app) + app.table[0].value.to_string()
    app.selectbox(key="rest_edited").select("kwale_api").run()
    assert app.text_input(key="rest_url").value == "https://example.org/list"
    app.text_input(key="rest_url").input("https://example.org/other")
    app.button(key="rest_save").click().run()
    assert [source.url for source in pipeline.rest_source_list(database, engineer)] == ["https://example.org/other"]
    app.button(key="rest_remove").click().run()
    assert not app.exception
    assert pipeline.rest_source_list(database, engineer) == []


@pytest.mark.parametrize(
    ("name", "url", "said"),
    [("Bad Name", "https://example.org", "small letters"), ("good", "ftp://example.org", "no web address"), ("good", "https://a:b@example.org", "password"), ("good", "https://example.org?api_key=1", "secret")],
)
def test_what_is_wrong_is_said_at_once_and_refused_again_when_kept(name: str, url: str, said: str, engineer: Actor, open_page: Open, database: Database) -> None:
    app = open_rest(open_page)
    app.text_input(key="rest_name").input(name)
    app.text_input(key="rest_url").input(url).run()
    assert said in app.error[0].value
    app.button(key="rest_save").click().run()
    assert app.text_input(key="rest_url").value == url
    assert pipeline.rest_source_list(database, engineer) == []


def test_a_pull_becomes_a_run_that_is_watched_and_a_broken_one_is_told(
    engineer: Actor, open_page: Open, database: Database, source_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    launched: list[int] = []
    monkeypatch.setattr(rest_page.worker, "launch", lambda _settings, run_id: launched.append(run_id))  # the run itself is tested where it works
    pipeline.set_up_source(database, engineer, "kwale_api", f"{source_server.url}/list", requests_per_second=100)

    def away(path: str, query: dict[str, list[str]], n: int) -> Answer:
        return (404, {}, b"") if query.get("page") == ["3"] else numbered(path, query, n)

    source_server.answers = away
    app = open_rest(open_page)
    app.button(key="rest_pull").click().run()
    assert app.error
    assert list(app.table[0].value["Last pull"]) == ["broke off; 2 pages are kept"]
    source_server.answers = numbered
    app.button(key="rest_pull").click().run()
    assert not app.exception
    assert app.query_params["run"] == str(launched[0])
    state = pipeline.rest_source_states(database, engineer)[0]
    assert (state.run_id, state.run_status, state.pages_waiting) == (launched[0], RunStatus.QUEUED, 0)


def test_a_steward_finds_files_only(sign_in_as: SignIn, open_page: Open) -> None:
    sign_in_as(Role.DATA_STEWARD)
    app = open_page("upload", part="REST sources")
    assert not app.exception
    assert not app.tabs
    assert app.file_uploader
