"""Lists with damage inside: values of other types, lost and strange keys, cut and doubled bytes. Nothing may crash, whatever comes out of it.

    python -m benchmarks.intake.mutations [--seconds 60] [--seed 1] [--only WORD]

The sample lists, and a small list in every other shape that lists come in (odd_shapes.py), are changed by chance, written as a file, recognised, read and taken
through the row stages. A list may be refused in words; an error of any other kind, a row that breaks a stage, two rows with one pointer or one key, or a row that
the database could not keep is printed with its place and fails the benchmark. `--only` tries the shapes whose name holds a word.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.intake.odd_shapes import odd_texts, odd_trees
from gvrc.errors import GvrcError
from gvrc.model.source import SourceFile, SourceRow
from gvrc.reference.corrections import Corrections
from gvrc.settings import DATA_DIR
from gvrc.sources.detect import detect
from gvrc.sources.records import read_records
from gvrc.stages.extract import extract
from gvrc.stages.standardise import Knowledge, load_knowledge, standardise_apart

JUNK: tuple[Any, ...] = (
    None, "", 0, -1, 1e308, True, [], {}, "NaN", "\u0000", "\u202e", "\U0001f4a5" * 50, "a" * 5000, [[["x"]]], {"a": {"b": [1, {"c": None}]}}, "=1+1", "<script>", "0700000111", "-1.28,36.8",
    "POINT(1 2)", "2024-13-45", "\u0661\u0662\u0663", "\u2177", "Kwale", "N/A", ["Kwale", None, 3], '{"a":1}', "%s%n", "'; DROP TABLE", "&amp;&lt;b&gt;", "\n\t\r", "\u00bd", "1,5", "+", "()", "/", "--",
    10**30, -0.0, "1e400",
)  # fmt: skip
KEYS = ("", "/", "~", "name", "county", "phone", "latitude", "^list", "0", "\u00ff")
SIGNS = (b'"', b",", b";", b"\n", b"\r\n", b"\x00", b"\xff", b"\t", b"|", "\u00e9".encode())


def main() -> int:
    """Print what was tried and every crash; 1 when there was one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    knowledge, tries = load_knowledge(Corrections(())), Tries()
    shapes = {name: shape for name, shape in all_shapes().items() if options.only in name}
    until = time.monotonic() + options.seconds
    with tempfile.TemporaryDirectory(prefix="gvrc-mutations-") as folder:
        path = Path(folder) / "list"
        while time.monotonic() < until:
            name = rng.choice(list(shapes))
            path.write_bytes(changed_file(shapes[name], rng))
            tries.one(path, name, knowledge)
    readers = ", ".join(f"{reader} {count:,}" for reader, count in sorted(tries.readers.items()))
    print(f"{tries.lists:,} changed lists of {len(shapes)} shapes (seed {options.seed}) with {tries.rows:,} rows: {sum(tries.crashes.values())} crashes  bar: 0")
    print(f"read by {readers}")
    for place, count in tries.crashes.most_common(20):
        print(f"{count:6}  {place}")
        kept = Path(tempfile.gettempdir()) / f"gvrc-mutation-{options.seed}-{len(tries.first)}"
        kept.write_bytes(tries.first[place])
        print(f"        the first one is kept as {kept}")
    return 1 if tries.crashes else 0


def all_shapes() -> dict[str, Any]:
    """The sample lists and one list in each other shape: trees, and texts as bytes."""
    trees = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted((DATA_DIR / "sources").glob("*.json"))}
    table = as_table(next(tree for tree in trees.values() if isinstance(tree, list)))
    return {**trees, "sample list as a table": table, **odd_trees(), **{f"text: {name}": text.encode() for name, text in odd_texts().items()}}


def changed_file(shape: Any, rng: random.Random) -> bytes:
    """A list of a shape with damage in its values, in its bytes or in both, and now and then in another encoding."""
    if not isinstance(shape, bytes):
        tree = changed(shape, rng) if rng.random() < 0.8 else shape
        shape = json.dumps(tree, ensure_ascii=rng.random() < 0.5, indent=rng.choice((None, None, 1))).encode("utf-8", "surrogatepass")
        shape = cut(shape, rng) if rng.random() < 0.3 else shape
    else:
        lines = shape.splitlines(keepends=True)
        shape = b"".join(rng.sample(lines, len(lines))) if rng.random() < 0.1 else shape
        shape = cut(shape, rng) if rng.random() < 0.9 else shape
    encoding = rng.choice(ENCODINGS) if rng.random() < 0.1 else "utf-8"
    return shape if encoding == "utf-8" else shape.decode("utf-8", "replace").encode(encoding, "replace")


ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-be", "utf-32", "cp1252")


