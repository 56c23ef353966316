"""Every page by AppTest, on a real database with a real run."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from gvrc import steward
from gvrc.commit import jobs
from gvrc.model.access import Actor, Role
from gvrc.model.review import QuestionKind
from gvrc.model.run import RunStatus
from gvrc.security.permissions import MATRIX
from gvrc.settings import PROJECT_DIR, Settings
from gvrc.store.session import Database
from gvrc.ui import navigation, questions, show
from gvrc.views.facilities import facility_list
from gvrc.views.questions import decisions_list, question_counts, question_list
from gvrc.views.records import record_list
from gvrc.views.runs import run_list, run_view

Open = Callable[..., AppTest]
SignIn = Callable[[Role], Actor]
Run = Callable[..., int]
Read = Callable[[AppTest], str]
Rows = Callable[[AppTest, str], list[dict[str, str]]]
NAMES = [entry.name for entry in navigation.PAGES]
OPEN_TO = {role: {entry.name for entry in navigation.PAGES if entry.permission in granted} for role, granted in MATRIX.items()}
CLOSED_TO_VIEWERS = {"upload", "review", "duplicates", "records", "commit", "runs"}


@pytest.fixture
def no_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest clicks faster than any person; the guard against presses meant for the question before has a test of its own."""
    monkeypatch.setattr(questions, "HASTE_SECONDS", 0.0)


# ------------------------------------------------------------------------------------------------------------------------ doors


@pytest.mark.usefixtures("signed_out")
@pytest.mark.parametrize("name", NAMES)
def test_a_page_run_without_a_sign_in_shows_nothing_but_the_way_to_it(name: str, texts: Read) -> None:
    app = AppTest.from_file(str(PROJECT_DIR / "pages" / f"{name}.py"), default_timeout=30).run()
    assert not app.exception
    assert not app.title
    assert "/auth/sign-in" in texts(app)
    assert not app.button


@pytest.mark.parametrize("role", list(Role))
def test_a_role_finds_its_pages_and_no_others(role: Role, sign_in_as: SignIn, open_page: Open) -> None:
    sign_in_as(role)
    app = open_page()
    assert not app.exception
    for name in NAMES:
        if name in OPEN_TO[role] and name != "home":
            app.switch_page(str(PROJECT_DIR / "pages" / f"{name}.py")).run()
            assert not app.exception, name
            assert app.title[0].value
        elif name not in OPEN_TO[role]:
            with pytest.raises(ValueError, match=r"not exist|find|pages"):
                app.switch_page(str(PROJECT_DIR / "pages" / f"{name}.py"))


@pytest.mark.parametrize("name", sorted((set(NAMES) - OPEN_TO[Role.VIEWER]) | CLOSED_TO_VIEWERS))
def test_a_page_refuses_a_role_by_itself_even_when_it_is_reached_around_the_navigation(name: str, sign_in_as: SignIn, texts: Read) -> None:
    sign_in_as(Role.VIEWER)
    app = AppTest.from_file(str(PROJECT_DIR / "pages" / f"{name}.py"), default_timeout=30).run()
    assert not app.title
    assert app.error
    assert "viewer" in app.error[0].value


# ------------------------------------------------------------------------------------------------------------------------ before and after a run


@pytest.mark.parametrize("name", ["review", "duplicates", "records", "commit", "runs", "registry", "home"])
def test_an_empty_page_says_what_to_do_next(name: str, sign_in_as: SignIn, open_page: Open) -> None:
    sign_in_as(Role.DATA_STEWARD)
    app = open_page(name)
    assert not app.exception
    assert any("upload" in str(link.proto.page) for link in app.get("page_link"))


