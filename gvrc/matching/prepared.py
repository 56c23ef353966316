"""The columns made ready for comparing: numbers for texts, names in comparable form."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import chain, compress

import numpy as np

from gvrc.matching import names
from gvrc.matching.arrays import (
    BoolArray,
    ByteArray,
    FingerprintArray,
    FloatArray,
    IntArray,
    LongArray,
    TextArray,
    codes_of,
    factorized,
    may_repeat,
    spans,
)
from gvrc.matching.columns import MatchColumns
from gvrc.matching.initials import spelled_out
from gvrc.matching.kinds import OFFICE, UNSORTED, owner_sectors, plain_words, relation_table, sort_of, with_tasks
from gvrc.matching.seats import seat_families
from gvrc.matching.standard_names import StandardNames, standardise

PLACE_WORDS_COMPARED = 16
RARE_PLACE_SHARE, COMMON_PLACE_SHARE = 0.002, 0.01
"""Shares of all records up to which a word of their surroundings is rare, and from which it is common."""
ALTERNATIVES_COMPARED = 6
NOWHERE = -2
"""A possible place where no record of these lists stands."""
SHARED_POINT_NAMES = 3
"""A point that this many differently named places share is a town's or a ward's, not theirs."""
KNOWN_BY_INITIALS = frozenset({"organisation", "hotline", "shelter"})
"""Sorts of places that lists often call by the initials of their names."""
KM_PER_DEGREE = 111.2
_SHORTEST_PLACE_WORD = 4
_NORTH, _EAST = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
"""Odd numbers that keep apart what adds up to a fingerprint."""
_COUNTED = 8
"""Times as large as there are of them numbers may be to be counted as they are."""
_ONE_SOUND: LongArray = np.arange(128)
_ONE_SOUND[[ord(letter) for letter in "cqzylw"]] = [ord(letter) for letter in "kksiru"]
"""The letter for which each letter may stand at the beginning of a word (names.folded), by code point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Groundwork:
    """What the comparing of names wants to know of the records, made before all else so that it can begin; -1 is unknown. `fingerprints` are made from names
    and points alone; by them ties are broken, whatever order the records came in. `sorts` number what sort of place each is (kinds.sort_of; 0 for health, -1 for
    an unknown kind). `namesakes` counts the records of the county whose names sound the same (`sounds`) and that may be of one sort, itself included. `is_guess` marks names that were initials, of which the letters alone tell what they stand for."""

    count: int
    fingerprints: FingerprintArray
    counties: IntArray
    constituencies: IntArray
    seat_codes: list[str]
    wards: IntArray
    ward_codes: list[str]
    kinds: IntArray
    kind_codes: list[str]
    sorts: IntArray
    sounds: LongArray
    namesakes: LongArray
    names: StandardNames
    is_guess: BoolArray

    @property
    def seat_count(self) -> int:
        """Constituencies by number."""
        return len(self.seat_codes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared(Groundwork):
    """Columns as arrays of numbers; -1 is unknown. `point_error_km` is what the precision of a point leaves open; `is_shared_point`
    marks points that tell nothing. `contact_ids` lists the contacts of `contact_rows`, both sorted by contact; a contact that is given once may be left out.
    `alternatives` are possible
    constituencies by number, and possible wards by number plus `seat_count`. Of the words of each name (names.word_ids) `known_words`, `bracketed_words` and
    `telling_words` (what is left, without the words that add nothing to the name of such a place) are sets, a bit for each column; `word_starts` is the letter, as it sounds, with which each word of the vocabulary begins.
    `namesakes_anywhere` counts the namesakes of the country."""

    keys: TextArray
    list_ids: IntArray
    seat_families: IntArray
    alternatives: IntArray
    kind_relations: ByteArray
    owners: IntArray
    sectors: IntArray
    mfl_codes: IntArray
    registrations: IntArray
    latitudes: FloatArray
    longitudes: FloatArray
    point_error_km: FloatArray
    is_shared_point: BoolArray
    contact_ids: LongArray
    contact_rows: LongArray
    has_contact: BoolArray
    services: TextArray
    has_services: BoolArray
    has_surroundings: bool
    place_words: IntArray
    place_word_rarity: ByteArray
    place_word_of: IntArray
    word_carriers: IntArray
    word_records: IntArray
    known_words: ByteArray
    bracketed_words: ByteArray
    telling_words: ByteArray
    word_starts: LongArray
    namesakes_anywhere: LongArray


def prepare(columns: MatchColumns, standard_names: StandardNames | None = None) -> Prepared:
    """Numbers for every text. Give `standard_names` when the names were standardised before."""
    return completed(columns, groundwork(columns, standard_names))


def groundwork(columns: MatchColumns, standard_names: StandardNames | None = None) -> Groundwork:
    """The places, kinds and names of the records alone."""
    kinds, kind_codes = _told_kinds(columns)
    sorts = _sorts(kinds, kind_codes)
    found_names, is_guess = (standard_names, np.zeros(len(columns), dtype=np.bool_)) if standard_names else _standard_names(columns, kinds, kind_codes)
    counties, _ = codes_of(columns.county_codes)
    seats, seat_codes = codes_of(columns.constituency_codes)
    wards, ward_codes = codes_of(columns.ward_codes)
    sounds = found_names.same["folded"].astype(np.int64)
    return Groundwork(
        count=len(columns), fingerprints=_fingerprints(columns, found_names), counties=counties, constituencies=seats, seat_codes=seat_codes, wards=wards,
        is_guess=is_guess, ward_codes=ward_codes, kinds=kinds, kind_codes=kind_codes, sounds=sounds,
        sorts=sorts, namesakes=_namesakes(sounds * (int(counties.max(initial=-1)) + 2) + counties + 1, sorts), names=found_names,
    )


def completed(columns: MatchColumns, ground: Groundwork) -> Prepared:
    """All the other numbers, beside the groundwork."""
    contacts = columns.contacts.tolist()
    contacts_each = np.fromiter(map(len, contacts), dtype=np.int64, count=len(contacts))
    contact_ids, contact_rows = _contacts(contacts, contacts_each)
    families, found_names = seat_families(), ground.names
    owners, owner_codes = codes_of(columns.owners)
    table, place_numbers = _place_words(columns.place_names.tolist())
    services, has_services = _service_sets(columns.services.tolist())
    carriers, of_any_sort = _word_carriers(found_names.word_ids, ground)
    known_words, bracketed = _word_sets(found_names.word_ids >= 0), _word_sets(found_names.is_qualifier)
    return Prepared(
        **{field.name: getattr(ground, field.name) for field in fields(Groundwork)},
        keys=columns.keys,
        list_ids=columns.list_ids,
        seat_families=_mapped(ground.constituencies, [code if code in families else "" for code in ground.seat_codes], families),
        alternatives=_alternatives(columns.alternatives.tolist(), [*ground.seat_codes, *ground.ward_codes]),
        kind_relations=relation_table(ground.kind_codes),
        owners=owners,
        sectors=_mapped(owners, owner_codes, owner_sectors()),
        mfl_codes=_official(columns.mfl_codes),
        registrations=_official(columns.registration_numbers),
        latitudes=columns.latitudes,
        longitudes=columns.longitudes,
        point_error_km=KM_PER_DEGREE * 0.5 * 10.0 ** -columns.point_decimals.astype(np.float64),
        is_shared_point=_shared_points(columns, found_names.same["core"]),
        contact_ids=contact_ids,
        contact_rows=contact_rows,
        has_contact=contacts_each > 0,
        services=services,
        has_services=has_services,
        has_surroundings=bool(place_numbers),
        place_words=table,
        place_word_rarity=_place_word_rarity(table, len(place_numbers)),
        place_word_of=np.array([*_numbers_of(found_names.vocabulary, place_numbers), -1], dtype=np.int32),
        word_carriers=carriers,
        word_records=of_any_sort,
        known_words=known_words,
        bracketed_words=bracketed,
        telling_words=_telling_words(ground, known_words & ~bracketed),
        word_starts=_word_starts(found_names.beginnings),
        namesakes_anywhere=_namesakes(ground.sounds, ground.sorts),
    )


def _fingerprints(columns: MatchColumns, found_names: StandardNames) -> FingerprintArray:
    north, east = ((degrees + 0.0).view(np.uint64) for degrees in (columns.latitudes, columns.longitudes))
    found: FingerprintArray = (found_names.fingerprints ^ (north * _NORTH) ^ (east * _EAST)) * _NORTH
    return found


def _alternatives(alternatives: Sequence[Sequence[str]], codes: Sequence[str]) -> IntArray:
    """Possible constituencies and wards by number (constituencies first, as they are numbered, then wards), up to ALTERNATIVES_COMPARED a row."""
    numbers = {code: number for number, code in enumerate(codes)}
    rows = _filled(alternatives)
    return _table(len(alternatives), rows, [[numbers.get(code, NOWHERE) for code in alternatives[row][:ALTERNATIVES_COMPARED]] for row in rows])


def _table(count: int, rows: Sequence[int], found: Sequence[Sequence[int]]) -> IntArray:
    """The numbers found for some of `count` rows, -1 for none, in as many columns as the longest of them wants (at least one): most lists state little."""
    table = np.full((count, max(map(len, found), default=1)), -1, dtype=np.int32)
    for row, numbers in zip(rows, found, strict=True):
        table[row, : len(numbers)] = numbers
    return table


def _filled(column: Sequence[Sequence[str]]) -> list[int]:
    """The rows that state something."""
    return list(compress(range(len(column)), column))


def _mapped(numbers: IntArray, codes: Sequence[str], meaning: Mapping[str, str]) -> IntArray:
    """What each code stands for, by number; a code that stands for nothing else stands for itself."""
    table = codes_of([meaning.get(code, code) for code in codes])[0]
    stands_for: IntArray = np.r_[table, np.int32(-1)][numbers]
    return stands_for


def _official(codes: TextArray) -> IntArray:
    """Official codes by number, without what typing adds: spaces, leading zeros, case."""
    numbers, known = codes_of(codes)
    return _mapped(numbers, known, {code: code.strip().lstrip("0").upper() for code in known})


def _contacts(contacts: Sequence[Sequence[str]], lengths: LongArray) -> tuple[LongArray, LongArray]:
    """The contacts that are given more than once, by number, each with its record; both in the order of the contacts. Their hashes (64 bits, of a secret of this
    process) stand for the texts: that two of a million differing contacts share one happens once in 40 million lists."""
    hashes = np.fromiter(map(hash, chain.from_iterable(contacts)), dtype=np.int64, count=int(lengths.sum()))
    repeated = np.flatnonzero(may_repeat(hashes) & (hashes != hash("")))
    ids = factorized(hashes[repeated])[0]
    several = np.bincount(ids)[ids] > 1
    ids, repeated = ids[several], repeated[several]
    rows = np.repeat(np.arange(len(contacts), dtype=np.int64), lengths)[repeated]
    size = max(len(contacts), 1)
    both = np.sort(ids * size + rows)
    both = both[np.r_[True, both[1:] != both[:-1]]] if len(both) else both
    return both // size, both % size


def _shared_points(columns: MatchColumns, cores: IntArray) -> BoolArray:
    """Whether at least SHARED_POINT_NAMES differently named places stand on exactly this point."""
    shared = np.zeros(len(columns), dtype=np.bool_)
    placed = np.flatnonzero(~np.isnan(columns.latitudes) & ~np.isnan(columns.longitudes))
    placed = placed[may_repeat((columns.latitudes[placed] + 0.0).view(np.int64))]
    if len(placed) == 0:
        return shared
    latitude, longitude = (factorized(degrees[placed])[0].astype(np.int64) for degrees in (columns.latitudes, columns.longitudes))
    point = factorized(latitude * (int(longitude.max()) + 1) + longitude)[0]
    several = np.flatnonzero((np.bincount(point) >= SHARED_POINT_NAMES)[point])
    order = placed[several[np.argsort(point[several], kind="stable")]]
    starts, lengths = spans(np.sort(point[several]))
    ends, crowded = starts + lengths, lengths > 0
    for start, end in zip(starts[crowded].tolist(), ends[crowded].tolist(), strict=True):
        if len(set(cores[order[start:end]].tolist())) >= SHARED_POINT_NAMES:
            shared[order[start:end]] = True
    return shared


def _service_sets(services: Sequence[Sequence[str]]) -> tuple[TextArray, BoolArray]:
    """The services of each record as a set, and whether there are any."""
    out: TextArray = np.empty(len(services), dtype=object)
    nothing: frozenset[str] = frozenset()
    out[:] = nothing
    rows, is_filled = _filled(services), np.zeros(len(services), dtype=np.bool_)
    is_filled[rows] = True
    for row in rows:
        out[row] = frozenset(services[row])
    return out, is_filled


def _numbers_of(vocabulary: Sequence[str], place_numbers: Mapping[str, int]) -> list[int]:
    """The number of each word of the names among the place words, -1 for none."""
    return [place_numbers.get(place_sound(word), -1) for word in vocabulary] if place_numbers else [-1] * len(vocabulary)


def _standard_names(columns: MatchColumns, kinds: IntArray, kind_codes: Sequence[str]) -> tuple[StandardNames, BoolArray]:
    """The names in comparable form, and which of them are guessed from initials."""
    names, qualifiers = columns.names.tolist(), columns.qualifiers.tolist()
    rows = np.flatnonzero(np.isin(kinds, [number for number, code in enumerate(kind_codes) if sort_of(code) in KNOWN_BY_INITIALS]))
    if not len(rows):
        return standardise(names, qualifiers), np.zeros(len(columns), dtype=np.bool_)
    told = spelled_out(names, qualifiers, rows)
    return standardise(told.names, told.qualifiers), told.is_guess


def _told_kinds(columns: MatchColumns) -> tuple[IntArray, list[str]]:
    """The kinds of the records by number, and their codes; those of government offices with the tasks that the name tells."""
    kinds, codes = codes_of(columns.facility_types)
    if OFFICE not in codes:
        return kinds, codes
    rows = np.flatnonzero(kinds == codes.index(OFFICE))
    told, tasks = codes_of(with_tasks(columns.names[rows].tolist()))
    kinds[rows] = told + len(codes)
    return kinds, [*codes, *tasks]


def _sorts(kinds: IntArray, kind_codes: Sequence[str]) -> IntArray:
    """The sort of each record by number: 0 for health, -1 for an unknown kind."""
    found = list(dict.fromkeys([UNSORTED, *(sort_of(code) for code in kind_codes)]))
    sorts: IntArray = np.array([*(found.index(sort_of(code)) for code in kind_codes), -1], dtype=np.int32)[kinds]
    return sorts


def _namesakes(keys: LongArray, sorts: IntArray) -> LongArray:
    """For each key how many records have it that may be of one sort: those of the same sort, and those of which nothing is known, which may be of any."""
    told = _equal_ones(keys)
    rows = np.flatnonzero(told > 1) if int(sorts.max(initial=0)) > 0 else np.empty(0, dtype=np.int64)
    if not len(rows):
        return told
    numbers, sorted_out = np.unique(keys[rows], return_inverse=True)[1], sorts[rows]
    of_unknown = np.bincount(numbers[sorted_out < 0], minlength=int(numbers.max()) + 1)[numbers]
    of_sort = _equal_ones(numbers * (int(sorts.max()) + 2) + sorted_out + 1)
    told[rows] = np.where(sorted_out < 0, told[rows], of_sort + of_unknown)
    return told


def _word_carriers(word_ids: IntArray, ground: Groundwork) -> tuple[IntArray, IntArray]:
    """For each word of each name, how many records of the same county carry it: of a place that is no health facility those of its sort, and all of them."""
    carriers, of_any_sort = np.zeros((2, *word_ids.shape), dtype=np.int32)
    at, width = np.flatnonzero(word_ids >= 0), int(ground.counties.max(initial=-1)) + 2
    rows = at // word_ids.shape[1]
    key = word_ids.ravel()[at].astype(np.int64) * width + ground.counties[rows] + 1
    of_any_sort.ravel()[at] = carriers.ravel()[at] = _equal_ones(key)
    others = np.flatnonzero((ground.sorts > 0)[rows] & (of_any_sort.ravel()[at] > 1))
    carriers.ravel()[at[others]] = _equal_ones(key[others] * (int(ground.sorts.max(initial=0)) + 1) + ground.sorts[rows[others]])
    return carriers, of_any_sort


def _equal_ones(numbers: LongArray) -> LongArray:
    """For each number how often it stands there."""
    if int(numbers.min(initial=0)) >= 0 and int(numbers.max(initial=0)) <= _COUNTED * (len(numbers) + 1):
        return np.bincount(numbers)[numbers].astype(np.int64)
    counts = np.ones(len(numbers), dtype=np.int64)
    rows = np.flatnonzero(may_repeat(numbers))
    _, place, found = np.unique(numbers[rows], return_inverse=True, return_counts=True)
    counts[rows] = found[place]
    return counts


def _word_sets(table: BoolArray) -> ByteArray:
    """Each row as a set, a bit for each column."""
    sets = np.zeros(len(table), dtype=np.uint8)
    for column in range(table.shape[1]):
        sets |= table[:, column].view(np.uint8) << np.uint8(column)
    return sets


def _telling_words(ground: Groundwork, words: ByteArray) -> ByteArray:
    """Of the words of each name those that tell something of such a sort of place."""
    vocabulary, telling = ground.names.vocabulary, words.copy()
    for sort, plain in plain_words().items():
        numbers = [place for word in sorted(plain) if (place := bisect_left(vocabulary, word)) < len(vocabulary) and vocabulary[place] == word]
        kinds = [number for number, code in enumerate(ground.kind_codes) if sort_of(code) == sort]
        if numbers and kinds:
            rows = np.flatnonzero(np.isin(ground.kinds, kinds))
            telling[rows] &= ~_word_sets(np.isin(ground.names.word_ids[rows], numbers))
    return telling


def _word_starts(beginnings: LongArray) -> LongArray:
    """The first letter of each word, those that begin a word for one another made one; a last one for "no word"."""
    starts: LongArray = np.r_[_ONE_SOUND[beginnings[:, 0]], np.int64(0)]
    return starts


def _place_words(place_names: Sequence[Sequence[str]]) -> tuple[IntArray, dict[str, int]]:
    """Words of the stated surroundings by number, up to PLACE_WORDS_COMPARED a row; and the numbers."""
    numbers: dict[str, int] = {}
    known: dict[str, list[int]] = {}
    rows, found = _filled(place_names), []
    for row in rows:
        words: list[int] = []
        for text in place_names[row]:
            if text not in known:
                known[text] = [numbers.setdefault(sound, len(numbers)) for sound in _place_sounds(text)]
            words += known[text]
        found.append(list(dict.fromkeys(words))[:PLACE_WORDS_COMPARED])
    return _table(len(place_names), rows, found), numbers


def _place_word_rarity(table: IntArray, count: int) -> ByteArray:
    """How rare each place word is: 1 rare, 2 known to some, 3 common; by number, with a last one for "no word"."""
    records = np.bincount(table[table >= 0], minlength=count)
    rare, common = max(3.0, RARE_PLACE_SHARE * len(table)), max(6.0, COMMON_PLACE_SHARE * len(table))
    rarity: ByteArray = np.r_[np.where(records <= rare, 1, np.where(records <= common, 2, 3)), 3].astype(np.uint8)
    return rarity


def _place_sounds(text: str) -> list[str]:
    """A stated place as it sounds: whole (`mwingi west`) and word by word."""
    words = names.split_words(names.plain(text))
    whole = place_sound("".join(words))
    return list(dict.fromkeys([whole, *(place_sound(word) for word in place_words(text))])) if whole else []


def place_sound(word: str) -> str:
    """A place word as it sounds, with the vowels that spellings of one place exchange (`Mutonguni`, `Mutongoni`) made one."""
    return names.folded(word).replace("o", "u").replace("e", "i")


def place_words(text: str) -> list[str]:
    """The telling words of a stated place name: no directions, no short or common ones."""
    roles = names.word_roles().role
    return [word for word in names.split_words(names.plain(text)) if len(word) >= _SHORTEST_PLACE_WORD and word not in roles]
