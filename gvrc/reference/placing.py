"""Where a record lies, by the weight of everything it says: county first, then constituency, then ward.

The stated county stands as long as nothing outweighs it. A missing level is filled where it follows from known ones without a choice. What
is contradicted, unknown or ambiguous is told, with the best answer as far as there is one; nothing is guessed and no unit is invented.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial

from gvrc.model.place import Place
from gvrc.model.quick import quick
from gvrc.reference.address import read_address, town_in_address
from gvrc.reference.clues import STRONG_CLUES, WEIGHTS, Clue, clue_of, county_clues, county_scores, stated_clues, text_clues
from gvrc.reference.gazetteer import Gazetteer, PlaceMatch

PLACE_FIELDS = ("county", "constituency", "ward", "sub_county", "district", "section", "town", "location", "description", "post_box")
"""The stated fields that are weighed, in the order of `StatedPlace.texts`."""

_WARD = PLACE_FIELDS.index("ward")
_ADDRESSES = (PLACE_FIELDS.index("location"), PLACE_FIELDS.index("town"))

_BY_NAME = frozenset({"exact", "normalised", "alias"})

DOUBT = 0.35
"""Evidence elsewhere, as a share of that for the stated county, from which it is worth a remark."""
CLEAR_LEAD = 1.25
"""How many times the evidence of the next county the best must have to fill a missing county."""
SURE_SPELLING = 0.9
"""Likeness from which a misspelt ward of the stated constituency beats a ward of that very name in another one."""

SEAT_HINT = 0.9
SURE_WARD_HINT, WARD_HINT = 0.9, 0.65
PART_HINT = {1: 0.85, 2: 0.95}
"""How often hints are right, measured on two lists whose records are known to be the same places: a constituency named by location or name;
a ward named by name and by town or location; a ward named by fewer; of a divided constituency the part that one text names, or that several do."""

_NATIONAL_LIST = re.compile(
    r"(?:national|nationwide|countrywide|kenya)[\s_-]{0,3}(?:level\s)?(?:gbv\s|emergency\s|crisis\s|toll[\s-]free\s)?(?:organi[sz]ations?|ngos?|(?:hot|help)[\s-]?lines?|numbers|contacts|resources|services|lines|institutions)",
    re.IGNORECASE,
)
"""Headings of what serves the whole country: `national_organizations`."""
_ONLY_THE_COUNTRY = re.compile(r"\W*kenya\W*", re.IGNORECASE)
_METHODS = ("exact", "normalised", "alias", "fuzzy", "parent")
_METHOD_OF = {"part": "alias", "old": "alias", "sub_county": "alias", "town": "alias"}


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class StatedPlace:
    """What a record says of its place: the texts of PLACE_FIELDS (empty where it says nothing), the place names inside its own name, the
    county its point lies in when that is worth weighing, the weight of its stated county (less where a heading seems stuck), and what is decided."""

    texts: tuple[str, ...]
    name_phrases: tuple[str, ...] = ()
    point_county: str | None = None
    county_weight: float = WEIGHTS["county"]
    decided: frozenset[str] = frozenset()
    """The levels that a steward answered: what they say is not doubted again."""

    @property
    def may_settle(self) -> bool:
        """True when a ward is stated, or an address that may hold one."""
        return bool(self.texts[_WARD]) or any("," in self.texts[index] or "ward" in self.texts[index].lower() for index in _ADDRESSES)

    def stated(self) -> dict[str, str]:
        return {name: text for name, text in zip(PLACE_FIELDS, self.texts, strict=True) if text}


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What came out for one level: `state` is stated, filled, old, divided, missing, unknown, ambiguous, elsewhere, contradicted, doubtful, nationwide;
    `options` are unit codes that could be meant, best first, with their confidence."""

    state: str
    options: tuple[tuple[str, float], ...] = ()


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """The place found, how each level was reached, and the evidence."""

    place: Place
    county: Level
    constituency: Level
    ward: Level
    clues: tuple[Clue, ...] = ()
    scores: tuple[tuple[str, float], ...] = ()
    """County codes with their weight of evidence, best first."""
    stated_county: str | None = None
    agreement: int = 0
    """1 when the other clues speak for the stated county, -1 when all speak against it, 0 when they say nothing or none is stated."""

    @property
    def is_settled(self) -> bool:
        """True when the stated county, constituency and ward agree: nothing else needs to be weighed."""
        return self.county.state == self.ward.state == "stated" and self.constituency.state in ("stated", "filled", "old")



