from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc import views
from gvrc.checks.catalogue import CATALOGUE
from gvrc.commit.edits import Edit, edit
from gvrc.errors import NotAllowedError, PipelineError
from gvrc.model.access import Actor, Role
from gvrc.model.export import ExportFormat
from gvrc.model.issue import Issue, Suggestion
from gvrc.model.match import Band
from gvrc.model.place import Point
from gvrc.model.record import Contact, ContactType, Visibility
from gvrc.model.review import Answer, QuestionKind
from gvrc.store import reads_search
from gvrc.store.session import Database
from gvrc.views.exports import neutral
from gvrc.views.history import HistoryChange
from gvrc.views.people import masked_text
from gvrc.views.questions import haversine_km

PHONE_CODE = next(code for code in CATALOGUE if "phone" in code)


def phone_issue(suggested: str = "+254700000001") -> Issue:
    suggestion = Suggestion(values={"phone": suggested}, shown=suggested, confidence=0.9, reason="Ten digits.")
    return Issue(code=PHONE_CODE, field_name="phone", value="0700000001x", suggestion=suggestion)


# ------------------------------------------------------------------------------------------------------------------------ contacts


@pytest.mark.parametrize(("role", "value"), [(Role.VIEWER, "+254***007"), (Role.DATA_ENGINEER, "+254***007"), (Role.DATA_STEWARD, "+254700000007")])
def test_contacts_are_masked_unless_the_role_sees_them(staged: Any, database: Database, publish: Any, actor_of: Any, role: Role, value: str) -> None:
    contact = Contact(contact_type=ContactType.PHONE, value="+254700000007")
    run_id = staged.run_of(staged.record("a", contacts=(contact,), name="Place a, call 0700 000 007", address="Box 7"))
    publish(run_id)
    actor = actor_of(role)
    record = views.record_list(database, actor, run_id).rows[0]
    facility = views.facility_list(database, actor).rows[0]
    assert [c.value for c in record.contacts] == [c.value for c in facility.contacts] == [value]
    assert ("0700 000 007" in (record.name or "")) is (role is Role.DATA_STEWARD)
    assert record.address == facility.address == ("Box 7" if role is Role.DATA_STEWARD else "***")


def test_a_steward_of_another_county_sees_public_contacts_masked(staged: Any, database: Database, publish: Any, actor_of: Any) -> None:
    publish(staged.run_of(staged.record("a")))
    steward = actor_of(Role.DATA_STEWARD)
    elsewhere = Actor(user_id=steward.user_id, username=steward.username, role=steward.role, counties=frozenset({staged.kilifi.county_code}))
    assert "***" in views.facility_list(database, elsewhere).rows[0].contacts[0].value


@given(st.text(max_size=200))
def test_masking_text_never_fails_and_leaves_no_long_number(text: str) -> None:
    shown = masked_text(f"{text} +254700000123 {text}")
    assert "700000123" not in shown


def test_masking_a_long_text_is_quick() -> None:
    for hostile in ("1 " * 5_000_000, "a@" * 5_000_000, "." * 10_000_000, "1" * 10_000_000):
        assert len(masked_text(hostile)) <= 20_100


# ------------------------------------------------------------------------------------------------------------------------ records and runs


