"""A pair in words: what was compared, what it adds, with the values in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gvrc.matching.evidence import NEIGHBOURHOOD, RIVAL, level_names
from gvrc.matching.features import CLASS_OF_NAME, FEATURES, distance_km
from gvrc.matching.kinds import kind_labels, owner_labels
from gvrc.matching.rivals import NO_ROW
from gvrc.matching.seats import place_labels
from gvrc.model.match import FeatureScore

if TYPE_CHECKING:
    from gvrc.matching.engine import MatchSet

ALIKE: dict[str, tuple[float | None, ...]] = {
    "name": (None, 1.0, 1.0, 0.97, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.6, 0.5, 0.2, 0.97, 0.9, 0.75, 0.6),
    "words": (None, 1.0, 0.8, 0.6, 0.4, 0.2, 0.0),
    "markers": (None, 1.0, 0.5, 0.0),
    "qualifier": (None, 1.0, 0.7, 0.5, 0.0, 0.8, 0.6, 0.0, 0.4, 0.6),
    "consonants": (None, 0.9, 0.6, 0.3, 0.1, 0.6, 0.4, 0.2, 0.0),
    "shared_word": (None, 1.0, 0.8, 0.6, 0.3, 0.2, 0.4),
    "sponsor": (None, 1.0, 0.5, 0.0),
    "confirmed": (None, 0.4, 0.2, 0.2),
    "namesakes": (None, 0.9, 0.7, 0.4, 0.2, 1.0),
    "kind": (None, 1.0, 0.7, 0.5, 0.1, 0.3, 0.0, 0.0, 1.0, 0.3),
    "owner": (None, 1.0, 0.6, 0.0, 0.9),
    "place": (None, 1.0, 0.5, 0.8, 0.2, 0.5, 0.0, 0.7, 0.2),
    "surroundings": (None, 1.0, 0.8, 0.5, 0.0),
    "distance": (None, 1.0, 0.95, 0.85, 0.7, 0.5, 0.3, 0.2, 0.1, 0.0),
    "contact": (None, 1.0, 0.5, 0.0),
    "registration": (None, 1.0, 0.0),
    "services": (None, 1.0, 0.5, 0.0),
    "besides": (None, 0.4, 0.2, 0.4),
    NEIGHBOURHOOD: (None, 1.0, 0.8, 0.6, 0.3, 0.1),
    RIVAL: (None, 1.0, 0.9, 0.8, 0.6, 0.5, 0.3, 0.1, 0.0),
}
"""How alike a level is, 0 to 1, for the bar on the card; None is unknown."""


class Explainer:
    """Pairs in words, many at a time: what all of them need is worked out once."""

    def __init__(self, found: MatchSet) -> None:
        self._found = found
        self._names = [feature.name for feature in FEATURES] + ([NEIGHBOURHOOD, RIVAL] if found.options.link else [])
        classes = CLASS_OF_NAME[found.levels["name"]]
        self._levels = {name: found.levels[name].tolist() for name in self._names}
        self._weights = {name: found.table.weights[name][classes, found.levels[name]].astype(np.float64).tolist() for name in self._names}
        self.km = distance_km(found.prepared, found.left, found.right).tolist()

    def features(self, index: int) -> tuple[FeatureScore, ...]:
        """Every feature of the pair at `index`, with its weight and its sentence."""
        return tuple(self._feature(index, name) for name in self._names)

    def _feature(self, index: int, feature: str) -> FeatureScore:
        level = self._levels[feature][index]
        name = level_names(feature)[level]
        said = _UNKNOWN[feature] if level == 0 else _distance(self.km[index]) if feature == "distance" else _SENTENCES[feature](self._found, index, name)
        return FeatureScore(feature=feature, score=ALIKE[feature][level], weight=self._weights[feature][index], detail=said, level=name)


def _both(found: MatchSet, index: int) -> tuple[int, int]:
    return int(found.left[index]), int(found.right[index])


def _name(found: MatchSet, index: int, level: str) -> str:
    left, right = (str(found.columns.names[row]) for row in _both(found, index))
    said = {
        "same_words": "Same name", "same_core": "Same name apart from the kind of place", "same_sound": "Names that sound the same",
        "unlike": "Unlike names", "same_but_placed": "Same name, one with its surroundings", "light_extra": "One name holds the other",
        "one_extra": "One name holds the other", "heavy_extra": "One name holds the other",
    }.get(level, "Similar names")
    return f"{said}: {left or '-'} / {right or '-'}"


def _words(found: MatchSet, index: int, level: str) -> str:
    left, right = _both(found, index)
    names = found.prepared.names
    mine, theirs = set(str(names.core[left]).split()), set(str(names.core[right]).split())
    only = [word for side in (mine - theirs, theirs - mine) for word in sorted(side)]
    if level == "nothing_shared":
        return "No telling word in common"
    return f"Not in both names: {', '.join(only)}" if only else "The same telling words"


def _markers(found: MatchSet, index: int, level: str) -> str:
    left, right = (str(found.prepared.names.markers[row]) for row in _both(found, index))
    return f"Same number or direction: {left}" if level == "same" else f"Number or direction: {left or 'none'} / {right or 'none'}"


def _qualifier(found: MatchSet, index: int, level: str) -> str:
    left, right = (str(found.prepared.names.qualifiers[row]) for row in _both(found, index))
    return f"Same in brackets: {left}" if level == "same" else f"In brackets: {left or 'nothing'} / {right or 'nothing'}"


def _consonants(found: MatchSet, index: int, level: str) -> str:
    said = {
        "same": "The names differ in vowels only", "one_differs": "The names differ in one consonant",
        "two_differ": "The names differ in two consonants", "more_differ": "The names differ in several consonants",
    }[level.removesuffix("_other_start")]
    return f"{said} and begin differently" if level.endswith("_other_start") else said


def _shared_word(found: MatchSet, index: int, level: str) -> str:
    left, right = _both(found, index)
    names = found.prepared.names
    shared = ", ".join(sorted(set(str(names.whole[left]).split()) & set(str(names.whole[right]).split()))) or "-"
    return {
        "only_these": f"No other place of the county has this word in its name: {shared}",
        "few": f"Few places of the county have this word in their names: {shared}", "several": f"Several places of the county have this word in their names: {shared}",
        "many": f"Many places of the county have this word in their names: {shared}", "common_word": f"Only common words are shared: {shared}",
        "place_name": f"Only the name of the surroundings is shared: {shared}",
    }[level]


def _sponsor(found: MatchSet, index: int, level: str) -> str:
    left, right = (str(found.prepared.names.sponsors[row]).upper() for row in _both(found, index))
    return f"Same church or programme: {left}" if level == "same" else f"Church or programme: {left or 'none'} / {right or 'none'}"


def _confirmed(found: MatchSet, index: int, level: str) -> str:
    return {
        "one_name_confirmed": "One of the spellings is also that of its surroundings",
        "both_confirmed": "Each spelling is also that of its own surroundings",
        "both_known": "Each spelling is that of a place named in these lists",
    }[level]


def _namesakes(found: MatchSet, index: int, level: str) -> str:
    return {
        "only_these": "No other place of the county has this name", "few": "One more place of the county has this name",
        "only_these_anywhere": "No other place in the lists has this name", "several": "Several places of the county have this name", "many": "Many places of the county have this name",
    }[level]


def _kind(found: MatchSet, index: int, level: str) -> str:
    labels = kind_labels()
    left, right = (labels.get(str(code := found.columns.facility_types[row]), str(code)) or "unknown" for row in _both(found, index))
    if level == "same":
        return f"Same kind of place: {left}"
    said = {
        "becomes": "Kinds that often follow each other", "resembles": "Kinds that are often taken for each other", "unlike": "Different kinds of place",
        "sits_in": "One kind of place often sits in the other", "other_group": "Different kinds of place", "excludes": "Kinds that exclude each other",
        "words_same": "The names say the same kind", "words_differ": "The names say different kinds",
    }[level]
    return f"{said}: {left} / {right}"


def _owner(found: MatchSet, index: int, level: str) -> str:
    labels = owner_labels()
    left, right = (labels.get(str(code := found.columns.owners[row]), str(code)) for row in _both(found, index))
    said = {"same": "Same owner", "same_common": "Same owner, one of many places", "same_sector": "Owners of the same sector", "differ": "Different owners"}[level]
    return f"{said}: {left}" if left == right else f"{said}: {left} / {right}"


def _place(found: MatchSet, index: int, level: str) -> str:
    said = {
        "same_ward": "Same ward", "other_ward": "Same constituency, different wards",
        "same_constituency": "Same constituency", "other_constituency": "Same county, different constituencies", "same_county": "Same county",
        "other_county": "Different counties", "possible": "Possibly the same constituency", "not_possible": "Same county, not the same constituency",
    }[level]
    left, right = (_place_name(found, row, level) for row in _both(found, index))
    return f"{said}: {left}" if left == right else f"{said}: {left} / {right}"


def _place_name(found: MatchSet, row: int, level: str) -> str:
    """The finest unit that the sentence speaks of, and that the record knows, by its official name."""
    finest = {"same_county": 0, "other_county": 0, "same_constituency": 1, "other_constituency": 1}.get(level, 2)
    columns = (found.columns.county_codes, found.columns.constituency_codes, found.columns.ward_codes)[: finest + 1]
    code = next((str(column[row]) for column in reversed(columns) if column[row]), "")
    return place_labels().get(code, code) or "unknown"


def _surroundings(found: MatchSet, index: int, level: str) -> str:
    left, right = (", ".join(map(str, found.columns.place_names[row][:3])) for row in _both(found, index))
    return f"{'No surroundings' if level == 'none_shared' else 'Surroundings'} in common: {left} / {right}"


def _distance(km: float) -> str:
    return f"{round(km * 1000)} m apart" if km < 1 else f"{km:.1f} km apart"


def _contact(found: MatchSet, index: int, level: str) -> str:
    left, right = (tuple(found.columns.contacts[row]) for row in _both(found, index))
    shared = next((token for token in left if token in right), None)
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
    return {"same": "Same registration number", "differ": "Different registration numbers"}[level]


def _services(found: MatchSet, index: int, level: str) -> str:
    return {"most": "Mostly the same services", "some": "Some services in common", "none": "No service in common"}[level]


def _besides(found: MatchSet, index: int, level: str) -> str:
    return {
        "only_kind": "Nothing but names, kind and county to go by", "nothing": "Nothing but names and county to go by",
        "only_kind_of_few": "Nothing but names, kind and county to go by, of places of which a county has few",
    }[level]


def _neighbourhood(found: MatchSet, index: int, level: str) -> str:
    return {
        "mostly": "Other places of these surroundings were mostly found in this ward",
        "often": "Other places of these surroundings were often found in this ward", "seldom": "Other places of these surroundings were seldom found in this ward",
        "never": "Other places of these surroundings were found in other wards", "never_of_many": "Many other places of these surroundings were all found in other wards",
    }[level]


def _rival(found: MatchSet, index: int, level: str) -> str:
    row = int(found.rival_rows[index])
    if level == "no_rival" or row == NO_ROW:
        return "No other record comes near"
    said = {
        "far_behind": "The next best partner is far behind", "behind": "The next best partner is behind", "near": "The next best partner is somewhat behind", "close": "Another partner comes close",
        "level": "Another partner fits as well", "ahead": "Another partner fits better",
        "far_ahead": "Another partner fits far better",
    }[level]
    return f"{said}: {found.columns.names[row]}"


_UNKNOWN = {
    "name": "A name is missing",
    "words": "No telling words to compare",
    "markers": "No numbers or directions in the names",
    "qualifier": "Nothing in brackets",
    "consonants": "The names sound the same",
    "shared_word": "No word is spelled the same in both names",
    "sponsor": "No church or programme in the names",
    "confirmed": "No spelling is confirmed by the surroundings",
    "namesakes": "Not the same name",
    "kind": "The kind of place is not known for both",
    "owner": "The owner is not known for both",
    "place": "The county is not known for both",
    "surroundings": "The surroundings are not named by both",
    "distance": "No usable point on both sides",
    "contact": "No contact on both sides",
    "registration": "No registration number on both sides",
    "services": "Services not known for both",
    "besides": "There is more than names and county to go by",
    NEIGHBOURHOOD: "Nothing learned of these surroundings from other pairs", RIVAL: "No other record comes near",
}
"""What a steward reads where nothing could be compared."""
_SENTENCES = {
    "name": _name, "words": _words, "markers": _markers, "qualifier": _qualifier, "consonants": _consonants, "shared_word": _shared_word, "sponsor": _sponsor, "confirmed": _confirmed, "namesakes": _namesakes, "kind": _kind, "owner": _owner, "place": _place,
    "surroundings": _surroundings, "contact": _contact, "registration": _registration, "services": _services, "besides": _besides, NEIGHBOURHOOD: _neighbourhood, RIVAL: _rival,
}
