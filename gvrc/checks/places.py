"""What can be wrong with where a record lies: the catalogue entries, and the functions that yield them for a placed record."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gvrc.model.issue import Dimension, Issue, IssueType, Severity, Suggestion
from gvrc.model.place import Place, Point
from gvrc.reference.clues import STRONG_CLUES
from gvrc.reference.gazetteer import Gazetteer
from gvrc.reference.place_names import place_words
from gvrc.reference.placing import SURE_WARD_HINT, Level, Placement

if TYPE_CHECKING:
    import numpy.typing as npt  # loading it takes a sixteenth of a second

FAR_FROM_COUNTY_KM = 15.0
"""Gap (gvrc.reference.gazetteer.Gazetteer.county_gap_km) above which a point most likely lies in another county. On 10,900 located
facilities 0.14 % of the right points lie above it, and every wrong one of 20 km or more."""
FAR_FROM_WARD_KM = 25.0
"""Distance to the ward's centre beyond the nearest centre's, above which a point hardly lies in that ward; the largest wards reach farther
than their neighbours' centres."""
SHARED_BY = 3
"""Places at one point from which the point is no longer one place's own."""
SAME_POINT_DECIMALS = 5
"""Points that agree to about a metre are one point."""


def _type(
    code: str, title: str, severity: Severity, dimension: Dimension, template: str, description: str, *, asks: bool = False, asks_when_short: bool = False
) -> IssueType:
    stage = "transform" if code in _FOUND_IN_TRANSFORM else "score" if code == "point.shared" else "geomap"
    return IssueType(
        code=code, title=title, severity=severity, dimension=dimension, stage=stage, description=description, template=template, asks=asks, asks_when_short=asks_when_short,
    )


_FOUND_IN_TRANSFORM = frozenset({"point.unreadable", "point.zero", "point.outside_kenya", "point.swapped", "point.too_coarse", "point.from_grid", "point.grid_unclear"})
_INFO, _WARNING, _ERROR = Severity.INFO, Severity.WARNING, Severity.ERROR
_COMPLETE, _ACCURATE, _CONSISTENT = Dimension.COMPLETENESS, Dimension.ACCURACY, Dimension.CONSISTENCY