def test_every_number_of_home_leads_to_exactly_what_it_counts(sign_in_as: SignIn, open_page: Open, run_of: Run, database: Database) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor)
    receipt, asked = run_view(database, actor, run_id).receipt, question_counts(database, actor, run_id)
    app = open_page()
    links = {(Path(link.proto.page).stem, link.proto.query_string): re.sub(r"\D", "", link.proto.label) for link in app.get("page_link")}
    assert links["duplicates", f"run={run_id}"] == str(asked.duplicates)
    assert links["review", f"run={run_id}"] == str(asked.issues)
    assert links["commit", f"run={run_id}"] == str(receipt.ready)
    assert links["records", f"run={run_id}&state=held"] == str(receipt.held)
    app = app.button(key="home_next").click().run()
    assert app.title[0].value == "Duplicates"


def test_the_receipt_adds_up_and_its_numbers_open_their_rows(
    sign_in_as: SignIn, open_page: Open, run_of: Run, database: Database, texts: Read, ways: Callable[[AppTest], Any]
) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor)
    receipt = run_view(database, actor, run_id).receipt
    app = open_page("upload", run=str(run_id))
    assert not app.exception
    assert f"237 = {receipt.ready} + {receipt.to_review} + {receipt.held} + {receipt.dead_letters}" in texts(app).replace("\\", "")
    targets = [query for page, query, _ in ways(app) if page == "records"]
    for target in targets:
        assert target["run"] == str(run_id)
    states = {target["state"] for target in targets if "state" in target}
    assert states == {state for state in ("ready", "to_review", "held") if getattr(receipt, state)}


def test_the_rows_behind_a_number_are_exactly_as_many_as_the_receipt_says(
    sign_in_as: SignIn, open_page: Open, run_of: Run, database: Database, texts: Read, rows_of: Rows
) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor)
    receipt = run_view(database, actor, run_id).receipt
    assert receipt.issues
    numbers = [("state", state, getattr(receipt, state)) for state in ("ready", "to_review", "held")]
    numbers += [("issue", code, count) for code, count in sorted(receipt.issues.items())[::8]]
    for name, value, expected in numbers:
        app = open_page("records", run=str(run_id), **{name: value})
        assert f"{expected} row" in texts(app), value
        assert len(rows_of(app, "record_rows")) == min(expected, show.ROWS_PER_PAGE), value


def test_hostile_text_stays_text_on_every_page(
    sign_in_as: SignIn, open_page: Open, run_of: Run, hostile_list: Path, database: Database
) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor, hostile_list)
    visits = [(name, {"run": str(run_id)}) for name in ("upload", "records", "review", "duplicates", "commit", "runs")] + [("home", {})]
    visits += [("records", {"run": str(run_id), "record": str(row.record_id)}) for row in record_list(database, actor, run_id).rows]
    for name, query in visits:
        app = open_page(name, **query)
        assert not app.exception, name
        for element in [*app.markdown, *app.caption, *app.header, *app.error, *app.warning, *app.title]:
            assert "](https://example.org" not in str(element.value), name
            assert "https://" not in str(element.value), name
            assert "<b>" not in str(element.value), name
        assert not any(getattr(element.proto, "allow_html", False) for element in app.markdown)


@pytest.mark.parametrize("name", ["upload", "records", "commit", "runs", "registry", "review"])
def test_a_strange_address_breaks_no_page(name: str, sign_in_as: SignIn, open_page: Open) -> None:
    sign_in_as(Role.DATA_STEWARD)
    for value in ("-1", "1;drop table", "99999999999999999", "١"):
        app = open_page(name, run=value, record=value, facility=value, state=value, kind=value, page=value, batch=value)
        assert not app.exception, value
        assert app.title, value


def test_a_run_that_does_not_exist_is_said_in_words(sign_in_as: SignIn, open_page: Open) -> None:
    sign_in_as(Role.DATA_STEWARD)
    for name in ("upload", "runs"):
        app = open_page(name, run="4711")
        assert not app.exception
        assert "4711" in app.error[0].value


# ------------------------------------------------------------------------------------------------------------------------ upload


