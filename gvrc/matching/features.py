"""The comparisons. Each function gives, for many pairs at once, the number of a level; its docstring is the sentence a steward reads.

Level 0 is always "unknown": it counts neither for nor against.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cpdist

from gvrc.matching.arrays import (
    BoolArray,
    ByteArray,
    FloatArray,
    IntArray,
    LongArray,
    TextArray,
    in_slices,
    texts,
)
from gvrc.matching.blocking import BIT
from gvrc.matching.meeting import (
    HEAVY_WORD,
    LEAST_RATIO,
    LIGHT_WORD,
    SLICE,
    left_over,
    named_bits,
    names_surroundings,
    parting_words,
    word_ratio,
    words_met,
)
from gvrc.matching.names import word_roles
from gvrc.matching.pairs import PairRows
from gvrc.matching.prepared import Prepared
from gvrc.matching.standard_names import WORDS_COMPARED

UNKNOWN = 0
UNKNOWN_PLACE = -1
NEAR_DEGREES = 0.02
"""About two kilometres, up to which points speak for one place."""
NAME_CLASSES = ("identical", "same", "holds", "similar")
"""How two names stand to one another; the other evidence is weighed anew for each: a shared ward says more about similar names than about equal ones."""
EARTH_KM = 6371.0
NO_WEIGHT = 0.02
LEAST_SHARED = 0.3

NAME_LEVELS = (
    "unknown", "same_words", "same_core", "same_sound", "r95", "r90", "r85", "r80", "r75", "r70", "r60", "r50", "unlike",
    "same_but_placed", "light_extra", "one_extra", "heavy_extra",
)
_LEVEL_OF_RATIO: ByteArray = (NAME_LEVELS.index("unlike") - np.searchsorted([50, 60, 70, 75, 80, 85, 90, 95], np.arange(256), side="right")).astype(np.uint8)
"""The level of the names by the ratio of their spelling."""
CLASS_OF_NAME: ByteArray = np.array([3, 0, 1, 1, *[3] * 9, *[2] * 4], dtype=np.uint8)
"""The number of the name class by the level of the names."""
WORD_LEVELS = ("unknown", "all_meet", "light_rest", "light_and_heavy", "some_rest", "heavy_rest", "nothing_shared")
MARKER_LEVELS = ("unknown", "same", "one_side", "differ")
QUALIFIER_LEVELS = ("unknown", "same", "overlap", "one_side", "differ", "one_side_placed", "differ_placed", "other_direction", "other_district", "one_side_own")
CONSONANT_LEVELS = (
    "unknown", "same", "one_differs", "two_differ", "more_differ", "same_other_start", "one_differs_other_start", "two_differ_other_start", "more_differ_other_start",
)
SHARED_WORD_LEVELS = ("unknown", "only_these", "few", "several", "many", "common_word", "place_name")
SPONSOR_LEVELS = ("unknown", "same", "one_side", "differ")
CONFIRMED_LEVELS = ("unknown", "one_name_confirmed", "both_confirmed", "both_known")
KIND_LEVELS = ("unknown", "same", "becomes", "resembles", "unlike", "sits_in", "other_group", "excludes", "words_same", "words_differ")
OWNER_LEVELS = ("unknown", "same", "same_sector", "differ", "same_common")
COMMON_OWNER = 0.15
"""Share of the records from which an owner is so common that having it in common says little."""
PLACE_LEVELS = (
    "unknown", "same_ward", "other_ward", "same_constituency", "other_constituency", "same_county", "other_county", "possible", "not_possible",
)
SURROUNDINGS_LEVELS = ("unknown", "shared_rare", "shared_known", "shared_common", "none_shared")
DISTANCE_KM = (0.1, 0.3, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
DISTANCE_LEVELS = ("unknown", "km0.1", "km0.3", "km1", "km2", "km4", "km8", "km16", "km32", "far")
CONTACT_LEVELS = ("unknown", "shared", "shared_by_many", "differ")
REGISTRATION_LEVELS = ("unknown", "same", "differ")
SERVICE_LEVELS = ("unknown", "most", "some", "none")
BESIDES_LEVELS = ("unknown", "only_kind", "nothing", "only_kind_of_few")
NAMESAKE_LEVELS = ("unknown", "only_these", "few", "several", "many", "only_these_anywhere")


Compare = Callable[[Prepared, PairRows], ByteArray]


@dataclass(frozen=True, slots=True)
class Feature:
    """One comparison: its name, its levels by number, the function, and the kind of evidence it belongs to."""

    name: str
    levels: tuple[str, ...]
    compare: Compare
    evidence: str


def spelling(prepared: Prepared, pairs: PairRows) -> ByteArray:
    """The level of the names by spelling and sound alone, without looking at single words."""
    names = prepared.names
    sounds_alike = _sounds_alike(prepared, pairs)
    ratio = np.zeros(len(pairs), dtype=np.uint8) if pairs.ratios is None else pairs.ratios.copy()
    differ = ~sounds_alike
    _compare_texts(names.core, pairs, np.flatnonzero(differ & (ratio == 0)), ratio)
    _compare_texts(names.joined, pairs, np.flatnonzero(differ & (names.has_several_words[pairs.left] | names.has_several_words[pairs.right])), ratio)
    level = _ratio_level(ratio)
    level[sounds_alike] = NAME_LEVELS.index("same_sound")
    level[_equal(names.same["core"], pairs) | _equal(names.same["whole"], pairs)] = NAME_LEVELS.index("same_core")
    level[_equal(names.same["full"], pairs)] = NAME_LEVELS.index("same_words")
    empty = names.same["core"] < 0
    level[empty[pairs.left] | empty[pairs.right]] = UNKNOWN
    return level


def _compare_texts(column: TextArray, pairs: PairRows, rows: LongArray, ratio: ByteArray) -> None:
    """Raises the ratios of some pairs to those of these texts, where these are greater."""

    def measure(part: slice) -> None:
        at = rows[part]
        found = cpdist(column[pairs.left[at]].tolist(), column[pairs.right[at]].tolist(), scorer=fuzz.ratio, dtype=np.uint8, score_cutoff=LEAST_RATIO)
        ratio[at] = np.maximum(ratio[at], found)

    in_slices(len(rows), SLICE, measure)


def _ratio_level(ratio: ByteArray) -> ByteArray:
    level: ByteArray = _LEVEL_OF_RATIO[ratio]
    return level


def name(prepared: Prepared, pairs: PairRows) -> ByteArray:
    """How alike the distinctive words of the names are, in spelling and sound, or whether one name holds the other. Where they part in one word each, that
    word tells: the word that `Mokong Tea` and `Kamkong Tea` share makes them no more alike."""
    level = (spelling(prepared, pairs) if pairs.spelled is None else pairs.spelled).copy()
    parting = parting_words(prepared, pairs)
    told = np.flatnonzero(parting.share_others & (level >= NAME_LEVELS.index("r95")))
    level[told] = np.maximum(level[told], _ratio_level(word_ratio(prepared.names.vocabulary, parting.left[told], parting.right[told])))
    open_pairs = np.flatnonzero((level > NAME_LEVELS.index("r95")) & (words_met(prepared, pairs).left != 0))
    rest = left_over(prepared, pairs.taken(open_pairs), in_other_spelling=False)
    held = (rest.smaller <= NO_WEIGHT) & (rest.shared >= LEAST_SHARED)
    kinds_of_rest = [rest.larger <= NO_WEIGHT, rest.larger <= LIGHT_WORD, rest.larger <= HEAVY_WORD]
    extra = np.select(kinds_of_rest, [NAME_LEVELS.index(name) for name in ("same_but_placed", "light_extra", "one_extra")], NAME_LEVELS.index("heavy_extra"))
    level[open_pairs[held]] = extra[held]
    return level


def _equal(column: IntArray, pairs: PairRows) -> BoolArray:
    equal: BoolArray = column[pairs.left] == column[pairs.right]
    return equal


def _sounds_alike(prepared: Prepared, pairs: PairRows) -> BoolArray:
    """Whether the names sound the same, with their words in whatever order, or run together in their own (`Homa Bay`, `Homabay`)."""
    return _equal(prepared.names.same["folded"], pairs) | _equal(prepared.names.same["run_together"], pairs)


def words(prepared: Prepared, pairs: PairRows) -> ByteArray:
    """Whether each name has telling words that the other lacks; rare words weigh more than common ones."""
    rest = left_over(prepared, pairs)
    level = np.select(
        [rest.shared <= NO_WEIGHT, rest.smaller <= NO_WEIGHT, rest.larger <= LIGHT_WORD, rest.smaller <= LIGHT_WORD, rest.larger <= HEAVY_WORD],
        [6, 1, 2, 3, 4], 5,
    ).astype(np.uint8)
    level[_equal(prepared.names.same["run_together"], pairs)] = WORD_LEVELS.index("all_meet")
    empty = prepared.names.same["core"] < 0
    return np.where(empty[pairs.left] | empty[pairs.right], UNKNOWN, level).astype(np.uint8)


def consonants(prepared: Prepared, pairs: PairRows) -> ByteArray:
    """How many consonants differ between similar names: vowels are often spelled in two ways, another consonant is mostly another name; so is another beginning."""
    level = np.zeros(len(pairs), dtype=np.uint8)
    column = prepared.names.consonants
    differing = np.flatnonzero(~(_sounds_alike(prepared, pairs) | _equal(prepared.names.same["whole"], pairs)))

    def measure(part: slice) -> None:
        rows = differing[part]
        left, right = column[pairs.left[rows]].tolist(), column[pairs.right[rows]].tolist()
        level[rows] = np.minimum(cpdist(left, right, scorer=Levenshtein.distance, score_cutoff=3, dtype=np.uint8), 3) + 1

    in_slices(len(differing), SLICE, measure)
    level[differing[_start_differs(prepared, pairs)[differing]]] += CONSONANT_LEVELS.index("more_differ")
    return level


def _start_differs(prepared: Prepared, pairs: PairRows) -> BoolArray:
    """Whether the words in which two names part begin with another sound: `Ikuyuni`, `Mikuyuni`."""
    parting = parting_words(prepared, pairs)
    differs: BoolArray = (parting.left >= 0) & (prepared.word_starts[parting.left] != prepared.word_starts[parting.right])
    return differs


def shared_word(prepared: Prepared, pairs: PairRows) -> ByteArray:
    """How many places of the county (across counties, of that which has more) carry the rarest word that both names have."""
    level = np.zeros(len(pairs), dtype=np.uint8)
    met = words_met(prepared, pairs)
    rows = np.flatnonzero(met.left)
    level[rows] = SHARED_WORD_LEVELS.index("common_word")
    weighty, fewest = _weighty(prepared, pairs.left[rows], met.left[rows])
    has_weight = weighty != 0
    rows, weighty = rows[has_weight], weighty[has_weight]
    fewest = np.maximum(fewest[has_weight], _weighty(prepared, pairs.right[rows], met.right[rows])[1])
    left, right = pairs.left[rows], pairs.right[rows]
    only_place = (weighty & ~(named_bits(prepared, left, right) | named_bits(prepared, left, left))) == 0
    level[rows] = np.select([only_place & (fewest > 2), fewest <= 2, fewest <= 4, fewest <= 10], [6, 1, 2, 3], 4)
    return level


def _weighty(prepared: Prepared, records: LongArray, words: ByteArray) -> tuple[ByteArray, LongArray]:
    """Those of a set of each record's words that are no common words, and by how few records of the county the rarest of them is carried."""
    weighty, fewest = np.zeros(len(records), dtype=np.uint8), np.full(len(records), np.iinfo(np.int64).max)
    for column in range(WORDS_COMPARED):
        rows = np.flatnonzero(words & (1 << column))
        rows = rows[prepared.names.word_weights[records[rows], column] > LIGHT_WORD]
        weighty[rows] |= 1 << column
        fewest[rows] = np.minimum(fewest[rows], np.maximum(prepared.word_carriers[records[rows], column], 1))
    return weighty, fewest


