"""Facts that override the match score, and the strict bar before a pair may be merged without asking."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gvrc.matching.arrays import BoolArray, ByteArray
from gvrc.matching.evidence import RIVAL, level_names
from gvrc.matching.pairs import PairRows
from gvrc.matching.prepared import Prepared

NOTHING, SAME_CODE, DIFFERENT_CODES, KINDS_EXCLUDE, SITS_IN = range(5)
HARD_EVIDENCE: tuple[str, ...] = ("", "same_official_code", "different_official_codes", "kinds_exclude_each_other", "one_sits_in_the_other")
"""Hard evidence by number: the first makes a pair the same, the others make it two places, the last two perhaps related ones."""

_STRONG_NAME = ("same_words", "same_core", "same_sound")
_ANY_NAME = (*_STRONG_NAME, "r95", "r90", "r85")
_NEAR = ("km0.1", "km0.3", "km1")
_FAR = ("km8", "km16", "km32", "far")
_SOFT_KINDS = ("unknown", "same", "becomes", "words_same")


def is_level(levels: Mapping[str, ByteArray], feature: str, *names: str) -> BoolArray:
    """Whether each pair stands on one of the named levels of a feature."""
    every = level_names(feature)
    wanted = np.zeros(len(every), dtype=np.bool_)
    wanted[[every.index(name) for name in names]] = True
    met: BoolArray = wanted[levels[feature]]
    return met


def verdicts(prepared: Prepared, pairs: PairRows, levels: Mapping[str, ByteArray]) -> ByteArray:
    """The hard evidence of each pair, as a number into HARD_EVIDENCE. Official codes speak first. A gender desk sits in a police station
    where the names say so, or say no kind at all: two names that say the same kind, listed under two kinds, are a disagreement of the lists."""
    left, right = prepared.mfl_codes[pairs.left], prepared.mfl_codes[pairs.right]
    both = (left >= 0) & (right >= 0)
    kind_words = prepared.names.same["kind_text"]
    said, other = kind_words[pairs.left], kind_words[pairs.right]
    sits_in = is_level(levels, "kind", "sits_in") & ((said != other) | (said < 0))
    return np.select(
        [both & (left == right), both, is_level(levels, "kind", "excludes"), sits_in], [SAME_CODE, DIFFERENT_CODES, KINDS_EXCLUDE, SITS_IN], NOTHING
    ).astype(np.uint8)


def may_be_automatic(levels: Mapping[str, ByteArray], verdict: ByteArray, link: bool) -> BoolArray:
    """Whether two independent kinds of evidence agree and nothing contradicts: name with place, name with contact, or an official code with the name.

    Between lists of distinct places the county is place enough, for there a name has no rival; within a list the ward, the constituency, the point or
    named surroundings must agree.
    """
    name = is_level(levels, "name", *_STRONG_NAME) & is_level(levels, "words", "unknown", "all_meet", "light_rest")
    contact = is_level(levels, "contact", "shared")
    agreed = name & (_same_place(levels, link) | contact | is_level(levels, "registration", "same"))
    by_code = (verdict == SAME_CODE) & is_level(levels, "name", *_ANY_NAME)
    allowed: BoolArray = (agreed & (verdict == NOTHING) & ~contradicts(levels, link)) | by_code
    return allowed


def is_elsewhere(prepared: Prepared, pairs: PairRows, levels: Mapping[str, ByteArray]) -> BoolArray:
    """Whether one record states no county and may lie in some places only, none of which is where the other stands. Such a pair is never merged unasked."""
    homeless = (prepared.counties[pairs.left] < 0) | (prepared.counties[pairs.right] < 0)
    elsewhere: BoolArray = homeless & is_level(levels, "place", "not_possible")
    return elsewhere


def _same_place(levels: Mapping[str, ByteArray], link: bool) -> BoolArray:
    county = is_level(levels, "place", "same_county", "possible", "other_ward")
    near = is_level(levels, "distance", *_NEAR) | is_level(levels, "place", "same_ward", "same_constituency")
    if link:
        return near | county | (is_level(levels, "place", "other_constituency", "not_possible") & _only_namesakes(levels))
    return near | (county & is_level(levels, "surroundings", "shared_rare", "shared_known"))


def _only_namesakes(levels: Mapping[str, ByteArray]) -> BoolArray:
    """Whether no third place of the county has the name."""
    return is_level(levels, "namesakes", "only_these", "only_these_anywhere") & is_level(levels, "name", "same_words")


def contradicts(levels: Mapping[str, ByteArray], link: bool) -> BoolArray:
    """Whether some evidence speaks against: numbers, sponsors or brackets that differ, a church in one name only and another owner, a place or point elsewhere, an unlike kind, a rival as good."""
    against: BoolArray = (
        is_level(levels, "markers", "differ", "one_side")
        | is_level(levels, "qualifier", "differ", "other_direction", "other_district")
        | is_level(levels, "sponsor", "differ")
        | (is_level(levels, "sponsor", "one_side") & is_level(levels, "owner", "differ"))
        | is_level(levels, "place", "other_county")
        | is_level(levels, "distance", *_FAR)
    )
    if link:
        unlike = is_level(levels, "kind", "unlike", "sits_in", "other_group", "excludes")
        return against | unlike | is_level(levels, RIVAL, "close", "level", "ahead", "far_ahead")
    against = against | ~is_level(levels, "kind", *_SOFT_KINDS) | is_level(levels, "place", "other_constituency", "not_possible")
    many = is_level(levels, "namesakes", "several", "many")
    alone = is_level(levels, "distance", "unknown") & ~is_level(levels, "contact", "shared")
    found: BoolArray = against | is_level(levels, "namesakes", "many") | (many & alone)
    return found


def belongs_together(levels: Mapping[str, ByteArray], index: int) -> bool:
    """Whether two places of kinds that sit in one another stand together: the same telling words or contact, and no place against it."""
    one = {name: level[index : index + 1] for name, level in levels.items()}
    tied = is_level(one, "name", *_STRONG_NAME) | is_level(one, "contact", "shared") | is_level(one, "distance", "km0.1")
    apart = is_level(one, "place", "other_county", "other_constituency") | is_level(one, "distance", "km4", *_FAR)
    return bool((tied & ~apart)[0])