def test_records_are_paged_and_found_by_what_a_receipt_counts(
    staged: Any, database: Database, publish: Any, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = staged.run_of(*(staged.record(f"r{n}") for n in range(7)), r0=[phone_issue()])
    publish(run_id)
    staged.put("r1", state="ready")
    staged.put("r2", state="held")
    staged.put("r3", state="rejected")
    staged.put("r4", state="to_review")
    receipt = views.run_view(database, admin, run_id).receipt
    assert receipt.records_in == receipt.ready + receipt.to_review + receipt.held + receipt.dead_letters == 7
    for state in ("ready", "to_review", "held"):
        assert views.record_list(database, admin, run_id, state=state).total == getattr(receipt, state)
    assert {code: views.record_list(database, admin, run_id, issue_code=code).total for code in receipt.issues} == receipt.issues == {PHONE_CODE: 1}
    pages = [views.record_list(database, admin, run_id, limit=3, offset=offset).rows for offset in (0, 3, 6)]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert len({row.record_id for page in pages for row in page}) == 7
    assert views.record_list(database, admin, run_id, source="nobody").total == 0
    monkeypatch.setattr(views.records, "RECORDS_AT_ONCE", 3)
    assert list(views.every_record(database, admin, run_id)) == [row for page in pages for row in page]
    assert list(views.every_record(database, admin, run_id, state="held")) == list(views.record_list(database, admin, run_id, state="held").rows)


def test_an_issue_is_told_in_words_with_its_values_opened(staged: Any, database: Database, actor_of: Any) -> None:
    run_id = staged.run_of(staged.record("a"), a=[phone_issue()])
    issue = views.record_list(database, actor_of(Role.DATA_STEWARD), run_id).rows[0].issues[0]
    assert issue.title == CATALOGUE[PHONE_CODE].title
    assert issue.value == "0700000001x"
    assert issue.suggestion is not None
    assert (issue.suggestion.shown, issue.suggestion.values) == ("+254700000001", {"phone": "+254700000001"})
    assert "vault:" not in repr(issue)
    masked = views.record_list(database, actor_of(Role.DATA_ENGINEER), run_id).rows[0].issues[0]
    assert "700000001" not in repr(masked)


def test_there_is_no_such_run(database: Database, admin: Actor) -> None:
    with pytest.raises(PipelineError, match="no run 12"):
        views.run_view(database, admin, 12)


def test_runs_are_listed_newest_first(staged: Any, database: Database, admin: Actor) -> None:
    first = staged.run_of(staged.record("a"))
    second = staged.again(first)
    assert [run.run_id for run in views.run_list(database, admin)][:2] == [second, first]
    assert views.run_list(database, admin, limit=1, offset=1)[0].run_id == first
    assert views.run_list(database, admin)[0].receipt.records_in == 1


# ------------------------------------------------------------------------------------------------------------------------ questions


def test_questions_are_refused_to_a_viewer(staged: Any, database: Database, actor_of: Any) -> None:
    run_id = staged.run_of(staged.record("a"))
    for ask in (views.question_list, views.question_counts, views.decisions_list):
        with pytest.raises(NotAllowedError):
            ask(database, actor_of(Role.VIEWER), run_id)


def test_a_pair_comes_with_both_records_its_score_in_parts_and_what_differs(staged: Any, database: Database, admin: Actor) -> None:
    other = staged.record("b", name="Place A", source="second", point=Point(latitude=-4.4715, longitude=39.48))
    run_id = staged.run_of(staged.record("a", name="Place A"), other)
    with database.read() as conn:
        token = conn.exec_driver_sql("select 'vault:' || vault_id from vault limit 1").scalar_one()
    key = staged.pair(run_id, "a", "b", is_open=True, details=(f"Same phone, {{{token}}}",))
    listed = views.question_list(database, admin, run_id)
    assert [question.key for question in listed] == [key]
    question = listed[0]
    assert question.kind == QuestionKind.DUPLICATE
    assert list(question.record_ids) == staged.ids("a", "b")
    assert [record.name for record in question.records] == ["Place A", "Place A"]
    assert "name" in question.agreeing_fields
    assert {"point", "contacts"} <= set(question.differing_fields)
    assert question.match is not None
    assert question.match.distance_km == pytest.approx(0.167, abs=0.002)
    assert question.match.features[0].detail.startswith("Same phone, +254700000")
    assert views.question(database, admin, run_id, key) == question
    counts = views.question_counts(database, admin, run_id)
    assert (counts.duplicates, counts.issues, counts.by_band) == (1, 0, {"review": 1})
    assert counts.by_source == {"list": 1, "second": 1}
    assert views.question_list(database, admin, run_id, source="third") == ()
    assert views.question_list(database, admin, run_id, kind=QuestionKind.ISSUE) == ()
    assert views.question_list(database, admin, run_id, county=staged.kwale.county_code) == listed


def test_a_pair_with_a_facility_shows_the_facility_as_a_side(staged: Any, database: Database, publish: Any, admin: Actor) -> None:
    publish(staged.run_of(staged.record("a", name="Kinondo Dispensary")))
    run_id = staged.run_of(staged.record("b", name="Kinondo Disp", source="other"), name="other.json")
    staged.pair(run_id, "b", f"facility:{staged.facility_of('a')}", is_open=True)
    question = views.question_list(database, admin, run_id)[0]
    assert {record.name for record in question.records} == {"Kinondo Dispensary", "Kinondo Disp"}
    assert {record.file_name for record in question.records} == {"registry", "other.json"}
    assert sorted(question.record_ids) == staged.ids("a", "b")
    assert all(record.contacts for record in question.records)


def test_flagged_values_come_with_their_suggestion(staged: Any, database: Database, admin: Actor) -> None:
    run_id = staged.run_of(staged.record("a"), staged.record("b"), a=[phone_issue()], b=[phone_issue("+254700000002")])
    staged.say("UPDATE staging.issues SET asks = true")
    listed = views.question_list(database, admin, run_id)
    assert [(q.kind, q.field_name, q.field, q.value) for q in listed] == [("issue", "phone", "phone", "0700000001x")] * 2
    assert {q.suggestion.shown for q in listed if q.suggestion} == {"+254700000001", "+254700000002"}
    assert views.question_counts(database, admin, run_id).by_code == {PHONE_CODE: 2}
    assert len(views.question_list(database, admin, run_id, limit=1, offset=1)) == 1
    assert views.question(database, admin, run_id, listed[0].key) == listed[0]
    assert views.question(database, admin, run_id, "no such key") is None


def test_an_earlier_answer_is_told_with_what_changed_since(staged: Any, database: Database, admin: Actor) -> None:
    run_id = staged.run_of(staged.record("a"), staged.record("b"))
    key = staged.pair(run_id, "a", "b", is_open=True)
    staged.decide(run_id, "a", "b", Answer.DIFFERENT, by="wanjiku")
    staged.say("UPDATE staging.match_results SET evidence_hash = 'name=1.contacts=2'")
    question = views.question(database, admin, run_id, key)
    assert question is not None
    assert question.previous_decision is not None
    assert "wanjiku said Different" in question.previous_decision
    assert "the contacts" in question.previous_decision
    assert "the name" not in question.previous_decision


def test_the_last_decisions_are_told_in_words(staged: Any, database: Database, admin: Actor) -> None:
    run_id = staged.run_of(staged.record("a", name="Kinondo"), staged.record("b", name="Kinondo Mission"))
    staged.decide(run_id, "a", "b", Answer.RELATED, relation="part_of", by="wanjiku")
    decision = views.decisions_list(database, admin, run_id)[0]
    assert (decision.decided_by, decision.answer, decision.relation, decision.what) == ("wanjiku", "related", "part_of", "Kinondo / Kinondo Mission")
    assert decision.is_undoable


def test_the_golden_record_says_where_each_value_comes_from_and_takes_choices(staged: Any, database: Database, admin: Actor, publish: Any) -> None:
    run_id = staged.run_of(staged.record("a", name="Kinondo Disp"), staged.record("b", name="Kinondo Dispensary", facility_type="clinic", place=staged.kilifi))
    ids = staged.ids("a", "b")
    golden = views.golden_preview(database, admin, ids, {})
    assert golden is not None
    told = {field.field_name: field for field in golden.fields}
    assert (told["name"].value, told["name"].alternatives, told["name"].origin) == ("Kinondo Dispensary", ("Kinondo Disp",), ids[1])
    assert told["name"].reason
    assert set(told["facility_type"].alternatives) | {told["facility_type"].value} == {"Dispensary", "Clinic"}
    choices = {"name": "Kinondo Disp", "facility_type": "Dispensary", "place": told["place"].alternatives[0]}
    chosen = views.golden_preview(database, admin, ids, choices)
    assert chosen is not None
    after = {field.field_name: field for field in chosen.fields}
    assert {name: after[name].value for name in choices} == choices
    assert after["name"].is_chosen
    staged.together("a", "b")
    staged.decide(run_id, "a", "b", Answer.SAME, **choices)
    publish(run_id)
    facility = views.facility_list(database, admin).rows[0]
    assert (facility.name, facility.facility_type_label, " · ".join((facility.county or "", facility.constituency or "", facility.ward or ""))) == tuple(choices.values())


# ------------------------------------------------------------------------------------------------------------------------ the registry


def test_facilities_are_found_by_words_place_kind_and_service(staged: Any, database: Database, publish: Any, admin: Actor) -> None:
    publish(staged.run_of(
        staged.record("a", name="Msambweni Hospital", facility_type="hospital"), staged.record("b", name="Kinondo Dispensary", place=staged.kilifi, services=()),
    ))
    find = lambda **filters: [row.name for row in views.facility_list(database, admin, **filters).rows]  # noqa: E731
    assert find(words="msambweni") == find(words="Msambwni Hospital") == find(facility_type="hospital") == ["Msambweni Hospital"]
    assert find(county=staged.kilifi.county_code) == ["Kinondo Dispensary"]
    assert find(service="gbv_medical_care") == ["Msambweni Hospital"]
    assert find(words="%") == []
    assert views.facets(database, admin)["facility_type"] == {"dispensary": 1, "hospital": 1}


def test_a_search_forgives_spelling_and_words_too_many(staged: Any, database: Database, publish: Any, admin: Actor) -> None:
    publish(staged.run_of(
        staged.record("a", name="Msambweni Hospital", aliases=("Kikoneni Annex",)), staged.record("b", name="St. Mary's Dispensary, Lari"),
        staged.record("c", name="Lari Health Centre"),
    ))
    code = views.facility_list(database, admin).rows[1].facility_code
    find = lambda words: [row.name for row in views.facility_list(database, admin, words=words).rows]  # noqa: E731
    for words in ("MSAMBWENI", "msamb hosp", "Msambwenni Hospitall", "bweni", "kikoneni", "Msambweni County Referral Hospital", "hospital msambweni"):
        assert find(words) == ["Msambweni Hospital"], words
    for words in ("St Marys Dispensary", "st. mary's dispensery", code, f"  {code.lower()} "):
        assert find(words) == ["St. Mary's Dispensary, Lari"], words
    assert find("lari") == ["Lari Health Centre", "St. Mary's Dispensary, Lari"]
    for words in ("Mombasa", "Msambweni Dispensary", "'; DROP TABLE facilities; --", "%", "_", "   "):
        assert find(words) == ([] if words.strip() else find("")), words


def test_of_a_wide_search_the_best_are_listed_and_nothing_is_counted(
    staged: Any, database: Database, publish: Any, admin: Actor, monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish(staged.run_of(*(staged.record(f"r{n}", name=f"Kinondo Dispensary {n}", contacts=()) for n in range(4)), staged.record("x", name="Lunga Hospital")))
    monkeypatch.setattr(reads_search, "WIDE", 2)
    monkeypatch.setattr(reads_search, "MOST_FOUND", 3)
    page, found = views.facility_list(database, admin, words="dispensary"), views.facets(database, admin, words="dispensary")
    assert (page.total, len(page.rows), page.is_more) == (3, 3, True)
    assert set(found["county"].values()) == {None}
    narrow = views.facility_list(database, admin, words="lunga")
    assert (narrow.total, narrow.is_more, views.facets(database, admin, words="lunga")["county"]) == (1, False, {staged.kwale.county_code: 1})


def test_the_last_pages_are_those_that_come_last(staged: Any, database: Database, publish: Any, admin: Actor) -> None:
    publish(staged.run_of(*(staged.record(f"r{n}", contacts=()) for n in range(7))))
    ids = [row.facility_id for row in views.facility_list(database, admin).rows]
    paged = [row.facility_id for offset in range(0, 9, 2) for row in views.facility_list(database, admin, limit=2, offset=offset).rows]
    assert paged == ids == sorted(ids)


def test_every_facet_counts_what_its_filter_finds(staged: Any, database: Database, publish: Any, admin: Actor) -> None:
    publish(staged.run_of(staged.record("a", name="Msambweni Hospital", facility_type="hospital"), staged.record("b", name="Kinondo Dispensary", services=())))
    found = views.facets(database, admin)
    assert found["service"] == {"gbv_medical_care": 1}
    assert sum(found["quality"].values()) == 2
    for name in ("service", "quality", "operational_status", "facility_type", "county"):
        for value, n in found[name].items():
            chosen: dict[str, Any] = {name: value}
            assert views.facility_list(database, admin, **chosen).total == n, (name, value)


def test_counts_are_counted_anew_when_a_place_goes_out_of_sight(staged: Any, database: Database, publish: Any, admin: Actor, actor_of: Any) -> None:
    publish(staged.run_of(staged.record("a"), staged.record("b", name="Kinondo Dispensary")))
    viewer = actor_of(Role.VIEWER)
    for _ in range(2):
        assert (views.facility_list(database, viewer).total, sum(views.facets(database, viewer)["quality"].values())) == (2, 2)
    number = views.facility_list(database, admin).rows[0].facility_id
    edit(database, database.settings, admin, Edit(facility_id=number, version=1, values={"visibility": "withheld"}, reason="It is a shelter"))
    assert (views.facility_list(database, viewer).total, sum(views.facets(database, viewer)["quality"].values())) == (1, 1)
    assert views.facility_list(database, admin).total == 2


def test_a_facility_page_tells_its_history_in_words(staged: Any, database: Database, publish: Any, admin: Actor) -> None:
    publish(staged.run_of(staged.record("a", name="Kinondo")))
    second = staged.run_of(staged.record("a", name="Kinondo Dispensary", contacts=()), name="edition 2")
    publish(second)
    page = views.facility_view(database, admin, "dis-00001")
    assert page is not None
    changes = [(change, entry.run_id) for entry in page.history for change in entry.changes]
    assert (HistoryChange(act="became", about="name", before="Kinondo", values=("Kinondo Dispensary",)), second) in changes
    assert any(change.act == "removed" and change.about == "contacts" and str(change.values).startswith("('phone', '+254700000") for change, _ in changes)
    assert any(change.act == "entered" and change.values == ("Kinondo",) for change, _ in changes)
    assert page.sources[0].record_key == "a"
    assert {origin.field_name for origin in page.origins} >= {"name", "place"}
    assert views.facility_view(database, admin, "NO-000") is None


def test_history_hides_contacts_from_who_may_not_see_them(staged: Any, database: Database, publish: Any, actor_of: Any) -> None:
    publish(staged.run_of(staged.record("a", address="Box 7")))
    page = views.facility_view(database, actor_of(Role.VIEWER), "DIS-00001")
    assert page is not None
    assert page.history
    assert "700000" not in repr(page.history)
    assert "Box 7" not in repr(page.history)


# ------------------------------------------------------------------------------------------------------------------------ exports


def test_the_export_holds_what_the_role_may_see_and_no_formula(staged: Any, database: Database, publish: Any, admin: Actor, actor_of: Any) -> None:
    publish(staged.run_of(staged.record("a", name="=HYPERLINK(\"x\")", description="-1+2"), staged.record("b", facility_type="shelter", visibility=Visibility.WITHHELD)))
    stream = io.BytesIO()
    assert views.export(database, admin, stream, file_format=ExportFormat.CSV) == 2
    rows = list(csv.DictReader(io.StringIO(stream.getvalue().decode())))
    assert rows[0]["name"] == "'=HYPERLINK(\"x\")"
    assert rows[0]["description"] == "'-1+2"
    assert rows[0]["phones"].startswith("'+254")
    assert rows[0]["latitude"] == "-4.47"
    lower = io.BytesIO()
    assert views.export(database, admin, lower, file_format=ExportFormat.CSV, role=Role.VIEWER) == 1
    assert b"***" in lower.getvalue()
    with pytest.raises(NotAllowedError):
        views.export(database, actor_of(Role.DATA_ANALYST), io.BytesIO(), file_format=ExportFormat.CSV, role=Role.ADMIN)
    with pytest.raises(NotAllowedError):
        views.export(database, actor_of(Role.VIEWER), io.BytesIO(), file_format=ExportFormat.CSV)
    assert staged.one("SELECT count(*) FROM ops.access_log WHERE action = 'export' AND username = 'admin'") == 2


@given(st.text(max_size=40))
def test_no_cell_begins_like_a_formula(text: str) -> None:
    cell = neutral(text)
    assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
    assert cell in (text, f"'{text}")


def test_numbers_stay_numbers() -> None:
    assert (neutral(-4.47), neutral(3), neutral(None)) == ("-4.47", "3", "")


def test_the_feedback_pack_names_rows_by_pointer_in_plain_words(staged: Any, database: Database, admin: Actor) -> None:
    run_id = staged.run_of(staged.record("a"), staged.record("fine"), a=[phone_issue()])
    rows = [row.to_row() for row in views.feedback_pack(database, admin, run_id, 1)]
    assert [row["pointer"] for row in rows] == ["/a"]
    assert rows[0]["to_mend"][0]["suggestion"] == "+254700000001"
    assert "vault:" not in json.dumps(rows)
    with pytest.raises(PipelineError):
        list(views.feedback_pack(database, admin, run_id, 99))


def test_a_degree_of_latitude_is_111_km() -> None:
    assert haversine_km(0.0, 37.0, 1.0, 37.0) == pytest.approx(111.19, abs=0.01)
    assert haversine_km(-1.0, 37.0, -1.0, 37.0) == 0.0


def test_the_home_page_counts_what_waits(staged: Any, database: Database, publish: Any, admin: Actor, actor_of: Any) -> None:
    run_id = staged.run_of(staged.record("a"), staged.record("b"))
    staged.pair(run_id, "a", "b", band=Band.REVIEW, is_open=True)
    home = views.overview.overview(database, admin)
    assert home.newest_run is not None
    assert home.questions is not None
    assert (home.newest_run.run_id, home.questions.duplicates, home.ready_to_commit, home.facilities) == (run_id, 1, 2, 0)
    assert views.overview.overview(database, actor_of(Role.VIEWER)).questions is None
