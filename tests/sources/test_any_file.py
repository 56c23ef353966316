"""Whatever a file holds, it is read or refused in words: nothing else is ever raised, and no two rows share a pointer or a key.

GVRC_EXAMPLES sets how many files are made (40 by default; 10,000 before a release).
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from benchmarks.intake.mutations import fits
from gvrc.errors import GvrcError
from gvrc.model.source import Damage, SourceFile, SourceRow
from gvrc.sources.detect import detect
from gvrc.stages.extract import extract

EXAMPLES = int(os.environ.get("GVRC_EXAMPLES", "40"))
pytestmark = pytest.mark.timeout(300 + EXAMPLES)
EVERY = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

KEYS = st.sampled_from([
    "name", "county", "ward", "phone", "Facility Name", "Kilifi", "Kwale", "wards", "counties", "data", "rows", "columns", "fields", "features", "properties", "geometry", "coordinates",
    "type", "id", "entry", "resource", "identifier", "results", "address", "addresses", "jina", "level", "parent", "path", "0", "1", "a.b", "", "^key", "*", "key", "list", "\ud800", "\x00",
])  # fmt: skip
TEXTS = st.sampled_from([
    "Diani Dispensary", "Kilifi", "Kwale", "0700 000 111", "a@example.org", "-3.63", "39.85", "-3.6, 39.8", "POINT (39.8 -3.6)", "Yes", "N/A", "", "1. KWALE", "Hospital", "Operational", "=1+1",
    '{"name": "A"}', "[1, 2]", "\ud800", "\x00", "name", "county",
]) | st.text(max_size=6)  # fmt: skip
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS | st.text(max_size=4), inner, max_size=6), max_leaves=30)
SIGNS = st.sampled_from([",", ";", "\t", "|", "\n", "\n", "\r\n", "\r", '"', '""', "{", "}", "[", "]", ":", " ", "\ufeff", "\x00", "\u2028", "#", "sep=;\n"])
DELIMITED = st.lists(SIGNS | KEYS | TEXTS, max_size=60).map("".join)


def read_or_refuse(path: Path) -> list[SourceRow | Damage] | GvrcError:
    try:
        detection = detect(path, "list.json")
        return list(extract(SourceFile(name="list", sha256="", size_bytes=1, path=path, kind=detection.kind), detection))
    except GvrcError as refusal:
        return refusal


def read(content: bytes) -> None:
    """Read a file as a run does."""
    with tempfile.NamedTemporaryFile() as stream:
        stream.write(content)
        stream.flush()
        found = read_or_refuse(Path(stream.name))
    if isinstance(found, GvrcError):
        assert found.detail
        assert found.hint
        return
    rows = [item for item in found if isinstance(item, SourceRow)]
    assert sum(isinstance(item, Damage) for item in found) <= 1
    assert len({row.pointer for row in rows}) == len({row.record_key for row in rows}) == len(rows)
    assert all(fits(told) for row in rows for told in (row.data, row.context, row.values))
    kept = json.dumps([[row.data, row.context, row.values] for row in rows], ensure_ascii=False, allow_nan=False)
    assert "\x00" not in kept
    kept.encode()


@EVERY
@example(tree={"id": 1e300, "data": [{"name": "A", "lat": -1e308, "county": ["Kwale", {"0": 1e25}]}] * 2})
@example(tree={"name": ["A", "B"], "county": [1e30, "Kwale"]})
@given(tree=TREES)
def test_any_tree_is_read_or_refused_in_words(tree: Any) -> None:
    read(json.dumps(tree).encode())


@EVERY
@given(tree=TREES, at=st.floats(0, 1), junk=st.binary(max_size=3), encoding=st.sampled_from(["utf-8", "utf-8", "utf-16", "utf-16-be", "cp1252", "utf-32"]))
def test_any_damaged_tree_is_read_or_refused_in_words(tree: Any, at: float, junk: bytes, encoding: str) -> None:
    content = json.dumps(tree, indent=1).encode(encoding)
    place = int(at * len(content))
    read(content[:place] + junk + content[place + len(junk) :] if junk else content[:place])


@EVERY
@given(text=DELIMITED)
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    read(text.encode("utf-8", "surrogatepass"))
    read(f"Name,County\n{text}".encode("utf-8", "surrogatepass"))


@EVERY
@example(records=[{"name": None, "county": [{}]}], between="\n")
@given(records=st.lists(st.dictionaries(KEYS, TREES, max_size=5), max_size=6), between=st.sampled_from(["\n", "\r\n", "\r", "", ",\n", " "]))
def test_any_lines_are_read_or_refused_in_words(records: list[dict[str, Any]], between: str) -> None:
    read(between.join(map(json.dumps, records)).encode())