def markers(prepared: Prepared, pairs: PairRows) -> ByteArray:
    """Whether numbers, letters and directions in the names agree."""
    return _both_one_or_differ(prepared.names.same["markers"], pairs)


def _both_one_or_differ(column: IntArray, pairs: PairRows) -> ByteArray:
    filled = column >= 0
    left, right = filled[pairs.left], filled[pairs.right]
    return np.select([left & right & _equal(column, pairs), left & right, left | right], [1, 3, 2], UNKNOWN).astype(np.uint8)


def qualifier(prepared: Prepared, pairs: PairRows) -> ByteArray:
    """Whether what stands in brackets agrees."""
    column = prepared.names.qualifiers
    filled = prepared.names.same["qualifiers"] >= 0
    left, right = filled[pairs.left], filled[pairs.right]
    both = left & right
    level = np.where(both, 4, np.where(left | right, 3, UNKNOWN)).astype(np.uint8)
    level[(level == 3) & _qualifier_names_own_surroundings(prepared, pairs)] = QUALIFIER_LEVELS.index("one_side_own")
    placed = _qualifier_names_surroundings(prepared, pairs)
    level[placed & (left != right)] = QUALIFIER_LEVELS.index("one_side_placed")
    level[placed & (level == 4)] = QUALIFIER_LEVELS.index("differ_placed")
    rows = np.flatnonzero(both)
    if len(rows):
        ratio = cpdist(column[pairs.left[rows]].tolist(), column[pairs.right[rows]].tolist(), scorer=fuzz.token_set_ratio, dtype=np.uint8)
        level[rows[ratio >= 80]] = 2
        directions = _directions(column)
        mine, theirs = directions[pairs.left[rows]], directions[pairs.right[rows]]
        other = rows[mine != theirs]
        of_places = _qualifier_is_place(prepared, pairs.taken(other))
        level[other] = np.where(of_places, QUALIFIER_LEVELS.index("other_district"), QUALIFIER_LEVELS.index("other_direction"))
        level[both & _equal(prepared.names.same["qualifiers"], pairs)] = 1
    return level


