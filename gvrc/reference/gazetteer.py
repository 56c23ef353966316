"""The official places of Kenya and their look-ups: 47 counties, 290 constituencies, 1,450 wards, always from the top down.

A look-up answers with every unit that a text may mean, best first, each with its confidence and method. It never answers with a unit
that is not in the reference data.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from gvrc.errors import ReferenceDataError
from gvrc.heap import no_sweeps
from gvrc.model.place import Ward
from gvrc.reference.alike import PART_FACTOR, AlikeNames
from gvrc.reference.alike import PlaceMatch as PlaceMatch
from gvrc.reference.gazetteer_tables import Constituency, County, PlaceAlias, PlaceTables, read_place_tables
from gvrc.reference.place_names import LONGEST_NAME, name_parts, ordered_key, place_key, place_words
from gvrc.reference.ward_centres import Floats, WardCentres, distance_km

if TYPE_CHECKING:
    import numpy.typing as npt  # loading it takes a sixteenth of a second

CONFIDENCE: Mapping[str, float] = {"exact": 1.0, "normalised": 0.99, "alias": 0.95, "part": PART_FACTOR, "sub_county": 0.8, "old": 0.9, "town": 0.8}
"""How far each way of matching is trusted; a fuzzy match is trusted as far as the names are alike."""

COUNTY_ALIKE = 0.74
"""Similarity from which a text is a spelling of a county, with MARGIN to the next: `Mombassa` 0.88, `Kisuu` is Kisii and Kisumu alike."""
CONSTITUENCY_ALIKE = {"county": 0.7, "country": 0.83}
WARD_ALIKE = {"constituency": 0.7, "county": 0.78, "country": 0.88}
"""Similarity from which a text is a spelling of a ward, by how far the search reaches: about 5, 31 and 1,450 names stand against it."""
MARGIN = 0.08
"""The best name must be this much more alike than the next."""
SUGGESTED_ALIKE = 0.55
"""Similarity from which a ward of the known constituency is worth suggesting."""

CENTRE_DECIMALS = 4
"""Decimals to which a point must agree with a unit's centre to be called its centre."""

LONGEST_PHRASE = 4
"""Words of the longest place name looked for inside running text."""


class _NameIndex:
    """Units by the keys of their names."""

    def __init__(self) -> None:
        self._exact: dict[str, set[str]] = defaultdict(set)
        self._keys: dict[str, dict[str, PlaceMatch]] = defaultdict(dict)
        self._ordered: dict[str, dict[str, PlaceMatch]] = defaultdict(dict)
        self.find = lru_cache(maxsize=16_384)(self._find)

    def add(self, name: str, match: PlaceMatch) -> None:
        """Makes `match` findable by `name`. Of two methods that lead to one unit, the more trusted stays."""
        if match.method == "exact":
            self._exact[name].add(match.unit_code)
            match = _found_by("normalised", match)
        for table, key in ((self._keys, place_key(name)), (self._ordered, ordered_key(name))):
            known = table[key].get(match.unit_code)
            if known is None or known.confidence < match.confidence:
                table[key][match.unit_code] = match

    def _find(self, text: str) -> tuple[PlaceMatch, ...]:
        """The units of that name, best first: by the key, else with the words in another order; those written just so are exact."""
        found = self._keys.get(place_key(text)) or self._ordered.get(ordered_key(text)) or {}
        exact = self._exact.get(text, set())
        matches = [_found_by("exact", match) if code in exact else match for code, match in found.items()]
        return tuple(sorted(matches, key=lambda match: -match.confidence))

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def by_key(self, key: str) -> tuple[PlaceMatch, ...]:
        """The units of a name that is a key already."""
        return tuple(self._keys.get(key, {}).values())


def _found_by(method: str, match: PlaceMatch) -> PlaceMatch:
    return replace(match, method=method, confidence=CONFIDENCE[method])


