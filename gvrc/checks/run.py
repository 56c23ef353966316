"""Rules on a whole run: values that belong to one place and stand on many. They work on columns, never on records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gvrc.model.issue import Issue, Suggestion

SHARED_BY_MANY = 3
"""Places on which a contact must stand to be told as shared: two may well be one place, or a desk in a station."""
MOST_OTHERS = 20
"""Other rows that an issue names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunColumns:
    """What the rules on a run look at: one entry per record in the first six, one per contact in the others. `phones` and `emails` are
    any tokens that are equal for equal contacts; the values themselves are not needed. Empty strings stand for nothing."""

    record_keys: Sequence[str]
    mfl_codes: Sequence[str] = ()
    fid_codes: Sequence[str] = ()
    registration_numbers: Sequence[str] = ()
    names: Sequence[str] = ()
    sources: Sequence[str] = ()
    phone_record_keys: Sequence[str] = ()
    phones: Sequence[str] = ()
    email_record_keys: Sequence[str] = ()
    emails: Sequence[str] = ()


def run_issues(columns: RunColumns) -> list[Issue]:
    """Every value that stands on too many places, as one issue per record that carries it."""
    keys = columns.record_keys
    return [
        *_shared("code.mfl_shared", "mfl_code", keys, columns.mfl_codes, at_least=2),
        *_shared("code.fid_shared", "fid_code", keys, columns.fid_codes, at_least=2),
        *_shared("code.registration_shared", "registration_number", keys, columns.registration_numbers, at_least=2),
        *_taken("mfl_code", "MFL code", columns, columns.mfl_codes),
        *_taken("fid_code", "FID", columns, columns.fid_codes),
        *_taken("registration_number", "registration number", columns, columns.registration_numbers),
        *_shared("contact.phone_shared", "contacts", columns.phone_record_keys, columns.phones, at_least=SHARED_BY_MANY, show=False),
        *_shared("contact.email_shared", "contacts", columns.email_record_keys, columns.emails, at_least=SHARED_BY_MANY, show=False),
    ]


def _shared(code: str, field_name: str, keys: Sequence[str], values: Sequence[str], *, at_least: int, show: bool = True) -> Iterator[Issue]:
    """An issue for each record whose value stands on `at_least` different records. With `show` off the value stays out of the issue."""
    places: dict[str, set[str]] = {}
    for key, value in zip(keys, values, strict=bool(values)):
        if value:
            places.setdefault(value, set()).add(key)
    for value, found in places.items():
        if len(found) < at_least:
            continue
        members = sorted(found)
        for key in members:
            others = [other for other in members[: MOST_OTHERS + 1] if other != key]
            detail = {"count": len(members), "record_keys": others}
            yield Issue(code=code, field_name=field_name, value=str(value) if show else None, detail=detail, record_key=key)


def _taken(field_name: str, label: str, columns: RunColumns, values: Sequence[str]) -> Iterator[Issue]:
    """A question for each record whose code another one of the run states before it: the registry keeps one place per code. The first record keeps
    the code; that it is the right one is not known, so the others are asked and nothing is left out by itself."""
    first: dict[str, int] = {}
    told: set[tuple[str, str]] = set()
    for index, (key, value) in enumerate(zip(columns.record_keys, values, strict=bool(values))):
        if not value:
            continue
        holder = first.setdefault(value, index)
        holder_key = columns.record_keys[holder]
        if holder_key == key or (key, value) in told:
            continue
        told.add((key, value))
        name = (columns.names[holder] if columns.names else "") or "another row"
        reason = f"“{name}” states it before this row; a code that is repeated is often that of a head office, or a slip of copying."
        yield Issue(
            code="code.taken", field_name=field_name, value=str(value), detail={"label": label, "holder": name, "record_keys": [holder_key]}, record_key=key,
            suggestion=Suggestion(values={field_name: None}, shown=f"leave the {label} out here", confidence=0.6, reason=reason),
        )
