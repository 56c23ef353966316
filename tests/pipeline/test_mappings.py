"""A mapping that an engineer corrected: tried, kept, and recognised again, on PostgreSQL."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from gvrc import pipeline
from gvrc.errors import NotAllowedError, SourceError
from gvrc.model.access import Actor, Role
from gvrc.settings import Settings
from gvrc.store.session import Database

CHOICES: dict[str, str | None] = {"alpha": "name", "beta": "county", "gamma": None, "delta": "phone", "epsilon": "phone"}


def write_list(path: Path, *names: str) -> Path:
    """A list whose field names say nothing."""
    rows = [
        {"alpha": name, "beta": "Kwale", "gamma": "x1", "delta": f"+254 700 000 {number:03}", "epsilon": f"+254 700 001 {number:03}"}
        for number, name in enumerate(names)
    ]
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


@pytest.fixture
def strange(tmp_path: Path) -> Path:
    return write_list(tmp_path / "strange.json", "Diani Health Centre", "Msambweni Hospital")


def keep(database: Database, settings: Settings, actor: Actor, path: Path, name: str = "kwale_list", **other: str | None) -> pipeline.ReceivedFile:
    return pipeline.keep_mapping(database, settings, actor, path, path.name, {**CHOICES, **other}, name)


def run(database: Database, settings: Settings, actor: Actor, file: pipeline.ReceivedFile) -> list[tuple[str, str]]:
    """The run over one file: names and county codes of its records."""
    assert file.file_id is not None
    pipeline.execute(database, settings, pipeline.start(database, settings, actor, [file.file_id]))
    with database.read() as conn:
        query = text("select name, county_code from staging.records where source = :source order by name")
        return [tuple(row) for row in conn.execute(query, {"source": file.source})]


def test_the_second_list_of_the_same_shape_is_read_as_the_first_was_corrected(
    database: Database, settings: Settings, admin: Actor, strange: Path, tmp_path: Path
) -> None:
    received = pipeline.receive(database, settings, admin, [strange])[0]
    assert not received.is_known
    kept = keep(database, settings, admin, strange)
    assert (kept.source, kept.is_known) == ("kwale_list", True)
    assert run(database, settings, admin, kept) == [("Diani Health Centre", "KE002"), ("Msambweni Hospital", "KE002")]
    second = pipeline.receive(database, settings, admin, [write_list(tmp_path / "next.json", "Kinango Hospital")])[0]
    assert (second.source, second.is_known) == ("kwale_list", True)
    assert {each.path: each.canonical for each in second.fields} == CHOICES
    assert ("Kinango Hospital", "KE002") in run(database, settings, admin, second)
    with database.read() as conn:
        assert list(conn.execute(text("select source, created_by from staging.source_mappings where replaced_at is null"))) == [("kwale_list", admin.username)]
        assert conn.execute(text("select count(*) from staging.source_files where source = 'strange'")).scalar_one() == 0
        assert conn.execute(text("select count(*) from audit_trail where table_name like '%source_mappings'")).scalar_one() == 1


def test_a_trial_shows_the_rows_and_keeps_nothing(database: Database, settings: Settings, admin: Actor, strange: Path) -> None:
    trial = pipeline.try_mapping(database, settings, admin, strange, "strange.json", CHOICES, "kwale_list")
    assert [(record.name, record.place.county, len(record.contacts)) for record in trial.records] == [("Diani Health Centre", "Kwale", 2), ("Msambweni Hospital", "Kwale", 2)]
    engineer = replace(admin, role=Role.DATA_ENGINEER)
    masked = pipeline.try_mapping(database, settings, engineer, strange, "strange.json", CHOICES, "kwale_list")
    assert {contact.value for record in masked.records for contact in record.contacts} == {"+254***000", "+254***001"}
    with database.read() as conn:
        assert conn.execute(text("select (select count(*) from staging.source_mappings) + (select count(*) from staging.source_files)")).scalar_one() == 0


@pytest.mark.parametrize(
    ("name", "choices", "said"),
    [
        ("kwale list", {}, "small letters"), ("../x", {}, "small letters"), ("kwale", {"zeta": "name"}, "no such field"),
        ("kwale", {"beta": "password_hash"}, "one that the registry has"), ("kwale", {"alpha": None}, "name of the place"),
    ],
)
def test_a_wrong_mapping_is_refused_on_the_server_and_nothing_is_kept(
    name: str, choices: dict[str, str | None], said: str, database: Database, settings: Settings, admin: Actor, strange: Path
) -> None:
    for use_case in (pipeline.try_mapping, pipeline.keep_mapping):
        with pytest.raises(SourceError, match=said):
            use_case(database, settings, admin, strange, "strange.json", {**CHOICES, **choices}, name)
    with database.read() as conn:
        assert conn.execute(text("select count(*) from staging.source_mappings")).scalar_one() == 0


@pytest.mark.parametrize("role", [Role.VIEWER, Role.DATA_ANALYST, Role.DATA_STEWARD, Role.APPROVER])
def test_who_may_not_manage_sources_can_neither_try_nor_keep(role: Role, database: Database, settings: Settings, admin: Actor, strange: Path) -> None:
    for use_case in (pipeline.try_mapping, pipeline.keep_mapping):
        with pytest.raises(NotAllowedError):
            use_case(database, settings, replace(admin, role=role), strange, "strange.json", CHOICES, "kwale_list")


def test_a_mapping_kept_again_replaces_the_one_before_and_rows_that_were_read_stay(
    database: Database, settings: Settings, admin: Actor, strange: Path
) -> None:
    keep(database, settings, admin, strange)
    run(database, settings, admin, keep(database, settings, admin, strange, gamma="source_id"))
    with database.read() as conn:
        assert list(conn.execute(text("select replaced_at is null from staging.source_mappings order by source_mapping_id"))) == [(False,), (True,)]
    with pytest.raises(SourceError, match="never change"):
        keep(database, settings, admin, strange, gamma="description")
    again = keep(database, settings, admin, strange, name="kwale_again", gamma="description")
    assert again.already_received_run is None
    assert len(run(database, settings, admin, again)) == 2
