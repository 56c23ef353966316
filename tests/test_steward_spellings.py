"""Unknown words settled in one step, remembered for every source, and taken back in one step, on PostgreSQL."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from gvrc import known_corrections, pipeline, steward
from gvrc.errors import ConfigError, NotAllowedError, ReviewError
from gvrc.known_corrections import CorrectionIn
from gvrc.model.access import Actor, Role
from gvrc.settings import Settings
from gvrc.steward import SpellingAnswer
from gvrc.store.session import Database
from gvrc.views.questions import decisions_list
from gvrc.views.records import record_list
from gvrc.views.spellings import word_groups, writing

ROWS: list[dict[str, Any]] = [
    {"facility_name": "Ukunda Dispensary", "service_type": "Dispensary", "county": "Kwale", "owner": "Kazi Njema Mbali", "services": "Zulmaki tiba; HIV testing"},
    {"facility_name": "Diani Dispensary", "service_type": "Dispensary", "county": "Kwale", "owner": "KAZI NJEMA, MBALI", "services": "Zulmaki tiba; Qwertu vexi"},
    {"facility_name": "Galbet Dispensary", "service_type": "Dispensary", "county": "Garissa", "owner": "Kazi Njemaa Mbali", "services": "ZULMAKI-TIBA"},
]


def run_of(database: Database, settings: Settings, admin: Actor, path: Path, rows: list[dict[str, Any]]) -> int:
    path.write_text(json.dumps(rows), encoding="utf-8")
    received = pipeline.receive(database, settings, admin, [path])
    run = pipeline.start(database, settings, admin, [file.file_id for file in received if file.file_id is not None])
    pipeline.execute(database, settings, run)
    return run


@pytest.fixture
def run_id(database: Database, settings: Settings, admin: Actor, tmp_path: Path) -> int:
    return run_of(database, settings, admin, tmp_path / "list.json", ROWS)


def said(database: Database) -> list[tuple[Any, ...]]:
    with database.read() as conn:
        return [tuple(row) for row in conn.execute(text("SELECT data ->> 'owner', data -> 'services', state, record_hash FROM staging.records ORDER BY record_id"))]


def answer_for(database: Database, actor: Actor, run_id: int, field_name: str, name: str, term: str) -> SpellingAnswer:
    group = next(each for each in word_groups(database, actor, run_id) if each.field_name == field_name and name in [spelling.value for spelling in each.group.spellings])
    found = writing(database, actor, run_id, field_name, [spelling.value for spelling in group.group.spellings], 50)
    return SpellingAnswer(field_name=field_name, term=term, records=found.records)


def test_alike_words_are_one_group_and_each_number_opens_its_rows(database: Database, admin: Actor, run_id: int) -> None:
    groups = {(each.field_name, each.name): each for each in word_groups(database, admin, run_id)}
    owners = groups["owner", "KAZI NJEMA, MBALI"]
    assert (owners.group.rows, len(owners.group.spellings)) == (3, 3)
    for each in groups.values():
        for spelling in each.group.spellings:
            assert record_list(database, admin, run_id, written=(each.field_name, spelling.value)).total == spelling.rows
    found = writing(database, admin, run_id, "owner", [spelling.value for spelling in owners.group.spellings], 2)
    assert (found.rows, len(found.shown)) == (3, 2)


def test_owners_are_settled_remembered_for_every_source_and_one_undo_takes_it_all_back(
    database: Database, settings: Settings, admin: Actor, run_id: int, tmp_path: Path
) -> None:
    before = said(database)
    outcome = steward.settle_spellings(database, settings, admin, run_id, answer_for(database, admin, run_id, "owner", "Kazi Njema Mbali", "Ministry of Health"))
    assert (outcome.applied, outcome.refused) == (3, ())
    settled = {row[0] for row in said(database)}
    assert len(settled) == 1
    assert None not in settled
    assert len(known_corrections.list_corrections(database, admin)) == 3
    run_of(database, settings, admin, tmp_path / "other.json", [{"name": "Kondele Clinic", "type": "Clinic", "county": "Kisumu", "owner": "kazi njema mbali"}])
    assert said(database)[-1][0] in settled
    (decision,) = decisions_list(database, admin, run_id, as_batches=True)
    assert steward.undo_batch(database, settings, admin, decision.decision_id) == 3
    assert said(database)[:3] == before
    assert known_corrections.list_corrections(database, admin) == ()


def test_a_word_among_several_services_is_settled_and_the_others_stay_what_they_were(database: Database, settings: Settings, admin: Actor, run_id: int) -> None:
    before = said(database)
    outcome = steward.settle_spellings(database, settings, admin, run_id, answer_for(database, admin, run_id, "services", "Zulmaki tiba", "Legal aid"))
    assert (outcome.applied, outcome.refused) == (3, ())
    first, second, third = (row[1] for row in said(database))
    assert set(first) > {"legal_aid"}
    assert second == third == ["legal_aid"]
    assert [each.name for each in word_groups(database, admin, run_id) if each.field_name == "services"] == ["Qwertu vexi"]
    steward.settle_spellings(database, settings, admin, run_id, answer_for(database, admin, run_id, "services", "Qwertu vexi", "Referral"))
    assert set(said(database)[1][1]) == {"legal_aid", "referral"}
    newest, oldest = decisions_list(database, admin, run_id, as_batches=True)
    steward.undo_batch(database, settings, admin, oldest.decision_id)
    assert said(database)[1][1] == ["referral"]
    steward.undo_batch(database, settings, admin, newest.decision_id)
    assert said(database) == before


def test_what_cannot_be_meant_or_is_not_there_changes_nothing(database: Database, settings: Settings, admin: Actor, run_id: int) -> None:
    before = said(database)
    answer = answer_for(database, admin, run_id, "owner", "Kazi Njema Mbali", "Ministry of Moon")
    with pytest.raises(ConfigError):
        steward.settle_spellings(database, settings, admin, run_id, answer)
    viewer = Actor(user_id=0, username="viewer", role=Role.VIEWER)
    with pytest.raises(NotAllowedError):
        steward.settle_spellings(database, settings, viewer, run_id, answer)
    gone = SpellingAnswer(field_name="owner", term="Ministry of Health", records={"no such word": next(iter(answer.records.values()))})
    outcome = steward.settle_spellings(database, settings, admin, run_id, gone)
    assert outcome.applied == 0
    assert "does not write the word any more" in outcome.refused[0].why
    assert known_corrections.list_corrections(database, admin) == ()
    known_corrections.add(database, admin, CorrectionIn(field_name="owner", bad_value="Kazi Njema Mbali", right_value="Private"))
    with pytest.raises(ReviewError, match="is known to mean"):
        steward.settle_spellings(database, settings, admin, run_id, SpellingAnswer(field_name="owner", term="Ministry of Health", records=answer.records))
    assert said(database) == before


def test_a_steward_of_one_county_settles_only_its_rows(database: Database, settings: Settings, admin: Actor, run_id: int) -> None:
    local = Actor(user_id=0, username="local", role=Role.DATA_STEWARD, counties=frozenset({"KE002"}))
    outcome = steward.settle_spellings(database, settings, local, run_id, answer_for(database, admin, run_id, "owner", "Kazi Njema Mbali", "Ministry of Health"))
    assert outcome.applied + len(outcome.refused) == 3
    assert {row[0] for row in said(database)} != {None} or outcome.applied == 0
    assert said(database)[2][0] is None
