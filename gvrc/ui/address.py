"""What the address of a page says: which run, which record, which filter. Everything read here came from outside and is checked."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

import streamlit as st

_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
LONGEST_TEXT = 200
SETTLING_SECONDS = 3.0
_PUT_AT = "address.put_at"
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,100}")


def number(name: str) -> int | None:
    """The positive number under `name`, None when there is none."""
    text = st.query_params.get(name, "")
    return int(text) if _NUMBER.fullmatch(text) else None


def numbers(name: str) -> list[int]:
    """The positive numbers under `name`, separated by commas; at most a hundred."""
    found = st.query_params.get(name, "").split(",")[:100]
    return [int(text) for text in found if _NUMBER.fullmatch(text)]


def word(name: str) -> str | None:
    """The plain word (a code, a key) under `name`, None when there is none."""
    text = st.query_params.get(name, "")
    return text if _WORD.fullmatch(text) else None


def free_text(name: str) -> str | None:
    """Any text under `name`, None when there is none or it is longer than a value can be. Never show it as Markdown."""
    text = st.query_params.get(name, "")
    return text if 0 < len(text) <= LONGEST_TEXT and "\0" not in text else None


def one_of(name: str, allowed: Sequence[str]) -> str | None:
    """The word under `name` if it is one of `allowed`."""
    text = st.query_params.get(name, "")
    return text if text in allowed else None


def is_settled() -> bool:
    """Whether the browser has surely heard of the last change. Until then what it asks by itself still tells the address from before, and a page run for
    that would take the change back."""
    return time.monotonic() - float(st.session_state.get(_PUT_AT, 0.0)) > SETTLING_SECONDS


def put(**values: object) -> None:
    """Set names in the address; None removes one."""
    st.session_state[_PUT_AT] = time.monotonic()
    for name, value in values.items():
        if value is None:
            st.query_params.pop(name, None)
        elif st.query_params.get(name) != str(value):
            st.query_params[name] = str(value)
