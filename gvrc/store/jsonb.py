"""Text and JSON as PostgreSQL can hold them."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

_LONG_NUMBER = re.compile(rb"\d{19}")
_REPLACEMENT = "\ufffd"
_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY


def dump_json(value: Any) -> bytes:
    """JSON for a JSONB column. Zero bytes and halves of surrogate pairs, which PostgreSQL refuses, become U+FFFD; dates become ISO text,
    what JSON does not know becomes its text."""
    try:
        dumped = orjson.dumps(value, default=_plain, option=_OPTIONS)
    except (TypeError, orjson.JSONEncodeError):
        # Integers beyond 64 bits and lone surrogates: the standard library is slower and takes both.
        dumped = json.dumps(_storable(value), default=_plain, ensure_ascii=False, allow_nan=False).encode()
    if b"\\u0000" in dumped:
        dumped = json.dumps(_storable(json.loads(dumped)), ensure_ascii=False).encode()
    return dumped


def load_json(value: str | bytes) -> Any:
    """The value of a JSON column. Integers beyond 64 bits come back as they went in, which takes the slower reader."""
    text = value.encode() if isinstance(value, str) else bytes(value)
    return json.loads(text) if _LONG_NUMBER.search(text) else orjson.loads(text)


def storable_text(value: str) -> str:
    """The text, with U+FFFD for what no PostgreSQL text can hold. Almost always the same object."""
    if value.isascii() and "\x00" not in value:
        return value
    return value.replace("\x00", _REPLACEMENT).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _plain(value: Any) -> Any:
    """What JSON does not know: sets as sorted lists, everything else as its text."""
    return sorted(value) if isinstance(value, set | frozenset) else str(value)


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, dict):
        return {storable_text(str(key)): _storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(item) for item in value]
    return value
