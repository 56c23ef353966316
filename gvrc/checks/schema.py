"""The first layer of validation: JSON Schema, the canonical one for every row and one per known source.

A row is judged by its shape (keys, types, lengths), and rows of one shape share the verdict, so that a schema is run once per shape and
not once per row. That is exact as long as a schema speaks of shape only; `load_schema` refuses one that does not.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from gvrc.errors import ReferenceDataError
from gvrc.model.issue import Issue

SCHEMA_DIR = Path(__file__).resolve().parent / "schemas"
CANONICAL = "canonical"
MOST_SHAPES = 4_096
"""Shapes remembered per schema; beyond that a shape is judged anew."""
DEEPEST = 6
"""Levels of a row that are looked at."""
LENGTHS = (200, 255, 1_000, 10_000)
"""Lengths that a schema may speak of: `maxLength` must be one of these."""

_SHAPE_WORDS = frozenset({
    "$schema", "$comment", "$defs", "$ref", "type", "properties", "items", "required", "anyOf", "allOf", "maxLength", "minProperties", "title", "description",
})  # fmt: skip
_SOURCE_NAME = re.compile(r"[A-Za-z0-9_]{1,60}")
_WORDS_OF_TYPE = {"string": "text", "number": "a number", "integer": "a whole number", "boolean": "yes or no", "array": "a list", "object": "a group of fields", "null": "empty"}


class Schema:
    """A compiled schema that remembers its verdicts by shape."""

    def __init__(self, name: str, document: Mapping[str, Any]) -> None:
        self.name = name
        self._validator = Draft202012Validator(document)
        self._verdicts: dict[Any, tuple[Issue, ...]] = {}

    def issues(self, row: Mapping[str, Any]) -> tuple[Issue, ...]:
        """What is wrong with the form of a row. No value stands in these issues, only where and what was expected."""
        shape = _shape(row, DEEPEST)
        verdict = self._verdicts.get(shape)
        if verdict is None:
            if len(self._verdicts) >= MOST_SHAPES:
                self._verdicts.clear()
            verdict = self._verdicts[shape] = tuple(self._judged(row))
        return verdict

    def _judged(self, row: Mapping[str, Any]) -> Iterator[Issue]:
        seen: set[str] = set()
        for error in self._validator.iter_errors(row):
            path = ".".join("*" if isinstance(part, int) else str(part) for part in error.absolute_path) or "the row"
            if path not in seen:
                seen.add(path)
                yield Issue(code="row.schema", field_name=path.partition(".")[0], detail={"path": path, "expected": _expected(error)})


def _shape(value: Any, depth: int) -> Any:
    """The shape of a value: its type, for texts how long within LENGTHS, for objects and lists the shapes within."""
    kind = type(value)
    if kind is str:
        return bisect_left(LENGTHS, len(value))
    if kind is dict and depth:
        return tuple((key, _shape(part, depth - 1)) for key, part in value.items())
    if kind is list and depth:
        return frozenset(_shape(part, depth - 1) for part in value)
    return kind


def _expected(error: ValidationError) -> str:
    """What was expected, in words."""
    if error.validator == "maxLength":
        return f"at most {error.validator_value} characters long"
    if error.validator == "required":
        return "complete"
    names = [name for inner in (error, *(error.context or ())) if inner.validator == "type" for name in _type_names(inner.validator_value)]
    return " or ".join(_WORDS_OF_TYPE[name] for name in dict.fromkeys(names) if name != "null") or "in the expected form"


def _type_names(stated: Any) -> list[str]:
    return [stated] if isinstance(stated, str) else list(stated)


@lru_cache(maxsize=64)
def load_schema(name: str) -> Schema | None:
    """The schema of a source, or None when it has none. Raises ReferenceDataError for a schema that cannot be read or speaks of more than shape."""
    path = SCHEMA_DIR / f"{name}.json"
    if not _SOURCE_NAME.fullmatch(name) or not path.is_file():
        return None
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ReferenceDataError(f"The schema {path.name} cannot be read.", "Restore gvrc/checks/schemas from the project.") from None
    if wrong := sorted(set(_keywords(document)) - _SHAPE_WORDS):
        raise ReferenceDataError(f"The schema {path.name} uses {', '.join(wrong)}, which shapes cannot answer.", "Make it a rule of gvrc/checks instead.")
    return Schema(name, document)


def _keywords(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        yield from schema
        for word, inner in schema.items():
            if word in ("properties", "$defs"):
                for part in inner.values():
                    yield from _keywords(part)
            elif word in ("items", "anyOf", "allOf"):
                for part in inner if isinstance(inner, list) else [inner]:
                    yield from _keywords(part)
        if schema.get("maxLength", 200) not in LENGTHS:
            yield f"maxLength {schema['maxLength']}"