_CALLED_AFTER = " Foundation"


def _before_foundation(name: str) -> tuple[str, ...]:
    """The two words before `Foundation` in a name that begins with them, as one that is called after a person does; none in any other."""
    words = name.partition(_CALLED_AFTER)[0].casefold().split()
    return tuple(words) if len(words) == 2 else ()


class Placer:
    """Weighs evidence with one gazetteer; remembers what it has weighed, for records repeat each other."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self.gazetteer = gazetteer
        self.place = lru_cache(maxsize=16_384)(self._place)
        self.address = lru_cache(maxsize=16_384)(partial(read_address, gazetteer))
        self.town = lru_cache(maxsize=16_384)(partial(town_in_address, gazetteer))

    def name_phrases(self, name: str) -> tuple[str, ...]:
        """The place names inside a facility's name; who a foundation is called after may be called as a village is (`Wanjiru Tiwi Foundation`)."""
        found = self.gazetteer.phrases_in(name)
        if found and _CALLED_AFTER in name and (person := _before_foundation(name)):
            found = tuple((phrase, matches) for phrase, matches in found if phrase not in person or any(match.level == "constituency" or (match.level == "county" and match.method != "town") for match in matches))
        return tuple(phrase for phrase, _ in found)

    def _place(self, said: StatedPlace) -> Placement:
        stated = self._read(said)
        own = tuple(county_clues(self.gazetteer, stated["county"], said.county_weight)) if "county" in stated else ()
        stated_codes = _counties_of(own)
        clues = own + tuple(stated_clues(self.gazetteer, stated, stated_codes)) + self._other_clues(said, stated_codes)
        scores = sorted(county_scores(clues).items(), key=lambda found: (-found[1], found[0]))
        weighed = _Weighed(clues=clues, scores=tuple(scores), stated_county=stated_codes[0] if _is_one_county(own) else None)
        county = self._decided_county(weighed, said) or self._county(weighed, stated)
        if county.state in ("missing", "unknown", "ambiguous", "nationwide") or not county.options:
            return _unplaced(weighed, county)
        return self._within_county(weighed, county, stated, said.decided)

    def _decided_county(self, weighed: _Weighed, said: StatedPlace) -> Level | None:
        """The county that a steward answered, when it is one."""
        if "county" in said.decided and weighed.stated_county:
            return Level(state="stated", options=((weighed.stated_county, 1.0),))
        return None

    def _read(self, said: StatedPlace) -> dict[str, str]:
        """The stated texts, completed from a location or town that is written as an address (`Kondele, Kisumu Central, Kisumu`). Where the
        county is stated too, the address's county is a text of its own."""
        stated = said.stated()
        for name in ("location", "town"):
            address = self.address(stated[name]) if name in stated else None
            if address and (address.county or address.constituency or address.ward):
                if address.county:
                    stated["address" if "county" in stated else "county"] = address.county
                for level, text in (("constituency", address.constituency), ("ward", address.ward)):
                    if text:
                        stated.setdefault(level, text)
                break
        if "county" not in stated and self._heads_one_county(stated.get("section", "")):
            stated["county"] = stated.pop("section")
        return stated

    def _heads_one_county(self, section: str) -> bool:
        """Whether the heading that a record stands under names one county: it was carried on like a column, and may have been carried too far."""
        matches = self.gazetteer.find_county(section) if section else ()
        return len(matches) == 1 and matches[0].method in _BY_NAME

    def _other_clues(self, said: StatedPlace, county_codes: Sequence[str]) -> tuple[Clue, ...]:
        clues = [clue for phrase in said.name_phrases for clue in text_clues(self.gazetteer, "name", phrase, county_codes)]
        if said.point_county:
            match = PlaceMatch(level="county", county_code=said.point_county, confidence=0.9, method="point")
            clues.append(clue_of("point", "its point", (match,), WEIGHTS["point"]))
        return tuple(clues)

    # ------------------------------------------------------------------ county

    def _county(self, weighed: _Weighed, stated: Mapping[str, str]) -> Level:
        if weighed.stated_county is not None:
            return _stated_county(weighed)
        text = stated.get("county", "")
        if self._is_nationwide(stated) and not any(clue.source in STRONG_CLUES for clue in weighed.clues):
            return Level(state="nationwide")
        if weighed.can_fill():
            return Level(state="filled", options=weighed.options())
        if not text:
            return Level(state="missing", options=weighed.options())
        several = len({match.county_code for clue in weighed.clues if clue.source == "county" for match in clue.matches}) > 1
        return Level(state="ambiguous" if several else "unknown", options=weighed.options())

    def _is_nationwide(self, stated: Mapping[str, str]) -> bool:
        if _NATIONAL_LIST.fullmatch(stated.get("section", "").strip()) is not None:
            return True
        if _ONLY_THE_COUNTRY.fullmatch(stated.get("section", "")) is not None:
            stated = {name: text for name, text in stated.items() if name != "section"}  # one of several countries of a list heads what lies in it
        return any(self.gazetteer.is_nationwide(stated[name]) for name in ("county", "location", "town", "section") if name in stated)

    # ------------------------------------------------------------------ constituency and ward

    def _within_county(self, weighed: _Weighed, county: Level, stated: Mapping[str, str], decided: frozenset[str]) -> Placement:
        county_code = weighed.placed_county(county)
        seats = self._seats(stated.get("constituency", ""), county_code)
        is_seat_decided = "constituency" in decided and len(seats) == 1
        wards = self._wards_of_seat(stated, seats[0]) if is_seat_decided else self._wards(stated, county_code, seats)
        ward_level = self._ward_level(stated.get("ward", ""), wards, county_code, seats)
        ward = wards[0] if ward_level.state == "stated" else None
        if ward is not None and county.state == "doubtful" and county_code == weighed.stated_county:
            county = replace(county, state="stated")  # its own ward speaks for the county: what is left is the constituency's trouble
        seat_level, seat = self._seat_level(stated.get("constituency", ""), seats, ward, county_code)
        if ward is None and seat_level.state == "missing":
            seat_level = replace(seat_level, options=self._hinted_seats(weighed.clues, county_code))
        elif ward is None:
            seat_level = self._divided(seat_level, stated["constituency"], weighed.clues, county_code)
        if ward is None and ward_level.state == "missing":
            ward_level = replace(ward_level, options=self._hinted_wards(weighed.clues, county_code, seat if seat_level.state == "stated" else None))
        place = self._named_place(weighed, county, county_code, seat, ward)
        alternatives = _alternatives(weighed, county, seat_level, ward_level, place)
        return Placement(
            place=replace(place, alternatives=alternatives), county=county, constituency=seat_level, ward=ward_level,
            clues=weighed.clues, scores=weighed.scores, stated_county=weighed.stated_county, agreement=weighed.agreement(),
        )  # fmt: skip

    def _seats(self, text: str, county_code: str) -> tuple[PlaceMatch, ...]:
        return self.gazetteer.find_constituency(text, (county_code,)) if text else ()

    def _wards(self, stated: Mapping[str, str], county_code: str, seats: Sequence[PlaceMatch]) -> tuple[PlaceMatch, ...]:
        """The wards of the county that the ward text may mean: of the stated constituency by name, of the county by name, then by likeness."""
        text = stated.get("ward", "")
        if not text:
            return ()
        codes = [seat.unit_code for seat in seats]
        inside = self.gazetteer.find_ward(text, (county_code,), codes) if codes else ()
        if inside and (inside[0].method != "fuzzy" or inside[0].confidence >= SURE_SPELLING):
            return inside
        around = self.gazetteer.find_ward(text, (county_code,))
        if around and (around[0].method != "fuzzy" or not inside):
            return self._of_sub_county(around, stated, county_code)
        return inside or self._shortened(text, codes or [county_code])

    def _wards_of_seat(self, stated: Mapping[str, str], seat: PlaceMatch) -> tuple[PlaceMatch, ...]:
        """The wards that the ward text may mean within one constituency, and nowhere else."""
        text = stated.get("ward", "")
        return self.gazetteer.find_ward(text, (), (seat.unit_code,)) if text else ()

    def _shortened(self, text: str, codes: Sequence[str]) -> tuple[PlaceMatch, ...]:
        """Several wards that a shortened name fits (`Kayole`); one alone is no proof (`Nakuru` is more than the ward Nakuru East)."""
        wards = self.gazetteer.wards_containing(text, codes)
        return wards if len(wards) > 1 else ()

    def _of_sub_county(self, wards: tuple[PlaceMatch, ...], stated: Mapping[str, str], county_code: str) -> tuple[PlaceMatch, ...]:
        """Of several wards of one name those of the stated sub-county, when it is named like a constituency."""
        text = stated.get("sub_county", "")
        if len(wards) < 2 or not text:
            return wards
        seats = {seat.unit_code for seat in self.gazetteer.find_constituency(text, (county_code,))}
        return tuple(ward for ward in wards if ward.constituency_code in seats) or wards

    def _ward_level(self, text: str, wards: Sequence[PlaceMatch], county_code: str, seats: Sequence[PlaceMatch]) -> Level:
        options = tuple((ward.unit_code, ward.confidence) for ward in wards)
        if not text:
            return Level(state="missing")
        if not wards:
            return Level(state="unknown", options=self._alike_wards(text, [seat.unit_code for seat in seats] or [county_code]))
        if len(wards) > 1:
            return Level(state="ambiguous", options=options)
        return Level(state="stated", options=options)

    def _alike_wards(self, text: str, codes: Sequence[str]) -> tuple[tuple[str, float], ...]:
        return tuple((ward.unit_code, ward.confidence) for ward in self.gazetteer.similar_wards(text, codes)[:3])

    def _seat_level(self, text: str, seats: Sequence[PlaceMatch], ward: PlaceMatch | None, county_code: str) -> tuple[Level, PlaceMatch | None]:
        """The constituency: the stated one, unless the ward lies in another; of an old one that was split, the ward's."""
        options = tuple((seat.unit_code, seat.confidence) for seat in seats)
        if ward is not None:
            return self._seat_of_ward(text, seats, ward), ward
        if not text:
            return Level(state="missing"), None
        if not seats:
            elsewhere = self.gazetteer.find_constituency(text)
            return Level(state="elsewhere" if elsewhere else "unknown"), None
        if len(seats) > 1:
            return Level(state="ambiguous", options=options), None
        return Level(state="stated", options=options), seats[0]

    def _seat_of_ward(self, text: str, seats: Sequence[PlaceMatch], ward: PlaceMatch) -> Level:
        parent = ((ward.constituency_code or "", ward.confidence),)
        if not text:
            return Level(state="filled", options=parent)
        if any(seat.unit_code == ward.constituency_code for seat in seats):
            return Level(state="stated" if len(seats) == 1 else "old", options=parent)
        if ward.constituency_code in self.gazetteer.old_successors(text):
            return Level(state="old", options=parent)
        if seats:
            return Level(state="contradicted", options=parent)
        return Level(state="elsewhere" if self.gazetteer.find_constituency(text) else "unknown", options=parent)

    def _hinted_seats(self, clues: Sequence[Clue], county_code: str) -> tuple[tuple[str, float], ...]:
        """The one constituency that sub-county, location or name point to, as a hint only."""
        sources = _units_by_source(clues, county_code, "constituency")
        seats = {seat for found in sources.values() for seat in found}
        return ((min(seats), SEAT_HINT),) if len(seats) == 1 and set(sources) - {"town"} else ()

    def _divided(self, level: Level, text: str, clues: Sequence[Clue], county_code: str) -> Level:
        """The level of a constituency that was divided in 2013, the part of it that everything else names first. Where one part kept the old name,
        another is told only when nothing speaks for it."""
        if level.state not in ("ambiguous", "stated"):
            return level
        parts = self.gazetteer.old_successors(text) if level.state == "stated" else {code for code, _ in level.options}
        if len(parts) < 2:
            return level
        sources = _units_by_source(clues, county_code, "constituency")
        sources.pop("district", None)
        named = {seat for found in sources.values() for seat in found if level.state == "stated" or seat in parts}
        if len(named) != 1 or not named <= parts or named <= {code for code, _ in level.options[:1] if level.state == "stated"}:
            return level
        best = (min(named), PART_HINT[min(2, len(sources))])
        return Level(state="divided", options=(best, *((code, 0.0) for code in sorted(parts - named))))

    def _hinted_wards(self, clues: Sequence[Clue], county_code: str, seat: PlaceMatch | None) -> tuple[tuple[str, float], ...]:
        """The one ward of the known constituency that town, location or name are called like; as a hint only."""
        sources = _units_by_source(clues, county_code, "ward", seat.constituency_code if seat else None)
        wards = {ward for found in sources.values() for ward in found}
        if len(wards) != 1:
            return ()
        return ((min(wards), SURE_WARD_HINT if "name" in sources and len(sources.keys() & {"town", "location"}) else WARD_HINT),)

    def _named_place(self, weighed: _Weighed, county: Level, county_code: str, seat: PlaceMatch | None, ward: PlaceMatch | None) -> Place:
        official = self.gazetteer
        constituency = official.constituency(seat.constituency_code) if seat and seat.constituency_code else None
        method, confidence = weighed.method(county, county_code, seat, ward)
        return Place(
            county_code=county_code,
            county=official.county(county_code).county,
            constituency_code=constituency.constituency_code if constituency else None,
            constituency=constituency.constituency if constituency else None,
            ward_code=ward.ward_code if ward else None,
            ward=official.ward(ward.ward_code).ward if ward and ward.ward_code else None,
            confidence=confidence,
            method=method,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Weighed:
    """The clues of one record with the score of each county; `stated_county` is the county field's own answer, when it has one."""

    clues: tuple[Clue, ...]
    scores: tuple[tuple[str, float], ...]
    stated_county: str | None

    def agreement(self) -> int:
        others = {code for clue in self.clues if clue.source not in ("county", "point") for code in clue.counties}
        if self.stated_county is None or not others:
            return 0
        return 1 if self.stated_county in others else -1

    def options(self) -> tuple[tuple[str, float], ...]:
        """The counties with their share of the evidence, best first."""
        total = sum(score for _, score in self.scores)
        return tuple((code, round(score / total, 3)) for code, score in self.scores[:5]) if total else ()

    def can_fill(self) -> bool:
        """True when one county leads clearly and an administrative statement speaks for it."""
        if not self.scores or (len(self.scores) > 1 and self.scores[0][1] < CLEAR_LEAD * self.scores[1][1]):
            return False
        return self.has_strong_clue(self.scores[0][0])

    def has_strong_clue(self, county_code: str) -> bool:
        """True when a statement other than a resolved county field names this county and no other."""
        return any(clue.source in STRONG_CLUES and set(clue.counties) == {county_code} for clue in self.clues if not self._is_own(clue))

    def _is_own(self, clue: Clue) -> bool:
        return clue.source == "county" and self.stated_county is not None

    def placed_county(self, county: Level) -> str:
        """The county to place the record in: the stated one unless a contradiction rests on an administrative statement."""
        best = county.options[0][0]
        if self.stated_county is None or (county.state == "contradicted" and self.has_strong_clue(best)):
            return best
        return self.stated_county

    def method(self, county: Level, county_code: str, seat: PlaceMatch | None, ward: PlaceMatch | None) -> tuple[str, float]:
        """The least certain method on the way, and the confidence in the whole."""
        own = [match for clue in self.clues if clue.source == "county" for match in clue.matches if match.county_code == county_code]
        used = [match for match in (*own[:1], seat, ward) if match is not None]
        methods = [_METHOD_OF.get(match.method, match.method) for match in used]
        if county_code != self.stated_county or (ward is not None and seat is ward):
            methods += ["parent"] if county_code != self.stated_county else []
        confidence = min((match.confidence for match in used), default=0.8)
        if county.state in ("contradicted", "doubtful"):
            confidence = min(confidence, dict(county.options).get(county_code, 0.5))
        return max(methods, key=_METHODS.index, default="parent"), round(confidence, 3)


def _stated_county(weighed: _Weighed) -> Level:
    """Whether the stated county stands against the evidence for another."""
    scores, stated = dict(weighed.scores), weighed.stated_county or ""
    best, best_score = max(((code, score) for code, score in weighed.scores if code != stated), key=lambda found: found[1], default=("", 0.0))
    if not best or best_score < DOUBT * scores[stated]:
        return Level(state="stated", options=((stated, 1.0),))
    state = "contradicted" if best_score > scores[stated] else "doubtful"
    share = round(best_score / (best_score + scores[stated]), 3)
    return Level(state=state, options=((best, share), (stated, round(1 - share, 3))))


def _counties_of(clues: Sequence[Clue]) -> tuple[str, ...]:
    """The counties that the county field may mean."""
    return tuple(sorted({match.county_code for clue in clues for match in clue.matches}))


def _is_one_county(own: Sequence[Clue]) -> bool:
    """True when the county field names exactly one county, and names it as a county."""
    return len(_counties_of(own)) == 1 and all(match.level == "county" and match.method != "town" for match in own[0].matches)


def _unplaced(weighed: _Weighed, county: Level) -> Placement:
    nothing = Level(state="missing")
    return Placement(
        place=Place(alternatives=tuple(code for code, _ in county.options[:3])), county=county, constituency=nothing, ward=nothing,
        clues=weighed.clues, scores=weighed.scores,
    )  # fmt: skip


def _units_by_source(clues: Sequence[Clue], county_code: str, level: str, seat_code: str | None = None) -> dict[str, set[str]]:
    """The constituencies or wards of a county that each weaker text names. Towns and districts name none; wards name their constituency."""
    found: dict[str, set[str]] = {}
    for clue in clues:
        for match in clue.matches if clue.source in ("sub_county", "district", "town", "location", "name") else ():
            code = match.ward_code if level == "ward" else match.constituency_code
            if code and match.county_code == county_code and match.method != "old" and seat_code in (None, match.constituency_code):
                found.setdefault(clue.source, set()).add(code)
    return found


def _alternatives(weighed: _Weighed, county: Level, seat: Level, ward: Level, place: Place) -> tuple[str, ...]:
    """Codes of the units that were also possible: of an ambiguous ward or constituency, and of the constituency or ward stated elsewhere."""
    codes = [code for level in (ward, seat) if level.state in ("ambiguous", "divided") for code, _ in level.options]
    if county.state in ("contradicted", "doubtful"):
        codes += [match.unit_code for clue in weighed.clues if clue.source in ("constituency", "ward") for match in clue.matches if match.county_code != place.county_code]
    return tuple(dict.fromkeys(codes))[:9]