def test_files_are_recognised_and_run_in_a_process_of_their_own(
    sign_in_as: SignIn, open_page: Open, database: Database, settings: Settings, texts: Read
) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    app = open_page("upload")
    app.file_uploader[0].upload("places.json", b'[{"facility_name": "Diani Health Centre", "county": "Kwale", "service_type": "Health centre"}]').run()
    assert not app.exception
    assert "places\\.json" in texts(app)
    app.button(key="run_all").click().run()
    run_id = int(app.query_params["run"][0])
    assert wait_for(database, actor, run_id) == RunStatus.DONE
    assert not list((settings.home / "incoming").glob("*"))


def wait_for_commit(database: Database, actor: Actor, run_id: int) -> None:
    while (job := jobs.watch(database, actor, run_id=run_id)) is not None and job.state in ("queued", "running"):
        time.sleep(0.1)
    assert job is not None
    assert job.state == "done", job.error


def wait_for(database: Database, actor: Actor, run_id: int) -> str:
    import time

    deadline = time.monotonic() + 90
    while RunStatus(run_view(database, actor, run_id).status).is_live and time.monotonic() < deadline:
        time.sleep(0.3)
    return run_view(database, actor, run_id).status


@pytest.mark.parametrize(
    ("name", "content"),
    [("empty.json", b""), ("page.json", b"<!DOCTYPE html><html><body>Sign in</body></html>"), ("list.json", b"PK\x03\x04\x14\x00\x00\x00\x08\x00" + b"\x00" * 50)],
)
def test_a_file_that_cannot_be_read_is_said_in_words_and_the_others_go_on(name: str, content: bytes, sign_in_as: SignIn, open_page: Open, texts: Read) -> None:
    sign_in_as(Role.DATA_STEWARD)
    app = open_page("upload")
    app.file_uploader[0].upload(name, content)
    app.file_uploader[0].upload("good.json", b'[{"facility_name": "Diani Health Centre", "county": "Kwale", "service_type": "Health centre"}]').run()
    assert not app.exception
    assert "1 file recognised" in texts(app)
    assert "1 file cannot be read" in texts(app)
    assert "1 record ·" in texts(app)
    assert app.button(key="run_all")


def test_one_persons_upload_is_not_found_by_another(sign_in_as: SignIn, open_page: Open, texts: Read) -> None:
    sign_in_as(Role.DATA_STEWARD)
    app = open_page("upload")
    app.file_uploader[0].upload("places.json", b'[{"facility_name": "Diani Health Centre", "county": "Kwale"}]').run()
    token = app.query_params["batch"][0]
    sign_in_as(Role.ADMIN)
    assert "not waiting here" in texts(open_page("upload", batch=token))


# ------------------------------------------------------------------------------------------------------------------------ questions


@pytest.mark.usefixtures("no_haste")
def test_every_question_can_be_answered_and_undone(sign_in_as: SignIn, open_page: Open, run_of: Run, database: Database) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor)
    for page, kind, answer in (("review", QuestionKind.ISSUE, "reject"), ("duplicates", QuestionKind.DUPLICATE, "different")):
        waiting = question_list(database, actor, run_id, kind=kind)
        assert waiting, page
        app = open_page(page, run=str(run_id))
        key = app.session_state["question.key"]
        app.button(key=f"{answer}_{key[:16]}").click().run()
        assert not app.exception
        assert key not in [question.key for question in question_list(database, actor, run_id, kind=kind)]
        done = decisions_list(database, actor, run_id)[0]
        assert done.question_key == key
        app.button(key=f"decision_{done.decision_id}").click().run()
        app.button(key=f"undo_{done.decision_id}").click().run()
        assert key in [question.key for question in question_list(database, actor, run_id, kind=kind)]


def test_an_answer_in_haste_was_meant_for_the_question_before_and_is_not_taken(
    sign_in_as: SignIn, open_page: Open, run_of: Run, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "HASTE_SECONDS", 3600.0)
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor)
    app = open_page("duplicates", run=str(run_id))
    before = question_counts(database, actor, run_id)
    app.button(key=f"same_{app.session_state['question.key'][:16]}").click().run()
    assert question_counts(database, actor, run_id) == before


