"""Rows of lists of several countries: what lies outside Kenya, and how it is reached there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import phonenumbers

from gvrc.cleaning.text import LONGEST_TEXT, clean_text
from gvrc.model.quick import quick
from gvrc.model.record import CONTACT_FIELDS, Contact, ContactType
from gvrc.reference.countries import KENYA, Country, country_headed, country_told, stated_countries
from gvrc.reference.gazetteer import load_gazetteer

_UNITS = ("section", "county", "constituency", "ward", "district")
_ADDRESSES = ("town", "location", "address")
"""Canonical fields whose text may end with the country in which a place lies."""
_NEAR = frozenset({"UG", "TZ", "SO", "ET", "SS", "SD", "RW", "BI", "CD"})
"""Countries whose places lists of Kenya may hold; estates and slums in Kenya are called after those further away (Bangladesh in Mombasa, Kosovo in Nairobi)."""
_REGIONS = frozenset({"region", "Region", "REGION", "state", "State", "province", "Province", "PROVINCE", "zone", "Zone"})
"""Fields of a row that mostly tell old provinces, and a neighbouring country now and then."""
_DEEPEST = 4
_OF_KENYA = re.compile(r"(?<!\d)\+?254[\s()-]{0,3}\d")
_BY_NAME = frozenset({"exact", "normalised", "alias"})


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Abroad:
    """A country other than Kenya that a row tells, the field and the text that tell it, and what speaks for Kenya all the same, a sentence; empty when nothing does."""

    country: Country
    field_name: str
    text: str
    for_kenya: str = ""


def told_abroad(values: Mapping[str, Any], pointer: str, data: Mapping[str, Any], *, is_answered: bool = False) -> Abroad | None:
    """The other country in which a place lies as its row, or what it stands under in its file, tells it; None for a place of Kenya and where nothing tells.
    `is_answered`: a steward said the country, which nothing outweighs."""
    stated = values.get("country")
    text = clean_text(stated) if stated is not None else None
    countries = stated_countries(text) if text else ()
    if any(country.code == KENYA for country in countries):
        return None
    if countries:
        return Abroad(country=countries[0], field_name="country", text=text or "", for_kenya="" if is_answered else _speaks_for_kenya(values))
    if (named := _named_where(values) or _name_is_country(values)) is not None:
        name, where, country = named
        for_kenya = "" if is_answered else _speaks_for_kenya(values)
        is_estate = bool(for_kenya) and country.code not in _NEAR
        return None if country.code == KENYA or is_estate else Abroad(country=country, field_name=name, text=where[:LONGEST_SHOWN], for_kenya=for_kenya)
    for name in _REGIONS.intersection(data) if text is None and not _REGIONS.isdisjoint(data) else ():
        said = data[name]
        if type(said) is str and (told := country_told(said)) is not None and told.code != KENYA:
            return Abroad(country=told, field_name="country", text=said[:LONGEST_SHOWN], for_kenya="" if is_answered else _speaks_for_kenya(values))
    above = _country_above(pointer.rpartition("/")[0])
    return None if above is None else Abroad(country=above, field_name="country", text=above.name, for_kenya="" if is_answered else _speaks_for_kenya(values))


_Named = tuple[str, str, Country]
"""A field, its text and the country that it names."""


def _named_where(values: Mapping[str, Any]) -> _Named | None:
    """The first field that names a country. Records of one ward share their units, so what those say is known from the record before."""
    units = tuple(map(values.get, _UNITS))
    try:
        named = _named_by_units(units)
    except TypeError:  # a list or an object
        named = _first_named(_UNITS, units)
    if named is not None:
        return named
    for name in _ADDRESSES:
        if type(said := values.get(name)) is str and (told := country_told(said)) is not None:
            return name, said, told
    return None


def _name_is_country(values: Mapping[str, Any]) -> _Named | None:
    """The country by which a place is called and nothing else: hotlines listed by countries."""
    name = values.get("name")
    if not isinstance(name, str) or "," in name:
        return None
    country = country_told(name)
    return None if country is None or country.code == KENYA else ("name", name, country)


@lru_cache(maxsize=2_048)
def _named_by_units(texts: tuple[Any, ...]) -> _Named | None:
    return _first_named(_UNITS, texts)


def _first_named(names: tuple[str, ...], texts: tuple[Any, ...]) -> _Named | None:
    for name, said in zip(names, texts, strict=True):
        if type(said) is str and (told := country_headed(said) if name == "section" else country_told(said)) is not None:
            return name, said, told
    return None


LONGEST_SHOWN = 60
"""Characters of a text that are shown of what told the country."""


@lru_cache(maxsize=1_024)
def _country_above(parent: str) -> Country | None:
    """The country that the lists above a row are called by, other than Kenya."""
    told = [country for step in parent.split("/") if (country := country_headed(step))]
    return told[-1] if told and told[-1].code != KENYA else None


def _speaks_for_kenya(values: Mapping[str, Any]) -> str:
    """What else a row says that places of Kenya have, in a sentence: one of the counties, a number of Kenya. A form may offer its countries by the alphabet, and nobody
    chose; yet Busia is a district of Uganda too."""
    county = values.get("county")
    if type(county) is str and any(match.method in _BY_NAME for match in load_gazetteer().find_county(county)):
        return f"“{county.strip()[:40]}” is a county of Kenya."
    numbers = (text for name in CONTACT_FIELDS for text in _texts(values.get(name)))
    return "“+254” begins its number." if any(map(_OF_KENYA.search, numbers)) else ""


def contacts_abroad(values: Mapping[str, Any], country: Country) -> tuple[Contact, ...]:
    """The telephone numbers of a place in another country, read as they are dialled there. Short codes are left out: in Kenya they reach somebody else."""
    numbers = dict.fromkeys(number for name in CONTACT_FIELDS for text in _texts(values.get(name)) for number in _numbers(text[:LONGEST_TEXT], country.code))
    return tuple(Contact(contact_type=ContactType.PHONE, value=number, is_primary=index == 0) for index, number in enumerate(numbers))


@lru_cache(maxsize=2_048)
def _numbers(text: str, region: str) -> tuple[str, ...]:
    found = phonenumbers.PhoneNumberMatcher(text, region)
    return tuple(phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164) for match in found)


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    """The texts and numbers of a contact cell, whatever its shape."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for part in value[:100] if depth < _DEEPEST else ():
            yield from _texts(part, depth + 1)
    elif value is not None and (text := clean_text(value)):
        yield text