class Gazetteer:
    """The official places with their look-ups. Immutable once built; build it with `load_gazetteer`."""

    def __init__(self, tables: PlaceTables) -> None:
        self._tables = tables
        self.counties = tables.counties
        self.constituencies = tables.constituencies
        self.wards = tables.wards
        self.place_words = frozenset(map(place_key, tables.place_words))
        self._county = {county.county_code: county for county in tables.counties}
        self._constituency = {seat.constituency_code: seat for seat in tables.constituencies}
        self._wards = {ward.ward_code: ward for ward in tables.wards}
        self._wards_of: dict[str, list[Ward]] = defaultdict(list)
        for ward in tables.wards:
            self._wards_of[ward.constituency_code].append(ward)
            self._wards_of[ward.county_code].append(ward)
        self.centres = WardCentres(tables.wards)
        self._centred = _centred(tables)
        self._names = _Names(self, tables)
        self._wards_alike = lru_cache(maxsize=512)(self._find_wards_alike)
        self._seats_alike = lru_cache(maxsize=64)(self._find_seats_alike)
        self._old_seats_alike = lru_cache(maxsize=64)(self._find_old_seats_alike)
        self._counties_alike = AlikeNames((county.county, PlaceMatch(level="county", county_code=county.county_code)) for county in tables.counties)
        self._says_nation = lru_cache(maxsize=16_384)(self._find_nation)
        self._county_of = lru_cache(maxsize=16_384)(self._find_county)
        self._constituency_of = lru_cache(maxsize=16_384)(self._find_constituency)
        self._ward_of = lru_cache(maxsize=16_384)(self._find_ward)

    # ------------------------------------------------------------------ units by code

    def county(self, county_code: str) -> County:
        """The county of that code. Raises KeyError for a code that is not official."""
        return self._county[county_code]

    def constituency(self, constituency_code: str) -> Constituency:
        """The constituency of that code. Raises KeyError for a code that is not official."""
        return self._constituency[constituency_code]

    def ward(self, ward_code: str) -> Ward:
        """The ward of that code. Raises KeyError for a code that is not official."""
        return self._wards[ward_code]

    def wards_of(self, code: str) -> tuple[Ward, ...]:
        """The wards of a constituency or county."""
        return tuple(self._wards_of.get(code, ()))

    def constituencies_of(self, county_code: str) -> tuple[Constituency, ...]:
        return tuple(seat for seat in self.constituencies if seat.county_code == county_code)

    # ------------------------------------------------------------------ units by name

    def find_county(self, text: str) -> tuple[PlaceMatch, ...]:
        """The counties a text may mean: by name or alias, else by likeness. More than one when two are equally alike."""
        return self._county_of(text)

    def _find_county(self, text: str) -> tuple[PlaceMatch, ...]:
        return self.counties_named(text) or self._counties_alike.leaders(text, COUNTY_ALIKE, MARGIN)

    def find_constituency(self, text: str, county_codes: Collection[str] = ()) -> tuple[PlaceMatch, ...]:
        """The constituencies a text may mean, within `county_codes` (empty: the country): by name or alias, else old constituencies (all
        that its area belongs to), else sub-counties that lie in one, else by likeness to any of these names."""
        return self._constituency_of(text, tuple(county_codes))

    def _find_constituency(self, text: str, county_codes: tuple[str, ...]) -> tuple[PlaceMatch, ...]:
        names = self._names
        for index in (names.constituencies, names.old_constituencies, names.seats_of_sub_counties):
            found = _within(index.find(text), county_codes)
            if found:
                return found
        enough = CONSTITUENCY_ALIKE["county" if county_codes else "country"]
        return self._seats_alike(county_codes).leaders(text, enough, MARGIN) or self._old_seats_alike(county_codes).leaders(text, enough, MARGIN)

    def constituencies_named(self, text: str) -> tuple[PlaceMatch, ...]:
        """The constituencies of today or of before 2013 of that name or alias, likeness left aside."""
        return self._names.constituencies.find(text) or self._names.old_constituencies.find(text)

    def find_ward(self, text: str, county_codes: Collection[str] = (), constituency_codes: Collection[str] = ()) -> tuple[PlaceMatch, ...]:
        """The wards a text may mean within the given constituencies, else counties, else the country: by name or alias, else by one part of a
        double name, else by likeness. Nine wards are called Township: without their parents all nine are the answer."""
        return self._ward_of(text, tuple(county_codes), tuple(constituency_codes))

    def _find_ward(self, text: str, county_codes: tuple[str, ...], constituency_codes: tuple[str, ...]) -> tuple[PlaceMatch, ...]:
        named = _within(self._names.wards.find(text), county_codes, constituency_codes)
        if named:
            return tuple(match for match in named if match.method != "part") or named
        scope = "constituency" if constituency_codes else "county" if county_codes else "country"
        return self._wards_alike(constituency_codes or county_codes).leaders(text, WARD_ALIKE[scope], MARGIN)

    def wards_named(self, text: str) -> tuple[PlaceMatch, ...]:
        """The wards of the country of that name or alias, likeness left aside."""
        return self._names.wards.find(text)

    def find_sub_county(self, text: str, county_codes: Collection[str] = ()) -> tuple[PlaceMatch, ...]:
        """The counties a sub-county lies in. A sub-county is no constituency: it is weak evidence for one."""
        return _within(self._names.sub_counties.find(text), county_codes)

    def find_district(self, text: str) -> tuple[PlaceMatch, ...]:
        """The present counties of an old district; of Thika two."""
        return self._names.districts.find(text)

    def find_town(self, text: str) -> tuple[PlaceMatch, ...]:
        """The counties that have a town, market or quarter of that name."""
        return self._names.towns.find(text)

    def wards_containing(self, text: str, codes: Collection[str]) -> tuple[PlaceMatch, ...]:
        """The wards of these constituencies or counties whose names hold every word of the text: `Kayole` of Kayole North, Central and South."""
        words = set(place_words(text))
        wards = [ward for code in codes for ward in self._wards_of.get(code, ())] if words - _DIRECTION_WORDS else []
        return tuple(_found_by("part", _ward_match(ward)) for ward in wards if words < set(place_words(ward.ward)))

    def wards_akin(self, text: str, codes: Collection[str]) -> tuple[str, ...]:
        """Codes of the wards of these constituencies or counties whose names hold every telling word of the text, or of which the text holds every one."""
        words = set(place_words(text)) - _DIRECTION_WORDS
        wards = [ward for code in codes for ward in self._wards_of.get(code, ())] if words else []
        telling = [(ward.ward_code, set(place_words(ward.ward)) - _DIRECTION_WORDS) for ward in wards]
        return tuple(code for code, own in telling if own and (words <= own or own <= words))

    def counties_named(self, text: str) -> tuple[PlaceMatch, ...]:
        """The counties of that name, alias or number, likeness left aside. `II` is the second of something, not county number 2."""
        is_numeral = place_key(text).isdecimal() and not any(map(str.isdigit, text))
        return () if is_numeral else self._names.counties.find(text)

    def find_province(self, text: str) -> frozenset[str]:
        """The codes of the counties of an old province, empty when the text is none."""
        return self._names.provinces.get(place_key(text), frozenset())

    def is_nationwide(self, text: str) -> bool:
        """True for a text that says the whole country (`Countrywide`, `Kenya (national)`)."""
        return self._says_nation(text)

    def _find_nation(self, text: str) -> bool:
        parts = [place_key(part) for part in _NATION_PARTS.split(text[:LONGEST_NAME])]
        return any(parts) and all(part in self._names.nation for part in parts if part)

    def old_successors(self, text: str) -> frozenset[str]:
        """Codes of the constituencies of today that the area of the old constituency of that name belongs to."""
        return frozenset(match.unit_code for match in self._names.old_constituencies.find(text))

    def similar_wards(self, text: str, codes: Collection[str]) -> list[PlaceMatch]:
        """The wards of these constituencies or counties that are at least a little like the text, most alike first; for suggestions."""
        return self._wards_alike(tuple(codes)).most_alike(text, SUGGESTED_ALIKE)

    def anything(self, text: str) -> tuple[PlaceMatch, ...]:
        """Every unit of exactly that name or alias, of whatever level, and the counties of towns and districts of that name."""
        return self._names.anything(place_key(text))

    def phrases_in(self, text: str) -> tuple[tuple[str, tuple[PlaceMatch, ...]], ...]:
        """The place names inside running text, longest first from the left, with all the units each may mean. Names of roads, personal names
        and common words that are also wards (`Huruma`) are left out."""
        return self._names.phrases_in(text)

    # ------------------------------------------------------------------ likeness

    def _find_wards_alike(self, codes: tuple[str, ...]) -> AlikeNames:
        wards = [ward for code in codes for ward in self._wards_of.get(code, ())] if codes else self.wards
        return AlikeNames((ward.ward, _ward_match(ward)) for ward in wards)

    def _find_seats_alike(self, county_codes: tuple[str, ...]) -> AlikeNames:
        seats = [seat for seat in self.constituencies if not county_codes or seat.county_code in county_codes]
        return AlikeNames((seat.constituency, _seat_match(seat)) for seat in seats)

    def _find_old_seats_alike(self, county_codes: tuple[str, ...]) -> AlikeNames:
        names = [(name, successor) for name, _, successors in self._tables.old_constituencies for successor in successors]
        seats = {seat.constituency: seat for seat in self.constituencies if not county_codes or seat.county_code in county_codes}
        return AlikeNames((name, _seat_match(seats[successor])) for name, successor in names if successor in seats)

    # ------------------------------------------------------------------ points

    def unit_centred_at(self, latitude: float, longitude: float) -> str | None:
        """The unit whose reference centre is this very point (to about ten metres), in words, or None."""
        return self._centred.get((round(latitude, CENTRE_DECIMALS), round(longitude, CENTRE_DECIMALS)))

    def ward_distance_km(self, latitude: float, longitude: float, ward_code: str) -> float | None:
        """The distance to a ward's centre in kilometres; None for the few wards without one."""
        ward = self._wards[ward_code]
        if ward.latitude is None or ward.longitude is None:
            return None
        return distance_km(latitude, longitude, ward.latitude, ward.longitude)

    def nearest_ward(self, latitude: float, longitude: float) -> tuple[Ward, float]:
        """The ward with the nearest centre, and the distance to it in kilometres."""
        distances, indices = self.centres.nearest([latitude], [longitude])
        return self.centres.wards[int(indices[0])], float(distances[0])

    def county_gap_km(self, latitude: float, longitude: float, county_code: str) -> float:
        """Distance to the nearest ward centre of the stated county minus distance to the nearest of any county, in kilometres: 0 inside,
        above 15 most likely elsewhere."""
        return float(self.county_gaps_km([latitude], [longitude], [county_code])[0])

    def county_gaps_km(self, latitudes: npt.ArrayLike, longitudes: npt.ArrayLike, county_codes: Sequence[str]) -> Floats:
        """`county_gap_km` for many points at once."""
        nearest, _ = self.centres.nearest(latitudes, longitudes)
        return self.centres.county_km(latitudes, longitudes, county_codes) - nearest


