"""Services as codes, from lists, cells with several in one, or yes-and-no columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from typing import Any

from gvrc.cleaning.contacts import contacts_in_text
from gvrc.cleaning.text import clean_text
from gvrc.model.issue import Issue, Suggestion
from gvrc.model.quick import quick
from gvrc.model.record import FieldChange
from gvrc.reference.vocabularies import Vocabularies

MOST_SERVICES = 100
"""Services of one record that are read."""
LONGEST_SERVICE = 160
"""Characters; a longer part is a description, not a service."""
SURE_SUGGESTION = 0.75
"""Confidence from which the nearest service is suggested for an unknown one."""

_SEPARATORS = re.compile(r"\s*(?:[,;|•\n\r]|\s[-–]\s|\d{1,2}[.)]\s|(?:^|(?<=\s))(?:[ivx]{1,4}|[a-h])\)\s|\b(?:including|such as)\b)\s*")
_PLAIN_KEY = re.compile(r"[a-z_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LINES = re.compile(r"[\r\n]+|<(?:br|/?li|/?p|/?div)\b[^<>]{0,40}>", re.IGNORECASE)
"""Where one line of a cell ends and the next begins, in text or as a page writes it; cleaning makes one line of them."""
_BRACKETED = re.compile(r"\s*\(([^()]{1,80})\)?\s*")
_SLASH_OR_AND = re.compile(r"\s*(?:/|\band\b|\bna\b|&)\s*", re.IGNORECASE)
_YES = frozenset({"y", "yes", "true", "1", "available", "provided", "x", "✓", "✔", "✅", "☑", "√", "ndiyo"})
_WRAPPERS = ("attributes", "fields", "node", "data")
"""Keys under which content systems put what an entry says: `{"id": 1, "attributes": {"name": "PEP"}}`."""
_KEYS_OF_ENTRIES = frozenset({"id", "code", "key", "slug", "uuid", "order", "pk"})
_NAME_KEYS = ("name", "service", "service_name", "label", "title")


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class CleanServices:
    """The services of a record as codes, each once, with what was changed and what is unknown."""

    services: tuple[str, ...] = ()
    changes: tuple[FieldChange, ...] = ()
    issues: tuple[Issue, ...] = ()


def clean_services(value: Any, vocabularies: Vocabularies) -> CleanServices:
    """The services in a raw value: a list, a text with several, or an object of yes-and-no columns."""
    texts = tuple(islice(_texts(value), MOST_SERVICES))
    return _clean_services(texts, vocabularies) if texts else CleanServices()


def stated_services(value: Any) -> list[str]:
    """The texts of a raw value, without the contacts in them; `clean_services` reads them as it reads the value."""
    return [shown for text in islice(_texts(value), MOST_SERVICES) if (shown := contacts_in_text(text, "services").redacted)]


@lru_cache(maxsize=16_384)
def _clean_services(texts: tuple[str, ...], vocabularies: Vocabularies) -> CleanServices:
    codes: list[str] = []
    unknown: list[str] = []
    for part, found in islice(chain.from_iterable(_read(text, vocabularies) for text in texts), MOST_SERVICES):
        codes.extend(found)
        if not found and part not in unknown:
            unknown.append(part)
    before, services = "; ".join(texts), tuple(dict.fromkeys(codes))
    after = "; ".join(map(vocabularies.services.label, services))
    changes = (FieldChange(field_name="services", before=before, after=after, stage="transform", rule="service-vocabulary"),) if services and before != after else ()
    return CleanServices(services=services, changes=changes, issues=tuple(_unknown(part, services, vocabularies) for part in unknown))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):  # first, for nearly every cell is one
        yield from filter(None, map(clean_text, _LINES.split(value)))
    elif isinstance(value, Mapping):
        yield from _texts_of_object(value)
    elif isinstance(value, (list, tuple)):
        for part in value[:MOST_SERVICES]:
            yield from _texts(part)
    elif text := clean_text(value):
        yield text


def _texts_of_object(value: Mapping[str, Any]) -> Iterator[str]:
    if not all(map(_PLAIN_KEY.fullmatch, map(str, value))):
        said = {_CAMEL.sub("_", str(key).strip(" :")).casefold().replace(" ", "_").replace("-", "_"): part for key, part in value.items()}
        value = said if any(key in said for key in (*_NAME_KEYS, *_WRAPPERS)) else value  # else its keys are the services themselves
    named = next((value[key] for key in _NAME_KEYS if isinstance(value.get(key), str)), None) or _in_a_language(value.get("name"))
    if named is not None:
        yield from _texts(named)
        return
    if (inner := next((value[key] for key in _WRAPPERS if isinstance(value.get(key), (Mapping, list))), None)) is not None:
        yield from _texts(inner)
        return
    for key, part in value.items():
        if str(key).casefold() in _KEYS_OF_ENTRIES:
            continue
        if part is True or (isinstance(part, (str, int)) and str(part).strip().casefold() in _YES):
            yield str(key).replace("_", " ")
        elif isinstance(part, (list, tuple, Mapping)):
            yield from _texts(part)


def _in_a_language(name: Any) -> str | None:
    """A name that is told by language: `{"en": "PEP", "sw": ".."}`."""
    return next((name[key] for key in ("en", "eng", "english", "sw") if isinstance(name.get(key), str)), None) if isinstance(name, Mapping) else None


def _read(text: str, vocabularies: Vocabularies) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each part of a text with the codes it means; a part that nothing explains has none. A text with several parts is one service only when it is
    written so in the vocabulary: `Counselling, legal aid` resembles “Legal counselling”."""
    services = vocabularies.services
    whole = services.known_spelling(text) if _SEPARATORS.search(text) else (found.code if (found := services.find(text)) and not _SLASH_OR_AND.search(text) else None)
    if whole:
        yield text, (whole,)
        return
    for part in _SEPARATORS.split(text):
        part = _bare(part)
        if any(map(str.isalpha, part)) and clean_text(part):
            yield from _read_part(part, vocabularies)


