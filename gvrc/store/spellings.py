"""The SQL of the words that are in no list: how each is written and by how many records of a run."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, text

from gvrc.store.reads import SHOWN, Scope, for_scope

_LETTERS = "lower(regexp_replace({}, '[^A-Za-z0-9]', '', 'g'))"
_OF_TYPE_COLUMN = f"""(i.field_name <> 'facility_type' OR EXISTS (
        SELECT 1 FROM staging.raw_data w WHERE w.file_id = r.file_id AND w.row_number = r.row_number
        AND starts_with({_LETTERS.format("w.row_values ->> 'facility_type'")}, {_LETTERS.format("i.value")})))"""  # noqa: S608 (fragments of this module)
"""A kind that nothing tells is asked about with the place's name as value; a name is no spelling of a kind."""
_UNKNOWN = f"""
    FROM staging.issues i JOIN staging.records r USING (record_id)
    WHERE i.file_id IN (SELECT file_id FROM staging.run_files WHERE run_id = :run_id) AND {SHOWN} = 'all' AND i.code = ANY(:codes) AND i.state = 'open'
    AND r.state <> 'rejected' AND i.value <> '' AND {_OF_TYPE_COLUMN}
"""  # noqa: S608 (fragments of this module)


def unknown_words(conn: Connection, scope: Scope, run_id: int, codes: Collection[str], most: int) -> list[Row[Any]]:
    """Field, spelling and records of each unknown word, most records first."""
    query = text(for_scope(scope, f"SELECT i.field_name, i.value, count(DISTINCT i.record_id) AS rows {_UNKNOWN} GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT :most"))
    return list(conn.execute(query, {"run_id": run_id, "codes": sorted(codes), "most": most} | scope.parameters()))


def records_writing(conn: Connection, scope: Scope, run_id: int, codes: Collection[str], field_name: str, spellings: Sequence[str]) -> list[Row[Any]]:
    """The records that write one of these, in the order of their ids."""
    query = text(for_scope(scope, f"""
        SELECT DISTINCT i.record_id, i.value {_UNKNOWN} AND i.field_name = :field_name AND i.value = ANY(:spellings) ORDER BY i.record_id, i.value
    """))
    values = {"run_id": run_id, "codes": sorted(codes), "field_name": field_name, "spellings": list(spellings)}
    return list(conn.execute(query, values | scope.parameters()))