class _Names:
    """The name indexes of a gazetteer."""

    def __init__(self, gazetteer: Gazetteer, tables: PlaceTables) -> None:
        self._gazetteer = gazetteer
        self._county_codes = {county.county: county.county_code for county in tables.counties}
        self._seats = {seat.constituency: seat for seat in tables.constituencies}
        self.counties, self.constituencies, self.wards = _NameIndex(), _NameIndex(), _NameIndex()
        self.old_constituencies, self.sub_counties, self.seats_of_sub_counties = _NameIndex(), _NameIndex(), _NameIndex()
        self.districts, self.towns = _NameIndex(), _NameIndex()
        self.nation: set[str] = set()
        try:
            self._add_official(tables)
            self._add_aliases(tables.aliases)
            self._add_old(tables)
            self.provinces = {place_key(name): frozenset(self._county_codes[county] for county in counties) for name, counties in tables.provinces}
        except KeyError as error:
            raise ReferenceDataError(f"An alias names a unit that is not official: {error}.", "Mend the file in data/reference.") from error
        self._add_sub_counties(tables)
        self._phrases = self._phrase_table()
        self.phrases_in = lru_cache(maxsize=16_384)(self._phrases_in)

    def _add_official(self, tables: PlaceTables) -> None:
        for county in tables.counties:
            match = PlaceMatch(level="county", county_code=county.county_code)
            self.counties.add(county.county, match)
            self.counties.add(county.county_code, _found_by("alias", match))
            number = county.county_code[2:].lstrip("0")
            for written in (county.county_code[2:], number, number.zfill(2)):
                self.counties.add(written, _found_by("alias", match))
        for seat in tables.constituencies:
            self.constituencies.add(seat.constituency, _seat_match(seat))
        for ward in tables.wards:
            self.wards.add(ward.ward, _ward_match(ward))
            for part in name_parts(ward.ward):
                self.wards.add(part, _found_by("part", _ward_match(ward)))

    def _add_aliases(self, aliases: Iterable[PlaceAlias]) -> None:
        for alias in aliases:
            if alias.level == "nation":
                self.nation.add(place_key(alias.alias))
            elif alias.level == "county":
                self.counties.add(alias.alias, _found_by("alias", self._county_match(alias.county)))
            elif alias.level == "constituency":
                self.constituencies.add(alias.alias, _found_by("alias", _seat_match(self._seats[alias.constituency])))
            else:
                wards = {ward.ward: ward for ward in self._gazetteer.wards_of(self._seats[alias.constituency].constituency_code)}
                self.wards.add(alias.alias, _found_by("alias", _ward_match(wards[alias.ward])))

    def _add_old(self, tables: PlaceTables) -> None:
        for name, _county, successors in tables.old_constituencies:
            for successor in successors:
                self.old_constituencies.add(name, _found_by("old", _seat_match(self._seats[successor])))
        for name, county in tables.districts:
            self.districts.add(name, _found_by("alias", self._county_match(county)))
        for name, county in tables.towns:
            self.towns.add(name, _found_by("town", self._county_match(county)))

    def _add_sub_counties(self, tables: PlaceTables) -> None:
        seats: dict[tuple[str, str], set[str]] = defaultdict(set)
        for name, county_code, ward_code in tables.sub_counties:
            seats[name, county_code].add(self._gazetteer.ward(ward_code).constituency_code)
        for (name, county_code), seat_codes in seats.items():
            self.sub_counties.add(name, PlaceMatch(level="county", county_code=county_code, confidence=0.95, method="alias"))
            if len(seat_codes) == 1:
                self.seats_of_sub_counties.add(name, _found_by("sub_county", _seat_match(self._gazetteer.constituency(min(seat_codes)))))

    def _county_match(self, county: str) -> PlaceMatch:
        return PlaceMatch(level="county", county_code=self._county_codes[county])

    def anything(self, key: str) -> tuple[PlaceMatch, ...]:
        indexes = (self.counties, self.constituencies, self.old_constituencies, self.wards, self.towns)
        return tuple(match for index in indexes for match in index.by_key(key))

    def _phrase_table(self) -> dict[str, tuple[PlaceMatch, ...]]:
        """Names that tell a place when they stand in running text."""
        indexes = (self.counties, self.constituencies, self.old_constituencies, self.wards, self.towns, self.districts)
        keys = {key for index in indexes for key in index}
        told = {key for key in keys if (len(key) >= 4 or key in _SHORT_NAMES) and not key.isdigit() and key not in self._gazetteer.place_words}
        return {key: self.anything(key) or self.districts.by_key(key) for key in told}

    def _phrases_in(self, text: str) -> tuple[tuple[str, tuple[PlaceMatch, ...]], ...]:
        """No unit reaches over a comma: `Turkana, West Pokot` is two counties and not the constituency Turkana West."""
        return tuple(found for part in _LIST.split(text[:LONGEST_NAME]) for found in self._phrases_of(place_words(part)))

    def _phrases_of(self, words: tuple[str, ...]) -> Iterator[tuple[str, tuple[PlaceMatch, ...]]]:
        start = 0
        while start < len(words):
            phrase = self._longest_phrase(words, start)
            if phrase is None:
                start += 1
                continue
            length, key = phrase
            following = words[start + length] if start + length < len(words) else ""
            if following not in _ROAD_WORDS:
                yield " ".join(words[start : start + length]), self._phrases[key]
            start += length

    def _longest_phrase(self, words: tuple[str, ...], start: int) -> tuple[int, str] | None:
        for length in range(min(LONGEST_PHRASE, len(words) - start), 0, -1):
            key = "".join(words[start : start + length])
            if key in self._phrases:
                return length, key
        return None


