"""The tree of a JSON file seen from its beginning: enough of it to find where the records are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from gvrc.sources.field_names import FIRST, inherited_name, is_field_name, join_path, known_name, object_of_pairs, spaced
from gvrc.sources.json_stream import (
    DEEPEST,
    EACH,
    FIELDS_OF_MODELS,
    LARGEST_LOOKED_AT,
    MOST_TABLES,
    BrokenText,
    JsonWindow,
    Room,
    container_of,
    decode_at,
    ends_in_comma,
    inheritable_values,
    is_within,
    json_reason,
    model_of,
    table_name,
    told_by_key,
    without_trailing_commas,
)
from gvrc.sources.labelled import labelled
from gvrc.sources.looks import is_area, is_county, is_kind_key, is_region

WHOLE_BYTES = LARGEST_LOOKED_AT
"""Files up to this size are looked at as a whole."""
PREFIX_CHARACTERS = 1024 * 1024
"""Of larger files, this much of the beginning is looked at."""
LONG_PREFIX_CHARACTERS = 24 * 1024 * 1024
"""This much when nothing was found in less: a list may begin with a picture or a long preface."""
SAMPLE_RECORDS = 10_000
"""Records of one group whose fields are listed; values are looked at in far fewer."""
MOST_NODES = 300_000
MOST_LEAVES = 2_000

_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["{}\[\],]', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleTree:
    """The beginning of a JSON file as a tree. `problem` says, in words, why it could not be read as a whole."""

    tree: Any
    is_whole: bool
    problem: str = ""


@dataclass(slots=True)
class Group:
    """Records found at one path: how many, some of them with what flows down to them, and all field paths."""

    path: tuple[str, ...]
    count: int = 0
    records: list[dict[str, Any]] = field(default_factory=list)
    contexts: list[dict[str, Any]] = field(default_factory=list)
    leaves: dict[str, None] = field(default_factory=dict)
    lists: set[str] = field(default_factory=set)
    """The fields that hold objects side by side."""

    def add(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        """Count a record; keep it when it is one of the first thousands."""
        self.count += 1
        if self.count <= SAMPLE_RECORDS:
            self.records.append(record)
            self.contexts.append(context)
            if len(self.leaves) < MOST_LEAVES:
                for path, value in islice(flattened(record), MOST_LEAVES):
                    if value == {}:
                        continue  # an object that holds nothing here says nothing of what it is
                    self.leaves[path] = None
                    if type(value) is list and value and type(value[0]) is dict:
                        self.lists.add(path)


PLACE_LISTS = frozenset({"location", "locations", "address", "addresses", "physical_addresses", "physicaladdresses", "position"})
"""Lists of objects whose first element says where a place is, as FHIR and HSDS write them."""


ASIDES = frozenset({"fields", "columns", "headers", "schema", "included", "links", "errors", "pager", "paging", "meta", "metadata", "articles", "news", "faq", "faqs", "blog", "videos", "quotes", "tips"})
"""Lists that describe a list or go with it."""


def flattened(record: dict[str, Any], steps: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Dotted paths and values of a record; lists and single values are leaves. The first of several addresses is told by its parts, as `addresses.0.city`, and
    so is a text that names what it says (`Tel: .. Email: ..`)."""
    for key, value in record.items():
        if type(value) is dict and value and len(steps) < 8:
            yield from flattened(value, (*steps, key))
        elif type(value) is list and value and type(value[0]) is dict and _says_where(key, value[0]) and len(steps) < 8:
            yield from flattened(value[0], (*steps, key, FIRST))
        elif type(value) is list and len(steps) < 8 and (pairs := object_of_pairs(value)) is not None:
            yield from flattened(pairs, (*steps, key))
        elif type(value) is str and len(steps) < 8 and (parts := labelled(value)) is not None:
            yield from ((join_path((*steps, key, label) if label else (*steps, key)), said) for label, said in parts.items())
        else:
            yield join_path((*steps, key)), value


def _says_where(key: str, first: dict[str, Any]) -> bool:
    """Whether a list of objects says where a place is: a list of addresses, or of contacts that have one and no number."""
    return key.casefold() in PLACE_LISTS or (key.casefold() in ("contact", "contacts") and type(first.get("address")) is dict and "telecom" not in first)


# ---------------------------------------------------------------- reading the sample

