"""Official codes and numbers of a place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gvrc.cleaning.text import clean_text
from gvrc.model.issue import Issue, Suggestion
from gvrc.model.quick import quick
from gvrc.model.record import FieldChange

FACILITY_CODE = re.compile(r"[A-Z]{2,4}-\d{3,6}")
"""Codes that this registry issues."""
MFL_CODE = re.compile(r"[1-9]\d{3,6}")
"""Codes of the Kenya Master Health Facility List: a sequence of plain numbers."""
FID_CODE = re.compile(r"FID-\d{2}-\d{6}-\d")
"""Facility identifiers of the Kenya Core guide."""

_LETTERS_LIKE_DIGITS = str.maketrans("OIL", "011", " -.")
_PADDED = re.compile(r"0{2,5}[1-9]\d{3,5}")
"""An official code filled up with zeros."""
_MFL_PREFIX = re.compile(r"^(?:mfl|kmhfl|khmfl|code|no|#|:|\.|\s|-){1,12}(?=\d)", re.IGNORECASE)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class CleanCodes:
    """The codes that are well formed, by canonical field, with changes and findings."""

    codes: dict[str, str] = field(default_factory=dict)
    changes: tuple[FieldChange, ...] = ()
    issues: tuple[Issue, ...] = ()


def clean_codes(values: Mapping[str, Any]) -> CleanCodes:
    """Facility code, MFL code, FID and registration number. A plain number given as facility code is the official MFL code.
    What is not well formed is left out of the record and told."""
    codes: dict[str, str] = {}
    changes: list[FieldChange] = []
    issues: list[Issue] = []
    values = _told_apart(values)
    stated = {name: text for name in ("facility_code", "mfl_code", "fid_code", "registration_number") if (text := clean_text(values.get(name)))}
    code = stated.get("facility_code")
    if code and MFL_CODE.fullmatch(code) and "mfl_code" not in stated:
        stated["mfl_code"] = stated.pop("facility_code")
        changes.append(FieldChange(field_name="mfl_code", before=None, after=code, stage="transform", rule="code-is-mfl"))
    for name, text in stated.items():
        value = _WELL_FORMED[name](text)
        if value is None:
            issues.append(_issue(name, text))
        else:
            codes[name] = value
            if value != text:
                changes.append(FieldChange(field_name=name, before=text, after=value, stage="transform", rule="code-format"))
    return CleanCodes(codes=codes, changes=tuple(changes), issues=tuple(issues))


def _told_apart(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """A list of identifiers, as FHIR writes them, by what each says it is; one that says nothing is an MFL code when it has the form of one."""
    listed = values.get("mfl_code")
    if not isinstance(listed, list) or not all(isinstance(item, Mapping) for item in listed):
        return values
    told: dict[str, Any] = {}
    for item in listed:
        text = clean_text(item.get("value")) or ""
        words = str({key: part for key, part in item.items() if key != "value"}).lower()
        is_mfl = "mfl" in words or "kmhf" in words or (not _OTHER_CODE.search(words) and not _names_a_system(item) and MFL_CODE.fullmatch(text))
        name = "fid_code" if FID_CODE.fullmatch(text.upper()) else "mfl_code" if is_mfl else "registration_number" if "regist" in words or "licen" in words else ""
        if name and text:
            told.setdefault(name, text)
    return {**{name: value for name, value in values.items() if name != "mfl_code"}, **{name: text for name, text in told.items() if name == "mfl_code" or not values.get(name)}}


def _names_a_system(item: Mapping[str, Any]) -> bool:
    """Whether an identifier is told to be of a system of its own by a name in one word (`SmartCode`), not by an address that may be the registry's."""
    system = item.get("system")
    return isinstance(system, str) and _NAME_OF_SYSTEM.fullmatch(system.strip()) is not None and system.strip().casefold() not in _ANY_CODE


_NAME_OF_SYSTEM = re.compile(r"[A-Za-z][\w-]{1,40}")
_ANY_CODE = frozenset({"code", "id", "official", "usual", "facility", "facilitycode", "facility_code", "facility-code", "moh", "master"})
_OTHER_CODE = re.compile(r"dhis|fid|regist|licen|county|tax|nhif|sha\b")


def _facility_code(text: str) -> str | None:
    code = text.upper()
    return code if FACILITY_CODE.fullmatch(code) else None


def _mfl_code(text: str) -> str | None:
    code = _MFL_PREFIX.sub("", text).removesuffix(".0").replace(",", "")
    code = code.lstrip("0") if _PADDED.fullmatch(code) else code
    return code if MFL_CODE.fullmatch(code) else None


def _fid_code(text: str) -> str | None:
    code = text.upper().replace(" ", "")
    return code if FID_CODE.fullmatch(code) else None


def _registration_number(text: str) -> str | None:
    return text if len(text) <= 100 and any(map(str.isdigit, text)) else None


_WELL_FORMED = {"facility_code": _facility_code, "mfl_code": _mfl_code, "fid_code": _fid_code, "registration_number": _registration_number}
_ISSUE_OF = {"facility_code": "code.facility_format", "mfl_code": "code.mfl_format", "fid_code": "code.fid_format", "registration_number": "code.registration_format"}


def _issue(name: str, text: str) -> Issue:
    digits = text[:40].upper().translate(_LETTERS_LIKE_DIGITS)
    suggestion = None
    if name in ("mfl_code", "facility_code") and MFL_CODE.fullmatch(digits):
        suggestion = Suggestion(values={"mfl_code": digits}, shown=digits, confidence=0.8, reason="Letters that look like digits, read as digits, give an official code.")
    return Issue(code=_ISSUE_OF[name], field_name=name, value=text[:120], suggestion=suggestion)
