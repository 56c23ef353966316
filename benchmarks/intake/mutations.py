"""Lists with damage inside: values of other types, lost and strange keys, cut and doubled bytes. Nothing may crash, whatever comes out of it.

    python -m benchmarks.intake.mutations [--seconds 60] [--seed 1]

The sample lists are changed by chance, written as a file, recognised, read and taken through the row stages. A list may be refused in words; an
error of any other kind, or a row that breaks a stage, is printed with its place and fails the benchmark.
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
from pathlib import Path
from typing import Any

from gvrc.errors import GvrcError
from gvrc.model.source import SourceFile, SourceRow
from gvrc.reference.corrections import Corrections
from gvrc.settings import DATA_DIR
from gvrc.sources.detect import detect
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
    options = parser.parse_args()
    rng = random.Random(options.seed)
    knowledge, crashes, rows, lists = load_knowledge(Corrections(())), Counter[str](), 0, 0
    trees = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((DATA_DIR / "sources").glob("*.json"))]
    table = as_table(next(tree for tree in trees if isinstance(tree, list)))
    until = time.monotonic() + options.seconds
    with tempfile.TemporaryDirectory(prefix="gvrc-mutations-") as folder:
        while time.monotonic() < until:
            path = Path(folder) / ("list.csv" if lists % 2 else "list.json")
            path.write_bytes(cut(table, rng) if lists % 2 else json.dumps(changed(rng.choice(trees), rng)).encode())
            rows += tried(path, knowledge, crashes)
            lists += 1
    print(f"{lists:,} changed lists (seed {options.seed}) with {rows:,} rows: {sum(crashes.values())} crashes  bar: 0")
    for place, count in crashes.most_common(20):
        print(f"{count:6}  {place}")
    return 1 if crashes else 0


def tried(path: Path, knowledge: Knowledge, crashes: Counter[str]) -> int:
    """Recognise, read and standardise one file. Returns its rows; crashes are counted by their place."""
    try:
        found = detect(path, path.name)
        file = SourceFile(name=path.name, sha256="-", size_bytes=path.stat().st_size, path=path, kind=found.kind, source=found.source, file_id=1)
        rows = [row for row in extract(file, found) if isinstance(row, SourceRow)]
        _made, broken = standardise_apart(rows, knowledge, {})
    except GvrcError:
        return 0
    except Exception as error:
        crashes[place_of(error)] += 1
        return 0
    crashes.update(f"{each.stage.value}: {place_of(each.error)}" for each in broken)
    return len(rows)


def place_of(error: Exception) -> str:
    """The kind of an error and the line it came from."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(last.filename).name}:{last.lineno}"


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
