"""`python -m benchmarks.matching.seat_families`: writes the table of constituencies that were one before 2012 anew, from the official places and the old names."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

from gvrc.matching import seats
from gvrc.reference.gazetteer_tables import read_place_tables
from gvrc.reference.place_names import ordered_key, place_key


def families() -> dict[str, str]:
    """For each constituency code that came from a split one of a name that still exists: the code that names its family."""
    tables = read_place_tables()
    code = {seat.constituency: seat.constituency_code for seat in tables.constituencies}
    by_key: dict[str, set[str]] = defaultdict(set)
    by_words: dict[str, set[str]] = defaultdict(set)
    for name, _county, names in tables.old_constituencies:
        for successors in (by_key[place_key(name)], by_words[ordered_key(name)]):
            successors.update(code[each] for each in names)
    found: dict[str, str] = {}
    for seat in tables.constituencies:
        successors = by_key.get(place_key(seat.constituency)) or by_words.get(ordered_key(seat.constituency)) or set()
        if len(successors) > 1 and seat.constituency_code in successors:
            found |= dict.fromkeys(sorted(successors), seat.constituency_code)
    return found


def write(path: Path) -> None:
    """Writes the table."""
    with path.open("w", encoding="utf-8", newline="") as handle:
        out = csv.writer(handle, lineterminator="\n")
        out.writerow(("constituency_code", "family"))
        out.writerows(sorted(families().items()))


if __name__ == "__main__":
    write(seats.FAMILIES_FILE)