@dataclass(slots=True)
class Tries:
    """What was tried, and what went wrong by its place, with the first file that did."""

    lists: int = 0
    rows: int = 0
    readers: Counter[str] = field(default_factory=Counter)
    crashes: Counter[str] = field(default_factory=Counter)
    first: dict[str, bytes] = field(default_factory=dict)

    def one(self, path: Path, shape: str, knowledge: Knowledge) -> None:
        """Recognise, read and standardise one file."""
        self.lists += 1
        try:
            found = detect(path, path.name)
            self.readers.update(readers_of(read_records(path, found.kind, found.mapping)))
            file = SourceFile(name=path.name, sha256="-", size_bytes=path.stat().st_size, path=path, kind=found.kind, source=found.source, file_id=1)
            rows = [row for row in extract(file, found) if isinstance(row, SourceRow)]
            require_kept(rows)
            _made, broken = standardise_apart(rows, knowledge, {})
        except GvrcError:
            return
        except Exception as error:
            self.note(f"{shape}: {place_of(error)}", path)
            return
        for each in broken:
            self.note(f"{shape}: {each.stage.value}: {place_of(each.error)}", path)
        self.rows += len(rows)

    def note(self, place: str, path: Path) -> None:
        """Count a crash."""
        self.crashes[place] += 1
        self.first.setdefault(place, path.read_bytes())


def readers_of(reader: object) -> Iterator[str]:
    """The names of a reader and of those it reads by."""
    yield type(reader).__name__
    if (inner := getattr(reader, "_reader", None)) is not None:
        yield from readers_of(inner)


def require_kept(rows: Sequence[SourceRow]) -> None:
    """Raises AssertionError for rows that share a pointer or a key, ValueError for a row that the database cannot keep."""
    assert len({row.pointer for row in rows}) == len(rows), "two rows have one pointer"
    assert len({row.record_key for row in rows}) == len(rows), "two rows have one key"
    told = json.dumps([[row.data, row.context, row.values] for row in rows], ensure_ascii=False, allow_nan=False)
    assert "\x00" not in told, "a zero character"
    told.encode()
    assert all(fits(told) for row in rows for told in (row.data, row.context, row.values)), "a number that no tool of JSON takes"


def place_of(error: Exception) -> str:
    """The kind of an error and the line it came from."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(last.filename).name}:{last.lineno}"


def fits(value: Any) -> bool:
    """Whether all numbers of a value come back from a database as numbers that JSON can hold: it writes 1e308 with all its digits."""
    if isinstance(value, dict):
        return all(map(fits, value.values()))
    if isinstance(value, list):
        return all(map(fits, value))
    return not isinstance(value, (int, float)) or abs(value) < 2**63


def changed(value: Any, rng: random.Random) -> Any:
    """A tree with values of other kinds, keys lost or renamed, elements doubled."""
    if rng.random() < 0.06:
        return rng.choice(JUNK)
    if isinstance(value, dict):
        kept = [(key, inner) for key, inner in value.items() if rng.random() > 0.03]
        return {(rng.choice((*KEYS, key.upper())) if rng.random() < 0.03 else key): changed(inner, rng) for key, inner in kept}
    if isinstance(value, list):
        items = [changed(inner, rng) for inner in value[:8]]
        return [*items, *([rng.choice(JUNK)] if rng.random() < 0.1 else []), *(items[:1] if rng.random() < 0.05 else [])]
    if isinstance(value, str) and rng.random() < 0.2:
        at = rng.randrange(len(value) + 1)
        return f"{value[:at]}{str(rng.choice(JUNK))[:30]}{value[at:]}"
    return value


def cut(content: bytes, rng: random.Random) -> bytes:
    """Bytes with some lost, some put in and some doubled."""
    text = bytearray(content)
    for _ in range(rng.randrange(1, 12)):
        at = rng.randrange(len(text) + 1)
        kind = rng.random()
        if kind < 0.3:
            del text[at : at + rng.randrange(1, 30)]
        else:
            text[at:at] = rng.choice(SIGNS) if kind < 0.6 else str(rng.choice(JUNK))[:40].encode() if kind < 0.8 else bytes(text[max(0, at - 60) : at])
    return bytes(text)


def as_table(records: list[dict[str, Any]]) -> bytes:
    """Flat records as CSV."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, fieldnames=list(dict.fromkeys(key for record in records for key in record)))
    writer.writeheader()
    writer.writerows(records)
    return stream.getvalue().encode()


if __name__ == "__main__":
    raise SystemExit(main())
