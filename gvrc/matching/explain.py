"""A pair in words: what was compared, what it adds, with the values in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gvrc.matching.evidence import NEIGHBOURHOOD, RIVAL, level_names
from gvrc.matching.features import FEATURES, distance_km
from gvrc.matching.kinds import kind_labels
from gvrc.matching.rivals import NO_ROW
from gvrc.model.match import FeatureScore

if TYPE_CHECKING:
    from gvrc.matching.engine import MatchSet

ALIKE: dict[str, tuple[float | None, ...]] = {
    "name": (None, 1.0, 1.0, 0.97, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.6, 0.5, 0.2, 0.97, 0.9, 0.75, 0.6),
    "words": (None, 1.0, 0.8, 0.6, 0.4, 0.2, 0.0),
    "markers": (None, 1.0, 0.5, 0.0),
    "qualifier": (None, 1.0, 0.7, 0.5, 0.0, 0.8, 0.6, 0.0),
    "consonants": (None, 0.9, 0.6, 0.3, 0.1),
    "shared_word": (None, 1.0, 0.8, 0.6, 0.3, 0.2, 0.4),
    "sponsor": (None, 1.0, 0.5, 0.0),
    "confirmed": (None, 0.4, 0.2),
    "namesakes": (None, 0.9, 0.7, 0.4, 0.2, 1.0),
    "kind": (None, 1.0, 0.7, 0.5, 0.1, 0.3, 0.0, 0.0, 1.0, 0.3),
    "owner": (None, 1.0, 0.6, 0.0, 0.9),
    "place": (None, 1.0, 0.5, 0.8, 0.2, 0.5, 0.0, 0.7, 0.2),
    "surroundings": (None, 1.0, 0.8, 0.5, 0.0),
    "distance": (None, 1.0, 0.95, 0.85, 0.7, 0.5, 0.3, 0.2, 0.1, 0.0),
    "contact": (None, 1.0, 0.5, 0.0),
    "registration": (None, 1.0, 0.0),
    "services": (None, 1.0, 0.5, 0.0),
    NEIGHBOURHOOD: (None, 1.0, 0.8, 0.6, 0.3, 0.1),
    RIVAL: (None, 1.0, 0.9, 0.8, 0.6, 0.5, 0.3, 0.1, 0.0),
}
"""How alike a level is, 0 to 1, for the bar on the card; None is unknown."""


def features_of(found: MatchSet, index: int) -> tuple[FeatureScore, ...]:
    """Every feature of the pair at `index`, with its weight and its sentence."""
    order = [feature.name for feature in FEATURES] + ([NEIGHBOURHOOD, RIVAL] if found.options.link else [])
    return tuple(_feature(found, index, name) for name in order)


def _feature(found: MatchSet, index: int, feature: str) -> FeatureScore:
    level = int(found.levels[feature][index])
    return FeatureScore(
        feature=feature,
        score=ALIKE[feature][level],
        weight=found.table.weight(feature, found.levels, index),
        detail=_SENTENCES[feature](found, index, level_names(feature)[level]),
    )


def _both(found: MatchSet, index: int) -> tuple[int, int]:
    return int(found.left[index]), int(found.right[index])


def _name(found: MatchSet, index: int, level: str) -> str:
    left, right = (str(found.columns.names[row]) for row in _both(found, index))
    said = {
        "unknown": "A name is missing", "same_words": "Same name", "same_core": "Same name apart from the kind of place", "same_sound": "Names that sound the same",
        "unlike": "Unlike names", "same_but_placed": "Same name, one with its surroundings", "light_extra": "One name holds the other",
        "one_extra": "One name holds the other", "heavy_extra": "One name holds the other",
    }.get(level, "Similar names")
    return f"{said}: {left or '-'} / {right or '-'}"


def _words(found: MatchSet, index: int, level: str) -> str:
    left, right = _both(found, index)
    names = found.prepared.names
    mine, theirs = set(str(names.core[left]).split()), set(str(names.core[right]).split())
    only = [word for side in (mine - theirs, theirs - mine) for word in sorted(side)]
    if level == "unknown":
        return "No telling words to compare"
    if level == "nothing_shared":
        return "No telling word in common"
    return f"Not in both names: {', '.join(only)}" if only else "The same telling words"


def _markers(found: MatchSet, index: int, level: str) -> str:
    left, right = (str(found.prepared.names.markers[row]) for row in _both(found, index))
    if level == "unknown":
        return "No numbers or directions in the names"
    return f"Same number or direction: {left}" if level == "same" else f"Number or direction: {left or 'none'} / {right or 'none'}"


def _qualifier(found: MatchSet, index: int, level: str) -> str:
    left, right = (str(found.prepared.names.qualifiers[row]) for row in _both(found, index))
    if level == "unknown":
        return "Nothing in brackets"
    return f"Same in brackets: {left}" if level == "same" else f"In brackets: {left or 'nothing'} / {right or 'nothing'}"


def _consonants(found: MatchSet, index: int, level: str) -> str:
    return {
        "unknown": "The names sound the same", "same": "The names differ in vowels only", "one_differs": "The names differ in one consonant",
        "two_differ": "The names differ in two consonants", "more_differ": "The names differ in several consonants",
    }[level]


def _shared_word(found: MatchSet, index: int, level: str) -> str:
    left, right = _both(found, index)
    names = found.prepared.names
    shared = ", ".join(sorted(set(str(names.whole[left]).split()) & set(str(names.whole[right]).split()))) or "-"
    return {
        "unknown": "No word is spelled the same in both names", "only_these": f"No other place of the county has this word in its name: {shared}",
        "few": f"Few places of the county have this word in their names: {shared}", "several": f"Several places of the county have this word in their names: {shared}",
        "many": f"Many places of the county have this word in their names: {shared}", "common_word": f"Only common words are shared: {shared}",
        "place_name": f"Only the name of the surroundings is shared: {shared}",
    }[level]


def _sponsor(found: MatchSet, index: int, level: str) -> str:
    left, right = (str(found.prepared.names.sponsors[row]).upper() for row in _both(found, index))
    if level == "unknown":
        return "No church or programme in the names"
    return f"Same church or programme: {left}" if level == "same" else f"Church or programme: {left or 'none'} / {right or 'none'}"


def _confirmed(found: MatchSet, index: int, level: str) -> str:
    return {
        "unknown": "No spelling is confirmed by the surroundings", "one_name_confirmed": "One of the spellings is also that of its surroundings",
        "both_confirmed": "Each spelling is also that of its own surroundings",
    }[level]


def _namesakes(found: MatchSet, index: int, level: str) -> str:
    return {
        "unknown": "Not the same name", "only_these": "No other place of the county has this name", "few": "One more place of the county has this name",
        "only_these_anywhere": "No other place in the lists has this name", "several": "Several places of the county have this name", "many": "Many places of the county have this name",
    }[level]


def _kind(found: MatchSet, index: int, level: str) -> str:
    labels = kind_labels()
    left, right = (labels.get(str(code := found.columns.facility_types[row]), str(code)) or "unknown" for row in _both(found, index))
    if level == "unknown":
        return "The kind of place is not known for both"
    if level == "same":
        return f"Same kind of place: {left}"
    said = {
        "becomes": "Kinds that often follow each other", "resembles": "Kinds that are often taken for each other", "unlike": "Different kinds of place",
        "sits_in": "One kind of place often sits in the other", "other_group": "Different kinds of place", "excludes": "Kinds that exclude each other",
        "words_same": "The names say the same kind", "words_differ": "The names say different kinds",
    }[level]
    return f"{said}: {left} / {right}"


def _owner(found: MatchSet, index: int, level: str) -> str:
    return {"unknown": "The owner is not known for both", "same": "Same owner", "same_common": "Same owner, one of many places", "same_sector": "Owners of the same sector", "differ": "Different owners"}[level]


def _place(found: MatchSet, index: int, level: str) -> str:
    return {
        "unknown": "The county is not known for both", "same_ward": "Same ward", "other_ward": "Same constituency, different wards",
        "same_constituency": "Same constituency", "other_constituency": "Same county, different constituencies", "same_county": "Same county",
        "other_county": "Different counties", "possible": "Possibly the same constituency", "not_possible": "Same county, not the same constituency",
    }[level]


def _surroundings(found: MatchSet, index: int, level: str) -> str:
    if level == "unknown":
        return "The surroundings are not named by both"
    left, right = (", ".join(map(str, found.columns.place_names[row][:3])) for row in _both(found, index))
    return f"{'No surroundings' if level == 'none_shared' else 'Surroundings'} in common: {left} / {right}"


def _distance(found: MatchSet, index: int, level: str) -> str:
    if level == "unknown":
        return "No usable point on both sides"
    km = float(distance_km(found.prepared, found.left[index : index + 1], found.right[index : index + 1])[0])
    return f"{round(km * 1000)} m apart" if km < 1 else f"{km:.1f} km apart"


def _contact(found: MatchSet, index: int, level: str) -> str:
    left, right = (tuple(found.columns.contacts[row]) for row in _both(found, index))
    shared = next((token for token in left if token in right), None)
    if level == "unknown":
        return "No contact on both sides"
    if level == "differ" or shared is None:
        return "Different contacts"
    said = "Same contact" if level == "shared" else "Same contact, given by many places"
    return f"{said}, {masked(str(shared))}"


def masked(token: str) -> str:
    """A contact as it may stand in a sentence: a vault token in braces, or its last three characters."""
    if token.startswith("vault:"):
        return f"{{{token}}}"
    return f"at {token.rsplit('@', 1)[1]}" if "@" in token else f"ending {token[-3:]}"


def _registration(found: MatchSet, index: int, level: str) -> str:
    return {"unknown": "No registration number on both sides", "same": "Same registration number", "differ": "Different registration numbers"}[level]


def _services(found: MatchSet, index: int, level: str) -> str:
    return {"unknown": "Services not known for both", "most": "Mostly the same services", "some": "Some services in common", "none": "No service in common"}[level]


def _neighbourhood(found: MatchSet, index: int, level: str) -> str:
    return {
        "unknown": "Nothing learned of these surroundings from other pairs", "mostly": "Other places of these surroundings were mostly found in this ward",
        "often": "Other places of these surroundings were often found in this ward", "seldom": "Other places of these surroundings were seldom found in this ward",
        "never": "Other places of these surroundings were found in other wards", "never_of_many": "Many other places of these surroundings were all found in other wards",
    }[level]


def _rival(found: MatchSet, index: int, level: str) -> str:
    row = int(found.rival_rows[index])
    if level in ("unknown", "no_rival") or row == NO_ROW:
        return "No other record comes near"
    said = {
        "far_behind": "The next best partner is far behind", "behind": "The next best partner is behind", "near": "The next best partner is somewhat behind", "close": "Another partner comes close",
        "level": "Another partner fits as well", "ahead": "Another partner fits better",
        "far_ahead": "Another partner fits far better",
    }[level]
    return f"{said}: {found.columns.names[row]}"


_SENTENCES = {
    "name": _name, "words": _words, "markers": _markers, "qualifier": _qualifier, "consonants": _consonants, "shared_word": _shared_word, "sponsor": _sponsor, "confirmed": _confirmed, "namesakes": _namesakes, "kind": _kind, "owner": _owner, "place": _place,
    "surroundings": _surroundings, "distance": _distance, "contact": _contact, "registration": _registration, "services": _services, NEIGHBOURHOOD: _neighbourhood, RIVAL: _rival,
}