_ANDS = frozenset({"and", "or", "na", "&", "plus"})
_AND_BEFORE = re.compile(r"^(?:and|or|na|&|plus)\s+", re.IGNORECASE)
"""What joins the last part of an enumeration to those before it."""


_AROUND = " .:-–[]{}\"*"
"""What stands around a part: databases write their lists as `{Counselling,"Legal aid"}`."""


def _bare(part: str) -> str:
    """A part without what stands around it; a bracket that is closed within it stays."""
    part = _AND_BEFORE.sub("", part.strip(_AROUND), count=1) if part[:4].strip().casefold() in _ANDS else part.strip(_AROUND)
    return part if "(" in part[1:] and part.endswith(")") else part.strip(_AROUND + "()")


def _read_part(part: str, vocabularies: Vocabularies) -> Iterator[tuple[str, tuple[str, ...]]]:
    """A part as a whole or, when that means nothing but a piece of it is written as a service is, its pieces."""
    codes, pieces = _codes(part, vocabularies), [piece.strip() for piece in _SLASH_OR_AND.split(part)]
    if not codes and (chosen := _chosen(part, vocabularies)):
        yield from chosen
        return
    if codes or not any(map(vocabularies.services.known_spelling, pieces)):
        yield part, codes
        return
    yield from ((piece, _codes(piece, vocabularies)) for piece in pieces if clean_text(piece))


def _chosen(part: str, vocabularies: Vocabularies) -> list[tuple[str, tuple[str, ...]]]:
    """Several answers of a form in one cell, as form tools write them: lower case words with blanks between them (`pep legal_aid`); none when one of them is no service."""
    words = part.split()
    if len(words) < 2 or not part.islower():
        return []
    codes = [vocabularies.services.known_spelling(word.replace("_", " ")) for word in words]
    return [(word, (code,)) for word, code in zip(words, codes, strict=True) if code] if all(codes) else []


def _codes(part: str, vocabularies: Vocabularies) -> tuple[str, ...]:
    if known := vocabularies.services.known_spelling(part):
        return (known,)
    pieces = [vocabularies.services.find(piece) for piece in _SLASH_OR_AND.split(part)]
    if all(pieces):
        return tuple(piece.code for piece in pieces if piece)
    found = vocabularies.services.find(part)
    if found is None and (bracketed := _BRACKETED.search(part)):
        return _codes(_BRACKETED.sub(" ", part).strip(), vocabularies) or _codes(bracketed[1], vocabularies)
    return (found.code,) if found else ()


def _unknown(part: str, known: tuple[str, ...], vocabularies: Vocabularies) -> Issue:
    shown = contacts_in_text(part[:LONGEST_SERVICE], "services").redacted or ""
    nearest = vocabularies.services.candidates(shown)
    detail = {"candidates": ", ".join(vocabularies.services.label(found.code) for found in nearest) or "none"}
    suggestion = None
    if nearest and nearest[0].confidence >= SURE_SUGGESTION:
        label = vocabularies.services.label(nearest[0].code)
        everything = [*map(vocabularies.services.label, known), label]
        reason = vocabularies.services.why(shown, nearest[0])
        suggestion = Suggestion(values={"services": list(dict.fromkeys(everything))}, shown=label, confidence=nearest[0].confidence, reason=reason)
    return Issue(code="service.unknown", field_name="services", value=shown, detail=detail, suggestion=suggestion)
