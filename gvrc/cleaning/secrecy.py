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
SHORTEST_TOLD, LONGEST_TOLD = 9, 400
"""Characters of a value that may say so among others, and those of it that are looked at."""

MOST_PARTS = 50
"""Parts of a list that are looked at."""
_MAY_SAY_SO = ("confiden", "disclos", "publish", "publicat", "publicis", "publiciz", "not public", "not for public", "circulat", "secret", "withh", "hidden", "siri", "chapish", "classified",
                "not share", "n't share", "dont share", "n’t share", "made public", "publicly", "be share", "not put", "protected", "n referral", "pon referral", "restricted",
                "partners only", "not list", "not be list", "known only", "for location", "for address", "for the ", "for our ", "for exact ", "fichwa", "faragha",
                "be public", "never public", "never share", "cannot share", "be put", "never put", "reveal", "r referral", "referral only", "for whereabouts", "not shown", "not given", "not indicated")
"""Parts of what says so, with single spaces: a text without any of them does not."""
_BEGINS_SO = ("confiden", "disclos", "publi", "circulat", "secret", "withh", "hidden", "siri", "chapish", "classified", "share", "put", "protected", "referral",
              "restricted", "only", "list", "for", "fichwa", "faragha", "reveal", "not shown", "not given", "not indicated")
"""Fewer parts of words, one of which is in each of those: what nearly every row is passed over by."""
_ADDRESS = r"(?:physical\s+|exact\s+|actual\s+)?(?:locations?|address(?:es)?|sites?|premises|whereabouts|residence|coordinates|(?:contact\s+)?details)"
_NOT_KNOWN = r"(?:confidential|secret|undisclosed|withheld|hidden|classified|protected|restricted|(?:not|cannot|can.?t)\s+(?:to\s+)?(?:be\s+)?(?:disclosed|published|shared|made\s+public|revealed)|siri)"
_WHOLE = re.compile(
    rf"\W*(?:name\s+)?(?:strictly\s+|highly\s+|kept\s+|remains\s+|ya\s+)*{_NOT_KNOWN}(?:\s+{_ADDRESS})?(?:\s+for\s+(?:security|safety|protection)(?:\s+(?:reasons|purposes))?)?\W*(?:\([^()]{{0,60}}\))?\W*", re.IGNORECASE
)
_WITHIN = re.compile(
    r"\b(?:do\s+not|don.?t|not\s+(?:to\s+be|for)|never|must\s+not\s+be|should\s+not\s+be)\s+(?:be\s+)?(?:publish|(?:made\s+)?public|shared?\s+(?:(?:(?:the|its|this|their|our|any)\s+)?(?:physical\s+|exact\s+|actual\s+)?(?:locations?|address(?:es)?|directions|whereabouts)|publicly|with\s+(?:the\s+)?public)|disclos|circulat|list(?:ed)?\s+publicly|put\s+on\s+(?:the\s+)?map)"
    rf"|\b{_ADDRESS}[\s:–\[(*-]+(?:(?:is|are|kept|to|be|remains?|must|should|has|been|strictly|highly)\s+){{0,4}}(?:{_NOT_KNOWN}|not\s+public)\b"
    r"|\b(?:confidential|secret|undisclosed|hidden|withheld|protected|restricted)\s+(?:physical\s+)?(?:location|address|site|premises)\b"
    r"|\bkept\s+(?:secret|hidden)\b|\b(?:location|address|whereabouts)\s+(?:is\s+)?known\s+only\b|\b(?:shared|known)\s+(?:only\s+)?(?:with|to|by)\s+partners\s+only\b"
    rf"|\b{_ADDRESS}\s+(?:(?:is|are|will|be|only)\s+){{0,3}}(?:given|shared|disclosed|provided|revealed|available|issued)\s+(?:only\s+)?(?:on|upon|after)\s+referral\b|\b(?:via|on|upon|by)\s+referral\s+only\b(?=.{{0,40}}\b(?:location|address)\b)"
    r"|\b(?:call|contact|phone|ring|sms|whatsapp)\b.{0,40}\bfor\s+(?:the\s+|our\s+|its\s+|exact\s+)*(?:location|address|whereabouts)\b"
    r"|\b(?:withheld|not\s+(?:disclosed|published|listed|shown|given|indicated))\s+for\s+(?:security|safety|protection)\b"
    r"|\b(?:mahali|anwani|eneo|makazi|makao|sehemu|kituo)\s+(?:[a-z]{2,8}\s+){0,2}(?:siri|fichwa|faragha)\b|\bmahali\s+pa\s+siri\b|\b(?:usi|isi)chapish(?:e|we)\b",
    re.IGNORECASE,
)


_OF_WHERE = re.compile(r"locat|addr|\bsite|place|where|gps|\bmap|visib|privacy|access|secur|publi|sensitiv|confid|mahali|anwani", re.IGNORECASE)
"""Names of fields, whatever they are read as, in which `Undisclosed` or `Restricted` is said of where a place is."""


def is_to_be_hidden(values: Mapping[str, Any], data: Mapping[str, Any]) -> bool:
    """Whether the canonical values of a row, or other fields of its `data`, say that its place is confidential; `free and confidential support` does not."""
    said = {value for value in (*data.values(), *map(values.get, _SAYS_WHERE)) if type(value) is str}
    for value in data.values():
        if type(value) is dict or type(value) is list:
            _add_texts(value, said, 3)
    everything = "\n".join(said).lower()  # one look at all of a row is enough for nearly every one
    if not any(map(everything.__contains__, _BEGINS_SO)) or not _may_say_so(everything):
        return False
    if any(_WHOLE.fullmatch(value[:LONGEST_TOLD]) for name in _SAYS_WHERE if type(value := values.get(name)) is str):
        return True
    if any(type(value) is str and _OF_WHERE.search(str(key)) and _WHOLE.fullmatch(value[:LONGEST_TOLD]) for key, value in data.items()):
        return True
    others = [values.get(name) for name in _SAY_SOMETHING_ELSE]
    return any(_says_so(value[:LONGEST_TOLD]) for value in said if len(value) >= SHORTEST_TOLD and value not in others)


def _add_texts(value: Any, said: set[str], depth: int) -> None:
    """The texts within an object or a list, to those of its row."""
    for part in value.values() if type(value) is dict else value[:MOST_PARTS]:
        if type(part) is str:
            said.add(part)
        elif depth and (type(part) is dict or type(part) is list):
            _add_texts(part, said, depth - 1)


@lru_cache(maxsize=4_096)
def _says_so(text: str) -> bool:
    return _may_say_so(text.lower()) and _WITHIN.search(text) is not None


def _may_say_so(text: str) -> bool:
    plain = " ".join(text.split())
    return any(map(plain.__contains__, _MAY_SAY_SO))
