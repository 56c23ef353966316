"""The form of the records of a JSON list: which keys they have at each level, and whether a single value, an object or a list stands there.

Records of one form are decoded once more, as objects of classes that are made for it. That alone tells whether they have any other key, and a value of them
is reached by one call; both would take as long as all the rest of the reading, were it asked key by key. What does not fit is read key by key, as ever.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Union

import msgspec

MOST_LESSONS = 20
"""Pieces of a list that are learned from."""
MOST_MISSES = 8
"""Pieces that may not fit, before those that do must be as many."""
MOST_KEYS = 300
"""Keys of one object; more are data rather than names of fields."""
DEEPEST = 12
LARGEST_WHOLE = 10**18 - 1
"""A larger whole number, of more than 18 digits, is read as text."""
BEYOND_64_BITS = 9e18
"""A larger number may have been a whole one before it was decoded."""

Typed = msgspec.Struct
"""A record as an object of its form."""
UNSET = msgspec.UNSET
"""What stands for a key that a record has not; it is false."""

_WHOLE = Annotated[int, msgspec.Meta(ge=-LARGEST_WHOLE, le=LARGEST_WHOLE)]
_NUMBER = Annotated[float, msgspec.Meta(gt=-BEYOND_64_BITS, lt=BEYOND_64_BITS)]
_SINGLE = (str, _WHOLE, _NUMBER, bool)


@dataclass(slots=True)
class Form:
    """What may stand at one place of the records of a list; nothing (null) may stand anywhere."""

    is_single: bool = False
    keys: dict[str, Form] | None = None
    """Of an object that stands there."""
    items: Form | None = None
    """Of a list that stands there."""

    def learn(self, value: Any, level: int = 0) -> bool:
        """Take in what stands there; False when the form would become larger than that of a list of places."""
        kind = type(value)
        if kind is dict:
            self.keys = keys = {} if self.keys is None else self.keys
            for key, below in value.items():
                if not keys.setdefault(key, Form()).learn(below, level + 1):
                    return False
            return level < DEEPEST and len(keys) <= MOST_KEYS
        if kind is list:
            self.items = items = self.items or Form()
            return level < DEEPEST and all(items.learn(item, level + 1) for item in value)
        self.is_single = self.is_single or value is not None
        return True

    def decoded_as(self) -> Any:
        """The type that msgspec decodes it as."""
        kinds: list[Any] = [None, *(_SINGLE if self.is_single else ())]
        if self.items is not None:
            kinds.append(list[self.items.decoded_as()])  # type: ignore[misc]
        if self.keys is not None:
            kinds.append(self.made())
        return Union[tuple(kinds)]  # noqa: UP007 (made while it runs)

    def made(self) -> type[Typed]:
        """A class for the objects that stand there."""
        keys = self.keys or {}
        fields = [(attribute(place), Union[below.decoded_as(), msgspec.UnsetType], msgspec.UNSET) for place, below in enumerate(keys.values())]  # noqa: UP007
        made = msgspec.defstruct("Typed", fields, rename={attribute(place): key for place, key in enumerate(keys)}, forbid_unknown_fields=True, gc=False)
        _forms[made] = Form(keys=dict(keys))
        return made


_forms: weakref.WeakKeyDictionary[type[Typed], Form] = weakref.WeakKeyDictionary()


def form_of(made: type[Typed]) -> dict[str, Form]:
    """The keys of the objects of a class, in the order in which they are met, with what may stand there."""
    return _forms[made].keys or {}


def attribute(place: int) -> str:
    """What the key at a place of its form is called as an attribute; keys of files are no names for it."""
    return f"f{place}"


@dataclass(slots=True)
class Forms:
    """Decodes the records of one list as objects of their form, which it learns from the first of them, and again where others follow."""

    _form: Form = field(default_factory=Form)
    _decoder: Any = None
    _lessons: int = 0
    _fits: int = 0
    _misses: int = 0

    def typed(self, text: str) -> list[Typed] | None:
        """The elements of a JSON array, every one an object of the form; None when one is not, so that nothing is known of any."""
        if self._decoder is None:
            return None
        try:
            typed: list[Typed] = self._decoder.decode(text)
        except (msgspec.MsgspecError, RecursionError):
            self._misses += 1
            if self._misses > max(MOST_MISSES, self._fits):
                self._decoder, self._lessons = None, MOST_LESSONS
            return None
        self._fits += 1
        return typed

    def learn(self, records: Sequence[dict[str, Any]]) -> None:
        """Take in the form of records that were looked over key by key."""
        if self._lessons == MOST_LESSONS:
            return
        self._lessons += 1
        try:
            is_form = all(map(self._form.learn, records))
            self._decoder = msgspec.json.Decoder(list[self._form.made()]) if is_form else None  # type: ignore[misc]
        except (TypeError, ValueError):  # keys that no attribute can stand for
            is_form = False
        if not is_form:
            self._decoder, self._lessons = None, MOST_LESSONS