def read_sample(path: Path, prefix: int = PREFIX_CHARACTERS, *, whole: int = WHOLE_BYTES) -> SampleTree:
    """The tree of a JSON file: all of a small one (up to `whole` bytes), the beginning of a large or damaged one."""
    with JsonWindow(path) as window:
        longest = whole if path.stat().st_size <= whole else prefix
        while len(window.text) < longest and window.more():
            pass
        window.peek()
        is_whole = window.is_at_end
        text = window.text[window.position : None if is_whole else window.position + longest]
    if is_whole:
        try:
            return SampleTree(tree=_decode(text), is_whole=True)
        except (json.JSONDecodeError, RecursionError) as error:
            if isinstance(error, json.JSONDecodeError) and ends_in_comma(error):
                return _repaired(without_trailing_commas(text), "")
            return _with_next(_repaired(text, _problem(error, text)), text)
    return _repaired(text, "")


_FIRST_OF_A_LIST = re.compile(r'\s*\[\s*(\{\s*"[^"\\]{1,100}")')
FARTHEST_NEXT = 100_000
"""Characters behind the beginning of a damaged first record in which the next one is looked for."""


def _with_next(sample: SampleTree, text: str) -> SampleTree:
    """The sample with the records behind a damaged first one, which tell the fields of the list better than what is left of it."""
    first = _FIRST_OF_A_LIST.match(text)
    if first is None or type(sample.tree) is not list or len(sample.tree) > 1:
        return sample
    place = text.find(first[1], first.end(), first.end() + FARTHEST_NEXT)
    while place > 0:
        rest = _repaired("[" + text[place:], sample.problem)
        if type(rest.tree) is list and rest.tree and type(rest.tree[0]) is dict and not is_within(text[first.end() : place]):
            return rest
        place = text.find(first[1], place + 1, first.end() + FARTHEST_NEXT)
    return sample


def _decode(text: str) -> Any:
    try:
        return orjson.loads(text.rstrip(" \t\r\n\x00"))
    except orjson.JSONDecodeError:
        tree, end = decode_at(text, 0)
    if rest := text[end:].strip(" \t\r\n\x00);"):  # a list that a web page calls is closed so: `show([..]);`
        raise json.JSONDecodeError("Extra data", text, len(text) - len(rest)) from None
    return tree


def _problem(error: json.JSONDecodeError | RecursionError, text: str) -> str:
    if isinstance(error, RecursionError):
        return "brackets are nested too deeply"
    return f"near line {error.lineno:,}, {json_reason(error, text, is_at_end=True)}"


def _repaired(text: str, problem: str) -> SampleTree:
    """The tree of a text that breaks off: cut after the last whole value, all brackets closed."""
    for _ in range(4):
        cut, closers = _last_whole(text)
        try:
            tree, _ = decode_at(text[:cut] + closers, 0)
        except json.JSONDecodeError as error:
            text = text[: min(error.pos, cut)]
            continue
        except RecursionError:
            break
        return SampleTree(tree=tree, is_whole=False, problem=problem)
    return SampleTree(tree=None, is_whole=False, problem=problem or "it is not written as JSON")


def _last_whole(text: str) -> tuple[int, str]:
    """Where the last whole value ends, and the brackets that close what is open there."""
    stack: list[str] = []
    cut, open_there = 0, ""
    for match in _TOKEN.finditer(text):
        sign = text[match.start()]
        if sign == '"':
            if match.end() == match.start() + 1:
                break
            continue
        if sign in "{[":
            if len(stack) >= DEEPEST:
                break
            stack.append("}" if sign == "{" else "]")
            if text[match.end() : match.end() + 40].strip() and len(stack) <= 2:
                cut, open_there = match.end(), "".join(reversed(stack))
            continue
        if sign != "," and (not stack or stack.pop() != sign):
            break
        cut, open_there = (match.start() if sign == "," else match.end()), "".join(reversed(stack))
        if not stack:
            break
    return cut, open_there


# ---------------------------------------------------------------- several documents

def is_json_lines(path: Path) -> bool:
    """Whether a file is one object after another: most lines are objects, or the first object is followed by another."""
    with JsonWindow(path) as window:
        if window.peek() != "{":
            return False
        lines = [line for raw in window.text[window.position :].split("\n")[:50] if (line := raw.strip(" \t\r,\x1e\ufeff"))]
        whole = [_is_object(line) for line in lines]
        if len(lines) > 1 and sum(whole) >= max(1, (len(lines) - 1) / 2):
            return not _opens_a_list("".join(lines[: whole.index(True)]))
        return _is_followed_by_another(window)


def _opens_a_list(text: str) -> bool:
    """Whether what stands before the first whole object opens a list that it stands in: a document with a record on each line."""
    is_open: list[int] = []
    for found in _TOKEN.finditer(text):
        if text[found.start()] == "[":
            is_open.append(found.end())
        elif text[found.start()] == "]" and is_open:
            is_open.pop()
    return bool(is_open) and text[is_open[-1] :].strip()[:1] in ("", "{")


def _is_object(line: str) -> bool:
    try:
        return type(orjson.loads(line)) is dict
    except orjson.JSONDecodeError:
        return False


