"""The dirty lists with known truth through the row stages: what is right, what is suggested, what is invented.

    python -m benchmarks.intake.dirty_lists [--show FIELD] [--seed N]

`--show` prints the rows in which a field (county, ward, phones, emails, point, kind, heading) came out wrong.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.intake.lists import DirtyList, Truth, dirty_lists
from benchmarks.intake.rows import Row, at_least, show
from gvrc.checks.catalogue import CATALOGUE
from gvrc.model.issue import Issue
from gvrc.model.record import ContactType, Record
from gvrc.model.source import SourceFile, SourceRow
from gvrc.reference.corrections import Corrections
from gvrc.reference.gazetteer import load_gazetteer
from gvrc.sources.detect import detect
from gvrc.stages.extract import extract
from gvrc.stages.standardise import Knowledge, load_knowledge, standardise

CHUNK = 1_000
NO_PLACE = frozenset({"name.heading", "row.empty", "name.missing"})
SAME_POINT_DEGREES = 1e-4


@dataclass(slots=True)
class Tally:
    """What was counted on one list; each entry is right ones and all."""

    right: Counter[str] = field(default_factory=Counter)
    total: Counter[str] = field(default_factory=Counter)
    shown: list[str] = field(default_factory=list)

    def add(self, what: str, is_right: bool) -> None:
        self.total[what] += 1
        self.right[what] += is_right

    def share(self, what: str) -> float | None:
        return self.right[what] / self.total[what] if self.total[what] else None


def rows_of(path: Path) -> list[SourceRow]:
    """The rows of a file as the first stage gives them."""
    detection = detect(path, path.name)
    file = SourceFile(name=path.name, sha256="", size_bytes=path.stat().st_size, path=path, kind=detection.kind)
    return [row for row in extract(file, detection) if isinstance(row, SourceRow)]


def ref_of(value: Any) -> str | None:
    """The reference of a row, wherever it stands."""
    if isinstance(value, str):
        return value if value.startswith("ref-") else None
    parts: Iterable[Any] = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for part in parts if (found := ref_of(part))), None)


def through_stages(rows: Sequence[SourceRow], knowledge: Knowledge) -> tuple[list[Record], dict[str, list[Issue]]]:
    """Records and issues by key, chunk by chunk as in a run."""
    records: list[Record] = []
    issues: dict[str, list[Issue]] = defaultdict(list)
    for start in range(0, len(rows), CHUNK):
        done = standardise(rows[start : start + CHUNK], knowledge, {})
        records += done.records
        for key, found in done.issues_by_key().items():
            issues[key] += found
    return records, issues


def judge(dirty: DirtyList, folder: Path, knowledge: Knowledge, show: str = "") -> Tally:
    """One list read, cleaned, placed and compared with its truth."""
    rows = rows_of(dirty.write(folder))
    records, issues = through_stages(rows, knowledge)
    tally = Tally()
    seen = set()
    for row, record in zip(rows, records, strict=True):
        ref = ref_of(row.data)
        if ref is None or ref not in dirty.truths:
            continue
        seen.add(ref)
        one = _Judged(record=record, issues=issues[record.record_key], truth=dirty.truths[ref], tally=tally)
        wrong = one.judge()
        if show in wrong:
            tally.shown.append(f"{row.values} -> {record.place.county}/{record.place.constituency}/{record.place.ward} {record.facility_type} {[c.value for c in record.contacts]} {record.point} "
                               f"{[(issue.code, issue.value, issue.suggestion and issue.suggestion.values) for issue in one.issues]} TRUTH {one.truth}")  # fmt: skip
    for ref, truth in dirty.truths.items():
        if ref not in seen and truth.is_place:
            tally.add("rows kept", False)
            tally.shown.append(f"lost {ref}")
    return tally


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    record: Record
    issues: Sequence[Issue]
    truth: Truth
    tally: Tally

    def judge(self) -> set[str]:
        """Counts everything of one row; the names of what came out wrong."""
        wrong: set[str] = set()
        is_called_none = any(issue.code in NO_PLACE for issue in self.issues)
        if not self.truth.is_place:
            self._count("heading", is_called_none, wrong)
            return wrong
        self._count("rows kept", True, wrong)
        self._count("place kept", not is_called_none, wrong)
        if self.truth.ward:
            self._places(wrong)
        self._contacts(wrong)
        if self.truth.kind:
            self._count("kind", self.record.facility_type == self.truth.kind, wrong)
        if self.truth.point:
            point = self.record.point
            self._count("point", point is not None and abs(point.latitude - self.truth.point[0]) < SAME_POINT_DEGREES and abs(point.longitude - self.truth.point[1]) < SAME_POINT_DEGREES, wrong)
        self._questions(wrong)
        return wrong

    def _count(self, what: str, is_right: bool, wrong: set[str]) -> None:
        self.tally.add(what, is_right)
        if not is_right:
            wrong.add(what)

    def _suggested(self, field_name: str) -> str | None:
        return next((issue.suggestion.values[field_name] for issue in self.issues if issue.suggestion and field_name in issue.suggestion.values), None)

    def _places(self, wrong: set[str]) -> None:
        place, ward = self.record.place, self.truth.ward
        assert ward is not None
        suggested = self._suggested("county")
        self._count("county", place.county == ward.county if not self.truth.is_county_wrong else ward.county in (place.county, suggested), wrong)
        if self.truth.told in ("ward", "constituency"):
            self._count("constituency", ward.constituency in (place.constituency, self._suggested("constituency")), wrong)
        if self.truth.told == "ward":
            self._count("ward", ward.ward in (place.ward, self._suggested("ward")), wrong)
        if place.ward:
            self._count("placed ward is right", place.ward_code == ward.ward_code, wrong)
        gazetteer = load_gazetteer()
        if place.ward_code:
            assert gazetteer.ward(place.ward_code).constituency_code == place.constituency_code

    def _contacts(self, wrong: set[str]) -> None:
        numbers = {contact.value for contact in self.record.contacts if contact.contact_type in (ContactType.PHONE, ContactType.HOTLINE)}
        for phone in self.truth.phones:
            self._count("phones", phone in numbers, wrong)
        self._count("no phone invented", not {number for number in numbers - self.truth.phones if number != "999"}, wrong)
        for email in self.truth.emails:
            self._count("emails", any(contact.value == email for contact in self.record.contacts), wrong)

    def _questions(self, wrong: set[str]) -> None:
        asking = [issue for issue in self.issues if CATALOGUE[issue.code].asks]
        self._count("asked nothing", not asking, wrong)
        if asking:
            self._count("question has suggestion", any(issue.suggestion for issue in asking), wrong)


BARS = {
    "county": 0.999, "constituency": 0.98, "ward": 0.98, "placed ward is right": 0.98, "point": 0.999, "phones": 0.99, "no phone invented": 1.0, "emails": 0.95, "kind": 0.98, "heading": 0.95, "place kept": 0.99, "rows kept": 1.0,
    "question has suggestion": 0.7,
}  # fmt: skip
"""What must be right, as shares; `ward` is right or suggested."""


def rows(seed: int = 2026) -> list[Row]:
    """The figures of this module, over all lists but the one whose county is wrong in every row, which is told apart."""
    knowledge = load_knowledge(Corrections())
    right, total, stuck = Counter[str](), Counter[str](), Tally()
    with tempfile.TemporaryDirectory() as folder:
        for dirty in dirty_lists(seed):
            tally = judge(dirty, Path(folder), knowledge)
            if "stuck" in dirty.name:
                stuck = tally
                continue
            right.update(tally.right)
            total.update(tally.total)
    told = [at_least(f"dirty lists: {what}", right[what], total[what], bar) for what, bar in BARS.items() if total[what]]
    return [*told, at_least("county stuck on every row: right one placed or suggested", stuck.right["county"], stuck.total["county"], 0.9)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", default="", help="print rows in which this came out wrong")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--list", default="")
    chosen = parser.parse_args()
    knowledge = load_knowledge(Corrections())
    with tempfile.TemporaryDirectory() as folder:
        for dirty in dirty_lists(chosen.seed):
            if chosen.list not in dirty.name:
                continue
            tally = judge(dirty, Path(folder), knowledge, chosen.show)
            print(f"{dirty.name:<24}" + "  ".join(f"{what} {tally.share(what):.4f}/{tally.total[what]}" for what in sorted(tally.total)))
            for shown in tally.shown[:40]:
                print("   ", shown)
    if not chosen.list:
        show(rows(chosen.seed))


if __name__ == "__main__":
    main()
