"""What the keys of a record mean, and two ways to its canonical values: key by key, or at once where the form of the records is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any, NamedTuple

from gvrc.sources.field_names import FIRST, may_tell_by_name, object_of_pairs
from gvrc.sources.forms import UNSET, Form, Typed, attribute, form_of
from gvrc.sources.labelled import parts_of_cell
from gvrc.sources.looks import is_missing, words_of

TICKED_FIELDS = frozenset({"services", "opening_hours", "visibility"})
"""A ticked cell (`Y`, `true`) of such a field says what its heading says."""
_MAY_BE_NO = TICKED_FIELDS | {"operational_status"}
"""Fields of which `false` says something; in any other some systems write it for nothing (`"mobile": false`)."""
WORDED_FIELDS = frozenset({"name", "facility_type", "owner", "operational_status", "keph_level", "county", "constituency", "sub_county", "ward", "town"})
"""Fields that are words: of a coded value, the words that stand beside the code count."""

_CODED = frozenset({list, dict})
"""Types of values that are words only beside or within a code."""

Part = tuple[int, str, Any]
"""A value that must be put together with others: the rank of its path, its label, the value."""


def says_nothing(canonical: str, value: Any) -> bool:
    """Whether a value that is false says nothing of a field: empty, or a `false` that some systems write for it."""
    return value is None or value is UNSET or value == "" or value == [] or (value is False and canonical not in _MAY_BE_NO)


def in_words(canonical: str, value: Any) -> Any:
    """A coded value as its words, and a list of units as the address it is; any other as it stands."""
    if canonical in WORDED_FIELDS and type(value) in _CODED:
        return words_of(value) or _several(value) or value
    return _several(value) if canonical == "location" and type(value) is list else value


def _several(value: Any) -> str:
    """The words of a list as one text."""
    return ", ".join(words_of(item) or str(item) for item in value if not is_missing(item)) if type(value) is list else ""


class Step(NamedTuple):
    """What a key of an object means: `below` an object to enter; the canonical field (empty for none) with the rank of this path, -1 for a field that has
    no other."""

    below: Plan | None = None
    canonical: str = ""
    rank: int = -1


class Plan:
    """What the keys of an object mean."""

    def __init__(self) -> None:
        self.steps: dict[str, Step] = {}
        self.alone: dict[str, str] = {}
        """The canonical fields of keys of which a text is the value as it stands: nothing is entered there, and nothing else means that field."""

    def add(self, steps: tuple[str, ...], canonical: str, rank: int) -> None:
        """Read one path. `rank` is -1 for a field that has no other."""
        plan = self
        for name in steps[:-1]:
            step = plan.steps.get(name, Step())
            below = step.below or Plan()
            plan._put(name, step._replace(below=below))
            plan = below
        last = plan.steps.get(steps[-1], Step())
        if rank < 0 or last.rank >= 0 or not last.canonical:  # of a path that means two fields, one that has no other path counts
            plan._put(steps[-1], last._replace(canonical=canonical, rank=rank))

    def _put(self, key: str, step: Step) -> None:
        self.steps[key] = step
        self.alone.pop(key, None)
        if step.below is None and step.rank < 0:
            self.alone[key] = step.canonical

    def read(self, data: dict[str, Any], values: dict[str, Any], parts: dict[str, list[Part]]) -> None:
        """Put what a record says into `values`, and what must be put together into `parts`."""
        steps, alone = self.steps, self.alone
        for key, value in data.items():
            if type(value) is str and key in alone:
                if value:
                    values[alone[key]] = value
                continue
            if (step := steps.get(key)) is None:
                continue
            below, canonical, rank = step
            if not value and says_nothing(canonical, value):
                continue
            if below is not None and (value := below.enter(value, values, parts)) is None:
                continue
            if not canonical:
                continue
            if rank < 0:
                values[canonical] = value if type(value) is str else in_words(canonical, value)
            elif canonical in parts:
                parts[canonical].append((rank, key, value))
            else:
                parts[canonical] = [(rank, key, value)]

    def enter(self, value: Any, values: dict[str, Any], parts: dict[str, list[Part]]) -> Any:
        """Read what is mapped by its parts; what is left of the value to be read as a whole, None for nothing: it would say the same again."""
        if type(value) is list:
            if (first := self.steps.get(FIRST)) is not None and first.below is not None and type(value[0]) is dict:
                first.below.read(value[0], values, parts)
                return None
            told = object_of_pairs(value)
        else:
            told = value if type(value) is dict else parts_of_cell(value) if type(value) is str else None
        if told is None:
            return value
        self.read(told, values, parts)
        return told.get("") if type(value) is str else None


# ---------------------------------------------------------------- all values at once

class _Reached(NamedTuple):
    """A value of a form that is mapped: its attribute, its key, the canonical field with the rank of its path; whether it is taken from the record as it is,
    and whether it may be a ticked cell."""

    path: str
    key: str
    canonical: str
    rank: int
    is_whole: bool
    may_be_tick: bool


class Beside(NamedTuple):
    """What is told of a record by its parents and for all of its source: `alone` by nothing else, `parts` to be put together with what the record says.
    `full` holds the fields of the view too, still empty."""

    alone: dict[str, Any]
    parts: list[tuple[str, Part]]
    full: dict[str, Any]


class View(NamedTuple):
    """How the values of all records of a form are reached: `names` are the fields of what `reach` gives; `shared` must be put together with others, and
    `whole` are lists of objects, taken from the record as they are. `fields` are those of all."""

    names: tuple[str, ...]
    reach: Callable[[Any], tuple[Any, ...]]
    shared: tuple[tuple[int, str, str, Callable[[Any], Any]], ...]
    whole: tuple[tuple[int, str, str], ...]
    fields: frozenset[str]

    def read(self, typed: Typed, data: dict[str, Any], beside: Beside, parts: dict[str, list[Part]]) -> dict[str, Any]:
        """The values of a record beside those of its parents, and into `parts` what must be put together, as Plan.read does. Raises AttributeError when an
        object of the form is missing in it."""
        told = self.reach(typed)
        if all(told):
            values = beside.full.copy()  # which is as large as it will be
            values.update(zip(self.names, told, strict=True))
        else:
            values = beside.alone.copy()
            values.update([(name, value) for name, value in zip(self.names, told, strict=True) if value or not says_nothing(name, value)])
        if self.shared or self.whole:
            self._read_others(typed, data, values, parts)
        return values

    def _read_others(self, typed: Typed, data: dict[str, Any], values: dict[str, Any], parts: dict[str, list[Part]]) -> None:
        for rank, key, canonical, reach in self.shared:
            if (value := reach(typed)) or not says_nothing(canonical, value):
                parts.setdefault(canonical, []).append((rank, key, value))
        for rank, key, canonical in self.whole:
            if (value := data.get(key)) or not says_nothing(canonical, value):
                if rank < 0:
                    values[canonical] = value
                else:
                    parts.setdefault(canonical, []).append((rank, key, value))


class _NoView(Exception):
    """A value must be looked at before it is known what it is."""


def view_of(plan: Plan, made: type[Typed], inherited: frozenset[str]) -> View | None:
    """How the values of the objects of a class are reached; None when they must be read key by key. `inherited` are the fields that parents may tell too."""
    try:
        found = list(_reached(plan, form_of(made), ""))
    except _NoView:
        return None
    times = Counter(each.canonical for each in found)
    reached = [each._replace(rank=-1) if times[each.canonical] == 1 and each.canonical not in inherited and not each.may_be_tick else each for each in found]
    alone = [each for each in reached if each.rank < 0 and not each.is_whole]
    if len(alone) < 2:
        return None
    return View(
        names=tuple(each.canonical for each in alone), reach=attrgetter(*(each.path for each in alone)),
        shared=tuple((each.rank, each.key, each.canonical, attrgetter(each.path)) for each in reached if each.rank >= 0 and not each.is_whole),
        whole=tuple((each.rank, each.key, each.canonical) for each in reached if each.is_whole), fields=frozenset(each.canonical for each in reached),
    )  # fmt: skip


def _reached(plan: Plan, keys: dict[str, Form], above: str) -> Iterator[_Reached]:
    for place, (key, form) in enumerate(keys.items()):
        if (step := plan.steps.get(key)) is None:
            continue
        path = f"{above}{attribute(place)}"
        if form.keys is not None:
            if step.below is None or form.is_single or form.items is not None:
                raise _NoView
            yield from _reached(step.below, form.keys, f"{path}.")  # what is read by its parts says nothing as a whole
            continue
        if step.below is not None and form.is_single:
            raise _NoView  # a text may hold the parts
        is_whole = form.items is not None and _holds_objects(form.items, step, is_deep=bool(above))
        if step.canonical:
            yield _Reached(path, key, step.canonical, step.rank, is_whole, step.canonical in TICKED_FIELDS and (form.is_single or form.items is None))


def _holds_objects(items: Form, step: Step, *, is_deep: bool) -> bool:
    """Whether a list is one of objects or of lists. Raises _NoView when such a list, or one of words, must be looked at."""
    if step.canonical in WORDED_FIELDS or step.canonical == "location":
        raise _NoView
    if items.keys is None and items.items is None:
        return False
    if is_deep or (step.below is not None and (FIRST in step.below.steps or may_tell_by_name(tuple(items.keys or ())))):
        raise _NoView
    return True