def _directions(column: TextArray) -> TextArray:
    """The numbers, letters and directions among the words of each text."""
    roles = word_roles().role
    known = {text: " ".join(word for word in text.split() if roles.get(word) == "marker") for text in set(column.tolist())}
    return texts([known[text] for text in column.tolist()])


def sponsor(prepared: Prepared, pairs: PairRows) -> ByteArray:
    """Whether the church or programme named in the names is the same."""
    return _both_one_or_differ(prepared.names.same["sponsors"], pairs)


def confirmed(prepared: Prepared, pairs: PairRows) -> ByteArray:
    """Whether a name that is spelled differently is confirmed by its own surroundings, or both words in which two names part are known as places: then the
    spelling is no slip."""
    if not prepared.has_surroundings:
        return np.zeros(len(pairs), dtype=np.uint8)
    left, right = _is_confirmed(prepared, pairs.left), _is_confirmed(prepared, pairs.right)
    named = prepared.names.same["core"] >= 0
    differ = ~_equal(prepared.names.same["core"], pairs) & ~_equal(prepared.names.same["whole"], pairs) & named[pairs.left] & named[pairs.right]
    left_open = ~names_surroundings(prepared, prepared.names.word_ids[pairs.left], pairs.right)[:, 0]
    right_open = ~names_surroundings(prepared, prepared.names.word_ids[pairs.right], pairs.left)[:, 0]
    left, right = left & left_open & differ, right & right_open & differ
    parting = parting_words(prepared, pairs)
    mine, theirs = prepared.place_word_of[parting.left], prepared.place_word_of[parting.right]
    both_known = differ & (mine >= 0) & (theirs >= 0) & (mine != theirs)
    return np.select([left & right, both_known, left | right], [2, 3, 1], UNKNOWN).astype(np.uint8)


