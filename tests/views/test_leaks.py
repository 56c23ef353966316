"""A shelter with a marked name, address, point and phone, through every read model as every role: not one mark where it must not be."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from gvrc import views
from gvrc.errors import NotAllowedError
from gvrc.model.access import Actor, Role
from gvrc.model.export import ExportFormat
from gvrc.model.issue import Issue, Suggestion
from gvrc.model.match import Band
from gvrc.model.place import Point
from gvrc.model.record import Contact, ContactType, FieldChange, Visibility
from gvrc.model.review import Answer
from gvrc.store import session
from gvrc.store.reads import Scope
from gvrc.store.session import Database
from gvrc.views import facilities, people
from gvrc.views.dead_letters import dead_letters
from gvrc.views.sight import Sight

NAME, ADDRESS, OFFICER, PHONE, EMAIL = "Zzyzx Haven", "Qwxk Lane 77", "Vbnm Officer", "+254700000963", "zzyzx.haven@example.org"
LATITUDE, LONGITUDE = -3.987123, 39.712345
MARKS = (NAME, "Zzyzx", "zzyzx", ADDRESS, "Qwxk", OFFICER, "Vbnm", "700000963", "3.98712", "39.71234", "SEEKRET")
POINT_MARKS = ("3.98712", "39.71234")
CONTACT_MARKS = ("700000963", "zzyzx.haven@", "Vbnm Officer", "Qwxk")


def shelter(staged: Any, visibility: Visibility) -> Any:
    return staged.record(
        "hidden", source="hidden_list", name=NAME, facility_type="shelter", visibility=visibility, address=ADDRESS, officer=OFFICER,
        point=Point(latitude=LATITUDE, longitude=LONGITUDE), aliases=(f"{NAME} SEEKRET",), description=f"Call {PHONE}, SEEKRET",
        contacts=(
            Contact(contact_type=ContactType.PHONE, value=PHONE, label="Officer's mobile", is_primary=True), Contact(contact_type=ContactType.EMAIL, value=EMAIL),
        ),
        changes=(
            FieldChange(field_name="phone", before="0700 000 963", after=PHONE, stage="transform", rule="phone_format"),
            FieldChange(field_name="name", before=NAME.upper(), after=NAME, stage="transform", rule="name_case"),
        ),
    )


def findings() -> list[Issue]:
    suggestion = Suggestion(values={"phone": PHONE}, shown=PHONE, confidence=0.9, reason="The same digits in another order.")
    return [
        Issue(code="phone_invalid", field_name="phone", value="0700 000 963", detail={}, suggestion=suggestion),
        Issue(code="name_missing", field_name="name", value=f"{NAME} {PHONE}", detail={}),
    ]


@pytest.fixture
def planted(staged: Any, publish: Callable[..., Any]) -> Callable[[Visibility], tuple[int, int]]:
    """Plants the shelter among public places, committed and then staged again with questions: the run with the questions, the facility."""

    def plant(visibility: Visibility) -> tuple[int, int]:
        publish(staged.run_of(shelter(staged, visibility), staged.record("open"), name="first.json"), confirm_risky=True)
        facility_id = staged.facility_of("hidden")
        codes = known_codes()
        issues = [Issue(code=code, field_name=issue.field_name, value=issue.value, suggestion=issue.suggestion) for issue, code in zip(findings(), codes, strict=True)]
        run_id = staged.run_of(shelter(staged, visibility), staged.record("twin"), name="second.json", hidden=issues)
        staged.pair(run_id, "hidden", "twin", band=Band.REVIEW, is_open=True, details=(f"Names alike: {NAME}", f"Same phone, {PHONE}"))
        staged.say("UPDATE staging.issues SET asks = true")
        staged.decide(run_id, "hidden", "open", Answer.DIFFERENT)
        return run_id, facility_id

    return plant


def known_codes() -> list[str]:
    """Codes of the catalogue for the findings: one about a phone, one about a name."""
    from gvrc.checks.catalogue import CATALOGUE

    return [next(code for code in CATALOGUE if "phone" in code), next(code for code in CATALOGUE if "name" in code)]


def everything(db: Database, actor: Actor, run_id: int, facility_id: int, record_ids: list[int]) -> Iterator[tuple[str, Any]]:
    """Every read model, called as this person."""
    calls: dict[str, Callable[[], Any]] = {
        "run_view": lambda: views.run_view(db, actor, run_id),
        "run_list": lambda: views.run_list(db, actor),
        "record_list": lambda: views.record_list(db, actor, run_id),
        "record_list_by_id": lambda: views.record_list(db, actor, run_id, record_ids=record_ids),
        "record_list_by_source": lambda: views.record_list(db, actor, run_id, source="hidden_list"),
        "question_list": lambda: views.question_list(db, actor, run_id),
        "question_counts": lambda: views.question_counts(db, actor, run_id),
        "decisions_list": lambda: views.decisions_list(db, actor, run_id),
        "dead_letters": lambda: dead_letters(db, actor, run_id),
        "golden_preview": lambda: views.golden_preview(db, actor, record_ids),
        "facility_list": lambda: views.facility_list(db, actor),
        "facility_search": lambda: views.facility_list(db, actor, words="Zzyzx"),
        "facility_by_ward": lambda: views.facility_list(db, actor, facility_type="shelter"),
        "facility_view": lambda: views.facility_view(db, actor, facility_id),
        "facets": lambda: views.facets(db, actor),
        "overview": lambda: views.overview.overview(db, actor),
        "feedback": lambda: [list(views.feedback_pack(db, actor, run_id, file_id)) for file_id in sorted({1, 2})],
        **{f"export_{file_format}": partial(_export, db, actor, file_format) for file_format in ExportFormat},
    }
    for name, call in calls.items():
        try:
            yield name, call()
        except NotAllowedError as refused:
            yield name, str(refused)
        except views.feedback.PipelineError as unknown:
            yield name, str(unknown)


def _export(db: Database, actor: Actor, file_format: ExportFormat) -> str:
    stream = io.BytesIO()
    views.export(db, actor, stream, file_format=file_format)
    if file_format is ExportFormat.XLSX:
        return "\n".join(zipfile.ZipFile(stream).read(name).decode() for name in zipfile.ZipFile(stream).namelist())
    return stream.getvalue().decode()


def told(staged: Any, db: Database, actor: Actor, planted_at: tuple[int, int]) -> dict[str, str]:
    run_id, facility_id = planted_at
    return {name: repr(answer) for name, answer in everything(db, actor, run_id, facility_id, staged.ids("hidden"))}


BELOW = [Role.VIEWER, Role.DATA_ANALYST, Role.DATA_ENGINEER]
ABOVE = [Role.DATA_STEWARD, Role.APPROVER, Role.ADMIN]


@pytest.mark.parametrize("role", BELOW)
def test_nothing_of_a_withheld_shelter_reaches_a_role_below_the_tier(staged: Any, database: Database, planted: Any, actor_of: Any, role: Role) -> None:
    answers = told(staged, database, actor_of(role), planted(Visibility.WITHHELD))
    found = {(name, mark) for name, answer in answers.items() for mark in MARKS if mark in answer}
    assert found == set()


def test_a_steward_of_another_county_sees_nothing_of_it(staged: Any, database: Database, planted: Any, actor_of: Any) -> None:
    steward = actor_of(Role.DATA_STEWARD)
    elsewhere = Actor(user_id=steward.user_id, username=steward.username, role=steward.role, counties=frozenset({staged.kilifi.county_code}))
    answers = told(staged, database, elsewhere, planted(Visibility.WITHHELD))
    assert {(name, mark) for name, answer in answers.items() for mark in MARKS if mark in answer} == set()


@pytest.mark.parametrize("role", ABOVE)
def test_who_may_see_it_does_and_the_look_is_written_down(staged: Any, database: Database, planted: Any, actor_of: Any, role: Role) -> None:
    actor = actor_of(role)
    answers = told(staged, database, actor, planted(Visibility.WITHHELD))
    for name in ("record_list", "question_list", "facility_view", *(f"export_{kind}" for kind in ExportFormat), "golden_preview"):
        assert NAME in answers[name], name
        assert "700000963" in answers[name], name
    looks = {row.resource for row in staged.rows("SELECT resource FROM ops.access_log WHERE username = :u", u=actor.username)}
    assert f"facility {staged.one('SELECT facility_code FROM facilities WHERE facility_type = :k', k='shelter')}" in looks
    assert f"record {staged.ids('hidden')[0]}" in looks


@pytest.mark.parametrize("role", [Role.VIEWER, Role.DATA_ANALYST])
def test_a_withheld_shelter_is_not_even_counted(staged: Any, database: Database, planted: Any, actor_of: Any, role: Role) -> None:
    run_id, facility_id = planted(Visibility.WITHHELD)
    actor = actor_of(role)
    assert views.record_list(database, actor, run_id).total == 1
    assert views.facility_list(database, actor).total == 1
    assert views.facility_view(database, actor, facility_id) is None
    assert "shelter" not in views.facets(database, actor)["facility_type"]
    run = views.run_view(database, actor, run_id)
    assert (run.receipt.records_in, run.receipt.ready, run.receipt.suspected_duplicates) == (1, 1, 0)
    assert [file.records for file in run.files] == [1]
    assert run.receipt.issues == {}
    assert views.overview.overview(database, actor).facilities == 1
    assert {listed.receipt.records_in for listed in views.run_list(database, actor)} == {1}


def test_an_engineer_sees_that_it_exists_and_no_more(staged: Any, database: Database, planted: Any, actor_of: Any) -> None:
    run_id, facility_id = planted(Visibility.WITHHELD)
    engineer = actor_of(Role.DATA_ENGINEER)
    record = next(row for row in views.record_list(database, engineer, run_id).rows if row.shown == "trace")
    assert (record.facility_type, record.county, record.name, record.ward, record.contacts) == ("shelter", "Kwale", None, None, ())
    page = views.facility_view(database, engineer, facility_id)
    assert page is not None
    assert (page.facility.facility_type, page.facility.county, page.facility.name, page.history) == ("shelter", "Kwale", None, ())


@pytest.mark.parametrize("role", BELOW)
def test_a_ward_only_place_shows_its_ward_and_neither_point_nor_address_nor_contact(staged: Any, database: Database, planted: Any, actor_of: Any, role: Role) -> None:
    run_id, facility_id = planted(Visibility.WARD_ONLY)
    actor = actor_of(role)
    answers = told(staged, database, actor, (run_id, facility_id))
    assert {(name, mark) for name, answer in answers.items() for mark in (*POINT_MARKS, *CONTACT_MARKS, "SEEKRET") if mark in answer} == set()
    record = next(row for row in views.record_list(database, actor, run_id).rows if row.shown == "area")
    assert (record.name, record.ward, record.facility_type, bool(record.services)) == (NAME, staged.kwale.ward, "shelter", True)
    page = views.facility_view(database, actor, facility_id)
    assert page is not None
    assert (page.facility.name, page.facility.ward, page.facility.latitude, page.facility.contacts) == (NAME, staged.kwale.ward, None, ())


@pytest.mark.parametrize("role", BELOW)
def test_an_office_line_place_shows_its_name_and_county_only(staged: Any, database: Database, planted: Any, actor_of: Any, role: Role) -> None:
    run_id, facility_id = planted(Visibility.OFFICE_LINE)
    actor = actor_of(role)
    answers = told(staged, database, actor, (run_id, facility_id))
    assert {(name, mark) for name, answer in answers.items() for mark in (*POINT_MARKS, *CONTACT_MARKS, "SEEKRET") if mark in answer} == set()
    page = views.facility_view(database, actor, facility_id)
    assert page is not None
    shown = page.facility
    assert (shown.name, shown.county, shown.ward, shown.facility_type, shown.services, shown.contacts) == (NAME, "Kwale", None, None, (), ())
    assert views.facility_list(database, actor, ward=staged.kwale.ward_code).total == 1
    assert views.facility_list(database, actor, facility_type="shelter").total == 0
    assert views.facility_list(database, actor, service="gbv_medical_care").total == 1


def test_the_office_line_itself_is_shown(staged: Any, database: Database, publish: Any, actor_of: Any) -> None:
    contacts = (
        Contact(contact_type=ContactType.PHONE, value="+254700000111", is_primary=True), Contact(contact_type=ContactType.PHONE, value="+254700000222", label="Officer's mobile"),
    )
    publish(staged.run_of(staged.record("o", visibility=Visibility.OFFICE_LINE, contacts=contacts)))
    shown = views.facility_list(database, actor_of(Role.VIEWER)).rows[0]
    assert [contact.value for contact in shown.contacts] == ["+254700000111"]


def test_a_record_is_hidden_until_its_visibility_is_told(staged: Any, database: Database, actor_of: Any) -> None:
    run_id = staged.run_of(staged.record("a"))
    staged.put("a", stage="transform")
    assert views.record_list(database, actor_of(Role.VIEWER), run_id).total == 0
    assert views.record_list(database, actor_of(Role.DATA_STEWARD), run_id).total == 1


# ------------------------------------------------------------------------------------------------------------------ the test of the test


REGISTRY = ("facility_list", "facility_search", "facility_by_ward", "facility_view", "facets", "overview", *(f"export_{kind}" for kind in ExportFormat))
PEOPLE = ("700000963", "zzyzx.haven@", "Vbnm Officer")


def without_scope(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sight, "scope", property(lambda _self: Scope(sees_all=True, sees_trace=True)))


def without_row_level_security(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "_sight", lambda _actor: {"sight": "whole", "counties": ""})


def without_masks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "mask_contact", lambda _kind, value: value)


def without_masked_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "masked_text", lambda value: value)


def without_hidden_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "_mask_of", lambda _field: lambda value: value)


def without_contact_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sight, "sees_contacts", lambda _self, _county: True)


def without_office_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facilities, "is_office_line", lambda _kind, _label, *, is_primary: True)


def test_people_of_a_public_place_are_masked(staged: Any, database: Database, planted: Any, actor_of: Any) -> None:
    answers = told(staged, database, actor_of(Role.VIEWER), planted(Visibility.PUBLIC))
    assert NAME in answers["facility_list"]
    assert {(name, mark) for name, answer in answers.items() for mark in PEOPLE if mark in answer} == set()


@pytest.mark.parametrize(
    ("taken_out", "tier", "marks"),
    [
        ((without_scope, without_row_level_security), Visibility.WITHHELD, MARKS),
        ((without_scope, without_row_level_security), Visibility.WARD_ONLY, (*POINT_MARKS, "SEEKRET")),
        ((without_masks,), Visibility.PUBLIC, PEOPLE),
        ((without_masked_text,), Visibility.PUBLIC, PEOPLE),
        ((without_hidden_fields,), Visibility.PUBLIC, PEOPLE),
        ((without_contact_permission,), Visibility.PUBLIC, PEOPLE),
        ((without_office_rule,), Visibility.OFFICE_LINE, CONTACT_MARKS),
    ],
)
def test_the_leak_test_notices_a_filter_that_is_taken_out(
    staged: Any, database: Database, planted: Any, actor_of: Any, monkeypatch: pytest.MonkeyPatch, taken_out: Any, tier: Visibility, marks: tuple[str, ...],
) -> None:
    at = planted(tier)
    for take_out in taken_out:
        take_out(monkeypatch)
    answers = told(staged, database, actor_of(Role.VIEWER), at)
    assert {name for name, answer in answers.items() if any(mark in answer for mark in marks)}


@pytest.mark.parametrize("taken_out", [(), (without_scope,), (without_row_level_security,)])
def test_no_count_and_no_search_tells_of_a_withheld_place(
    staged: Any, database: Database, planted: Any, actor_of: Any, monkeypatch: pytest.MonkeyPatch, taken_out: Any,
) -> None:
    planted(Visibility.WITHHELD)
    for take_out in taken_out:
        take_out(monkeypatch)
    viewer = actor_of(Role.VIEWER)
    assert "shelter" not in views.facets(database, viewer)["facility_type"]
    assert sum(n or 0 for n in views.facets(database, viewer, county=staged.kwale.county_code)["ward"].values()) == 1
    assert [views.facility_list(database, viewer, **chosen).total for chosen in ({"words": "Zzyzx"}, {"words": "Zzyzzx"}, {"facility_type": "shelter"}, {})] == [0, 0, 0, 1]


def test_the_test_of_counts_notices_when_both_filters_are_taken_out(
    staged: Any, database: Database, planted: Any, actor_of: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:
    planted(Visibility.WITHHELD)
    without_scope(monkeypatch)
    without_row_level_security(monkeypatch)
    viewer = actor_of(Role.VIEWER)
    assert views.facets(database, viewer)["facility_type"]["shelter"] == 1
    assert views.facility_list(database, viewer, words="Zzyzzx").total == 1


def test_other_names_of_a_place_shown_in_part_are_not_searched(staged: Any, database: Database, planted: Any, actor_of: Any, admin: Actor) -> None:
    planted(Visibility.WARD_ONLY)
    found = {words: [views.facility_list(database, who, words=words).total for who in (actor_of(Role.VIEWER), admin)] for words in ("Zzyzx", "SEEKRET")}
    assert found == {"Zzyzx": [1, 1], "SEEKRET": [0, 1]}


@pytest.mark.parametrize("tier", [Visibility.WITHHELD, Visibility.WARD_ONLY])
def test_without_the_read_models_own_filter_the_database_still_tells_nothing(
    staged: Any, database: Database, planted: Any, actor_of: Any, monkeypatch: pytest.MonkeyPatch, tier: Visibility,
) -> None:
    at = planted(tier)
    without_scope(monkeypatch)
    answers = told(staged, database, actor_of(Role.VIEWER), at)
    marks = MARKS if tier is Visibility.WITHHELD else (*POINT_MARKS, *CONTACT_MARKS, "SEEKRET")
    assert {(name, mark) for name in REGISTRY for mark in marks if mark in answers[name]} == set()
