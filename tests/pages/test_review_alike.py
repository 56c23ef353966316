"""The question pages beyond one answer at a time: all rows alike, facets, official places, what was set aside."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from gvrc import pipeline, steward, worker
from gvrc.known_corrections import list_corrections
from gvrc.model.access import Actor, Role
from gvrc.model.review import QuestionKind
from gvrc.settings import Settings
from gvrc.store import registry
from gvrc.store.session import Database
from gvrc.ui import beside, commit_page, flags, questions
from gvrc.views.questions import decisions_list, question_counts, question_list
from gvrc.views.records import record_list
from gvrc.views.spellings import word_groups

Open = Callable[..., AppTest]
SignIn = Callable[[Role], Actor]
Run = Callable[..., int]
Read = Callable[[AppTest], str]


@pytest.fixture(autouse=True)
def no_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest clicks faster than any person."""
    monkeypatch.setattr(questions, "HASTE_SECONDS", 0.0)


def listed(tmp_path: Path, rows: list[dict[str, str]]) -> Path:
    path = tmp_path / "list.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def test_one_key_accepts_for_all_alike_after_a_preview_and_one_undo_takes_it_back(
    sign_in_as: SignIn, open_page: Open, run_of: Run, database: Database, tmp_path: Path, texts: Read
) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor, listed(tmp_path, [{"facility_name": f"Mwangaza Point {word}", "service_type": "Misc.", "county": "Kwale"} for word in "ABC"]))
    app = open_page("review", run=str(run_id), issue="kind.unknown")
    assert "3 alike" in app.button(key=f"accept_alike_{app.session_state['question.key'][:16]}").label
    assert "usually means Other Place" in texts(app)
    key = app.session_state["question.key"][:16]
    app.button(key=f"accept_alike_{key}").click().run()
    assert not app.exception
    assert all(f"Mwangaza Point {word}" in app.table[-1].value.to_string() for word in "ABC")
    assert app.button(key=f"accept_{key}").disabled
    app.button(key=f"alike_{key}").click().run()
    assert not app.exception
    assert question_counts(database, actor, run_id, code="kind.unknown").issues == 0
    done = decisions_list(database, actor, run_id, as_batches=True)
    assert len(done) == 1
    app.button(key=f"decision_{done[0].decision_id}").click().run()
    app.button(key=f"undo_{done[0].decision_id}").click().run()
    assert question_counts(database, actor, run_id, code="kind.unknown").issues == 3
    assert decisions_list(database, actor, run_id) == ()


def test_a_row_like_no_other_has_no_such_key(sign_in_as: SignIn, open_page: Open, run_of: Run, tmp_path: Path) -> None:
    run_id = run_of(sign_in_as(Role.DATA_STEWARD), listed(tmp_path, [{"facility_name": "Mwangaza Point", "service_type": "Misc.", "county": "Kwale"}]))
    app = open_page("review", run=str(run_id), issue="kind.unknown")
    assert app.session_state["question.key"]
    assert not [button for button in app.button if button.key and button.key.startswith("accept_alike_")]


def test_a_place_is_corrected_by_choosing_from_the_official_ones(
    sign_in_as: SignIn, open_page: Open, run_of: Run, database: Database, tmp_path: Path
) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor, listed(tmp_path, [{"facility_name": "Mwangaza Dispensary", "service_type": "Dispensary", "county": "Atlantis"}]))
    question = next(each for each in question_list(database, actor, run_id, kind=QuestionKind.ISSUE) if each.field_name == "county")
    assert question.issue is not None
    app = open_page("review", run=str(run_id), issue=question.issue.code)
    key = question.key[:16]
    app.button(key=f"correct_{key}").click().run()
    assert len(app.selectbox(key=f"county_{key}").options) == 48
    assert app.selectbox(key=f"ward_{key}").disabled
    app.selectbox(key=f"county_{key}").set_value("Kwale").run()
    assert set(app.selectbox(key=f"constituency_{key}").options) == {"not known", "Kinango", "Lungalunga", "Matuga", "Msambweni"}
    app.selectbox(key=f"constituency_{key}").set_value("Msambweni").run()
    assert "Kinondo" in app.selectbox(key=f"ward_{key}").options
    app.selectbox(key=f"ward_{key}").set_value("Kinondo").run()
    app.selectbox(key=f"county_{key}").set_value("Kilifi").run()
    assert app.selectbox(key=f"constituency_{key}").value == app.selectbox(key=f"ward_{key}").value == ""
    app.selectbox(key=f"constituency_{key}").set_value("Malindi").run()
    app.button(key=f"save_{key}").click().run()
    assert not app.exception
    with database.read() as conn:
        found = conn.execute(text("SELECT data -> 'place' ->> 'county', data -> 'place' ->> 'constituency' FROM staging.records")).one()
    assert tuple(found) == ("Kilifi", "Malindi")


