"""The two real lists of health facilities, 2014 and 2020, with their labelled pairs: found in the folder GVRC_BENCH_DATA names, official codes hidden."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gvrc.matching.arrays import texts
from gvrc.matching.columns import MatchColumns
from gvrc.model.record import Record
from gvrc.model.source import SourceFile, SourceRow
from gvrc.reference.corrections import Corrections
from gvrc.sources.detect import detect
from gvrc.stages.extract import extract
from gvrc.stages.standardise import Knowledge, load_knowledge, standardise

FOLDER = "GVRC_BENCH_DATA"
KMHFL, MFL, PAIRS = "kmhfl_2020_dev.json", "mfl_2014_dev.csv", "duplicate_pairs_dev.csv"
LIST_2014, LIST_2020 = 0, 1
CODE_FIELDS = ("mfl_code", "facility_code", "source_id", "fid_code", "created_at")
"""What would give the answer away: the codes, and when a record was created."""
CHUNK_ROWS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class RealLists:
    """Both lists as columns; `codes` are the hidden official codes ('' unknown) by row, for judging only. `labels` holds (row 2014, row 2020, label, tier)."""

    columns: MatchColumns
    codes: list[str]
    counties: list[str]
    labels: list[tuple[int, int, int, str]]


def folder() -> Path | None:
    """Where the real lists are, or None when they are not here."""
    stated = os.environ.get(FOLDER)
    return Path(stated) if stated and (Path(stated) / PAIRS).is_file() else None


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


def load(where: Path) -> RealLists:
    """The two lists through the project's own rooms (detection, cleaning, geo-mapping), then without their official codes."""
    knowledge = load_knowledge(Corrections())
    old, old_codes = _read(where / MFL, knowledge)
    new, new_codes = _read(where / KMHFL, knowledge)
    columns = MatchColumns.from_records([*old, *new], [LIST_2014] * len(old) + [LIST_2020] * len(new))
    unknown = texts([""] * len(columns))
    codes = [*old_codes, *new_codes]
    return RealLists(
        columns=replace(columns, mfl_codes=unknown), codes=codes, counties=[str(code) for code in columns.county_codes], labels=_labels(where, codes, len(old))
    )


def _read(path: Path, knowledge: Knowledge) -> tuple[list[Record], list[str]]:
    """The records of a list, and beside them the official code of each as the list states it ('' for none)."""
    detection = detect(path, path.name)
    file = SourceFile(name=path.name, sha256="", size_bytes=path.stat().st_size, path=path, kind=detection.kind, source=detection.source)
    records: list[Record] = []
    codes: list[str] = []
    chunk: list[SourceRow] = []
    for row in extract(file, detection):
        if isinstance(row, SourceRow):
            codes.append(_code(row.data))
            chunk.append(row._replace(values={name: value for name, value in row.values.items() if name not in CODE_FIELDS}))
        if len(chunk) == CHUNK_ROWS:
            records, chunk = records + list(standardise(chunk, knowledge, {}).records), []
    records += standardise(chunk, knowledge, {}).records if chunk else []
    if len(records) != len(codes):
        raise ValueError(f"{path.name}: {len(codes)} rows became {len(records)} records")
    return records, codes


def _code(data: Mapping[str, Any]) -> str:
    stated = data.get("Facility Code", data.get("code"))
    return str(int(float(stated))) if stated not in (None, "") else ""


def _labels(where: Path, codes: Sequence[str], old: int) -> list[tuple[int, int, int, str]]:
    """Labelled pairs by row; a look-alike may name two rows of one list, those are left out."""
    row_2014 = {code: row for row, code in enumerate(codes[:old]) if code}
    row_2020 = {code: row + old for row, code in enumerate(codes[old:]) if code}
    return [
        (row_2014[pair["id_2014"]], row_2020[pair["id_2020"]], int(pair["label"]), pair["tier"])
        for pair in _rows(where / PAIRS)
        if pair["id_2014"] in row_2014 and pair["id_2020"] in row_2020
    ]