def _is_followed_by_another(window: JsonWindow) -> bool:
    if not window.holds_whole_value():
        return False
    try:
        first = window.value()
    except BrokenText:
        return False
    return window.peek(_BETWEEN_OBJECTS) == "{" and not any(group.path for group in find_groups(first))


_BETWEEN_OBJECTS = re.compile(r"[ \t\r\n,\x1e\ufeff]*")


# ---------------------------------------------------------------- finding records

def find_groups(tree: Any) -> list[Group]:
    """Every place of the tree where objects stand side by side, with the values that flow down to them."""
    search = _Search()
    if type(tree) is dict and not is_keyed(tree, ()) and any(type(value) not in (dict, list) for value in tree.values()):
        search.group(()).add(tree, {})
    search.look(tree, (), {})
    return _together([group for group in search.groups.values() if group.count])


def _together(groups: list[Group]) -> list[Group]:
    """The groups, one that stands under a single key (a ward that nobody knows among others) with those under any key at the same place, when its
    records are like theirs."""
    any_key = {group.path: group for group in groups if EACH in group.path}
    kept = []
    for group in groups:
        wider = next((any_key[path] for path in _wider(group.path) if path in any_key), None)
        if wider is None or 2 * len(wider.leaves.keys() & group.leaves.keys()) < len(group.leaves):
            kept.append(group)
            continue
        for record, context in zip(group.records, group.contexts, strict=True):
            wider.add(record, context)
        wider.count += group.count - len(group.records)
    return kept


