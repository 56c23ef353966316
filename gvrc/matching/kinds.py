"""How two kinds of place relate: the same, one may become the other, unlike, or excluding each other; and the sector of an owner."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from enum import IntEnum
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from gvrc.errors import ReferenceDataError
from gvrc.matching.arrays import ByteArray
from gvrc.settings import DATA_DIR

TYPES_FILE = DATA_DIR / "reference" / "facility_types.csv"
OWNERS_FILE = DATA_DIR / "reference" / "owners.csv"
RELATIONS_FILE = Path(__file__).parent / "data" / "kind_relations.csv"


class KindRelation(IntEnum):
    """`UNKNOWN` also for `other`, which says nothing. `EXCLUDES` overrides every score; `SITS_IN` does when the names say so too."""

    UNKNOWN = 0
    SAME = 1
    BECOMES = 2
    RESEMBLES = 3
    UNLIKE = 4
    SITS_IN = 5
    OTHER_GROUP = 6
    EXCLUDES = 7


_BY_NAME = {"becomes": KindRelation.BECOMES, "resembles": KindRelation.RESEMBLES, "sits_in": KindRelation.SITS_IN, "excludes": KindRelation.EXCLUDES, "unknown": KindRelation.UNKNOWN}


@cache
def kind_groups() -> dict[str, str]:
    """Group (health, police, organisation, ...) by kind code. Raises ReferenceDataError when the list of kinds is missing."""
    return {row["code"]: row["group"] for row in _rows(TYPES_FILE)}


@cache
def kind_labels() -> dict[str, str]:
    """Label by kind code."""
    return {row["code"]: row["label"] for row in _rows(TYPES_FILE)}


@cache
def owner_labels() -> dict[str, str]:
    """Label by owner code."""
    return {row["code"]: row["label"] for row in _rows(OWNERS_FILE)}


@cache
def owner_sectors() -> dict[str, str]:
    """Sector (moh, public, faith_based, ngo, private, other) by owner code."""
    return {row["code"]: row["owner_type"] for row in _rows(OWNERS_FILE)}


@cache
def _inner_kinds() -> frozenset[tuple[str, str]]:
    return frozenset((row["left"], row["right"]) for row in _rows(RELATIONS_FILE) if row["relation"] == "sits_in")


def sits_inside(inner: str | None, outer: str | None) -> bool:
    """Whether places of the first kind are often found inside places of the second: a gender desk in a police station."""
    return (inner or "", outer or "") in _inner_kinds()


@cache
def _stated_relations() -> dict[tuple[str, str], KindRelation]:
    found: dict[tuple[str, str], KindRelation] = {}
    for row in _rows(RELATIONS_FILE):
        found[row["left"], row["right"]] = found[row["right"], row["left"]] = _BY_NAME[row["relation"]]
    return found


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            return list(csv.DictReader(handle))
    except OSError as error:
        raise ReferenceDataError(f"The table {path.name} cannot be read.", "Install the package again.") from error


@lru_cache(maxsize=4096)
def relation(left: str, right: str) -> KindRelation:
    """The relation of two kind codes: stated for the pair, else for their groups (`@health`; of two such the graver),
    else unlike within a group, other group across."""
    if not left or not right:
        return KindRelation.UNKNOWN
    if left == right:
        return KindRelation.UNKNOWN if left == "other" else KindRelation.SAME
    groups = kind_groups()
    left_group, right_group = groups.get(left, ""), groups.get(right, "")
    stated = _stated_relations()
    if (left, right) in stated:
        return stated[left, right]
    by_group = [stated[key] for key in ((left, "@" + right_group), ("@" + left_group, right)) if key in stated]
    if by_group or ("@" + left_group, "@" + right_group) in stated:
        return max(by_group, default=stated.get(("@" + left_group, "@" + right_group), KindRelation.UNKNOWN))
    if not left_group or not right_group:
        return KindRelation.UNKNOWN
    return KindRelation.UNLIKE if left_group == right_group else KindRelation.OTHER_GROUP


def relation_table(codes: Sequence[str]) -> ByteArray:
    """The relation of every two kinds, with a last row and column for the unknown kind (number -1)."""
    size = len(codes) + 1
    table: ByteArray = np.zeros((size, size), dtype=np.uint8)
    for row, left in enumerate(codes):
        for column, right in enumerate(codes):
            table[row, column] = relation(left, right)
    return table
