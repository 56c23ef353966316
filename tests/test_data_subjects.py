"""A person's right to know and to be forgotten, on a real list taken through the whole pipeline."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from gvrc import data_subjects, pipeline, subject_text, views
from gvrc.cli import main
from gvrc.commit import commit
from gvrc.data_subjects import Subject
from gvrc.errors import ConfigError, NotAllowedError
from gvrc.model.access import Actor, Role
from gvrc.model.export import ExportFormat
from gvrc.security.crypto import KeyRing, open_sealed
from gvrc.settings import Settings
from gvrc.store import audit
from gvrc.store.session import Database

DIGITS, WAYS = "700000963", ["0700\u00a0000 963", "+254 700\u2011000-963", "254700000963", "0700000963"]
LIST = [
    {"facility_name": "Diani Health Centre", "service_type": "Health centre", "county": "Kwale", "ward": "Ukunda", "contact": WAYS[0], "notes": f"Ask on {WAYS[1]}"},
    {"facility_name": "Msambweni Hospital", "service_type": "Hospital", "county": "Kwale", "ward": "Ramisi", "contact": f"{WAYS[2]} / zz.person@example.org"},
    {"facility_name": "Kinango Hospital", "service_type": "Hospital", "county": "Kwale", "ward": "Kinango", "contact": 700000963},
    {"facility_name": "Lunga Lunga Dispensary", "service_type": "Dispensary", "county": "Kwale", "ward": "Vanga", "contact": "+254700000964"},
]
REASON = "letter 12 of 2026, identity card seen"


@pytest.fixture
def committed(database: Database, settings: Settings, admin: Actor, tmp_path: Path) -> int:
    path = tmp_path / "list.json"
    path.write_text(json.dumps(LIST), encoding="utf-8")
    file = pipeline.receive(database, settings, admin, [path])[0]
    assert file.file_id is not None
    run_id = pipeline.start(database, settings, admin, [file.file_id])
    pipeline.execute(database, settings, run_id)
    with database.unit_of_work() as connection:
        connection.execute(text("update staging.records set state = 'ready'"))
    commit(database, settings, admin, run_id)
    return run_id


def everything(db: Database, settings: Settings, admin: Actor) -> str:
    """Every table as text, every file as it reads, and the registry as an administrator sees it."""
    parts = []
    with db.read() as connection:
        names = connection.execute(text("select schemaname || '.' || tablename from pg_tables where schemaname in ('public', 'staging', 'ops')")).scalars().all()
        for name in names:
            parts += connection.execute(text(f"select t::text from {name} t")).scalars()
    for path in settings.raw_dir.rglob("*"):
        if path.is_file():
            with open_sealed(KeyRing.load(settings), path) as plain:
                parts.append(plain.read().decode())
    stream = io.BytesIO()
    views.export(db, admin, stream, file_format=ExportFormat.CSV)
    return "\n".join([*parts, stream.getvalue().decode()])


def squeezed(said: str) -> str:
    return "".join(character for character in said if character.isalnum() or character == "@")


def test_an_erased_number_is_nowhere_however_it_was_written_and_the_chain_is_whole(database: Database, settings: Settings, admin: Actor, committed: int) -> None:
    assert DIGITS in squeezed(everything(database, settings, admin))
    found = data_subjects.find_subject(database, settings, admin, WAYS[3], reason=REASON)
    assert found.counts["files"] == 1
    assert found.counts["staging.raw_data"] == 3
    assert len(found.places) >= 2
    erased = data_subjects.erase_subject(database, settings, admin, WAYS[3], reason=REASON)
    assert erased.counts["vault"] >= 1
    left = everything(database, settings, admin)
    assert DIGITS not in squeezed(left)
    assert "700000964" in squeezed(left)
    assert data_subjects.find_subject(database, settings, admin, WAYS[0], reason=REASON).total == 0
    with database.read() as connection:
        assert audit.verify(connection).is_intact
        note = connection.execute(text("select action, reason, handled_by from ops.subject_requests where request_id = :id"), {"id": erased.request_id}).one()
    assert tuple(note) == ("erase", REASON, "admin")


def test_the_list_is_still_readable_after_an_erasure_and_a_run_of_it_brings_nothing_back(database: Database, settings: Settings, admin: Actor, committed: int) -> None:
    data_subjects.erase_subject(database, settings, admin, WAYS[0], reason=REASON)
    data_subjects.erase_subject(database, settings, admin, "ZZ.Person@example.org", reason=REASON)
    path = next(path for path in settings.raw_dir.rglob("*") if path.is_file())
    with open_sealed(KeyRing.load(settings), path) as plain:
        rows = json.loads(plain.read())
    assert [row["facility_name"] for row in rows] == [row["facility_name"] for row in LIST]
    with database.read() as connection:
        file_id = connection.execute(text("select file_id from staging.source_files")).scalar_one()
    pipeline.execute(database, settings, pipeline.start(database, settings, admin, [file_id]))
    left = everything(database, settings, admin)
    assert DIGITS not in squeezed(left)
    assert "zz.person" not in left.lower()


def test_a_name_that_stands_in_the_text_of_a_place_is_told_for_people_to_judge(database: Database, settings: Settings, admin: Actor, committed: int) -> None:
    with database.unit_of_work(admin) as connection:
        connection.execute(text("update facilities set description = 'Founded by Zosé Muli', aliases = array['Zose\u0301 Muli House'] where facility_id = (select min(facility_id) from facilities)"))
    for act in (data_subjects.find_subject, data_subjects.erase_subject):
        told = act(database, settings, admin, "zosé muli", reason=REASON)
        assert [place["what"] for place in told.places] == ["text: description", "text: other names"]


def test_an_export_gives_the_person_all_that_is_kept(database: Database, settings: Settings, admin: Actor, committed: int) -> None:
    found = data_subjects.export_subject(database, settings, admin, "zz.person@example.org", reason=REASON)
    assert "zz.person@example.org" in found.values
    assert len(found.rows) == 1
    assert {place["what"] for place in found.places} == {"contact email"}


def test_only_an_administrator_handles_requests_and_a_refused_try_is_written_down(database: Database, settings: Settings, committed: int, actor_of: Any) -> None:
    approver = actor_of(Role.APPROVER)
    for act in (data_subjects.find_subject, data_subjects.export_subject, data_subjects.erase_subject):
        with pytest.raises(NotAllowedError):
            act(database, settings, approver, WAYS[0], reason=REASON)
    with database.read() as connection:
        assert connection.execute(text("select count(*) from ops.access_log where username = :u and result = 'refused'"), {"u": approver.username}).scalar_one() == 3


@pytest.mark.parametrize(("value", "reason"), [("0700", REASON), (WAYS[0], " "), (WAYS[0], "asked about 0700-000-963")])
def test_a_request_without_a_whole_value_or_a_clean_reason_is_not_taken(database: Database, settings: Settings, admin: Actor, value: str, reason: str) -> None:
    with pytest.raises(ConfigError):
        data_subjects.find_subject(database, settings, admin, value, reason=reason)


@given(st.sampled_from(WAYS), st.sampled_from(["", "call ", "x: ", "tel/", "(", '"']), st.sampled_from(["", ".", " now", '"', ")", "/0711000111"]))
def test_a_number_is_found_however_it_stands_in_a_text(way: str, before: str, after: str) -> None:
    subject = Subject.of("0700000963")
    assert subject.is_in(before + way + after)
    redacted = subject.redact(before + way + after)
    assert DIGITS not in squeezed(redacted)
    assert len(redacted) == len(before + way + after)


AS_FILES = {
    "plain": lambda said: json.dumps(said, ensure_ascii=False).encode(), "escaped": lambda said: json.dumps(said).encode(),
    "UTF-16": lambda said: json.dumps(said, ensure_ascii=False).encode("utf-16"), "UTF-16 unmarked": lambda said: json.dumps(said, ensure_ascii=False).encode("utf-16-be"),
    "UTF-32": lambda said: json.dumps(said, ensure_ascii=False).encode("utf-32"),
    "UTF-16 that lost a byte": lambda said: (whole := json.dumps(["x" * 300, *said], ensure_ascii=False).encode("utf-16"))[:401] + whole[402:],
}
AS_WRITTEN = [
    ("0700000963", ["07OO-000 963", "0700\u00a0000\u00a0963", "+254 (0) 700\u2011000\u2011963", "tel\n0700 000 963"], ["0700000964"]),
    ("zosé mwangĩ", ["Ask ZOSÉ  Mwangĩ, now", "\nZose\u0301 Mwangi\u0303", "x\u00a0zosé\u00a0mwangĩ"], ["Zoséa Mwangĩ", "Zosé Mwangĩni"]),
    ("P.O. Box 12/34", ["P.O. Box 12/34, Lamu", "p.o.  box\n12/34"], ["P.O. Box 12/345", "PxO. Box 12/34"]),
]


@pytest.mark.parametrize("window", [8 * 2**20, 64])
@pytest.mark.parametrize("form", list(AS_FILES))
@pytest.mark.parametrize(("value", "theirs", "others"), AS_WRITTEN)
def test_a_file_is_rid_of_it_in_every_encoding_lists_come_in_and_keeps_its_places(
    value: str, theirs: list[str], others: list[str], form: str, window: int, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subject_text, "_WINDOW", window)
    subject = Subject.of(value)
    for text_of in theirs:
        content = AS_FILES[form](["a" * 70, text_of, "b" * 70])
        redacted = subject.redact_file(content)
        assert (subject.is_in_file(content), subject.is_in_file(redacted), len(redacted)) == (True, False, len(content)), text_of
        assert subject.is_in(text_of)
    content = AS_FILES[form](others)
    assert subject.redact_file(content) is content


def test_a_file_of_windows_1252_is_rid_of_a_name_and_still_reads() -> None:
    assert Subject.of("josé muli").redact_file("name;José Muli;Kwalé".encode("cp1252")) == "name;*********;Kwalé".encode("cp1252")


@pytest.mark.parametrize("other", ["10700000963", "07000009631", "0700000962", "70000096", "2549700000963 1"])
def test_another_number_is_left_alone(other: str) -> None:
    assert not Subject.of("0700000963").is_in(other)


def test_what_is_old_is_purged_and_what_waits_or_is_young_stays(database: Database, settings: Settings, admin: Actor, committed: int) -> None:
    assert data_subjects.purge(database, settings, admin).total == 0
    with database.unit_of_work() as connection:
        connection.execute(text("update staging.source_files set received_at = now() - interval '400 days'"))
        connection.execute(text("update staging.records set state = 'to_review' where record_id = (select min(record_id) from staging.records)"))
    assert data_subjects.purge(database, settings, admin).total == 0
    with database.unit_of_work() as connection:
        connection.execute(text("update staging.records set state = 'committed'"))
    done = data_subjects.purge(database, settings, admin)
    assert done.counts == {"files": 1, "staging.raw_data": 4}
    assert not [path for path in settings.raw_dir.rglob("*") if path.is_file()]
    assert views.facility_list(database, admin).total == 4


def test_the_command_reads_the_value_from_its_input_and_asks_before_it_erases(
    database: Database, settings: Settings, admin: Actor, committed: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("GVRC_DATABASE_URL", settings.database_url or "")
    monkeypatch.setenv("GVRC_HOME", str(settings.home))
    for arguments, code in ((["erase"], 2), (["find"], 0), (["erase", "--yes"], 0)):
        monkeypatch.setattr("sys.stdin", io.StringIO(WAYS[0] + "\n"))
        assert main(["data-subject", *arguments, "--value-stdin", "--reason", REASON, "--as", "admin"]) == code
    assert DIGITS not in squeezed(everything(database, settings, admin))
    assert DIGITS not in squeezed(capsys.readouterr().err)
