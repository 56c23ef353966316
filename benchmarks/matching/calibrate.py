"""Fits the shipped table of evidence: `python -m benchmarks.matching.calibrate [--write]`.

Wants the real lists (folder in GVRC_BENCH_DATA) and takes five kinds of labelled pairs: the real lists as they are, the real lists with
made-up points and contacts, both as lists that give little but names and counties, the newer list against itself (all different), and generated lists. A logistic regression on the levels of the
features, where "unknown" weighs nothing, drawn towards a table set by hand (prior.csv) so that levels that hardly occur stay sane. The table for
lists of distinct places (columns `link_...`) is fitted once more with the margin to the best rival as one more feature.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from benchmarks.matching import real_bars, real_lists
from benchmarks.matching.generator import KM_PER_DEGREE, MadeList, Maker
from gvrc.matching import hard, refit, rivals
from gvrc.matching.blocking import Scope, candidates
from gvrc.matching.columns import MatchColumns
from gvrc.matching.engine import MatchOptions
from gvrc.matching.evidence import BASE, NEIGHBOURHOOD, RIVAL, TABLE_FILE, EvidenceTable, feature_names, level_names
from gvrc.matching.features import CLASS_OF_NAME, FEATURES, NAME_CLASSES, NAME_LEVELS
from gvrc.matching.pairs import PairRows
from gvrc.matching.prepared import Prepared, prepare

PRIOR_FILE = Path(__file__).parent / "prior.csv"
SEED = 20
PULL, OWN_PULL = 4.0, 15.0
"""How many labelled pairs the hand-set weight of a level is worth, and a class of names that wants a weight of its own; of the values tried those
that do best on counties not learned from (`--halves`)."""
FIRM = frozenset({("markers", "differ"), ("qualifier", "other_direction"), ("sponsor", "differ"), ("kind", "excludes")})
FIRM_PULL = 500.0
"""Contradictions that stay as the hand sets them: `Sugoi A` is not `Sugoi B`, however few labelled pairs say so."""
HARDER = 2.0
"""How much more a true pair counts whose names differ: the lists are full of identical names, which need no learning."""
LEANS = {"identical": 1.7, "same": 1.7, "holds": 2.3, "similar": 0.5}
"""Log-odds added to the link table by class of names: a missed pair costs a steward more than a question, and the precision asked for (0.988) leaves this room.
Names of which one holds the other have most of it, for they are the likeliest to be missed; names that merely resemble each other have little: among them are
the look-alikes whose true partners stand in no list, and those are better asked. A table that is fitted on other labels finds its own lean (`lean_for`)."""
Floats = npt.NDArray[np.float64]
_COUNTY: dict[str, int] = {}
"""The counties by number, as they were met."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """Pairs with the levels of every feature, whether they are the same, how much they count, and the county (by code) of the left record."""

    levels: dict[str, npt.NDArray[np.uint8]]
    same: npt.NDArray[np.bool_]
    weight: Floats
    counties: npt.NDArray[np.object_]
    pairs: PairRows
    prepared: Prepared

    def taken(self, rows: npt.NDArray[Any]) -> Labelled:
        """Some of the pairs."""
        levels = {name: level[rows] for name, level in self.levels.items()}
        return replace(self, levels=levels, same=self.same[rows], weight=self.weight[rows], counties=self.counties[rows], pairs=self.pairs.taken(rows))


def labelled(columns: MatchColumns, link: bool, truth: Callable[[PairRows], npt.NDArray[np.float64]], weight: float) -> Labelled:
    """Every candidate pair with its levels; `truth` gives 1 same, 0 different, NaN not known. `weight` is what each pair counts."""
    prepared = prepare(columns)
    found = candidates(prepared, Scope(list_ids=columns.list_ids, link=link))
    pairs = PairRows(left=found.left, right=found.right, rules=found.rules)
    same = truth(pairs)
    pairs, same = pairs.taken(np.flatnonzero(~np.isnan(same))), same[~np.isnan(same)]
    levels = {feature.name: feature.compare(prepared, pairs) for feature in FEATURES}
    open_pairs = np.flatnonzero(hard.verdicts(prepared, pairs, levels) == hard.NOTHING)
    counties = columns.county_codes[pairs.left]
    whole = Labelled(levels=levels, same=same == 1, weight=np.full(len(same), weight), counties=counties, pairs=pairs, prepared=prepared)
    return whole.taken(open_pairs)


def by_codes(codes: Sequence[str]) -> Callable[[PairRows], Floats]:
    """The truth of the real lists: equal official codes; not known where one is missing."""
    text = np.array(codes, dtype=object)

    def truth(pairs: PairRows) -> Floats:
        left, right = text[pairs.left], text[pairs.right]
        known = ((left != "") & (right != "")).astype(np.bool_)
        return np.where(known, (left == right).astype(np.float64), np.nan)

    return truth


def by_number(made: MadeList) -> Callable[[PairRows], Floats]:
    """The truth of generated lists."""
    return lambda pairs: (made.truth[pairs.left] == made.truth[pairs.right]).astype(np.float64)


def with_points_and_contacts(real: real_lists.RealLists, seed: int) -> MatchColumns:
    """The real lists with made-up contacts, and points for the 2014 list near those of 2020: most within metres, some kilometres off; some wards and owners are forgotten."""
    random = np.random.default_rng(seed)
    columns, count = real.columns, len(real.columns)
    point = {code: row for row, code in enumerate(real.codes) if code and columns.list_ids[row] == real_lists.LIST_2020}
    latitudes, longitudes = columns.latitudes.copy(), columns.longitudes.copy()
    contacts: list[tuple[str, ...]] = [()] * count
    phone = {code: f"+2547{number:08d}" for number, code in enumerate(dict.fromkeys(real.codes))}
    away = random.choice([0.05, 0.3, 1.5, 8.0, 30.0], size=count, p=[0.45, 0.3, 0.15, 0.07, 0.03]) * np.abs(random.normal(1, 0.5, count)) / KM_PER_DEGREE
    turn = random.random(count) * 2 * np.pi
    for row in range(count):
        code = real.codes[row]
        if columns.list_ids[row] == real_lists.LIST_2014 and code in point:
            latitudes[row] = columns.latitudes[point[code]] + away[row] * np.sin(turn[row])
            longitudes[row] = columns.longitudes[point[code]] + away[row] * np.cos(turn[row])
        if code and random.random() < 0.6:
            is_exchange, is_new = random.random() < 0.04, random.random() < 0.3
            contacts[row] = (f"+25420{random.integers(400):07d}",) if is_exchange else ((f"+25411{row:07d}",) if is_new else (phone[code],))
    hidden = random.random(count) < 0.3
    latitudes[hidden] = longitudes[hidden] = np.nan
    owners = np.where(random.random(count) < 0.5, "", columns.owners)
    wards = np.where(random.random(count) < 0.2, "", columns.ward_codes)
    names = np.empty(count, dtype=object)
    names[:] = [() if random.random() < 0.5 else value for value in columns.place_names]
    held = np.empty(count, dtype=object)
    held[:] = contacts
    return replace(columns, latitudes=latitudes, longitudes=longitudes, contacts=held, owners=owners, ward_codes=wards, place_names=names)


def harder(part: Labelled) -> Labelled:
    """The part with the true pairs whose names differ counted for more."""
    differs = part.same & (part.levels["name"] != NAME_LEVELS.index("same_words"))
    return replace(part, weight=np.where(differs, part.weight * HARDER, part.weight))


def thinned(real: real_lists.RealLists, seed: int, share: float, rows: npt.NDArray[np.int32] | None = None) -> Labelled:
    """The real lists with a share of one of them left out: most lists do not hold each other's places, and a look-alike without its true partner must not
    pass for it."""
    random = np.random.default_rng(seed)
    rows = np.arange(len(real.columns), dtype=np.int32) if rows is None else rows
    kept = rows[random.random(len(rows)) >= np.where(real.columns.list_ids[rows] == seed % 2, share, 0.05)]
    return harder(labelled(real.columns.taken(kept), True, by_codes([real.codes[row] for row in kept]), 0.5))


def real_parts(real: real_lists.RealLists, rows: npt.NDArray[np.int32] | None = None) -> list[Labelled]:
    """The labelled pairs of the real lists (or of these rows): as they are, thinned, and with points and contacts."""
    rows = np.arange(len(real.columns), dtype=np.int32) if rows is None else rows
    truth = by_codes([real.codes[row] for row in rows])
    whole = harder(labelled(real.columns.taken(rows), True, truth, 1.0))
    pointed = harder(labelled(with_points_and_contacts(real, SEED).taken(rows), True, truth, 0.2))
    return [whole, pointed, *(thinned(real, seed, share, rows) for seed, share in ((1, 0.4), (2, 0.4), (3, 0.7), (4, 0.7)))]


def with_names_only(columns: MatchColumns, with_kinds: bool) -> MatchColumns:
    """The lists as those of many organisations are: a name and a county, perhaps the kind, and nothing else."""
    names = columns.names.tolist()
    keys, lists, counties = columns.keys.tolist(), columns.list_ids.tolist(), columns.county_codes.tolist()
    kinds = columns.facility_types.tolist() if with_kinds else [""] * len(names)
    return MatchColumns.from_plain(keys, names, lists, qualifiers=columns.qualifiers.tolist(), county_codes=counties, facility_types=kinds)


def names_only_parts(real: real_lists.RealLists) -> list[Labelled]:
    """Labelled pairs of such lists, where a list may repeat itself."""
    return [labelled(with_names_only(real.columns, with_kinds), False, by_codes(real.codes), 0.2) for with_kinds in (True, False)]


def within_newer(real: real_lists.RealLists) -> Labelled:
    """The newer list against itself: nearly every pair is two places."""
    rows = np.flatnonzero(real.columns.list_ids == real_lists.LIST_2020).astype(np.int32)
    return labelled(real.columns.taken(rows), False, by_codes([real.codes[row] for row in rows]), 0.2)


def made_parts() -> list[Labelled]:
    """Labelled pairs of generated lists, small and large, with few and many copies."""
    lists = [Maker(SEED + 1).make(20_000), Maker(SEED + 2).make(100_000), Maker(SEED + 3, copies=0.02).make(60_000), Maker(SEED + 4, copies=0.5).make(10_000)]
    return [labelled(made.columns, False, by_number(made), 0.25) for made in lists]


def linked_made_parts() -> list[Labelled]:
    """The same for two lists of distinct places."""
    made = [Maker(SEED + 5, copies=0.7).make_two(4_000), Maker(SEED + 6, copies=0.3).make_two(10_000)]
    return [labelled(part.columns, True, by_number(part), 0.05) for part in made]


def read_prior() -> dict[tuple[str, str], float]:
    """The weights set by hand."""
    with PRIOR_FILE.open(encoding="utf-8", newline="") as handle:
        return {(row["feature"], row["level"]): float(row["weight"]) for row in csv.DictReader(handle)}


@dataclass(frozen=True, slots=True)
class Design:
    """The columns of the regression: one per feature and level but the unknown ones, the base first; then the same again for each class of names, for what
    the class adds to the weight that all share."""

    features: tuple[str, ...]

    @property
    def columns(self) -> list[tuple[str, str]]:
        return [(BASE, BASE), *((feature, level) for feature in self.features for level in level_names(feature)[1:])]

    def index(self, parts: Sequence[Labelled]) -> npt.NDArray[np.int64]:
        """For every pair the columns of its features, shared and of its class; the unknown level points past the end."""
        size = len(self.columns)
        last, tables, start = size * (1 + len(NAME_CLASSES)), [], 1
        for feature in self.features:
            levels = len(level_names(feature)) - 1
            tables.append(np.r_[last, np.arange(start, start + levels)])
            start += levels
        found = []
        for part in parts:
            shared = np.stack([table[part.levels[name]] for table, name in zip(tables, self.features, strict=True)], axis=1)
            classes = CLASS_OF_NAME[part.levels["name"]].astype(np.int64)[:, None]
            own = np.where(shared == last, last, shared + size * (1 + classes))
            found.append(np.concatenate([shared, own], axis=1))
        return np.concatenate(found)


Weights = dict[tuple[str, str], list[float]]
"""By feature and level, one weight for each class of names."""


def fit(parts: Sequence[Labelled], features: tuple[str, ...], prior: dict[tuple[str, str], float], pull: float = PULL, own_pull: float = OWN_PULL) -> Weights:
    """The weights under which the labels are likeliest, drawn towards the prior; a class of names departs from what all share only where the labels insist."""
    design = Design(features)
    size = len(design.columns)
    start = np.r_[[prior[column] for column in design.columns], np.zeros(size * len(NAME_CLASSES))]
    firm = np.array([column in FIRM for column in design.columns])
    strength = np.r_[np.where(firm, FIRM_PULL, pull), np.tile(np.where(firm, FIRM_PULL, own_pull), len(NAME_CLASSES))]
    strength[0] = 0.01
    index = design.index(parts)
    same, weight = np.concatenate([part.same for part in parts]), np.concatenate([part.weight for part in parts])
    rows, back = np.unique(np.c_[index, same], axis=0, return_inverse=True)
    summed = np.bincount(back.ravel(), weights=weight, minlength=len(rows))
    index, same = rows[:, :-1], rows[:, -1].astype(np.bool_)

    def loss(weights: Floats) -> tuple[float, Floats]:
        padded = np.r_[weights, 0.0]
        log_odds = padded[0] + padded[index].sum(axis=1)
        signed = np.where(same, log_odds, -log_odds)
        wrong = summed / (1.0 + np.exp(np.clip(signed, -60, 60))) * np.where(same, -1.0, 1.0)
        gradient = np.zeros(len(padded))
        gradient[0] = wrong.sum()
        for column in range(index.shape[1]):
            gradient += np.bincount(index[:, column], weights=wrong, minlength=len(padded))
        pulled = weights - start
        value = (summed * np.logaddexp(0.0, -signed)).sum() + 0.5 * (strength * pulled**2).sum()
        return float(value), gradient[:-1] + strength * pulled

    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 800, "maxfun": 1000}).x
    shared, own = found[:size], found[size:].reshape(len(NAME_CLASSES), size)
    return {column: (shared[number] + own[:, number]).tolist() for number, column in enumerate(design.columns)}


def plain_features() -> tuple[str, ...]:
    """The features of a pair alone."""
    return tuple(feature.name for feature in FEATURES)


def table_of(weights: Weights, version: str) -> EvidenceTable:
    """Fitted weights as a table of evidence."""
    nothing = [0.0] * len(NAME_CLASSES)
    arrays = {name: np.array([weights.get((name, level), nothing) for level in level_names(name)], dtype=np.float32).T for name in feature_names()}
    return EvidenceTable(base=weights[BASE, BASE][0], weights=arrays, version=version)


def with_rivals(part: Labelled, table: EvidenceTable) -> Labelled:
    """The part with what sure pairs teach and the margin to the best rival as more features, measured under `table`."""
    return replace(part, levels=linked_under(part, table).levels)


def linked_under(part: Labelled, table: EvidenceTable) -> rivals.Linked:
    """The part after the choice of partners under `table`."""
    levels = {name: part.levels[name] for name in plain_features()}
    return rivals.link(part.prepared, part.pairs, levels, table, np.zeros(len(part.pairs), dtype=np.uint8))


def fit_both(link_parts: Sequence[Labelled], list_parts: Sequence[Labelled]) -> tuple[Weights, Weights]:
    """The weights for lists that may repeat themselves, and those for lists of distinct places, found in rounds: margins need weights, weights need margins."""
    prior = read_prior()
    plain = fit([*link_parts, *list_parts], plain_features(), prior)
    linked = dict(plain)
    for _ in range(3):
        last = table_of(linked, "round")
        linked = fit([with_rivals(part, last) for part in link_parts], (*plain_features(), NEIGHBOURHOOD, RIVAL), prior)
    return plain, linked


def leaning(linked: Weights, leans: Mapping[str, float] = LEANS) -> Weights:
    """The weights with what is added to find more: to the base, and for the classes of names that have another lean the difference to the lead over the
    rivals, which for names that merely resemble each other says little where the true partner may stand in no list."""
    base = leans[NAME_CLASSES[0]]
    besides = np.array([leans[name] - base for name in NAME_CLASSES])
    found = {key: (np.array(weights) + besides).tolist() if key[0] == RIVAL else weights for key, weights in linked.items()}
    return {**found, (BASE, BASE): [weight + base for weight in linked[BASE, BASE]]}


def evenly(lean: float) -> dict[str, float]:
    """One lean for all names but those that merely resemble each other."""
    return dict.fromkeys(NAME_CLASSES, lean) | {"similar": LEANS["similar"]}


def lean_for(real_pairs: Sequence[Labelled], made_pairs: Sequence[Labelled]) -> float:
    """The lean under which the accepted pairs of counties not learned from are right as often as asked (refit.PRECISION_ASKED): each fifth of the counties
    once, under weights fitted on the other four. The first of the real pairs are those that are tried."""
    whole, usual = real_pairs[0], LEANS["identical"]
    log_odds, is_chosen = np.zeros(len(whole.same)), np.zeros(len(whole.same), dtype=np.bool_)
    for number in range(refit.FOLDS):
        learned = [part.taken(np.flatnonzero(_fold(part) != number)) for part in real_pairs]
        table = table_of(leaning(fit_both([*learned, *made_pairs], [])[1], evenly(usual)), "fold")
        rows = np.flatnonzero(_fold(whole) == number)
        tried = linked_under(whole.taken(rows), table)
        log_odds[rows], is_chosen[rows] = tried.log_odds, tried.choice.is_chosen
    cut = refit.cut_for(log_odds[is_chosen], whole.same[is_chosen].astype(np.float64))
    match_cut = float(np.log(MatchOptions().threshold / (1.0 - MatchOptions().threshold)))
    return usual if cut is None else usual + match_cut - cut


def _fold(part: Labelled) -> npt.NDArray[np.int64]:
    """In which fold each pair is held back: by its county, the same in every part."""
    return np.array([_COUNTY.setdefault(code, len(_COUNTY)) for code in part.counties.tolist()], dtype=np.int64) % refit.FOLDS


def write_table(path: Path, plain: Weights, linked: Weights) -> None:
    """The table as the matcher reads it."""
    rows: Iterable[tuple[str, str]] = [(BASE, BASE), *((feature, level) for feature in feature_names() for level in level_names(feature))]
    with path.open("w", encoding="utf-8", newline="") as handle:
        out = csv.writer(handle, lineterminator="\n")
        out.writerow(("feature", "level", *(f"{kind}_{name}" for kind in ("list", "link") for name in NAME_CLASSES)))
        nothing = [0.0] * len(NAME_CLASSES)
        out.writerows((*row, *(f"{weight:.4f}" for weights in (plain, linked) for weight in weights.get(row, nothing))) for row in rows)


def halves(real: real_lists.RealLists) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """The rows of every second county, and the others."""
    order = {county: number for number, county in enumerate(sorted(set(real.counties)))}
    is_even = np.array([order[county] % 2 == 0 for county in real.counties])
    return np.flatnonzero(is_even).astype(np.int32), np.flatnonzero(~is_even).astype(np.int32)


def try_halves(real: real_lists.RealLists) -> None:
    """Recall and precision on each half of the counties, under the table fitted on the other half, with the lean that the other half asks for."""
    first, second = halves(real)
    made, sums = linked_made_parts(), np.zeros(6)
    print("| tried on | lean | recall T1-T4 | T0 | precision |\n| --- | ---: | --- | --- | --- |")
    for name, learned, tried in (("second half", first, second), ("first half", second, first)):
        parts = real_parts(real, learned)
        lean = lean_for(parts, made)
        table = table_of(leaning(fit_both([*parts, *made], [])[1], evenly(lean)), "half")
        judged = real_bars.judge(real, (table, table), tried)
        inside = set(tried.tolist())
        labels = [label for label in real.labels if label[0] in inside and label[1] in inside]
        found = real_bars.recall(judged, judged.accepted, labels)
        known = judged.same[judged.accepted & ~np.isnan(judged.same)]
        counts = np.array([*found["T1-T4"], *found["T0"], known.sum(), len(known)])
        sums += counts
        print(f"| {name} | {lean:.3f} | {_shares(counts)} |", flush=True)
    print(f"| both | | {_shares(sums)} |")


def _shares(counts: Floats) -> str:
    return " | ".join(f"{counts[at] / counts[at + 1]:.4f} ({counts[at]:.0f} of {counts[at + 1]:.0f})" for at in (0, 2, 4))


def main() -> int:
    """Fits the table from the real and the generated lists; `--write` ships it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="replace the shipped table")
    parser.add_argument("--halves", action="store_true", help="fit on one half of the counties and try on the other, twice")
    options = parser.parse_args()
    where = real_lists.folder()
    if where is None:
        print(f"Set {real_lists.FOLDER} to the folder of the real lists.", file=sys.stderr)
        return 2
    real = real_lists.load(where)
    if options.halves:
        try_halves(real)
        return 0
    linked_parts = real_parts(real) + linked_made_parts()
    plain, unleaned = fit_both(linked_parts, [within_newer(real), *names_only_parts(real), *made_parts()])
    linked = leaning(unleaned)
    for key in linked:
        print(f"{key[0]:14} {key[1]:20}", *(f"{weight:7.2f}" for weights in (plain, linked) for weight in weights.get(key, [0.0] * 4)))
    if options.write:
        write_table(TABLE_FILE, plain, linked)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
