"""Words of a row that say its place must not become known: `Confidential` for an address, `Do not publish` among the remarks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

_SAYS_WHERE = ("name", "location", "address", "town", "county", "constituency", "sub_county", "ward", "coordinates", "description")
"""Canonical fields in whose place a list says `Confidential` of a place that must not become known."""
_SAY_SOMETHING_ELSE = ("services", "visibility", "website", "official_name")
"""Canonical fields that say no secret of the place: what is done there, and what has its own word for it."""
LONGEST_TOLD = 400
"""Characters of a value that are looked at."""

_MAY_SAY_SO = ("confiden", "disclos", "publish", "publicat", "publicis", "publiciz", "not public", "not for public", "circulat", "secret", "withh", "hidden", "siri", "chapish", "classified")
_ADDRESS = r"(?:physical\s+)?(?:locations?|address(?:es)?|sites?|premises|whereabouts|residence|coordinates|(?:contact\s+)?details)"
_NOT_KNOWN = r"(?:confidential|secret|undisclosed|withheld|hidden|classified|not\s+(?:to\s+be\s+)?(?:disclosed|published)|siri)"
_WHOLE = re.compile(
    rf"\W*(?:name\s+)?(?:strictly\s+|highly\s+|kept\s+|remains\s+|ya\s+)*{_NOT_KNOWN}(?:\s+{_ADDRESS})?(?:\s+for\s+(?:security|safety|protection)(?:\s+(?:reasons|purposes))?)?\W*(?:\([^()]{{0,60}}\))?\W*", re.IGNORECASE
)
_WITHIN = re.compile(
    r"\b(?:do\s+not|don.?t|not\s+(?:to\s+be|for)|never|must\s+not\s+be|should\s+not\s+be)\s+(?:be\s+)?(?:publish|public|share\s+(?:the\s+)?(?:location|address)|disclos|circulat)"
    rf"|\b{_ADDRESS}\s+(?:(?:is|are|kept|to|be|remains?|must|should|has|been|strictly|highly)\s+){{0,4}}{_NOT_KNOWN}\b"
    r"|\b(?:confidential|secret|undisclosed|hidden|withheld)\s+(?:physical\s+)?(?:location|address)\b"
    r"|\b(?:withheld|not\s+(?:disclosed|published|listed|shown|given|indicated))\s+for\s+(?:security|safety|protection)\b"
    r"|\bmahali\s+pa\s+siri\b|\b(?:usi|isi)chapish(?:e|we)\b",
    re.IGNORECASE,
)


def is_to_be_hidden(values: Mapping[str, Any], data: Mapping[str, Any]) -> bool:
    """Whether the canonical values of a row, or other fields of its `data`, say that its place is confidential; `free and confidential support` does not."""
    said = [value for value in (*data.values(), *map(values.get, _SAYS_WHERE)) if type(value) is str]
    everything = "\n".join(said).lower()  # one look at all of a row is enough for nearly every one
    if not any(map(everything.__contains__, _MAY_SAY_SO)):
        return False
    if any(_WHOLE.fullmatch(value[:LONGEST_TOLD]) for name in _SAYS_WHERE if type(value := values.get(name)) is str):
        return True
    others = [values.get(name) for name in _SAY_SOMETHING_ELSE]
    return any(_says_so(value[:LONGEST_TOLD]) for value in said if value not in others)


@lru_cache(maxsize=4_096)
def _says_so(text: str) -> bool:
    return _WITHIN.search(text) is not None