def test_the_facets_stand_in_the_address_and_narrow_the_pairs(sign_in_as: SignIn, open_page: Open, run_of: Run, database: Database, texts: Read) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor)
    counts = question_counts(database, actor, run_id, kind=QuestionKind.DUPLICATE)
    band, most = next(iter(counts.by_band.items()))
    app = open_page("duplicates", run=str(run_id))
    assert f"0 of {counts.duplicates} ·" in texts(app)
    app.selectbox(key="facet_band_None").set_value(band).run()
    assert not app.exception
    assert band in app.query_params["band"]
    assert f"0 of {most} ·" in texts(app)
    app.button(key=f"different_{app.session_state['question.key'][:16]}").click().run()
    waiting = question_counts(database, actor, run_id, kind=QuestionKind.DUPLICATE, band=band).duplicates
    assert f"1 of {waiting + 1} ·" in texts(app)
    app = open_page("duplicates", run=str(run_id), county="KE999", source="nobody")
    assert not app.exception
    assert "No pair waits" in texts(app)


def test_what_was_set_aside_is_told_with_its_reason_and_the_way_back(
    sign_in_as: SignIn, open_page: Open, run_of: Run, database: Database, tmp_path: Path, texts: Read, monkeypatch: pytest.MonkeyPatch, ways: Callable[[AppTest], Any]
) -> None:
    run_id = run_of(sign_in_as(Role.DATA_STEWARD), listed(tmp_path, [{"facility_name": "Diani Health Centre", "service_type": "Health centre", "county": "Kwale"}]))
    assert "Set aside" not in [header.value for header in open_page("runs", run=str(run_id)).header]
    with database.unit_of_work() as conn:
        file_id, record_id, pointer = conn.execute(text("SELECT file_id, record_id, pointer FROM staging.records")).one()
        registry.bury(conn, run_id, [(file_id, pointer)], "Its <b>point</b> lies outside Kenya.", {"record_ids": [record_id]})
        conn.execute(text("INSERT INTO staging.dead_letters (run_id, file_id, pointer, stage, error) VALUES (:r, :f, '/9', 'transform', 'unreadable')"), {"r": run_id, "f": file_id})
    app = open_page("runs", run=str(run_id))
    assert not app.exception
    assert "Set aside" in [header.value for header in app.header]
    told = app.table[-1].value.to_string()
    assert "lies outside Kenya" in told
    assert "<b>" not in told
    assert ("runs", {"run": str(run_id), "aside": "unread"}) in [(page, query) for page, query, _ in ways(app)]
    assert any(page == "commit" for page, _, _ in ways(app))
    app = open_page("runs", run=str(run_id), aside="unread")
    assert len(app.table[-1].value) == 1
    launched: list[int] = []
    monkeypatch.setattr(worker, "launch", lambda _settings, launched_run: launched.append(launched_run))
    app.button(key="replay").click().run()
    assert not app.exception
    assert launched == [run_id]
    with database.read() as conn:
        assert conn.execute(text("SELECT status FROM ops.etl_runs WHERE run_id = :run"), {"run": run_id}).scalar_one() == "queued"


def test_unknown_words_are_settled_after_a_preview_and_one_undo_takes_it_back(
    sign_in_as: SignIn, open_page: Open, run_of: Run, database: Database, tmp_path: Path, texts: Read
) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    owners = ("Kazi Njema *Mbali*", "KAZI NJEMA MBALI", "Kazi Njemaa Mbali")
    rows = [{"facility_name": f"Mwangaza {word} Dispensary", "service_type": "Dispensary", "county": "Kwale", "owner": owner} for word, owner in zip(("East", "West", "North"), owners, strict=True)]
    run_id = run_of(actor, listed(tmp_path, rows))
    app = open_page("review", run=str(run_id))
    app.button(key="spellings_open").click().run()
    assert not app.exception
    settle = next(button for button in app.button if button.key and button.key.startswith("settle_"))
    assert settle.disabled
    assert all(f"Mwangaza {word} Dispensary" in app.table[0].value.to_string() for word in ("East", "West", "North"))
    assert len(app.checkbox) == 3
    app.checkbox[0].uncheck().run()
    next(box for box in app.selectbox if box.label == "They mean").set_value("Ministry of Health").run()
    settle = next(button for button in app.button if button.key and button.key.startswith("settle_"))
    assert "2 rows" in settle.label
    settle.click().run()
    assert not app.exception
    assert [group.group.rows for group in word_groups(database, actor, run_id)] == [1]
    assert len(list_corrections(database, actor)) == 2
    next(button for button in app.button if button.key and button.key.startswith("undo_")).click().run()
    assert not app.exception
    assert [group.group.rows for group in word_groups(database, actor, run_id)] == [3]
    assert list_corrections(database, actor) == ()
    app = open_page("records", run=str(run_id), field="owner", written=owners[0])
    assert not app.exception
    assert "1 row." in texts(app)