_SHORT_NAMES = frozenset({"voi", "ifo", "nuu", "waa", "soy"})
"""Names of three letters that are no words, nor parts of other names."""
_DIRECTION_WORDS = frozenset({"north", "south", "east", "west", "central", "upper", "lower", "town", "township"})
_LIST = re.compile(r"[,;|]")
_NATION_PARTS = re.compile(r"[(),;/]| - ")
_ROAD_WORDS = frozenset({"road", "rd", "street", "highway", "avenue", "lane", "bypass", "drive", "women", "womens"})
"""Words after which a place name tells a road or an organisation (`Mombasa Road`, `Nairobi Women's Hospital`), not a place."""


def _centred(tables: PlaceTables) -> dict[tuple[float, float], str]:
    """The units by their rounded centres; of two units with one centre the larger is named."""
    units: list[tuple[float | None, float | None, str]] = [(ward.latitude, ward.longitude, f"{ward.ward} ward") for ward in tables.wards]
    units += [(seat.latitude, seat.longitude, f"{seat.constituency} constituency") for seat in tables.constituencies]
    units += [(county.latitude, county.longitude, f"{county.county} county") for county in tables.counties]
    return {
        (round(latitude, CENTRE_DECIMALS), round(longitude, CENTRE_DECIMALS)): name
        for latitude, longitude, name in units
        if latitude is not None and longitude is not None
    }


def _seat_match(seat: Constituency) -> PlaceMatch:
    return PlaceMatch(level="constituency", county_code=seat.county_code, constituency_code=seat.constituency_code)


def _ward_match(ward: Ward) -> PlaceMatch:
    return PlaceMatch(level="ward", county_code=ward.county_code, constituency_code=ward.constituency_code, ward_code=ward.ward_code)


def _within(
    matches: Iterable[PlaceMatch], county_codes: Collection[str] = (), constituency_codes: Collection[str] = ()
) -> tuple[PlaceMatch, ...]:
    return tuple(
        match
        for match in matches
        if (not county_codes or match.county_code in county_codes) and (not constituency_codes or match.constituency_code in constituency_codes)
    )


@lru_cache(maxsize=1)
@no_sweeps()
def load_gazetteer() -> Gazetteer:
    """The gazetteer of this program, built once. Raises ReferenceDataError when its files are missing or contradict each other."""
    return Gazetteer(read_place_tables())
