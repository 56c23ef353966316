"""A REST source from its set-up to its run, on the real database."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from gvrc import pipeline
from gvrc.errors import NotAllowedError, PipelineError, SourceError
from gvrc.model.access import Actor, Role
from gvrc.pipeline.pull import rest_sources
from gvrc.settings import Settings, source_secret
from gvrc.sources.rest import RestLimits, breaker_for
from gvrc.store.files import load_files
from gvrc.store.session import Database
from tests.sources.test_rest import Answer, Server, numbered

QUICK = RestLimits(retries=0, requests_per_second=100, timeout_seconds=2)


@pytest.fixture
def source_server() -> Iterator[Server]:
    server = Server(numbered)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()
    breaker_for.cache_clear()


@pytest.fixture
def pull(database: Database, settings: Settings, admin: Actor, source_server: Server) -> Callable[[], pipeline.PulledSource]:
    pipeline.set_up_source(database, admin, "kwale_api", f"{source_server.url}/list", requests_per_second=100)
    return lambda: pipeline.pull(database, settings, admin, "kwale_api", limits=QUICK)


def test_a_pulled_source_becomes_a_run_over_rows_of_an_api(pull: Callable[[], Any], database: Database, settings: Settings) -> None:
    pulled = pull()
    summary = pipeline.execute(database, settings, pulled.run_id)
    assert summary.records_in == 6
    with database.read() as conn:
        assert [(file.kind, file.source) for file in load_files(conn, run_id=pulled.run_id)] == [("api", "kwale_api")]
    assert not list((settings.home / "pulls").iterdir())


def test_the_same_pages_again_are_known(pull: Callable[[], Any], database: Database, settings: Settings) -> None:
    first = pull()
    pipeline.execute(database, settings, first.run_id)
    assert pull().file.already_received_run == first.run_id


def test_a_pull_that_broke_off_goes_on_behind_its_last_whole_page(pull: Callable[[], Any], source_server: Server, database: Database) -> None:
    def broken(path: str, query: dict[str, list[str]], n: int) -> Answer:
        return (500, {}, b"") if query.get("page") == ["3"] else numbered(path, query, n)

    source_server.answers = broken
    with pytest.raises(SourceError, match="kept"):
        pull()
    with database.read() as conn:
        source = rest_sources.load(conn, "kwale_api")
        assert source is not None
        assert rest_sources.pages_read(conn, source) == (2, False)
    source_server.answers = numbered
    source_server.asked.clear()
    pulled = pull()
    assert (pulled.pages_before, pulled.pages, source_server.asked) == (2, 3, ["/list?page=3"])


def test_a_source_is_set_up_by_who_may_and_taken_out_of_use(database: Database, settings: Settings, admin: Actor) -> None:
    with pytest.raises(NotAllowedError):
        pipeline.set_up_source(database, replace(admin, role=Role.VIEWER), "x", "https://example.org")
    for name, url in (("Bad Name", "https://example.org"), ("good", "ftp://example.org")):
        with pytest.raises(SourceError):
            pipeline.set_up_source(database, admin, name, url)
    pipeline.set_up_source(database, admin, "gone", "https://example.org/list")
    assert "gone" in [source.name for source in pipeline.rest_source_list(database, admin)]
    pipeline.remove_source(database, admin, "gone")
    with pytest.raises(PipelineError):
        pipeline.pull(database, settings, admin, "gone")


def test_the_secret_of_a_source_is_a_setting_or_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / "secret").write_text("Token abc\n")
    monkeypatch.setenv("GVRC_SOURCE_KWALE_API_SECRET_FILE", str(tmp_path / "secret"))
    assert source_secret("kwale_api") == "Token abc"
    monkeypatch.setenv("GVRC_SOURCE_KWALE_API_SECRET", "Token xyz")
    assert source_secret("kwale_api") == "Token xyz"
    assert source_secret("other") is None