def test_a_proposed_relation_is_accepted_with_one_key(sign_in_as: SignIn, open_page: Open, run_of: Run, database: Database) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor)
    proposed = next(each for each in question_list(database, actor, run_id, kind=QuestionKind.DUPLICATE) if each.relation is not None)
    app = open_page("duplicates", run=str(run_id), question=proposed.key)
    accept = app.button(key=f"accept_{proposed.key[:16]}")
    assert accept.label == "Accept: located in"
    assert accept.proto.shortcut.casefold() == "a"
    accept.click().run()
    assert not app.exception
    with database.read() as conn:
        decided = conn.execute(text("SELECT answer, relation FROM staging.decisions WHERE question_key = :key"), {"key": proposed.key}).one()
    assert tuple(decided) == ("related", "located_in")


def test_one_step_answers_no_more_alike_than_it_says(
    sign_in_as: SignIn, open_page: Open, run_of: Run, database: Database, tmp_path: Path, texts: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flags, "MOST_AT_ONCE", 2)
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor, listed(tmp_path, [{"facility_name": f"Mwangaza Point {word}", "service_type": "Misc.", "county": "Kwale"} for word in "ABC"]))
    app = open_page("review", run=str(run_id), issue="kind.unknown")
    key = app.session_state["question.key"][:16]
    app.button(key=f"accept_alike_{key}").click().run()
    assert "More wait for the same" in texts(app)
    app.button(key=f"alike_{key}").click().run()
    assert question_counts(database, actor, run_id, code="kind.unknown").issues == 1


def test_what_a_large_commit_would_change_is_worked_out_beside_the_page(
    sign_in_as: SignIn, open_page: Open, run_of: Run, texts: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit_page, "AT_ONCE_RECORDS", 0)
    monkeypatch.setattr(beside, "WANTED_SECONDS", 60.0)  # nothing here asks again and again, as a browser does
    may_end = threading.Event()
    plain = worker.preview_apart
    monkeypatch.setattr(worker, "preview_apart", lambda *given, **named: (may_end.wait(30), plain(*given, **named))[1])
    run_id = run_of(sign_in_as(Role.APPROVER))
    app = open_page("commit", run=str(run_id))
    assert "is being worked out" in texts(app)
    may_end.set()
    for thread in threading.enumerate():
        if thread.name == "beside":
            thread.join(30)
    app.run()
    assert not app.exception
    assert "is being worked out" not in texts(app)
    assert any(metric.label == "Added" for metric in app.metric)


def test_a_corrected_name_is_told_where_it_was_compared_with_nothing_and_compared_on_request(
    sign_in_as: SignIn, open_page: Open, run_of: Run, database: Database, settings: Settings, tmp_path: Path, texts: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    place = {"service_type": "Health centre", "county": "Kwale", "constituency": "Msambweni", "ward": "Ukunda"}
    run_id = run_of(actor, listed(tmp_path, [{"facility_name": "Diani Health Centre", **place}, {"facility_name": "Zzyzx Health Centre", **place}]))
    other = record_list(database, actor, run_id).rows[1].record_id
    steward.correct_record(database, settings, actor, run_id, other, {"services": ["Counselling"], "operational_status": "Operational"})
    steward.correct_record(database, settings, actor, run_id, other, {"name": "Diani Health Centre"})

    monkeypatch.setattr(worker, "launch", lambda _settings, launched_run: pipeline.execute(database, settings, launched_run))
    for page in ("commit", "duplicates"):
        app = open_page(page, run=str(run_id))
        assert not app.exception
        assert "1 record was corrected after duplicates were looked for" in texts(app)
    app.button(key="seek_again").click().run()
    assert not app.exception
    with database.read() as conn:
        assert conn.execute(text("SELECT pair_state FROM staging.match_results")).scalars().all() == ["automatic"]
    assert "was corrected after" not in texts(open_page("commit", run=str(run_id)))


def test_who_gives_shelter_is_judged_by_its_address_and_given_one_of_four_tiers(sign_in_as: SignIn, open_page: Open, run_of: Run, database: Database, tmp_path: Path, texts: Read, rows_of: Callable[[AppTest, str], list[dict[str, str]]]) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    row = {"facility_name": "Tumaini Women Centre", "services": "Safe house, Counselling", "county": "Kiambu", "ward": "Gatuanyaga", "address": "Kenyatta Road 5", "phone": "0700 000 301"}
    run_id = run_of(actor, listed(tmp_path, [row]))
    app = open_page("review", run=str(run_id), issue="visibility.gives_shelter")
    key = app.session_state["question.key"][:16]
    assert "Public" in texts(app)
    assert "Office line only" in texts(app)
    assert "Kenyatta Road 5" in [value for row in rows_of(app, "flag_context") for value in row.values()]
    app.button(key=f"correct_{key}").click().run()
    choice = app.selectbox(key=f"correct_visibility_{key}")
    assert (choice.value, choice.options) == ("public", ["Public", "Ward only", "Office line only", "Withheld"])
    choice.set_value("ward_only").run()
    app.button(key=f"save_{key}").click().run()
    assert not app.exception
    assert question_counts(database, actor, run_id, code="visibility.gives_shelter").issues == 0
    assert [row.visibility for row in record_list(database, actor, run_id).rows] == ["ward_only"]