PLACE_ISSUES: tuple[IssueType, ...] = (
    _type("place.county_missing", "County missing", _WARNING, _COMPLETE, "The list names no county.",
          "No county is stated, and nothing else in the record tells it surely. A suggestion is made where names or the point hint at one.", asks_when_short=True),
    _type("place.nationwide", "No single county", _INFO, _COMPLETE, "This place serves more than one county.",
          "A hotline or an organisation for the whole country needs no county."),
    _type("place.county_unknown", "County unknown", _ERROR, _ACCURATE, "“{value}” is not a county of Kenya.",
          "The stated county is none of the 47, nor a known spelling, old district or town of one.", asks=True),
    _type("place.county_replaced", "County read from the rest", _INFO, _ACCURATE, "“{value}” is not a county; {evidence}, so the county is {best}.",
          "The stated county is none of the 47, and the rest of the record tells which is meant."),
    _type("place.county_ambiguous", "County ambiguous", _WARNING, _ACCURATE, "“{value}” can mean {options}.",
          "The county field fits several counties, such as an old province, a district that was divided, or a list of counties.", asks_when_short=True),
    _type("place.county_contradicted", "County contradicted", _ERROR, _CONSISTENT, "The list says {stated}, but {evidence}.",
          "What else the record says of its place outweighs the stated county, or a stated unit lies elsewhere and nothing speaks for the county. A heading that was carried on too far does this to a whole list.", asks=True),
    _type("place.county_doubtful", "County doubtful", _INFO, _CONSISTENT, "The list says {stated}, but {evidence}.",
          "Something in the record hints at another county, without outweighing the stated one."),
    _type("place.constituency_missing", "Constituency missing", _INFO, _COMPLETE, "No constituency is stated, and no ward tells it.",
          "The constituency is not stated and does not follow from the ward."),
    _type("place.constituency_unknown", "Constituency unknown", _WARNING, _ACCURATE, "“{value}” is no constituency of {county}.",
          "The stated constituency is none of the county's, nor a known spelling or older name of one."),
    _type("place.constituency_ambiguous", "Old constituency", _INFO, _ACCURATE, "“{value}” was divided into {options}.",
          "The stated constituency was divided in 2013, and no ward tells which of its successors is meant. The one that the rest of the record names is suggested."),
    _type("place.constituency_not_in_county", "Constituency of another county", _WARNING, _CONSISTENT, "{value} is not in {county} but in {elsewhere}.",
          "The stated constituency lies in another county than the stated one, which the rest of the record supports."),
    _type("place.constituency_contradicted", "Constituency contradicted by ward", _WARNING, _CONSISTENT,
          "The ward {ward} is not in the constituency “{value}” but in {best}.",
          "The stated ward lies in another constituency of the county. The ward decides; the constituency is suggested."),
    _type("place.ward_missing", "Ward missing", _INFO, _COMPLETE, "No ward is stated.", "The ward is not stated."),
    _type("place.ward_unknown", "Ward unknown", _WARNING, _ACCURATE, "“{value}” is no ward of {parent}.",
          "The stated ward is none of the constituency's or county's, nor a known spelling of one."),
    _type("place.ward_not_in_county", "Ward of another place", _WARNING, _CONSISTENT, "“{value}” is no ward of {parent}; one of that name is in {elsewhere}.",
          "The stated ward lies in another constituency or county than the stated ones, which the rest of the record supports."),
    _type("place.ward_ambiguous", "Ward ambiguous", _WARNING, _ACCURATE, "“{value}” can mean {options}.",
          "Several wards of the county are called so, and no constituency tells which is meant.", asks=True),
    _type("point.missing", "No point", _INFO, _COMPLETE, "The place has no point.", "No coordinates are stated; the map lists the place as unplaced."),
    _type("point.unreadable", "Coordinates unreadable", _WARNING, _ACCURATE, "“{value}” cannot be read as coordinates.",
          "The stated coordinates are no pair of numbers or degrees, or one of the two is missing. They are left out."),
    _type("point.zero", "Coordinates 0, 0", _INFO, _COMPLETE, "“{value}” stands for no coordinates.", "Zero for both coordinates means that nobody entered any."),
    _type("point.outside_kenya", "Point outside Kenya", _WARNING, _ACCURATE, "“{value}” lies outside Kenya.",
          "The stated coordinates lie outside Kenya in either order. They are left out."),
    _type("point.swapped", "Coordinates swapped", _INFO, _ACCURATE, "Latitude and longitude were swapped; mended to {mended}.",
          "The stated pair lies in Kenya only in the other order. It was mended, and the change is recorded."),
    _type("point.too_coarse", "Point too coarse", _INFO, _ACCURATE, "“{value}” is given to {decimals} decimals only.",
          "Two decimals of a degree leave about a kilometre open."),
    _type("point.from_grid", "Point from a grid of metres", _INFO, _ACCURATE, "“{value}” are metres of the UTM grid; they came out as {mended}.",
          "The coordinates were metres of the UTM grid and were turned into degrees. The datum is not stated: WGS 84 was taken, on Arc 1960 the place lies about 300 m away."),
    _type("point.grid_unclear", "Zone of a grid unclear", _WARNING, _ACCURATE, "“{value}” are metres of a grid, and nothing tells its zone.",
          "The coordinates are metres of the UTM grid. They state no zone, and the county does not tell which of Kenya's two zones is meant, or in the stated one they lie outside Kenya. They are left out."),
    _type("point.on_centroid", "Point on a unit's centre", _INFO, _ACCURATE, "The point is the centre of {unit}, hardly that of the place.",
          "The point is the reference centre of a ward, constituency or county: somebody filled in the area, not the place."),
    _type("point.shared", "Point shared by many", _INFO, _ACCURATE, "{places} places share this point.",
          "Three or more places of the run have the very same point: most likely that of a town or an office."),
    _type("point.far_from_county", "Point far from its county", _WARNING, _CONSISTENT,
          "The point lies {gap_km} km outside {county}, nearest to {nearest_ward} in {nearest_county}.",
          "The point is more than 15 km nearer to another county's wards than to the placed county's. A hint to check, never a verdict.", asks=True),
    _type("point.far_from_ward", "Point far from its ward", _INFO, _CONSISTENT,
          "The point lies {distance_km} km from the centre of {ward}, nearest to {nearest_ward}.",
          "The point is much nearer to another ward's centre than to the placed ward's."),
)  # fmt: skip
"""Catalogue entries of everything in this module and in gvrc.cleaning.coordinates."""