def _is_confirmed(prepared: Prepared, rows: LongArray) -> BoolArray:
    """Whether the rarest word of a name stands among the stated surroundings of the record itself."""
    found: BoolArray = names_surroundings(prepared, prepared.names.word_ids[rows], rows)[:, 0]
    return found


def _qualifier_is_place(prepared: Prepared, pairs: PairRows) -> BoolArray:
    """Whether what stands in brackets on either side is where one of the records stands: the direction in `(Narok South)` is that of a district, not of the place."""
    return np.logical_or(_qualifier_names_surroundings(prepared, pairs), _qualifier_names_own_surroundings(prepared, pairs))


def _qualifier_names_own_surroundings(prepared: Prepared, pairs: PairRows) -> BoolArray:
    """Whether what stands in brackets on one side names the surroundings of that side itself."""
    names = prepared.names
    left, right = ((names_surroundings(prepared, names.word_ids[rows], rows) & names.is_qualifier[rows]).any(axis=1) for rows in (pairs.left, pairs.right))
    return np.logical_or(left, right)


def _qualifier_names_surroundings(prepared: Prepared, pairs: PairRows) -> BoolArray:
    """Whether what stands in brackets on one side names the surroundings of the other."""
    ids = prepared.names.word_ids
    left = names_surroundings(prepared, ids[pairs.left], pairs.right) & prepared.names.is_qualifier[pairs.left]
    right = names_surroundings(prepared, ids[pairs.right], pairs.left) & prepared.names.is_qualifier[pairs.right]
    return np.logical_or(left.any(axis=1), right.any(axis=1))


