"""What a facility said over time, as cells, and what it would say had some acts never been.

A version of a facility is taken apart into cells: one per value, and one per element of what is a list. An act is what it did to the cells. To
take an act back is to play all others again, in their order: an element that another merge still brings stays, a value that later work set
stays, everything else is as it was before. So acts can be taken back in any order, and any number of times.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gvrc.commit.pins import LISTED
from gvrc.store.history import Version

Cell = tuple[str, ...]
Cells = dict[Cell, Any]
State = Mapping[str, Any]

SCALARS: tuple[str, ...] = (
    "name", "facility_type", "operational_status", "registration_number", "mfl_code", "fid_code", "keph_level", "address", "officer", "opening_hours",
    "description", "visibility", "last_verified_at", "owner", "point",
)
LISTS: tuple[str, ...] = ("services", "gbv_categories", "aliases")
PLACE: tuple[str, ...] = ("county", "constituency", "ward")
"""Ward, constituency and county move together: a ward never stands in another constituency."""
FILLING: frozenset[str] = frozenset(SCALARS) - {"name", "visibility", "last_verified_at"}
"""Values that a merge takes from the loser where the survivor knows none."""
STANDING: tuple[str, ...] = ("is_active", "retired_as")
_LIST_CELLS = frozenset({"contacts", *LISTS})
_SILENT = frozenset({"origins", "quality", "pins"})
"""Cells that follow the values and never conflict by themselves."""


def cells_of(state: State) -> Cells:
    """A version taken apart; what is not known has no cell."""
    cells: Cells = {(name,): state.get(name) for name in SCALARS if state.get(name) is not None}
    cells["place",] = [state.get(name) for name in PLACE]
    cells["standing",] = [state.get(name) for name in STANDING]
    cells["quality",] = [state.get("quality_score"), state.get("quality_parts") or []]
    for kind, value, label, is_primary in state["contacts"]:
        cells["contacts", kind, value] = [label, is_primary]
    for name in LISTS:
        cells |= {(name, element): True for element in state[name]}
    cells |= {("origins", field_name): value for field_name, value in (state.get("origins") or {}).items()}
    for field_name, pin in (state.get("pins") or {}).items():
        cells |= {("pins", field_name, key): value for key, value in pin.items()} if field_name in LISTED else {("pins", field_name): pin}
    return cells


def state_of(cells: Mapping[Cell, Any]) -> dict[str, Any]:
    """The version that these cells make."""
    state: dict[str, Any] = {name: cells.get((name,)) for name in SCALARS}
    state |= dict(zip(PLACE, cells["place",], strict=True))
    state |= dict(zip(STANDING, cells["standing",], strict=True))
    state["quality_score"], state["quality_parts"] = cells["quality",]
    state["contacts"] = _contacts(cells)
    for name in LISTS:
        state[name] = sorted(cell[1] for cell in cells if cell[0] == name)
    state["aliases"] = [alias for alias in state["aliases"] if alias != state["name"]]
    state["origins"] = {cell[1]: value for cell, value in cells.items() if cell[0] == "origins"}
    state["pins"] = {cell[1]: value for cell, value in cells.items() if cell[0] == "pins" and len(cell) == 2}
    for cell, value in cells.items():
        if cell[0] == "pins" and len(cell) == 3:
            state["pins"].setdefault(cell[1], {})[cell[2]] = value
    return state


def _contacts(cells: Mapping[Cell, Any]) -> list[list[Any]]:
    """In their fixed order, at most one of a kind the first one."""
    found: list[list[Any]] = []
    led: set[str] = set()
    for cell in sorted(cell for cell in cells if cell[0] == "contacts"):
        label, is_primary = cells[cell]
        found.append([cell[1], cell[2], label, bool(is_primary) and cell[1] not in led])
        led |= {cell[1]} if is_primary else set()
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """What one act did to the cells of a facility."""

    set_cells: Cells
    removed: frozenset[Cell]
    fills: Cells = field(default_factory=dict)
    """Values of a merge that stand where nothing else is known."""

    @property
    def touched(self) -> frozenset[Cell]:
        """The values it set or took away, without what only follows them."""
        return frozenset(cell for cell in (*self.set_cells, *self.removed) if cell[0] not in _SILENT)


def difference(before: Mapping[Cell, Any], after: Mapping[Cell, Any]) -> Delta:
    """What changed from one version to the next."""
    return Delta(
        set_cells={cell: value for cell, value in after.items() if cell not in before or before[cell] != value},
        removed=frozenset(cell for cell in before if cell not in after),
    )


class Past:
    """The versions of facilities, ready to be played again. Give it the facility in question and every facility that was ever merged into it."""

    def __init__(self, versions: Mapping[int, Sequence[Version]]) -> None:
        self._versions = versions

    def versions(self, facility_id: int) -> Sequence[Version]:
        return self._versions.get(facility_id, ())

    def live(self, facility_id: int, *, without: Iterable[int] = (), before: int | None = None) -> list[Version]:
        """Acts that count, oldest first: neither taken back nor themselves the taking back of others. `before` leaves out that version and later ones."""
        versions = [v for v in self.versions(facility_id) if before is None or v.version < before]
        gone = set(without)
        for version in reversed(versions):
            if version.version not in gone:
                gone.update(version.undoes)
        return [v for v in versions if v.version not in gone and not v.undoes and not v.released]

    def live_or_undoing(self, facility_id: int) -> list[Version]:
        """Acts that hold, those that took others back included."""
        gone: set[int] = set()
        found = []
        for version in reversed(self.versions(facility_id)):
            if version.version not in gone:
                gone.update(version.undoes)
                found.append(version)
        return found[::-1]

    def released(self, facility_id: int, version: int, extra: Iterable[int] = ()) -> set[int]:
        """Facilities that were given back after this version, by un-merges that still hold."""
        versions = self.versions(facility_id)
        gone: set[int] = set()
        found = set(extra)
        for later in reversed(versions):
            if later.version not in gone:
                gone.update(later.undoes)
                if later.version > version:
                    found.update(later.released)
        return found

    def play(self, facility_id: int, *, without: Iterable[int] = (), release: Iterable[int] = (), before: int | None = None) -> Cells:
        """The cells of a facility had the versions `without` never been and had the facilities `release` never been merged into it."""
        cells: Cells = {}
        for version in self.live(facility_id, without=without, before=before):
            delta = self.delta(version, release)
            for cell in delta.removed:
                cells.pop(cell, None)
            cells |= delta.set_cells
            for cell, value in delta.fills.items():
                cells.setdefault(cell, value)
        return cells

    def delta(self, version: Version, release: Iterable[int] = ()) -> Delta:
        """What an act did; of a merge, only what those brought who are still merged."""
        before = self._before(version)
        delta = difference(cells_of(before.state) if before else {}, cells_of(version.state))
        if not version.absorbed:
            return delta
        gone = self.released(version.facility_id, version.version, release)
        staying = [number for number in version.absorbed if number not in gone]
        if not staying:
            return Delta(set_cells={}, removed=frozenset())
        return self._shared_out(version, delta, staying, gone)

    def _shared_out(self, version: Version, delta: Delta, staying: Sequence[int], gone: set[int]) -> Delta:
        whole = [self._brought(number, gone, version.commit_id) for number in staying]
        brought: Cells = {}
        fills: Cells = {}
        for cells in whole:
            brought |= _elements(cells)
            fills = {cell: value for cell, value in cells.items() if cell[0] in FILLING} | fills
        left = [self._at_merge(number) for number in gone]
        set_cells = {
            cell: value for cell, value in delta.set_cells.items()
            if cell in brought or fills.get(cell) == value or not any(cell in cells and cells[cell] == value for cells in left)
        }
        return Delta(set_cells=brought | set_cells, removed=delta.removed, fills=fills)

    def _brought(self, facility_id: int, gone: set[int], commit_id: int | None) -> Cells:
        """What a facility said when it came into the merge of this commit."""
        merged = [v for v in self._merged_away(facility_id) if v.commit_id == commit_id]
        return self.play(facility_id, release=gone, before=merged[-1].version) if merged else {}

    def _at_merge(self, facility_id: int) -> Cells:
        """Everything a facility said whenever it was merged away."""
        found: Cells = {}
        for version in self._merged_away(facility_id):
            before = self._before(version)
            if before is not None:
                cells = cells_of(before.state)
                found |= cells | _elements(cells)
        return found

    def _merged_away(self, facility_id: int) -> list[Version]:
        return [v for v in self.versions(facility_id) if v.act == "merged"]

    def _before(self, version: Version) -> Version | None:
        earlier = [v for v in self.versions(version.facility_id) if v.version < version.version]
        return earlier[-1] if earlier else None

    def at(self, facility_id: int, version: int) -> Version | None:
        """One version of a facility."""
        return next((v for v in self.versions(facility_id) if v.version == version), None)

    def later_work(self, facility_id: int, version: int) -> list[tuple[Version, frozenset[Cell]]]:
        """Acts after this version that set the same values again, each with those values. Elements of lists never stand in each other's way."""
        own = self.at(facility_id, version)
        if own is None:
            return []
        touched = {cell for cell in self.delta(own).touched if cell[0] not in _LIST_CELLS}
        later = [(v, frozenset(touched & self.delta(v).touched)) for v in self.live(facility_id) if v.version > version]
        return [(v, cells) for v, cells in later if cells]


def _elements(cells: Mapping[Cell, Any]) -> Cells:
    """The elements of lists, the name among the aliases."""
    found: Cells = {cell: value for cell, value in cells.items() if cell[0] in _LIST_CELLS}
    if cells.get(("name",)):
        found["aliases", cells["name",]] = True
    return found