_SAID_BY = {
    "constituency": "the constituency {}", "ward": "the ward {}", "sub_county": "the sub-county {}", "district": "the district {}",
    "section": "the heading {}", "address": "the location {}", "town": "the town {}", "location": "the location {}", "name": "“{}” in its name", "description": "“{}” in its description", "post_box": "the post box in {}", "county": "{}", "point": "its point",
}  # fmt: skip
_RUNNING_TEXT = frozenset({"town", "location", "name", "description", "post_box"})
"""Clues whose text is a phrase in lower case, cut out of running text."""
_MOST_EVIDENCE = 4


# ---------------------------------------------------------------------- administrative place

_LEVELS = ("county", "constituency", "ward")

BY_POST_BOX = 0.6
"""Confidence in the county of a post box alone: that of a head office may be in another one than the place."""
SEAT_BY_POINT = 0.95
WARD_BY_POINT = 0.88
"""How often the constituency and the ward around a point are the stated ones, measured on 5,809 located facilities, where the two nearest ward centres
lie in one constituency and the nearest is at most SEAT_RATIO as far as the next, or the nearest is at most WARD_RATIO as far."""
SURE_EXCHANGE = 0.9
"""Confidence that constituency and ward stand in each other's columns when each names the other kind of unit, one within the other."""
SEAT_RATIO, WARD_RATIO = 0.7, 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class NearUnits:
    """The units around a point, as codes: the ward with the nearest centre, and, where the point tells them well enough by itself, constituency and ward."""

    nearest_ward: str | None = None
    sure_seat: str | None = None
    sure_ward: str | None = None


