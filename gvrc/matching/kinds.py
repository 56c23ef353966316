"""How two kinds of place relate: the same, one may become the other, unlike, or excluding each other; which of them are namesakes' rivals; and the sector of an owner."""

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
TASKS_FILE = Path(__file__).parent / "data" / "office_tasks.csv"
PLAIN_WORDS_FILE = Path(__file__).parent / "data" / "plain_words.csv"
OFFICE, TASK_MARK = "government_office", ":"
"""The kind that says little of what a place does, and what stands between it and the task that its name tells."""
_APART = str.maketrans(dict.fromkeys("'\u2019-/,.()", " "))


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


_BY_NAME = {"other_group": KindRelation.OTHER_GROUP, "becomes": KindRelation.BECOMES, "resembles": KindRelation.RESEMBLES, "sits_in": KindRelation.SITS_IN, "excludes": KindRelation.EXCLUDES, "unknown": KindRelation.UNKNOWN}


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


UNSORTED = ""
"""The sort of health facilities, and of what may be one."""


@cache
def sort_of(kind: str) -> str:
    """What sort of place a kind is: names are told apart within one, for a town has a hospital, a police station and a court that are all called after it.
    What sits inside others (a gender desk, a recovery centre) has its host's name and is a sort of its own; UNSORTED is health, and every kind that says nothing."""
    base = kind.partition(TASK_MARK)[0]
    if any(base == inner for inner, _ in _inner_kinds()):
        return base
    group = kind_groups().get(base, "")
    return UNSORTED if group == "health" or base == "other" else kind if TASK_MARK in kind else group


@cache
def plain_words() -> dict[str, frozenset[str]]:
    """By sort of place the words that add nothing to its name: the Central Police Station of a town is its police station."""
    rows = _rows(PLAIN_WORDS_FILE)
    return {sort: frozenset(row["word"] for row in rows if row["sort"] == sort) for sort in {row["sort"] for row in rows}}


@cache
def office_tasks() -> dict[str, str]:
    """The task of a government office that a word in its name tells: a court and a children's office of one town are two bodies."""
    return {row["word"]: row["task"] for row in _rows(TASKS_FILE)}


def with_tasks(names: Sequence[str]) -> list[str]:
    """The kind of government offices of these names, each with the tasks that its name tells (a children's court has two)."""
    known = office_tasks()
    words = "\n".join(name.replace("\n", " ") for name in names).lower().translate(_APART).split("\n") if names else []
    told = ({known[word] for word in known.keys() & text.split()} for text in words)
    return [OFFICE + TASK_MARK + "+".join(sorted(tasks)) if tasks else OFFICE for tasks in told]


@lru_cache(maxsize=4096)
def relation(left: str, right: str) -> KindRelation:
    """The relation of two kind codes: stated for the pair, else for their groups (`@health`; of two such the graver),
    else unlike within a group, other group across."""
    if not left or not right:
        return KindRelation.UNKNOWN
    if left == right:
        return KindRelation.UNKNOWN if left == "other" else KindRelation.SAME
    (left, _, left_task), (right, _, right_task) = left.partition(TASK_MARK), right.partition(TASK_MARK)
    if left == right:
        return KindRelation.OTHER_GROUP if left_task and right_task else KindRelation.SAME
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