def _wider(path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The paths that say "any key" where this one, within data by keys, says which."""
    return ((*path[:place], EACH, *path[place + 1 :]) for place in range(1, len(path)) if path[place] != EACH and path[place - 1] == EACH)


def empty_lists(tree: Any) -> list[tuple[str, ...]]:
    """The paths of lists that are there and hold nothing."""
    if tree == []:
        return [(EACH,)]
    if type(tree) is not dict:
        return []
    return [(key, *path) for key, value in tree.items() if type(value) in (dict, list) for path in empty_lists(value)]


MOST_LITERAL_KEYS = 500
"""Lists and objects under keys of one object above which the keys are data, whatever stands under them: nobody names so many fields."""
MOST_GROUPS = 1_000
"""Places of a tree where objects stand side by side; what stands at others is left out, and told."""


class _Search:
    def __init__(self) -> None:
        self.groups: dict[tuple[str, ...], Group] = {}
        self._nodes = 0

    def group(self, path: tuple[str, ...]) -> Group:
        if path not in self.groups and len(self.groups) >= MOST_GROUPS:
            return Group(path)
        return self.groups.setdefault(path, Group(path))

    def look(self, node: Any, path: tuple[str, ...], context: dict[str, Any], *, is_member: bool = False) -> None:
        """Look for records in a node and below it. `is_member`: the node stands under a key that is data itself."""
        self._nodes += 1
        if self._nodes > MOST_NODES or len(path) > 12:
            return
        if type(node) is list:
            self._look_in_list(node, (*path, EACH), context)
        elif type(node) is dict and is_keyed(node, path, is_member=is_member):
            self._look_in_keyed(node, path, context)
        elif type(node) is dict:
            below = {**context, **_own_values(node, path)}
            for key, value in node.items():
                if type(value) in (dict, list):
                    self.look(value, (*path, key), told_by_key(key, below))

    def _look_in_list(self, node: list[Any], path: tuple[str, ...], context: dict[str, Any]) -> None:
        if any(names := [table_name(item) for item in node[:MOST_TABLES]]):
            for name, table in zip(names, node, strict=False):
                if name:
                    self.look(table, (*path[:-1], name), told_by_key(name, context))
            return
        if len(models := {model_of(item) for item in node[:SAMPLE_RECORDS]}) > 1 and "" not in models:
            for item in node:
                self._look_in_model(item, path[:-1], context)
            return
        for item in node:
            if type(item) is dict:
                self.group(path).add(item, context)
                self.look(item, path, context)

    def _look_in_model(self, item: Any, path: tuple[str, ...], context: dict[str, Any]) -> None:
        if name := model_of(item):
            place = (*path, name, FIELDS_OF_MODELS)
            self.group(place).add(item[FIELDS_OF_MODELS], told_by_key(name, context) | _own_values(item, place[:-1]))

    def _look_in_keyed(self, node: dict[str, Any], path: tuple[str, ...], context: dict[str, Any]) -> None:
        number = sum(1 for name in context if name.startswith("key") and name[3:].isdigit()) + ("key" in context)
        name = f"key{number + 1}" if number else "key"
        below = {**context, **_own_values({key: value for key, value in node.items() if type(value) is not dict}, path)}
        for key, value in node.items():
            if type(value) not in (dict, list):
                continue
            inner = {**below, name: key}
            if type(value) is dict:
                self.group((*path, EACH)).add(value, inner)
            self.look(value, (*path, EACH), inner, is_member=True)


def _own_values(node: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """What flows down from an object: its single values, and those of objects in it that hold nothing but single values, as many as there is room for."""
    container, room = container_of(path), Room()
    single = {key: value for key, value in node.items() if type(value) is not list and not (type(value) is dict and _holds_more(value))}
    return dict(pair for key, value in single.items() for pair in inheritable_values(key, value, container) if room.takes(pair[1]))


def _holds_more(value: dict[str, Any]) -> bool:
    return any(type(inner) in (dict, list) for inner in value.values())


def is_keyed(node: dict[str, Any], path: tuple[str, ...], *, is_member: bool = False) -> bool:
    """Whether the keys of an object are data themselves (counties, codes, names), its values being alike.

    `is_member` says that the object itself stands under such a key.
    """
    members = [(key, value) for key, value in node.items() if type(value) in (dict, list) and value]
    if not members or sum(type(value) not in (dict, list) for value in node.values()) > len(members) + 3:
        return False
    are_places = sum(is_county(key) or is_region(key) or (is_member and is_area(key)) for key, _ in members) > 0.5 * len(members)
    if are_places or len(members) > MOST_LITERAL_KEYS or _stands_under_places(members, path, is_member=is_member):
        return True
    if all(type(value) is dict and "value" in value and value.keys() <= _TYPED for _, value in members[:20]):
        return False
    shapes = [shape for _, value in members[:200] if (shape := _shape(value))]
    if len(shapes) != len(members[:200]) or len(members) == 1 or len({type(value) for _, value in members}) > 1:
        return False
    common = set.intersection(*shapes[:20])
    everything = set.union(*shapes[:20])
    if is_described(node) or ASIDES.intersection(map(str.casefold, node)) or any(map(_names_units, node)):
        return False
    return bool(common) and len(common) >= 0.4 * min(map(len, shapes)) and len(everything) <= 4 * max(map(len, shapes))


_UNITS = frozenset({"counties", "constituencies", "wards", "subcounties", "districts"})


def _names_units(key: str) -> bool:
    """Whether a key is that of a list of units (`kenyanCounties`): then its neighbours are lists of their own too."""
    return spaced(key).replace("_", " ").casefold().split()[-1:] in ([unit] for unit in _UNITS)


_TYPED = frozenset({"type", "value", "datatype", "xml:lang", "lang"})
"""What stands beside a value in the answers of a query service: `{"type": "literal", "value": "Kwale"}`."""
_PLACES = frozenset({"county", "constituency", "sub_county", "ward", "district"})


def _stands_under_places(members: list[tuple[str, Any]], path: tuple[str, ...], *, is_member: bool) -> bool:
    """Whether the keys are places or names by where they stand: under `wards`, or in an object of a keyed one with known fields below."""
    if any(known_name((key,)) is not None for key, _ in members[:20]):
        return False
    container = inherited_name(path[-1]) if path and path[-1] != EACH else None
    if container is not None and container.canonical in _PLACES:
        return True
    below = [value for _, value in members[:20]]
    return is_member and all(type(value) is dict and sum(map(is_field_name, value)) >= 2 for value in below)


def is_described(node: dict[str, Any]) -> bool:
    """Whether the lists of an object are of kinds of place, one key each: then its keys are read as such, not as data."""
    return sum(map(is_kind_key, node)) > 0.5 * len(node)


def find_text_lists(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """The lists of bare texts of a tree with their paths: under counties, constituencies or wards as keys, under the key of a kind of place, or
    in objects that stand side by side (`[{"county": .., "stations": [..]}]`)."""
    if type(node) is list:
        if node and all(type(item) is str for item in node):
            yield (*path, EACH), node
        for item in node[:MOST_LISTS]:
            if type(item) is dict:
                yield from find_text_lists(item, (*path, EACH))
    elif type(node) is dict and len(path) < 6:
        keys = [key for key, value in node.items() if type(value) in (list, dict)]
        are_data = len(keys) > MOST_LITERAL_KEYS or sum(map(is_area, keys)) > 0.5 * len(keys)
        for key in keys[:MOST_LISTS]:
            yield from find_text_lists(node[key], (*path, EACH if are_data else key))


MOST_LISTS = 2_000


def _shape(value: Any) -> set[str]:
    """The keys of an object that has single values, or of the first object of a list."""
    if type(value) is list:
        value = next((item for item in value if type(item) is dict), {})
    return set(value) if type(value) is dict else set()
