"""Rows that a run could not take: set aside, counted, taken back in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, func, select, text, update

from gvrc.store.bulk import stage_rows
from gvrc.store.records import run_file_ids
from gvrc.store.tables import DeadLetter


def set_aside(conn: Connection, run_id: int, file_id: int, letters: Sequence[tuple[str, str]]) -> None:
    """Put what could not be read as rows (pointer, reason) among the dead letters; what lies there already stays."""
    rows = ((run_id, file_id, pointer, "extract", reason) for pointer, reason in letters)
    names = ("run_id", "file_id", "pointer", "stage", "error")
    stage_rows(conn, "staging.dead_letters", names, rows, name="incoming_letters")
    listed = ", ".join(names)
    conn.execute(text(f"INSERT INTO staging.dead_letters ({listed}) SELECT {listed} FROM incoming_letters ON CONFLICT DO NOTHING"))  # noqa: S608


class DeadLetterDraft(NamedTuple):
    """A row to be set aside: where it stands, the stage that could not take it, and why, in words without personal data."""

    pointer: str
    stage: str
    error: str


def set_rows_aside(conn: Connection, run_id: int, file_id: int, letters: Sequence[DeadLetterDraft]) -> None:
    """Put rows among the dead letters; one that lies there already was tried once more."""
    if letters:
        conn.execute(
            text("""
                INSERT INTO staging.dead_letters AS d (run_id, file_id, pointer, stage, error) VALUES (:run_id, :file_id, :pointer, :stage, :error)
                ON CONFLICT (file_id, pointer, stage) DO UPDATE SET run_id = excluded.run_id, error = excluded.error, state = 'open', tries = d.tries + 1,
                    updated_at = now()
            """),
            [{"run_id": run_id, "file_id": file_id, **letter._asdict()} for letter in letters],
        )


def take_back_in(conn: Connection, file_id: int, stages: Sequence[str], pointers: Sequence[str]) -> None:
    """Close the dead letters of rows that these stages could take after all."""
    conn.execute(
        update(DeadLetter)
        .where(DeadLetter.file_id == file_id, DeadLetter.state == "open", DeadLetter.stage.in_(stages), DeadLetter.pointer == func.any(list(pointers)))
        .values(state="replayed", updated_at=func.now())
    )


def count_unread(conn: Connection, file_id: int) -> int:
    """How many elements of a file could not be kept as rows."""
    found = select(func.count()).where(DeadLetter.file_id == file_id, DeadLetter.stage == "extract")
    return conn.execute(found).scalar_one()


def count_set_aside(conn: Connection, run_id: int) -> dict[str, int]:
    """How many rows of a run wait among the dead letters, by the stage that could not take them; the registry's refusals do not count."""
    found = select(DeadLetter.stage, func.count()).where(DeadLetter.file_id.in_(run_file_ids(run_id)), DeadLetter.state == "open", DeadLetter.stage != "commit")
    return {row[0]: row[1] for row in conn.execute(found.group_by(DeadLetter.stage))}