def placement_issues(
    placement: Placement, stated: Mapping[str, str], gazetteer: Gazetteer, *, is_nationwide_kind: bool = False, near: NearUnits = NearUnits(),
    needed: frozenset[str] = frozenset(_LEVELS),
) -> Iterator[Issue]:
    """What is wrong with the administrative place of a record. `stated` is what the source said; `is_nationwide_kind` marks kinds of place
    that need none, such as hotlines; `near` are the units around its point, which may confirm a hint or be one; `needed` are the levels that a place
    of its kind should state (a shelter needs no ward)."""
    teller = _Teller(placement=placement, stated=stated, gazetteer=gazetteer, near=near, needed=needed)
    if is_nationwide_kind and placement.county.state == "missing":
        yield Issue(code="place.nationwide", field_name="county")
        return
    yield from teller.county()
    if placement.place.county_code:
        yield from teller.constituency()
        yield from teller.ward()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Teller:
    """Turns one placement into issues."""

    placement: Placement
    stated: Mapping[str, str]
    gazetteer: Gazetteer
    near: NearUnits
    needed: frozenset[str]

    def county(self) -> Iterator[Issue]:
        level, text = self.placement.county, self.stated.get("county")
        if level.state in ("contradicted", "doubtful"):
            yield self._against_county(level, "place.county_contradicted" if level.state == "contradicted" or self._is_asked() else "place.county_doubtful")
        elif level.state == "nationwide":
            yield Issue(code="place.nationwide", field_name="county", value=text)
        elif level.state in ("missing", "unknown", "ambiguous"):
            detail = {"options": _either([self._county(code) for code, _ in level.options])} if level.state == "ambiguous" else {}
            yield Issue(code=f"place.county_{level.state}", field_name="county", value=text, detail=detail, suggestion=self._county_suggestion(level))
        elif level.state == "filled" and text:
            best = level.options[0][0]
            detail = {"evidence": self._evidence(best), "best": self._county(best)}
            yield Issue(code="place.county_replaced", field_name="county", value=text, detail=detail)

    def _is_asked(self) -> bool:
        """Whether a unit that is stated lies in another county than the stated one, and nothing but the county's own name speaks for that."""
        return self.placement.agreement < 0 and any(clue.source in STRONG_CLUES and clue.source != "county" for clue in self.placement.clues)

    def _against_county(self, level: Level, code: str) -> Issue:
        stated = self.placement.stated_county or ""
        detail = {"stated": self._county(stated), "evidence": self._evidence(level.options[0][0])}
        text = self.stated.get("county") or self.stated.get("section")
        return Issue(code=code, field_name="county", value=text, detail=detail, suggestion=self._county_suggestion(level))

    def _county_suggestion(self, level: Level) -> Suggestion | None:
        """The county with the most evidence, when one leads."""
        options = level.options
        if not options or (len(options) > 1 and options[0][1] == options[1][1]):
            return None
        code, confidence = options[0]
        if all(clue.source == "post_box" for clue in self.placement.clues if code in clue.counties):
            confidence = min(confidence, BY_POST_BOX)
        name = self._county(code)
        return Suggestion(values={"county": name}, shown=name, confidence=confidence, reason=_sentence(self._evidence(code)))

    def _evidence(self, county_code: str) -> str:
        """What speaks for a county, in words: `the ward X and “Y” in its name lie in Z`."""
        said: dict[str, str] = {}
        for clue in self.placement.clues:
            is_own = clue.source == "county" and self.placement.stated_county is not None
            if not is_own and county_code in clue.counties:
                text = clue.text.title() if clue.source in _RUNNING_TEXT else clue.text
                said.setdefault(clue.text.lower(), _SAID_BY[clue.source].format(text))
        words = list(said.values())[:_MOST_EVIDENCE]
        return f"{_both(words)} {'lie' if len(words) > 1 else 'lies'} in {self._county(county_code)}"

    def constituency(self) -> Iterator[Issue]:
        level, text = self.placement.constituency, self.stated.get("constituency")
        if level.state == "missing":
            suggestion = self._seat_suggestion(level) or self._seat_by_point()
            if suggestion or "constituency" in self.needed:
                yield Issue(code="place.constituency_missing", field_name="constituency", suggestion=suggestion)
        elif level.state in ("ambiguous", "divided"):
            options = _both([self._seat(code) for code, _ in level.options])
            suggestion = self._seat_by_point() or (self._seat_suggestion(level) if level.state == "divided" else None)
            yield Issue(code="place.constituency_ambiguous", field_name="constituency", value=text, detail={"options": options}, suggestion=suggestion)
        elif level.state == "contradicted":
            yield self._against_constituency(level)
        elif level.state == "unknown":
            detail = {"county": self.placement.place.county}
            suggestion = self._seat_suggestion(level) if self.placement.place.ward_code else self._exchanged() or self._seat_by_point()
            yield Issue(code="place.constituency_unknown", field_name="constituency", value=text, detail=detail, suggestion=suggestion)
        elif level.state == "elsewhere" and self.placement.county.state not in ("contradicted", "doubtful"):
            yield self._constituency_elsewhere(level, text or "")

    def _against_constituency(self, level: Level) -> Issue:
        best = self._seat(level.options[0][0])
        detail = {"ward": self.placement.place.ward, "best": best}
        value = self.stated.get("constituency")
        return Issue(code="place.constituency_contradicted", field_name="constituency", value=value, detail=detail, suggestion=self._seat_suggestion(level))

    def _constituency_elsewhere(self, level: Level, text: str) -> Issue:
        counties = {match.county_code for match in self.gazetteer.find_constituency(text)}
        detail = {"county": self.placement.place.county, "elsewhere": _either([self._county(code) for code in sorted(counties)])}
        suggestion = self._seat_suggestion(level)
        return Issue(code="place.constituency_not_in_county", field_name="constituency", value=text, detail=detail, suggestion=suggestion)

    def _seat_suggestion(self, level: Level) -> Suggestion | None:
        if not level.options:
            return None
        code, confidence = level.options[0]
        name, ward = self._seat(code), self.placement.place.ward
        reason = f"The ward {ward} lies in {name}." if ward else f"What else the record says of its place points to {name}."
        return Suggestion(values={"constituency": name}, shown=name, confidence=confidence, reason=reason)

    def _seat_by_point(self) -> Suggestion | None:
        """The constituency around the point, when it lies in the placed county."""
        code = self.near.sure_seat
        if code is None or self.gazetteer.constituency(code).county_code != self.placement.place.county_code:
            return None
        name = self._seat(code)
        return Suggestion(values={"constituency": name}, shown=name, confidence=SEAT_BY_POINT, reason=f"The wards around its point lie in {name}.")

    def _exchanged(self) -> Suggestion | None:
        """Constituency and ward when one column holds what belongs into the other."""
        county = (self.placement.place.county_code or "",)
        seat_text, ward_text = self.stated.get("constituency", ""), self.stated.get("ward", "")
        seats = tuple(match for match in self.gazetteer.find_constituency(ward_text, county) if match.method != "fuzzy") if ward_text else ()
        wards = tuple(match for match in self.gazetteer.find_ward(seat_text, county, [seat.unit_code for seat in seats]) if match.method != "fuzzy")
        if not wards:
            return self._seat_in_county_column(county)
        if len(wards) != 1 or (seats and wards[0].constituency_code not in {seat.unit_code for seat in seats}):
            return None
        if not seats and self.placement.constituency.state == "stated" and ward_text:
            return None  # 54 constituencies have a ward called as they are; an unknown ward of one of them is seldom that
        ward = self.gazetteer.ward(wards[0].unit_code)
        values = {"constituency": ward.constituency, "ward": ward.ward}
        reason = f"“{seat_text}” is the ward {ward.ward}, which lies in {ward.constituency}."
        return Suggestion(values=values, shown=self._ward_in_words(ward.ward_code), confidence=SURE_EXCHANGE if seats else 0.7, reason=reason)

    def _seat_in_county_column(self, county: tuple[str]) -> Suggestion | None:
        """The constituency that stands where the county belongs, with the county in its place."""
        text = self.stated.get("county", "")
        seats = [match for match in self.gazetteer.find_constituency(text, county) if match.method != "fuzzy"] if text and not self.gazetteer.counties_named(text) else []
        if len(seats) != 1:
            return None
        name = self._seat(seats[0].unit_code)
        return Suggestion(values={"constituency": name}, shown=name, confidence=0.9, reason=f"“{text}”, stated as the county, is the constituency {name}.")

    def ward(self) -> Iterator[Issue]:
        level, text = self.placement.ward, self.stated.get("ward")
        if level.state == "missing":
            suggestion = self._ward_suggestion(level) or self._ward_by_point()
            if suggestion or "ward" in self.needed:
                yield Issue(code="place.ward_missing", field_name="ward", suggestion=suggestion)
        elif level.state == "unknown":
            yield self._unknown_ward(level, text or "")
        elif level.state == "ambiguous":
            options = _either([self._ward_in_words(code) for code, _ in level.options])
            yield Issue(code="place.ward_ambiguous", field_name="ward", value=text, detail={"options": options}, suggestion=self._nearest_of(level) or self._spoken_for(level))

    def _unknown_ward(self, level: Level, text: str) -> Issue:
        parent = self.placement.place.constituency or self.placement.place.county
        exchanged = self._exchanged()
        is_sure = exchanged is not None and exchanged.confidence >= SURE_EXCHANGE
        suggestion = exchanged if is_sure else self._ward_suggestion(level) or self._held_ward(text) or exchanged
        elsewhere = [match.unit_code for match in self.gazetteer.wards_named(text) if match.method != "part"]
        if not elsewhere or suggestion:
            return Issue(code="place.ward_unknown", field_name="ward", value=text, detail={"parent": parent}, suggestion=suggestion or self._ward_by_point())
        names = [f"{ward.constituency}, {ward.county}" for ward in map(self.gazetteer.ward, elsewhere[:3])]
        detail = {"parent": parent, "elsewhere": _either(names)}
        return Issue(code="place.ward_not_in_county", field_name="ward", value=text, detail=detail, suggestion=self._ward_by_point())

    def _held_ward(self, text: str) -> Suggestion | None:
        """The one ward whose name holds the text, or that the text holds (`Rusinga`, `Ngara West`)."""
        place = self.placement.place
        codes = self.gazetteer.wards_akin(text, [place.constituency_code or place.county_code or ""])
        if len(codes) != 1:
            return None
        ward = self.gazetteer.ward(codes[0])
        values = {"constituency": ward.constituency, "ward": ward.ward}
        reason = f"Of the wards of {place.constituency or place.county} only {ward.ward} shares the words of “{text}”."
        return Suggestion(values=values, shown=self._ward_in_words(ward.ward_code), confidence=0.75, reason=reason)

    def _ward_by_point(self) -> Suggestion | None:
        """The ward around the point, when it lies in the placed constituency or county."""
        place, code = self.placement.place, self.near.sure_ward
        ward = self.gazetteer.ward(code) if code else None
        if ward is None or place.constituency_code not in (None, ward.constituency_code) or ward.county_code != place.county_code:
            return None
        values = {"constituency": ward.constituency, "ward": ward.ward}
        reason = f"The centre of {ward.ward} in {ward.constituency} is by far the nearest to its point."
        return Suggestion(values=values, shown=self._ward_in_words(ward.ward_code), confidence=WARD_BY_POINT, reason=reason)

    def _ward_suggestion(self, level: Level) -> Suggestion | None:
        """The first option, when it is sure enough by itself or its centre is the nearest to the point."""
        if not level.options:
            return None
        code, confidence = level.options[0]
        lead = confidence - level.options[1][1] if len(level.options) > 1 else confidence
        is_near = code == self.near.nearest_ward
        if not is_near and (lead < _WARD_LEAD or confidence < self._least_likeness()):
            return None
        ward = self.gazetteer.ward(code)
        confidence = round(1 - (1 - confidence) / 3, 3) if is_near else confidence
        values = {"constituency": ward.constituency, "ward": ward.ward}
        return Suggestion(values=values, shown=self._ward_in_words(code), confidence=confidence, reason=self._why_ward(code, is_near))

    def _least_likeness(self) -> float:
        """How sure the likest ward must be: of a constituency, of all wards of a county, or as a hint where none is stated."""
        if not self.stated.get("ward"):
            return SURE_WARD_HINT
        return _LEAST_LIKENESS if self.placement.place.constituency_code else _LEAST_LIKENESS_IN_COUNTY

    def _nearest_of(self, level: Level) -> Suggestion | None:
        """Of several wards of one name the one nearest to the point, when it is the nearest of all wards."""
        if self.near.nearest_ward is None or self.near.nearest_ward not in dict(level.options):
            return None
        ward = self.gazetteer.ward(self.near.nearest_ward)
        reason = f"Of these, the centre of {ward.ward} in {ward.constituency} is the nearest to its point."
        values = {"constituency": ward.constituency, "ward": ward.ward}
        return Suggestion(values=values, shown=self._ward_in_words(ward.ward_code), confidence=0.85, reason=reason)

    def _spoken_for(self, level: Level) -> Suggestion | None:
        """Of several wards of one name the one whose constituency is called like something else that the record says of its place (`Thika Clinic`, the
        sub-county Thika West: the Township of Thika Town, not that of Kiambu)."""
        texts = [self.stated.get(name, "") for name in _SAY_MORE] + [clue.text for clue in self.placement.clues if clue.source == "name"]
        said = {word for text in texts for word in place_words(_ROAD.sub(" ", text))}.difference(place_words(self.placement.place.county or ""))
        wards = [self.gazetteer.ward(code) for code, _ in level.options]
        spoken = [ward for ward in wards if not said.isdisjoint(set(place_words(ward.constituency)) - _SAY_LITTLE)]
        if len(spoken) != 1:
            return None
        values = {"constituency": spoken[0].constituency, "ward": spoken[0].ward}
        reason = f"What else the record says of its place points to {spoken[0].constituency}."
        return Suggestion(values=values, shown=self._ward_in_words(spoken[0].ward_code), confidence=0.8, reason=reason)

    def _why_ward(self, code: str, is_near: bool) -> str:
        ward, text = self.gazetteer.ward(code), self.stated.get("ward")
        said = f"“{text}” is most like {ward.ward} in {ward.constituency}" if text else f"The record names {ward.ward} in {ward.constituency}"
        return f"{said}, whose centre is the nearest to its point." if is_near else f"{said}."

    def _county(self, code: str) -> str:
        return self.gazetteer.county(code).county

    def _seat(self, code: str) -> str:
        return self.gazetteer.constituency(code).constituency

    def _ward_in_words(self, code: str) -> str:
        ward = self.gazetteer.ward(code)
        return f"{ward.ward} ({ward.constituency})"