def kind(prepared: Prepared, pairs: PairRows) -> ByteArray:
    """Whether the kinds of place agree, or one commonly becomes the other."""
    level = prepared.kind_relations[prepared.kinds[pairs.left], prepared.kinds[pairs.right]].copy()
    untold = (prepared.kinds[pairs.left] < 0) | (prepared.kinds[pairs.right] < 0)
    texts = prepared.names.same["kind_text"]
    said = (texts >= 0)[pairs.left] & (texts >= 0)[pairs.right]
    same = _equal(texts, pairs)
    level[untold & said & same] = KIND_LEVELS.index("words_same")
    level[untold & said & ~same] = KIND_LEVELS.index("words_differ")
    return level


def owner(prepared: Prepared, pairs: PairRows) -> ByteArray:
    """Whether the owners agree, or at least their sector (public, faith-based, private, ...)."""
    left, right = prepared.owners[pairs.left], prepared.owners[pairs.right]
    same_sector = prepared.sectors[pairs.left] == prepared.sectors[pairs.right]
    is_common = np.bincount(prepared.owners + 1, minlength=2)[prepared.owners[pairs.left] + 1] > COMMON_OWNER * prepared.count
    level = np.where(left == right, np.where(is_common, 4, 1), np.where(same_sector, 2, 3))
    return np.where((left < 0) | (right < 0), UNKNOWN, level).astype(np.uint8)


def registration(prepared: Prepared, pairs: PairRows) -> ByteArray:
    """Whether the registration numbers agree."""
    return _same_or_differ(prepared.registrations, pairs)


def _same_or_differ(column: IntArray, pairs: PairRows) -> ByteArray:
    left, right = column[pairs.left], column[pairs.right]
    return np.where((left < 0) | (right < 0), UNKNOWN, np.where(left == right, 1, 2)).astype(np.uint8)


def place(prepared: Prepared, pairs: PairRows) -> ByteArray:
    """Whether ward, constituency and county agree, at the finest level that both know."""
    same, known = {}, {}
    for level, column in (("ward", prepared.wards), ("constituency", prepared.constituencies), ("county", prepared.counties)):
        left, right = column[pairs.left], column[pairs.right]
        known[level] = (left >= 0) & (right >= 0)
        same[level] = known[level] & (left == right)
    possible, impossible = _possibly_same(prepared, pairs)
    return np.select(
        [
            same["ward"],
            same["constituency"] & known["ward"],
            same["constituency"],
            known["county"] & ~same["county"],
            known["constituency"] & ~known["ward"] & _one_family(prepared, pairs),
            known["constituency"],
            possible,
            impossible,
            same["county"],
        ],
        [1, 2, 3, 6, 7, 4, 7, 8, 5], UNKNOWN,
    ).astype(np.uint8)


def _one_family(prepared: Prepared, pairs: PairRows) -> BoolArray:
    """Whether both constituencies were one before they were split."""
    left, right = prepared.seat_families[pairs.left], prepared.seat_families[pairs.right]
    related: BoolArray = (left >= 0) & (left == right)
    return related