@pytest.mark.usefixtures("no_haste")
def test_a_press_for_a_question_that_is_gone_answers_no_other(sign_in_as: SignIn, open_page: Open, run_of: Run, database: Database) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor)
    app = open_page("duplicates", run=str(run_id))
    app.session_state["question.key"] = "another"
    before = question_counts(database, actor, run_id)
    app.button(key=next(button.key for button in app.button if button.key and button.key.startswith("same_"))).click().run()
    assert question_counts(database, actor, run_id) == before


@pytest.mark.usefixtures("no_haste")
def test_behind_a_dialog_no_shortcut_fires_and_the_dialog_answers(sign_in_as: SignIn, open_page: Open, run_of: Run, database: Database) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor)
    app = open_page("duplicates", run=str(run_id))
    key = app.session_state["question.key"][:16]
    assert app.button(key=f"same_{key}").proto.shortcut
    app.button(key=f"related_{key}").click().run()
    for name in ("same", "different", "related", "unsure", "skip", "undo"):
        button = app.button(key=f"{name}_{key}")
        assert not button.proto.shortcut
        assert button.disabled
    app.button(key=f"part_of_{key}").click().run()
    assert decisions_list(database, actor, run_id)[0].answer == "related"


@pytest.mark.usefixtures("no_haste")
def test_a_question_that_somebody_else_has_open_is_not_asked(sign_in_as: SignIn, open_page: Open, run_of: Run, database: Database, settings: Settings) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor)
    colleague = sign_in_as(Role.APPROVER)
    for question in question_list(database, colleague, run_id, kind=QuestionKind.DUPLICATE):
        steward.claim(database, settings, actor, question.key)
    app = open_page("duplicates", run=str(run_id))
    assert "question.key" not in app.session_state
    assert not any(button.key and button.key.startswith("same_") for button in app.button)


@pytest.mark.usefixtures("no_haste")
def test_a_waiver_without_a_reason_is_refused_in_words(sign_in_as: SignIn, open_page: Open, run_of: Run, texts: Read) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    app = open_page("review", run=str(run_of(actor)))
    key = app.session_state["question.key"][:16]
    app.button(key=f"waive_{key}").click().run()
    app.button(key=f"save_why_{key}").click().run()
    assert "why the issue may stay" in texts(app)


# ------------------------------------------------------------------------------------------------------------------------ commit and registry


@pytest.mark.usefixtures("no_haste")
def test_a_commit_shows_its_preview_lands_and_then_has_nothing_left_to_do(
    sign_in_as: SignIn, open_page: Open, run_of: Run, database: Database, texts: Read, rows_of: Rows
) -> None:
    actor = sign_in_as(Role.APPROVER)
    run_id = run_of(actor)
    app = open_page("commit", run=str(run_id))
    assert not app.exception
    added = int(app.metric[0].value)
    assert added > 0
    assert facility_list(database, actor).total == 0
    next(button for button in app.button if "Commit" in button.label).click().run()
    assert not app.exception
    wait_for_commit(database, actor, run_id)
    assert "landed" in texts(app.run())
    assert facility_list(database, actor).total == added
    assert "Nothing would change" in texts(open_page("commit", run=str(run_id)))
    registry = open_page("registry")
    assert len(rows_of(registry, "facility_rows")) == min(added, show.ROWS_PER_PAGE)
    for facility in facility_list(database, actor).rows[:3]:
        page = open_page("registry", facility=str(facility.facility_id))
        assert not page.exception
        assert page.header


def test_a_search_finds_by_words_and_an_unknown_word_finds_nothing(sign_in_as: SignIn, open_page: Open, texts: Read) -> None:
    sign_in_as(Role.VIEWER)
    app = open_page("registry", q="nowhere")
    assert not app.exception
    assert "No place is like this" in texts(app)


def test_the_runs_page_lists_what_was_run(sign_in_as: SignIn, open_page: Open, run_of: Run, database: Database, rows_of: Rows) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor)
    assert [run.run_id for run in run_list(database, actor)] == [run_id]
    assert [row["Run"] for row in rows_of(open_page("runs"), "run_rows")] == [str(run_id)]
    assert not open_page("runs", run=str(run_id)).exception