_SAY_MORE = ("sub_county", "district", "town", "location", "section", "post_box")
"""Stated texts beside the ward itself that may name its constituency."""
_ROAD = re.compile(r"\b[\w'-]+\s+(?:road|rd|street|st|avenue|ave|highway|hwy|lane|way|drive|close)\b\.?", re.IGNORECASE)
"""A road is called after where it leads."""
_SAY_LITTLE = frozenset({"town", "township", "north", "south", "east", "west", "central", "municipality", "city", "upper", "lower"})
"""Words of constituencies that others have too."""
_WARD_LEAD = 0.1
"""How much more alike than the next a ward must be to be suggested for an unknown one."""
_LEAST_LIKENESS = 0.6
"""Likeness from which a ward is suggested for an unknown one without its point confirming it."""
_LEAST_LIKENESS_IN_COUNTY = 0.8
"""Where only the county is known. What stands among wards is then mostly an old location or a village: of those in the list of 2014 the likest ward below this was
that of the list of 2020 in 20 of 100, within a known constituency in 69."""


def _both(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _either(words: Sequence[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


# ---------------------------------------------------------------------- points


@dataclass(frozen=True, slots=True, kw_only=True)
class PointFacts:
    """Measured distances of one point, in kilometres: to the nearest ward centre of the country, to the next one, and how much farther to the nearest of
    the placed county (0 when there is none)."""

    nearest_ward_code: str
    nearest_km: float
    county_gap_km: float = 0.0
    next_ward_code: str = ""
    next_km: float = 0.0

    def near_units(self, gazetteer: Gazetteer) -> NearUnits:
        """The units around the point, each only where the nearest centre stands out far enough."""
        ward, other = gazetteer.ward(self.nearest_ward_code), gazetteer.ward(self.next_ward_code) if self.next_ward_code else None
        is_seat_sure = other is not None and other.constituency_code == ward.constituency_code and self.nearest_km <= SEAT_RATIO * self.next_km
        is_ward_sure = other is not None and self.nearest_km <= WARD_RATIO * self.next_km
        return NearUnits(
            nearest_ward=ward.ward_code, sure_seat=ward.constituency_code if is_seat_sure else None, sure_ward=ward.ward_code if is_ward_sure else None,
        )


def point_issues(point: Point, place: Place, facts: PointFacts, gazetteer: Gazetteer) -> Iterator[Issue]:
    """What is wrong with a point, seen from the record's place. A point too far from its county is not also told to be far from its ward."""
    shown = f"{point.latitude}, {point.longitude}"
    unit = gazetteer.unit_centred_at(point.latitude, point.longitude)
    if unit:
        yield Issue(code="point.on_centroid", field_name="coordinates", value=shown, detail={"unit": unit})
    if place.county_code and facts.county_gap_km > FAR_FROM_COUNTY_KM:
        yield _far_from_county(point, place, facts, gazetteer)
    elif place.ward_code:
        yield from _far_from_ward(point, place.ward_code, facts, gazetteer)


def _far_from_county(point: Point, place: Place, facts: PointFacts, gazetteer: Gazetteer) -> Issue:
    nearest = gazetteer.ward(facts.nearest_ward_code)
    detail = {
        "county": place.county, "gap_km": round(facts.county_gap_km), "nearest_ward": nearest.ward, "nearest_county": nearest.county,
    }  # fmt: skip
    return Issue(
        code="point.far_from_county", field_name="coordinates", value=f"{point.latitude}, {point.longitude}", detail=detail,
        suggestion=_mended_sign(point, place, gazetteer) or _ward_centre(place, gazetteer),
    )  # fmt: skip


def _mended_sign(point: Point, place: Place, gazetteer: Gazetteer) -> Suggestion | None:
    """The point with its missing (or surplus) minus sign, when it then lies in the placed county."""
    if gazetteer.county_gap_km(-point.latitude, point.longitude, place.county_code or "") > FAR_FROM_COUNTY_KM / 3:
        return None
    values: dict[str, Any] = {"latitude": -point.latitude, "longitude": point.longitude}
    reason = f"With the other sign of the latitude the point lies in {place.county}."
    return Suggestion(values=values, shown=f"{-point.latitude}, {point.longitude}", confidence=0.9, reason=reason)


def _ward_centre(place: Place, gazetteer: Gazetteer) -> Suggestion | None:
    """The centre of the placed ward, marked as such."""
    ward = gazetteer.ward(place.ward_code) if place.ward_code else None
    if ward is None or ward.latitude is None or ward.longitude is None:
        return None
    values = {"latitude": ward.latitude, "longitude": ward.longitude, "accuracy_level": "ward_centre"}
    reason = f"The constituency and ward agree with {place.county}; this is the centre of {ward.ward}, until the true point is known."
    return Suggestion(values=values, shown=f"{ward.latitude}, {ward.longitude} (centre of {ward.ward})", confidence=0.6, reason=reason)


def _far_from_ward(point: Point, ward_code: str, facts: PointFacts, gazetteer: Gazetteer) -> Iterator[Issue]:
    distance = gazetteer.ward_distance_km(point.latitude, point.longitude, ward_code)
    if distance is not None and distance - facts.nearest_km > FAR_FROM_WARD_KM:
        nearest = gazetteer.ward(facts.nearest_ward_code)
        detail = {"distance_km": round(distance), "ward": gazetteer.ward(ward_code).ward, "nearest_ward": f"{nearest.ward} in {nearest.constituency}"}
        yield Issue(code="point.far_from_ward", field_name="coordinates", value=f"{point.latitude}, {point.longitude}", detail=detail)


def missing_point(*, is_withheld: bool = False) -> Iterator[Issue]:
    """The issue of a place without coordinates; places whose point was left out on purpose have none."""
    if not is_withheld:
        yield Issue(code="point.missing", field_name="coordinates")


def shared_points(keys: Sequence[str], latitudes: npt.ArrayLike, longitudes: npt.ArrayLike, *, least: int = SHARED_BY) -> Iterator[Issue]:
    """An issue for every record whose point at least `least` records of the run share. NaN marks records without a point; the three
    sequences are as long as the run has records."""
    points = np.column_stack((np.asarray(latitudes, dtype=float), np.asarray(longitudes, dtype=float))).round(SAME_POINT_DECIMALS)
    placed = np.flatnonzero(~np.isnan(points).any(axis=1))
    if not placed.size:
        return
    _, inverse, counts = np.unique(points[placed], axis=0, return_inverse=True, return_counts=True)
    for index, places in zip(placed.tolist(), counts[inverse.ravel()].tolist(), strict=True):
        if places >= least:
            shown = f"{points[index, 0]}, {points[index, 1]}"
            yield Issue(code="point.shared", field_name="coordinates", value=shown, detail={"places": places}, record_key=keys[index])
