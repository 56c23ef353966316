"""The command line, as a contract: called as a process, read as JSON."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from gvrc.settings import DATA_DIR, PROJECT_DIR, Settings
from gvrc.store.session import Database
from tests.cli import calls

SAMPLES = DATA_DIR / "sources"
Gvrc = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def gvrc(settings: Settings, tmp_path: Path) -> Gvrc:
    """Calls `gvrc` as a process, on a fresh database."""
    environment = os.environ | {
        "GVRC_HOME": str(settings.home), "GVRC_DATABASE_URL": settings.database_url or "", "GVRC_DATABASE_OWNER_URL": settings.database_owner_url or "",
    }

    def checked(*arguments: object, code: int = 0, text: str = "") -> subprocess.CompletedProcess[str]:
        done = calls.call([str(argument) for argument in arguments], environment, PROJECT_DIR, text, tmp_path / "streams")
        assert done.returncode == code, done.stderr
        return done

    checked("init", "--json")
    return checked


def answer_of(done: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(done.stdout)


def write_answers(path: Path, questions: list[dict[str, Any]]) -> Path:
    lines = []
    for question in questions:
        if question["kind"] == "duplicate":
            lines.append({"key": question["key"], "answer": "same" if question["match_score"] >= 0.8 else "different"})
        elif question["suggestion"]:
            lines.append({"key": question["key"], "answer": "accept"})
        else:
            lines.append({"key": question["key"], "answer": "reject", "note": "cannot be told"})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_the_whole_way_by_the_command_line_alone(gvrc: Gvrc, tmp_path: Path) -> None:
    run = answer_of(gvrc("run", SAMPLES, "--json"))
    assert run["records_in"] == 237 == run["ready"] + run["to_review"] + run["held"] + run["dead_letters"]
    assert {"run_id", "files", "candidate_pairs", "issues", "quality", "stages", "peak_memory_mb"} <= run.keys()
    assert [stage["stage"] for stage in run["stages"]] == ["extract", "validate", "transform", "geomap", "enrich", "dedupe", "score"]
    assert {"file", "source", "confidence", "records"} <= run["files"][0].keys()

    records = answer_of(gvrc("records", run["run_id"], "--json"))
    assert len(records) == 237
    wanted = {
        "record_id", "source", "pointer", "name", "facility_type", "county", "constituency", "ward", "latitude", "longitude", "contacts", "services",
        "quality_score", "state", "issues",
    }
    assert wanted <= records[0].keys()
    assert len(answer_of(gvrc("records", run["run_id"], "--state", "ready", "--json"))) == run["ready"]

    for _round in range(4):
        questions = answer_of(gvrc("questions", run["run_id"], "--json"))
        if not questions:
            break
        decided = answer_of(gvrc("decide", run["run_id"], "--answers", write_answers(tmp_path / "answers.jsonl", questions), "--json"))
        assert decided["applied"] > 0
    assert answer_of(gvrc("questions", run["run_id"], "--json")) == []

    planned = answer_of(gvrc("commit", run["run_id"], "--dry-run", "--json"))
    done = answer_of(gvrc("commit", run["run_id"], "--json"))
    assert done["added"] == planned["added"] > 100
    assert {"added", "changed", "merged", "unchanged", "held_back", "batches", "dead_letters", "seconds"} <= done.keys()
    again = answer_of(gvrc("commit", run["run_id"], "--json"))
    assert (again["added"], again["changed"], again["merged"]) == (0, 0, 0)

    second = answer_of(gvrc("run", SAMPLES, "--json"))
    assert all(file["already_received"] == run["run_id"] for file in second["files"])
    assert answer_of(gvrc("questions", second["run_id"], "--json")) == []
    nothing = answer_of(gvrc("commit", second["run_id"], "--json"))
    assert (nothing["added"], nothing["changed"], nothing["merged"]) == (0, 0, 0)

    exported = list(csv.DictReader(io.StringIO(gvrc("export", "--format", "csv").stdout)))
    assert len(exported) == done["added"]

    back = answer_of(gvrc("rollback", done["commit_id"], "--reason", "tried only", "--json"))
    assert (back["restored"], back["conflicts"]) == (done["added"], [])
    assert answer_of(gvrc("commit", run["run_id"], "--json"))["added"] == done["added"]
    assert {row["kind"] for row in answer_of(gvrc("commits", "--json"))} == {"commit", "rollback"}


def test_places_are_merged_unmerged_and_retired_by_their_codes(gvrc: Gvrc) -> None:
    run = answer_of(gvrc("run", SAMPLES / "regional.json", "--json"))
    gvrc("commit", run["run_id"], "--json")
    codes = [row["facility_code"] for row in csv.DictReader(io.StringIO(gvrc("export", "--format", "csv").stdout))][:2]
    assert answer_of(gvrc("merge", *codes, "--json"))["state"] == "done"
    assert "merged into" in gvrc("merge", *codes, code=3).stderr
    assert answer_of(gvrc("unmerge", codes[1], "--json"))["state"] == "done"
    assert answer_of(gvrc("retire", codes[1], "--json"))["state"] == "done"
    assert answer_of(gvrc("reopen", codes[1], "--json"))["state"] == "done"
    assert answer_of(gvrc("requests", "--json")) == []


def test_match_needs_no_database(tmp_path: Path) -> None:
    rows = [{"name": name, "county": "Kwale", "ward": "Kinondo", "id": number} for number, name in enumerate(["Diani Health Centre", "DIANI H/C", "Ukunda Clinic"], start=1)]
    path = tmp_path / "list.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    environment = os.environ | {"GVRC_HOME": str(tmp_path / "home"), "GVRC_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}
    done = subprocess.run(
        [sys.executable, "-m", "gvrc", "match", str(path), "--json"], env=environment, cwd=PROJECT_DIR, capture_output=True, text=True, check=True
    )
    pairs = json.loads(done.stdout)
    assert [{pair["left"]["id"], pair["right"]["id"]} for pair in pairs] == [{"1", "2"}]
    assert {"file", "pointer", "id"} <= pairs[0]["left"].keys()
    assert {"match_score", "strategy", "features"} <= pairs[0].keys()
    assert {"feature", "score", "weight", "detail"} <= pairs[0]["features"][0].keys()
    assert not (tmp_path / "home").exists()


def test_wrong_use_is_exit_2(gvrc: Gvrc, tmp_path: Path) -> None:
    gvrc("nonsense", code=2)
    gvrc("run", code=2)
    (tmp_path / "lists").mkdir()
    for name in ("register.xlsx", "README.txt"):
        (tmp_path / "lists" / name).write_text("x")
    told = gvrc("run", tmp_path / "lists", code=2).stderr
    assert "The folder holds no lists" in told
    assert "register.xlsx: not read" in told
    assert "README" not in told
    assert "does not exist" in gvrc("run", SAMPLES, "--config", tmp_path / "none.yaml", code=2).stderr
    gvrc("decide", 1, "--answers", tmp_path / "none.jsonl", code=2)


@pytest.mark.parametrize(("name", "content"), [("empty.json", b""), ("page.json", b"<html></html>"), ("zip.json", b"PK\x03\x04xxxx")])
def test_an_unreadable_file_is_told_in_a_sentence(gvrc: Gvrc, tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    done = gvrc("run", path, "--json", code=3)
    assert json.loads(done.stdout)["detail"]
    assert "Traceback" not in done.stderr


def test_what_a_run_leaves_out_of_a_file_is_told(gvrc: Gvrc, tmp_path: Path) -> None:
    path = tmp_path / "directory.json"
    station = {"station": "Diani Police Station", "tel": "0700 000 001"}
    path.write_text(json.dumps({"Kwale": {"police": [station], "offers": [{"phone": "0700 000 002"}]}}), encoding="utf-8")
    assert "directory.json: Left out, for it does not read like a list of places: /*/offers/* (1)" in gvrc("run", path).stderr


def test_a_database_that_is_down_is_told_in_a_sentence(tmp_path: Path) -> None:
    environment = os.environ | {"GVRC_HOME": str(tmp_path), "GVRC_DATABASE_URL": "postgresql://gvrc:secret-word@127.0.0.1:1/gvrc"}
    done = subprocess.run(
        [sys.executable, "-m", "gvrc", "run", str(SAMPLES)], env=environment, cwd=PROJECT_DIR, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "secret-word" not in done.stderr + done.stdout


def test_answers_that_are_none_are_refused_by_line(gvrc: Gvrc, tmp_path: Path) -> None:
    run = answer_of(gvrc("run", SAMPLES / "equity_afya.json", "--json"))
    answers = tmp_path / "answers.jsonl"
    answers.write_text('not json\n{"answer": "same"}\n{"key": "x", "answer": "perhaps"}\n{"key": "x", "answer": "same"}\n[1]\n', encoding="utf-8")
    decided = answer_of(gvrc("decide", run["run_id"], "--answers", answers, "--json"))
    assert decided["applied"] == 0
    assert len(decided["refused"]) == 5


def test_an_account_is_made_and_a_wrong_password_refused(gvrc: Gvrc) -> None:
    gvrc("user", "add", "amina", "--role", "data_steward", "--password-stdin", text="long enough to sign in\n")
    gvrc("user", "add", "brian", "--role", "viewer", "--password-stdin", text="short\n", code=2)
    names = {user["username"] for user in answer_of(gvrc("user", "list", "--json"))}
    assert "amina" in names
    assert "brian" not in names


def test_the_doctor_finds_nothing_on_a_fresh_installation(gvrc: Gvrc) -> None:
    checks = answer_of(gvrc("doctor", "--json"))
    assert [check["name"] for check in checks["checks"] if check["status"] == "failed"] == []


def test_strict_tells_findings_by_the_exit_code(gvrc: Gvrc) -> None:
    gvrc("run", SAMPLES / "category_A.json", "--strict", code=1)


def test_rows_that_were_set_aside_are_tried_again(gvrc: Gvrc, database: Database, tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text(json.dumps([{"facility_name": "Diani Health Centre", "county": "Kwale", "service_type": "Health centre"}]), encoding="utf-8")
    run_id = answer_of(gvrc("run", tmp_path / "list.json", "--json"))["run_id"]
    assert "no row that could be tried again" in gvrc("replay", run_id, code=3).stderr
    with database.unit_of_work() as conn:
        conn.execute(text("""
            INSERT INTO staging.dead_letters (run_id, file_id, pointer, stage, error) SELECT run_id, file_id, pointer, 'transform', 'broke' FROM staging.records
        """))
    told = answer_of(gvrc("replay", run_id, "--json"))
    assert (told["replayed"], told["still_set_aside"], told["dead_letters"], told["records_in"]) == (1, 0, 0, 1)