def _possibly_same(prepared: Prepared, pairs: PairRows) -> tuple[BoolArray, BoolArray]:
    """Where one side is not settled: whether the other stands in one of its possible places, or in none of them."""
    possible, asked = np.zeros(len(pairs), dtype=np.bool_), np.zeros(len(pairs), dtype=np.bool_)
    for mine, other in ((pairs.left, pairs.right), (pairs.right, pairs.left)):
        rows = np.flatnonzero((prepared.alternatives[mine, 0] != -1) & (prepared.constituencies[other] >= 0))
        choices = prepared.alternatives[mine[rows]]
        seat, ward = prepared.constituencies[other[rows]], prepared.wards[other[rows]]
        in_seat = (choices == seat[:, None]).any(axis=1)
        in_ward = ((choices == (ward + prepared.seat_count)[:, None]) & (ward >= 0)[:, None]).any(axis=1)
        names_seats = (choices < prepared.seat_count).any(axis=1) & ((choices >= 0).any(axis=1))
        possible[rows] |= in_seat | in_ward
        asked[rows] |= names_seats | (ward >= 0)
    return possible, asked & ~possible


def surroundings(prepared: Prepared, pairs: PairRows) -> ByteArray:
    """Whether the stated names of ward, location or town have a word in common, and how rare it is."""
    level = np.zeros(len(pairs), dtype=np.uint8)

    def measure(part: slice) -> None:
        left, right = prepared.place_words[pairs.left[part]], prepared.place_words[pairs.right[part]]
        known = (left[:, 0] >= 0) & (right[:, 0] >= 0)
        best = np.full(len(left), len(SURROUNDINGS_LEVELS) - 1, dtype=np.uint8)
        for column in range(left.shape[1]):
            word = left[:, column]
            shared = (word >= 0) & (right == word[:, None]).any(axis=1)
            best = np.where(shared, np.minimum(best, prepared.place_word_rarity[word]), best)
        level[part] = np.where(known, best, UNKNOWN)

    if prepared.has_surroundings:
        in_slices(len(pairs), SLICE, measure)
    return level


def distance(prepared: Prepared, pairs: PairRows) -> ByteArray:
    """How far apart the points are, beyond what their precision leaves open; a point shared by many places is no evidence."""
    tells = ~(np.isnan(prepared.latitudes) | np.isnan(prepared.longitudes) | prepared.is_shared_point)
    rows = np.flatnonzero(tells[pairs.left] & tells[pairs.right])
    left, right = pairs.left[rows], pairs.right[rows]
    km = distance_km(prepared, left, right)
    open_km = prepared.point_error_km[left] + prepared.point_error_km[right]
    coarse_and_near = (open_km > DISTANCE_KM[3]) & (km <= open_km)
    level = np.zeros(len(pairs), dtype=np.uint8)
    level[rows] = np.where(coarse_and_near, UNKNOWN, np.searchsorted(DISTANCE_KM, np.maximum(km, open_km)) + 1)
    return level


def distance_km(prepared: Prepared, left: LongArray, right: LongArray) -> FloatArray:
    """Great-circle distance (haversine) in kilometres, NaN when a point is unknown."""
    lat_left, lat_right = np.radians(prepared.latitudes[left]), np.radians(prepared.latitudes[right])
    half_lon = np.radians(prepared.longitudes[right] - prepared.longitudes[left]) / 2.0
    inside = np.sin((lat_right - lat_left) / 2.0) ** 2 + np.cos(lat_left) * np.cos(lat_right) * np.sin(half_lon) ** 2
    km: FloatArray = 2.0 * EARTH_KM * np.arcsin(np.sqrt(np.clip(inside, 0.0, 1.0)))
    return km


def contact(prepared: Prepared, pairs: PairRows) -> ByteArray:
    """Whether a telephone number or e-mail address is the same; one that many places give, or that is given in two counties, is an exchange's or a head office's and tells little."""
    both = prepared.has_contact[pairs.left] & prepared.has_contact[pairs.right]
    shared, many = (pairs.rules & BIT["shared_contact"]) != 0, (pairs.rules & BIT["switchboard"]) != 0
    left, right = prepared.counties[pairs.left], prepared.counties[pairs.right]
    elsewhere = shared & (left >= 0) & (right >= 0) & (left != right)
    return np.select([shared & ~elsewhere, many | elsewhere, both], [1, 2, 3], UNKNOWN).astype(np.uint8)


def services(prepared: Prepared, pairs: PairRows) -> ByteArray:
    """Whether the services agree."""
    level = np.zeros(len(pairs), dtype=np.uint8)
    for row in np.flatnonzero(prepared.has_services[pairs.left] & prepared.has_services[pairs.right]).tolist():
        left, right = prepared.services[pairs.left[row]], prepared.services[pairs.right[row]]
        share = len(left & right) / min(len(left), len(right))
        level[row] = 1 if share >= 0.5 else (2 if share > 0 else 3)
    return level


