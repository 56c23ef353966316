"""Known corrections, on a real database."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from gvrc import known_corrections, pipeline
from gvrc.errors import ConfigError, NotAllowedError, ReviewError, StaleItemError
from gvrc.known_corrections import CORRECTABLE_FIELDS, CorrectionIn
from gvrc.model.access import Actor, Role
from gvrc.model.record import PERSONAL_FIELDS
from gvrc.reference.corrections import Correction, Corrections
from gvrc.settings import Settings
from gvrc.store.session import Database

ActorOf = Callable[[Role], Actor]
ROWS = [
    {"facility_name": "Diani Health Centre", "service_type": "Health centre", "county": "Kwalle"},
    {"facility_name": "Tiwi Dispensary", "service_type": "Dispensary", "county": " KWALLE. "},
    {"facility_name": "Lunga Lunga Dispensary", "service_type": "Dispensary", "county": "Kwale"},
    {"facility_name": "Voi Dispensary", "service_type": "Dispensary", "county": "Kw alle"},
]
KWALE = CorrectionIn(field_name="county", bad_value="kwalle", right_value="Kwale")


@pytest.fixture
def run_list(database: Database, settings: Settings, admin: Actor, tmp_path: Path) -> Callable[[], int]:
    """Take the small list through a run."""

    def run() -> int:
        path = tmp_path / "places.json"
        path.write_text(json.dumps(ROWS), encoding="utf-8")
        received = pipeline.receive(database, settings, admin, [path])
        run_id = pipeline.start(database, settings, admin, [file.file_id for file in received if file.file_id is not None])
        pipeline.execute(database, settings, run_id)
        return run_id

    return run


def test_the_preview_counts_the_rows_that_a_run_would_correct(database: Database, admin: Actor, run_list: Callable[[], int]) -> None:
    run_list()
    found = known_corrections.preview(database, admin, "county", "kwalle")
    assert found.rows == 2
    assert sorted(spelling.value.strip() for spelling in found.spellings) == ["KWALLE.", "Kwalle"]
    source = found.spellings[0].source
    assert known_corrections.preview(database, admin, "county", "kwalle", source).rows == 2
    assert known_corrections.preview(database, admin, "county", "kwalle", "another source").rows == 0
    assert known_corrections.preview(database, admin, "county", " - ").rows == 0

    known_corrections.add(database, admin, KWALE)
    run_list()
    with database.read() as conn:
        corrected = conn.execute(text("""
            select count(*) from staging.records, jsonb_array_elements(changes) change where change ->> 'rule' = 'correction' and change ->> 'field_name' = 'county'
        """)).scalar_one()
    assert corrected == found.rows


def test_a_correction_holds_until_it_is_retired_and_stays_on_record(database: Database, admin: Actor, actor_of: ActorOf) -> None:
    correction_id = known_corrections.add(database, admin, KWALE)
    (known,) = known_corrections.list_corrections(database, admin)
    assert (known.correction_id, known.source, known.bad_value, known.right_value, known.created_by) == (correction_id, "", "kwalle", "Kwale", admin.username)
    with pytest.raises(ReviewError, match="already"):
        known_corrections.add(database, admin, CorrectionIn(field_name="county", bad_value="  KWALLE.", right_value="Kwale"))
    engineer = actor_of(Role.DATA_ENGINEER)
    known_corrections.retire(database, engineer, correction_id)
    assert known_corrections.list_corrections(database, admin) == ()
    (retired,) = known_corrections.list_corrections(database, admin, with_retired=True)
    assert (retired.retired_by, retired.retired_at is not None) == (engineer.username, True)
    with pytest.raises(StaleItemError):
        known_corrections.retire(database, engineer, correction_id)
    assert known_corrections.add(database, admin, KWALE) != correction_id
    with database.read() as conn:
        said = conn.execute(text("select operation, changed_by from audit_trail where table_name = 'corrections' order by audit_id")).all()
    assert [tuple(row) for row in said] == [("INSERT", admin.username), ("UPDATE", engineer.username), ("INSERT", admin.username)]


def test_one_source_may_have_a_correction_of_its_own(database: Database, admin: Actor) -> None:
    known_corrections.add(database, admin, KWALE)
    known_corrections.add(database, admin, CorrectionIn(field_name="county", bad_value="kwalle", right_value="Kilifi", source="a list"))
    assert len(known_corrections.list_corrections(database, admin)) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        CorrectionIn(field_name="county", bad_value="Kwalle", right_value="Atlantis"),
        CorrectionIn(field_name="county", bad_value="Kwalle", right_value="Kwalee"),
        CorrectionIn(field_name="ward", bad_value="x", right_value="Atlantis"),
        CorrectionIn(field_name="constituency", bad_value="x", right_value="Atlantis"),
        CorrectionIn(field_name="facility_type", bad_value="x", right_value="flower shop"),
        CorrectionIn(field_name="latitude", bad_value="4.4.4", right_value="north"),
        CorrectionIn(field_name="name", bad_value=" - ", right_value="Diani Health Centre"),
        CorrectionIn(field_name="name", bad_value="Diani", right_value="  "),
        CorrectionIn(field_name="name", bad_value="Diani", right_value="Diani"),
        CorrectionIn(field_name="name", bad_value="D" * 501, right_value="Diani"),
        CorrectionIn(field_name="source_id", bad_value="1", right_value="2"),
        CorrectionIn(field_name="'; drop table x", bad_value="1", right_value="2"),
        *(CorrectionIn(field_name=name, bad_value="0700", right_value="+254700000111") for name in sorted(PERSONAL_FIELDS)),
    ],
    ids=lambda wrong: f"{wrong.field_name[:12]} {wrong.right_value[:12]}",
)
def test_a_correction_that_invents_or_exposes_or_says_nothing_is_refused(wrong: CorrectionIn, database: Database, admin: Actor) -> None:
    with pytest.raises(ConfigError):
        known_corrections.add(database, admin, wrong)
    assert known_corrections.list_corrections(database, admin, with_retired=True) == ()


@pytest.mark.parametrize("right", [("county", "KWALE"), ("constituency", "Msambweni"), ("ward", "Kinondo"), ("facility_type", "Dispensary"), ("visibility", "withheld"), ("longitude", "39.5")])
def test_a_right_value_may_be_written_as_the_reference_or_a_list_writes_it(right: tuple[str, str], database: Database, admin: Actor) -> None:
    known_corrections.add(database, admin, CorrectionIn(field_name=right[0], bad_value="wrong", right_value=right[1]))


def test_stewards_may_add_engineers_may_also_retire_others_may_neither(database: Database, admin: Actor, actor_of: ActorOf) -> None:
    correction_id = known_corrections.add(database, actor_of(Role.DATA_STEWARD), KWALE)
    with pytest.raises(NotAllowedError):
        known_corrections.retire(database, actor_of(Role.DATA_STEWARD), correction_id)
    for role in (Role.VIEWER, Role.DATA_ANALYST):
        actor = actor_of(role)
        for act in (
            lambda actor=actor: known_corrections.add(database, actor, KWALE),
            lambda actor=actor: known_corrections.list_corrections(database, actor),
            lambda actor=actor: known_corrections.preview(database, actor, "county", "kwalle"),
            lambda actor=actor: known_corrections.sources(database, actor),
            lambda actor=actor: known_corrections.retire(database, actor, correction_id),
        ):
            with pytest.raises(NotAllowedError):
                act()
    known_corrections.retire(database, actor_of(Role.DATA_ENGINEER), correction_id)


@given(st.text(alphabet="aBé .-_'9", max_size=8), st.text(alphabet="aBé .-_'9", max_size=8))
def test_what_the_stages_correct_is_what_the_preview_compares(bad: str, value: str) -> None:
    from gvrc.reference.vocabularies import placeholder_key

    corrections = Corrections([Correction(field_name="county", bad_value=bad, right_value="Kwale")])
    assert bool(corrections.corrected("any", {"county": value})) == (placeholder_key(bad) == placeholder_key(value))


def test_no_field_that_names_a_person_or_a_row_may_be_corrected_by_list() -> None:
    assert not PERSONAL_FIELDS & set(CORRECTABLE_FIELDS)
    assert "source_id" not in CORRECTABLE_FIELDS


def test_a_taught_spelling_is_read_within_a_cell_of_several_and_forgotten_when_retired(database: Database, settings: Settings, admin: Actor, tmp_path: Path) -> None:
    path = tmp_path / "services.json"
    path.write_text(json.dumps([{"facility_name": "Tumaini Centre", "service_type": "NGO", "county": "Kwale", "services": "Legal aid, Kutuliza moyo"}]), encoding="utf-8")

    def services() -> list[str]:
        received = pipeline.receive(database, settings, admin, [path])
        run = pipeline.start(database, settings, admin, [file.file_id for file in received if file.file_id is not None])
        pipeline.execute(database, settings, run)
        with database.read() as conn:
            return list(conn.execute(text("SELECT data -> 'services' FROM staging.records")).scalar_one())

    assert services() == ["legal_aid"]
    taught = known_corrections.add(database, admin, CorrectionIn(field_name="services", bad_value="kutuliza moyo", right_value="Trauma counselling"))
    assert services() == ["legal_aid", "trauma_counselling"]
    known_corrections.retire(database, admin, taught)
    assert services() == ["legal_aid"]
