from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from gvrc import logs
from gvrc.settings import PROJECT_DIR, Settings


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    logs.configure_logs(Settings(home=tmp_path, _env_file=None), to_stderr=False)  # type: ignore[call-arg]
    yield tmp_path
    structlog.contextvars.clear_contextvars()
    for handler in [handler for handler in logging.getLogger().handlers if getattr(handler, "is_gvrc", False)]:
        logging.getLogger().removeHandler(handler)
        handler.close()
    logs.configure_terminal()


def lines(home: Path, name: str) -> list[dict[str, Any]]:
    path = home / "logs" / name / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def test_lines_go_where_they_belong_with_what_is_bound(home: Path) -> None:
    logs.bind(run_id=3, stage="extract")
    structlog.get_logger("gvrc.pipeline.execute").info("chunk done", rows=5)
    logs.unbind("run_id", "stage")
    structlog.get_logger("gvrc.ui").info("page shown")
    structlog.get_logger("gvrc.pipeline").error("stage broke")
    assert [(line["event"], line.get("run_id"), line.get("rows")) for line in lines(home, "etl")] == [("chunk done", 3, 5), ("stage broke", None, None)]
    assert [line["event"] for line in lines(home, "processing")] == ["page shown"]
    assert [line["event"] for line in lines(home, "errors")] == ["stage broke"]
    assert {"at", "level", "logger", "process", "environment"} <= set(lines(home, "etl")[0])


def test_what_libraries_say_is_written_in_the_same_shape(home: Path) -> None:
    try:
        raise ValueError("call +254700000001")
    except ValueError:
        logging.getLogger("some.library").exception("lost %s", "postgresql://gvrc_app:marker-password@host/db")
    (line,) = lines(home, "errors")
    assert line["event"] == "lost postgresql://gvrc_app:[hidden]@host/db"
    assert "ValueError" in line["exception"]
    assert "700000001" not in line["exception"]


@pytest.mark.parametrize("name", ["password", "GVRC_ENCRYPTION_KEY", "api_token", "Authorization", "set_cookie", "database_owner_url", "client_secret"])
def test_secrets_are_hidden_by_name_at_any_depth(name: str) -> None:
    event = logs.redact(None, "", {"event": "x", name: "marker", "inner": [{name: "marker"}]})
    assert "marker" not in str(event)


@pytest.mark.parametrize(
    "text", ["call +254 700 000 123", "0700000123", "254700000123", "0700-000-123", "+254100000123", "write amina@example.org", "vault:3f2b8c1e-0000-4000-8000-000000000000"]
)
def test_personal_values_are_hidden_by_shape(text: str) -> None:
    hidden = logs.redact(None, "", {"event": f"before {text} after"})["event"]
    assert hidden.startswith("before ")
    assert hidden.endswith(" after")
    assert not any(part in hidden for part in ("000123", "000 123", "000-123", "amina", "3f2b8c1e"))


@pytest.mark.parametrize("text", ["run 2547, 14 rows in 0.7 s", "sha 0700000123ab", "2026-11-20T14:00:00", "237 in = 200 ready"])
def test_numbers_that_are_no_telephones_stay(text: str) -> None:
    assert logs.redact(None, "", {"event": text})["event"] == text


@given(st.dictionaries(st.text(), st.recursive(st.none() | st.integers() | st.text() | st.binary(), st.lists, max_leaves=5)))
def test_anything_can_be_logged(values: dict[str, Any]) -> None:
    json.dumps(logs.redact(None, "", values))


def test_a_line_cannot_break_out_of_its_line(home: Path) -> None:
    structlog.get_logger("gvrc.ui").info("first\n{\"event\": \"forged\"}", name="x\u2028y")
    assert len(lines(home, "processing")) == 1


def test_a_full_file_is_rotated_while_several_processes_write(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import sys, structlog; from pathlib import Path; from gvrc import logs; from gvrc.settings import Settings\n"
        "logs._ROTATE_BYTES = 20_000\n"
        "logs.configure_logs(Settings(home=Path(sys.argv[1]), _env_file=None), to_stderr=False)\n"
        "for number in range(300): structlog.get_logger('gvrc.ui').info('line', who=sys.argv[2], number=number)\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, str(home), name], cwd=PROJECT_DIR) for name in ("a", "b")]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    files = sorted((home / "logs" / "processing").glob("*.jsonl"))
    written = [json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(files) > 2
    assert {(line["who"], line["number"]) for line in written} == {(name, number) for name in "ab" for number in range(300)}


def test_before_the_files_are_there_a_broken_call_shows_no_value_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> None:
        pass_phrase = "".join(["marker", "-phrase"])
        raise ValueError(f"no {len(pass_phrase)}; written to jane@example.org")

    logs.configure_terminal()
    try:
        broken()
    except ValueError:
        structlog.get_logger("gvrc.processing").exception("a call broke", password="open-sesame")
    shown = capsys.readouterr()
    line = json.loads(shown.err)
    assert (line["event"], line["level"], shown.out) == ("a call broke", "error", "")
    assert "ValueError: no 13" in line["exception"]
    assert not [marker for marker in ("marker-phrase", "jane@", "open-sesame") if marker in shown.err]