def besides(prepared: Prepared, pairs: PairRows) -> ByteArray:
    """Whether anything besides names and county agrees: with nothing else, a like name is often another place's, less often where a county has few places of the sort (police, courts, organisations)."""
    left, right = pairs.left, pairs.right
    agrees = (pairs.rules & (BIT["shared_contact"] | BIT["switchboard"])) != 0
    agrees |= prepared.has_services[left] & prepared.has_services[right]
    for column in (prepared.constituencies, prepared.wards, prepared.sectors, prepared.mfl_codes, prepared.registrations):
        agrees |= (column[left] >= 0) & (column[left] == column[right])
    unsettled = prepared.alternatives[:, 0] != UNKNOWN_PLACE
    agrees |= unsettled[left] | unsettled[right]
    agrees |= _same_region(prepared.latitudes, pairs) & _same_region(prepared.longitudes, pairs) & ~prepared.is_shared_point[left] & ~prepared.is_shared_point[right]
    alone = np.flatnonzero(~agrees)
    named = surroundings(prepared, pairs.taken(alone))
    alone = alone[(named == UNKNOWN) | (named == SURROUNDINGS_LEVELS.index("none_shared"))]
    level = np.zeros(len(pairs), dtype=np.uint8)
    left, right = left[alone], right[alone]
    both_known = (prepared.kinds[left] >= 0) & (prepared.kinds[right] >= 0)
    of_few = (np.minimum(prepared.sorts[left], prepared.sorts[right]) > 0) & (prepared.counties[left] == prepared.counties[right])
    level[alone] = np.select([both_known & of_few, both_known], [3, 1], 2)
    return level


def _same_region(degrees: FloatArray, pairs: PairRows) -> BoolArray:
    near: BoolArray = np.abs(degrees[pairs.left] - degrees[pairs.right]) <= NEAR_DEGREES
    return near


def namesakes(prepared: Prepared, pairs: PairRows) -> ByteArray:
    """How many places of the county (of the country, across counties) carry this name: one of a few is more likely the same than one of many."""
    within, anywhere = prepared.namesakes, prepared.namesakes_anywhere
    all_over = np.maximum(anywhere[pairs.left], anywhere[pairs.right])
    crowd = np.where(prepared.counties[pairs.left] == prepared.counties[pairs.right], np.maximum(within[pairs.left], within[pairs.right]), all_over)
    level = np.select([all_over <= 2, crowd <= 2, crowd <= 3, crowd <= 6], [5, 1, 2, 3], 4)
    same = _sounds_alike(prepared, pairs)
    return np.where(same & (prepared.sounds[pairs.left] >= 0), level, UNKNOWN).astype(np.uint8)


FEATURES: tuple[Feature, ...] = (
    Feature("name", NAME_LEVELS, name, "name"),
    Feature("words", WORD_LEVELS, words, "name"),
    Feature("consonants", CONSONANT_LEVELS, consonants, "name"),
    Feature("shared_word", SHARED_WORD_LEVELS, shared_word, "name"),
    Feature("markers", MARKER_LEVELS, markers, "name"),
    Feature("qualifier", QUALIFIER_LEVELS, qualifier, "name"),
    Feature("sponsor", SPONSOR_LEVELS, sponsor, "name"),
    Feature("confirmed", CONFIRMED_LEVELS, confirmed, "name"),
    Feature("namesakes", NAMESAKE_LEVELS, namesakes, "name"),
    Feature("kind", KIND_LEVELS, kind, "kind"),
    Feature("owner", OWNER_LEVELS, owner, "kind"),
    Feature("place", PLACE_LEVELS, place, "place"),
    Feature("surroundings", SURROUNDINGS_LEVELS, surroundings, "place"),
    Feature("distance", DISTANCE_LEVELS, distance, "place"),
    Feature("contact", CONTACT_LEVELS, contact, "contact"),
    Feature("registration", REGISTRATION_LEVELS, registration, "code"),
    Feature("services", SERVICE_LEVELS, services, "services"),
    Feature("besides", BESIDES_LEVELS, besides, "name"),
)
"""Every comparison in the order in which a steward reads them."""
