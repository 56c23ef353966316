"""Phones, e-mails, hotlines, web and postal addresses, found wherever they were written."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import Any

from email_validator import EmailNotValidError, validate_email

from gvrc.cleaning.phones import PhoneFind, find_phones, is_mobile, is_toll_free, kenyan_number
from gvrc.cleaning.text import LONGEST_TEXT, clean_text, is_missing
from gvrc.model.issue import Issue, Suggestion
from gvrc.model.quick import quick, replaced
from gvrc.model.record import CONTACT_FIELDS, STAFFS_OWN, Contact, ContactType, FieldChange
from gvrc.reference.gazetteer import load_gazetteer
from gvrc.reference.place_names import place_key
from gvrc.reference.vocabularies import kind_words, load_vocabularies

FREE_TEXT_FIELDS = ("address", "location", "description", "officer", "opening_hours", "town")
"""Canonical fields in which a contact may have been written by the way."""
_SLIPPED_INTO = ("county", "constituency", "sub_county", "ward", "district", "facility_type", "services", "owner", "operational_status", "keph_level")
"""Canonical fields in which a number stands when a cell slipped into the next column."""
_DEGREES = ("latitude", "longitude")
"""Canonical fields of degrees, in which a number to call stands whole when the cells of a row slipped."""
_ONE_NUMBER = re.compile(r"(?:\+?254|0)[127 -]{1,3}[\d -]{7,12}")
SHORTEST_NUMBER = 9
"""Characters of the shortest text that can hold a telephone number or e-mail."""
MOST_CONTACTS = 100
"""Contacts of one record that are kept; a cell with more is no contact cell."""

_STAGE = "transform"
_PLAIN_NUMBER = str.maketrans("", "", " -.()")
_URL = re.compile(r"(?:https?://|www\.)[^\s,;<>\"']{3,300}", re.IGNORECASE)
_DOMAIN = re.compile(r"(?<![@\w.])(?:[a-z0-9-]{1,63}\.){1,4}(?:org|com|net|info|ke|africa|go|int)(?:/[^\s,;<>\"']{0,200})?(?![\w@])", re.IGNORECASE)
_AROUND_AT = re.compile(r"[^\s,;:<>()\[\]/|\"]{1,64}")
_POSTAL = re.compile(
    r"(?:p\s?\.?\s{0,2}o\s?\.?\s{0,2}box\W{0,4}){1,2}(?:private\s+bag\s?)?\d{0,7}(?:\s{0,2}[-–,]?\s{0,2}\d{5}(?!\d))?(?:[\s,]{1,2}[a-z][a-z' ]{2,30})?|\bprivate\s+bag\b(?:\s\d{1,6})?",
    re.IGNORECASE,
)
_BOX_OR_BAG = re.compile(r"b(?:ox|ag)", re.IGNORECASE)
_WRITTEN_AT = re.compile(r"\s?[(\[{]\s?(?:at|@)\s?[)\]}]\s?", re.IGNORECASE)
_WRITTEN_DOT = re.compile(r"\s?[(\[{]\s?(?:dot|\.)\s?[)\]}]\s?", re.IGNORECASE)
_SPOKEN = re.compile(r"([\w.+\-]{2,64})\s?(?:\sat\s|@)\s?([\w\-]{2,40}(?:\s?(?:\sdot\s|\.)\s?[\w\-]{2,20}){1,3})\b", re.IGNORECASE)
_SIGN_IN_WORDS = re.compile(r"[(\[{]\s?(?:at|@)\s?[)\]}]|\bdot\b", re.IGNORECASE)
_SPOKEN_DOT = re.compile(r"\sdot\s", re.IGNORECASE)
_USSD = re.compile(r"\*\d{2,6}(?:\*\d{1,6}){0,4}#")
_ROUNDED = re.compile(r"(?<![\w.])([1-9])(?:[.,](\d{1,14}))?E\+?(\d{1,2})(?!\w)", re.IGNORECASE)
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9]{1,20}(?:[._-][A-Za-z0-9]{1,20}){0,2}@((?:[A-Za-z0-9-]{1,40}\.){1,3}[A-Za-z]{2,10})")
_DOUBLED_AT = re.compile(r"@{2,5}")
_OTHER_NUMBERS = re.compile(r"id$|code|bank|paybill|licen|lng|coord|gps|geo|geom|wkt|altitude|date|time|created|hash|serial|box|plot|(?<![a-z])(?:acc|till|pin|reg|lat|lon)", re.IGNORECASE)
_NUMBERS_TO_CALL = re.compile(r"phone|\btel\b|mobile|toll|hot ?line|help ?line|simu|whatsapp", re.IGNORECASE)
_IS_A_POINT = re.compile(r"\s*-?\d{1,2}\.\d{1,15}[\s,;]+-?\d{1,2}\.\d{1,15}(?!\d)")
"""How a pair of degrees begins, whatever stands behind it: `-0.54 34.5 1500 4.5`."""
_ANY_DIGIT = re.compile(r"\d")
_BOX = re.compile(r"^(?:p\s?\.?\s?o\s?\.?\s?box\W{0,4})+", re.IGNORECASE)
_CALLED_NEXT = re.compile(r"[\s,]+(?:tel|telephone|phone|mobile|mob|cell|fax|e[ -]?mail|contacts?|website)s?\.?$", re.IGNORECASE)
"""The label of what follows a post box, which looks like the end of its town."""
_HANDLE = re.compile(r"@\w{2,40}")
"""A name in a social network, which is no address."""
_CHAT = re.compile(r"(?:wa\.me/|whatsapp\.com/send/?\?phone=)\+?(\d{9,15})(?!\d)", re.IGNORECASE)
"""The address of a chat with a telephone number."""
_MANY_DIGITS = re.compile(r"\d[\d\s().\-\u2010-\u2015_/+]{5,}\d")
_DOT_IN_WORDS, _AT_IN_BRACKETS = re.compile(r"\b(?:at|dot)\b.{1,40}\bdot\b", re.IGNORECASE), re.compile(r"[(\[{]\s?at\s?[)\]}]", re.IGNORECASE)
_OPENING = frozenset("([{")
_LABEL = re.compile(r"([^\W\d_][^\W\d_.\-/ ]{0,20}(?:[ ./-]{1,2}[^\W\d_]{1,15}){0,2})\s{0,2}[.:\-–=]{0,2}\s{0,2}$")
MOST_OFFICES, MOST_FIELDS_OF_OFFICE = 100, 40
_COUNTY_KEYS = frozenset({"county", "county_name", "countyname", "kaunti"})
_KEYS_OF_VALUE = ("value", "number", "contact", "detail", "details", "text")
_IN_BRACKETS = re.compile(r"\s?\(([^()\d]{2,60})\)")
_OFFICERS = re.compile(r"\b(?:ocs|ocpd|ocpp|ocpb|docs|dcio|scpc|in[\s-]?charge|commander|deputy)\b(?!.*\b(?:offices?|desk|landline|line|tel|telephone|station|control)\b)", re.IGNORECASE)
"""An officer by the short form of the post, and no line of an office behind it."""
_IS_A_PERSON = re.compile(r"\b(?:officer|nurse|matron|manager|director|co-?ordinator|administrator|chief|counsell?or|chair(?:person|man|lady)|secretary|focal|in[\s-]?charge)\b(?!.*\b(?:line|landline|office|reception|hotline)\b)", re.IGNORECASE)
"""A role that a person has, and no line of an office behind it."""
_NAMED = re.compile(
    r"(?:^|[\s:;,(/-])(?:[CIA]\.?[IP]|ACP|A?SP|[Ii]nsp(?:ector)?|INSP(?:ECTOR)?|S/?[Ss][Gg][Tt]|[Ss][Gg][Tt]|[Ss]ergeant|[Cc][Pp][Ll]|[Cc]orporal|W?P\.?C|[Cc]onst(?:able)?|[Ss]upt|[Nn]urse|NURSE|[Mm]atron|MATRON|[Dd][Rr]|[Ss][Rr]|[Mm][Rr][Ss]?|[Mm][Ss]|[Mm]iss|[Hh]on|[Rr]ev|[Pp]astor|CO|RCO)\b\.?"
    r"\s+(?!Address|Phone)(?P<name>[A-Z][\w'’.]{1,20}(?:\s+[A-Z][\w'’.]{0,20}){0,3})(?:\s?\([A-Z][\w ]{1,20}\))?[\s,:–-]{1,4}$"
)
"""A person's name behind a rank or a title, right before a number."""
_OUT_OF_USE = re.compile(
    r"[\s,:;(\[–-]{1,4}(?:(?:the|this|number|no\.?|line|phone|is|was|has been|currently|now|permanently)\s+){0,4}"
    r"(?:not (?:working|functional|functioning|operational|active|in (?:use|service))|no longer (?:working|in (?:use|service)|used|active)|(?:isn.?t|doesn.?t|does not) work(?:ing)?|out of (?:service|order|use)"
    r"|disconnected|faulty|dead|inactive|wrong number|haifanyi kazi|haitumiki)\b(?!\s+(?:on|at|during|after|before|over|outside|between|from|in the|when|if|hours?|days?|(?:week|sun|satur)\w+|(?:wiki|jumapili|jumamosi|usiku))\b)",
    re.IGNORECASE,
)
"""What stands right behind a number that reaches nobody any more; `not working on Sundays` tells when it is answered."""
_OF_ANY_KIND = ("phone", "contact")
"""Canonical fields whose kind of contact another cell may tell (`Contact Type | Contact Value`)."""
OFFICERS_EMAIL = "Officer's e-mail"
"""The label of an e-mail address that is a person's."""
_OF_AN_OFFICER = "Officer"
"""The kind of contact that an `officer_contact` is."""
_KEYS_OF_PERSON = frozenset({"name", "full_name", "fullname", "rank", "title", "designation", "position", "role", "person", "contact_person"})
"""Keys of an object of contacts that say whose they are."""
_KEYS_OF_ROLE = ("role", "designation", "position", "rank", "title", "cadre")
_KEYS_OF_NAME = ("name", "full_name", "fullname", "person", "contact_person")
_KEYS_OF_KIND = ("type", "contact_type", "kind", "label", "use", "system")


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class CleanContacts:
    """The contacts of a record, each once, the first one primary; what was changed to get them and what could not be read."""

    contacts: tuple[Contact, ...] = ()
    changes: tuple[FieldChange, ...] = ()
    issues: tuple[Issue, ...] = ()


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class TextContacts:
    """Contacts written in a text by the way: `remainder` is the text without them, `redacted` the text with `[phone]`, `[email]` in their place."""

    contacts: tuple[Contact, ...] = ()
    remainder: str | None = None
    redacted: str | None = None


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class _Find:
    """Something found in a cell, and where. `is_dead`: the cell itself says that who calls there reaches nobody."""

    start: int
    end: int
    contact: Contact | None = None
    issue: Issue | None = None
    is_dead: bool = False


def parse_contacts(values: Mapping[str, Any]) -> CleanContacts:
    """Every contact among the canonical `values` of a row: contact cells first, then what free text mentions.

    A value may be a text, a number, an object, or a list of `{type, value}` objects. Nothing invalid becomes a contact; it is an issue.
    """
    found: dict[tuple[ContactType, str], Contact] = {}
    changes: list[FieldChange] = []
    issues: list[Issue] = []
    kind = clean_text(values["contact_type"]) if "contact_type" in values else None
    for field_name in CONTACT_FIELDS:
        value = values.get(field_name)
        if value is None or value == "" or is_missing(value):
            continue
        cell = _read_cell(field_name, value, kind if field_name in _OF_ANY_KIND else None)
        _collect(found, cell.contacts)
        changes.extend(cell.changes)
        issues.extend(cell.issues)
    for field_name in FREE_TEXT_FIELDS:
        value = values.get(field_name)
        if isinstance(value, str) and _may_hold_contact(value[:LONGEST_TEXT]):
            contacts = contacts_in_text(value, field_name).contacts
            _collect(found, (_as_hers(contact) for contact in contacts) if field_name == "officer" else contacts)
    for field_name in _DEGREES:
        value = values.get(field_name)
        if type(value) is str and value[:1] in "0+27" and len(value) >= SHORTEST_NUMBER and "." not in value and _ONE_NUMBER.fullmatch(value):
            _collect(found, contacts_in_text(value, field_name).contacts)
    for field_name in _SLIPPED_INTO:
        value = values.get(field_name)
        if type(value) is str and len(value) >= SHORTEST_NUMBER and _ANY_DIGIT.search(value):
            _collect(found, contacts_in_text(value[:LONGEST_TEXT], field_name).contacts)
    return CleanContacts(contacts=_in_order(found.values()), changes=tuple(changes), issues=tuple(issues))


def phones_elsewhere(data: Mapping[str, Any], values: Mapping[str, Any]) -> tuple[Contact, ...]:
    """Telephone numbers in the fields of a source row that became none of its canonical `values`.
    Numbers under a key that speaks of something else (codes, accounts, measures, days) are left alone."""
    told = {value for value in values.values() if isinstance(value, str)}  # equal, not the same: a row that was kept and read back has texts of its own
    if not any(_may_hold_number(value, told) for value in data.values()):
        return ()
    read = {id(value) for value in values.values()}
    read.update(id(value) for value in data.values() if isinstance(value, str) and (value in told or _ANY_DIGIT.search(value) is None))
    read.update(id(office) for _, office in offices(data, str(values.get("county") or "")))
    contacts = (contact for text in _unread_texts(data, read, 4) for contact in contacts_in_text(text, "contact").contacts)
    return merged_contacts(contact for contact in contacts if contact.contact_type is ContactType.PHONE)


def _may_hold_number(value: Any, told: set[str]) -> bool:
    """Whether a cell has parts, or is a text that nobody read and that is long enough for a telephone number."""
    if isinstance(value, str):
        return value not in told and len(value) >= SHORTEST_NUMBER and _ANY_DIGIT.search(value) is not None
    return isinstance(value, (dict, list))


def _unread_texts(data: Any, read: set[int], depth: int) -> Iterator[str]:
    """The texts within an object or list that nobody read and that may hold a contact."""
    pairs = data.items() if isinstance(data, dict) else (("", value) for value in data[:MOST_CONTACTS])
    for key, value in pairs:
        if id(value) in read or _is_of_something_else(key):
            continue
        if isinstance(value, str):
            if len(value) >= SHORTEST_NUMBER and _may_hold_contact(value[:LONGEST_TEXT]) and not _IS_A_POINT.match(value):
                yield value[:LONGEST_TEXT]
        elif isinstance(value, (dict, list)) and depth:
            yield from _unread_texts(value, read, depth - 1)


def offices(data: Any, own_county: str, depth: int = 4) -> Iterator[tuple[str, Any]]:
    """The objects in the lists within a row that state another county than the row's own, each behind its county: they are offices of their own, whose
    telephones are not that of the row. A lone object in a row that states no county says where the row itself is."""
    parts = data.values() if isinstance(data, dict) else data[:MOST_OFFICES]
    for part in parts:
        if not isinstance(part, (dict, list)) or not depth:
            continue
        county = _stated_county(part) if isinstance(data, list) else ""
        if county and (place_key(county) != place_key(own_county) if own_county else len(data) > 1):
            yield county, part
        else:
            yield from offices(part, own_county, depth - 1)


def _stated_county(value: Any) -> str:
    if not isinstance(value, dict) or not 2 <= len(value) <= MOST_FIELDS_OF_OFFICE:
        return ""
    stated = next((part for key, part in value.items() if isinstance(part, str) and key.casefold() in _COUNTY_KEYS and 3 < len(part) < 40), "")
    return stated if stated and load_gazetteer().find_county(stated) else ""


@lru_cache(maxsize=4_096)
def _is_of_something_else(key: str) -> bool:
    return _OTHER_NUMBERS.search(key) is not None and _NUMBERS_TO_CALL.search(key) is None


def merged_contacts(*groups: Iterable[Contact]) -> tuple[Contact, ...]:
    """Several groups of contacts as one, each contact once, the first one primary."""
    found: dict[tuple[ContactType, str], Contact] = {}
    for group in groups:
        _collect(found, group)
    return _in_order(found.values())


def _collect(found: dict[tuple[ContactType, str], Contact], contacts: Iterable[Contact]) -> None:
    for contact in contacts:
        if len(found) < MOST_CONTACTS:
            found.setdefault((contact.contact_type, contact.value), contact)


def _in_order(contacts: Iterable[Contact]) -> tuple[Contact, ...]:
    """The contacts with the first one primary; an officer's own number comes behind those of the place, and a fax behind what can be called."""
    contacts = list(contacts)
    if any(contact.label for contact in contacts):
        own, fax = _label(_OF_AN_OFFICER, may_be_own=True), _label("Fax")
        contacts.sort(key=lambda contact: 0 if contact.label is None else 1 if contact.label in (own, OFFICERS_EMAIL) else 2 * (contact.label == fax))
    return tuple([contact if contact.is_primary == (index == 0) else replaced(contact, is_primary=index == 0) for index, contact in enumerate(contacts)])


def _read_cell(field_name: str, value: Any, kind: str | None) -> CleanContacts:
    """The contacts of one contact cell, whatever its shape; `kind` is what another cell of the row calls them."""
    hint = _OF_AN_OFFICER if field_name == "officer_contact" else kind
    parts = [(text, hint)] if type(value) is str and (text := clean_text(value)) else list(_within_bounds(_parts(value, hint)))
    results = [_parse_text(field_name, text, hint) for text, hint in parts]
    if len(results) == 1 and len(results[0].contacts) == 1 and not results[0].issues:  # nearly every cell is one number, or one address
        return CleanContacts(contacts=results[0].contacts, changes=_rewritten(field_name, parts[0][0], results[0].contacts[0].value))
    contacts = tuple([contact for result in results for contact in result.contacts])
    before, after = "; ".join(text for text, _ in parts), ", ".join(dict.fromkeys(contact.value for contact in contacts))
    issues = islice((issue for result in results for issue in result.issues), MOST_CONTACTS)
    return CleanContacts(contacts=contacts, changes=_rewritten(field_name, before, after), issues=tuple([_with_whole_cell(issue, after) for issue in issues]))


def _rewritten(field_name: str, before: str, after: str) -> tuple[FieldChange, ...]:
    """The change of a cell to the contacts in it, as they are written here."""
    return () if before == after else (FieldChange(field_name=field_name, before=before, after=after or None, stage=_STAGE, rule="contact-format"),)


def _within_bounds(parts: Iterator[tuple[str, str | None]]) -> Iterator[tuple[str, str | None]]:
    """The first texts of a cell: as many as contacts are kept, and no more of them together than of two texts."""
    characters = 0
    for text, hint in islice(parts, MOST_CONTACTS):
        if characters > LONGEST_TEXT:
            return
        characters += len(text)
        yield text, hint


def _with_whole_cell(issue: Issue, kept: str) -> Issue:
    """The suggestion for one broken part, told for the whole cell: what was read already, and the mended part."""
    suggestion = issue.suggestion
    if suggestion is None or not kept:
        return issue
    whole = kept.replace(issue.value, suggestion.shown) if issue.code == "contact.email_slip" and issue.value else f"{kept}, {suggestion.shown}"
    return replace(issue, suggestion=replace(suggestion, values={issue.field_name: whole}, shown=whole))


def _parts(value: Any, hint: str | None) -> Iterator[tuple[str, str | None]]:
    """The texts of a contact cell with the kind of contact that their key or `type` names."""
    if isinstance(value, str):  # first, for nearly every cell is one
        if text := clean_text(value):
            yield text, hint
    elif isinstance(value, Mapping):
        yield from _parts_of_object(value, hint)
    elif isinstance(value, (list, tuple)):
        for part in value[:MOST_CONTACTS]:
            yield from _parts(part, hint)
    elif text := clean_text(value):
        yield text, hint


def _whose(value: Mapping[str, Any]) -> str | None:
    """Whose contact an object tells by a role: an officer's, by its short form or because a person is named beside it; none when there is no role."""
    role = next((value[key] for key in _KEYS_OF_ROLE if isinstance(value.get(key), str)), None)
    if role is None:
        return None
    is_named = any(isinstance(value.get(key), str) and not is_missing(value[key]) for key in _KEYS_OF_NAME)
    return _OF_AN_OFFICER if is_named or _OFFICERS.search(role) or _IS_A_PERSON.search(role) or _label(role, may_be_own=True) == _label(_OF_AN_OFFICER, may_be_own=True) else role


def _parts_of_object(value: Mapping[str, Any], hint: str | None) -> Iterator[tuple[str, str | None]]:
    own = hint if hint == _OF_AN_OFFICER else None  # whatever kind of number it is, it is the officer's
    if not all(map(str.islower, value)):
        value = {str(key).strip(" :").casefold().replace(" ", "_"): part for key, part in value.items()}
    kind = next((str(value[key]) for key in _KEYS_OF_KIND if isinstance(value.get(key), str)), None) or _whose(value)
    if kind == _OF_AN_OFFICER or (kind and (_IS_A_PERSON.search(kind) or _OFFICERS.search(kind))):
        own = _OF_AN_OFFICER
    stated = next((value[key] for key in _KEYS_OF_VALUE if key in value), None)
    if stated is not None:
        yield from _parts(stated, own or kind or hint)
        return
    for key, part in value.items():
        if key not in _KEYS_OF_KIND and str(key).casefold() not in _KEYS_OF_PERSON:
            yield from _parts(part, own or str(key).replace("_", " "))


_BEFORE_AN_ENDING = ("-", " ", "–")
"""What stands before a last digit that is the ending of another number, and none of this one: `052-32001 - 3`."""
_DASHES = ("-", "–")


def _parse_text(field_name: str, text: str, hint: str | None) -> CleanContacts:
    if "@" in text:
        if field_name in ("email", "contact", "officer_contact") and (email := _quick_email(text)):
            issue = _slip(email, field_name)
            return CleanContacts(contacts=(_email(email, hint),), issues=(issue,) if issue else ())
    elif field_name != "hotline" and not (text[-2:-1] in _BEFORE_AN_ENDING and text[:-1].rstrip()[-1:] in _DASHES) and (number := _quick_number(text.translate(_PLAIN_NUMBER))):
        return CleanContacts(contacts=(_phone(number, hint),))
    return _parse_cell(field_name, text, hint)


def _quick_number(quick: str) -> str | None:
    """One number alone in its cell: the usual case."""
    if not 9 <= len(quick) <= 13:
        return None
    digits = quick.removeprefix("+")
    return kenyan_number(digits, allow_bare=True) if digits.isdecimal() and digits.isascii() else None


def _quick_email(text: str) -> str | None:
    """One plain address alone in its cell, with nothing that may mean more: a web address, a sign in words, a number in scientific notation."""
    if _PLAIN_ADDRESS.fullmatch(text) is None or "www." in text or _SIGN_IN_WORDS.search(text) or _ROUNDED.search(text):
        return None
    return valid_email(text)


@lru_cache(maxsize=1_024)
def _parse_cell(field_name: str, text: str, hint: str | None) -> CleanContacts:
    if _HANDLE.fullmatch(text):
        return CleanContacts()
    if rounded := _ROUNDED.search(text):
        digits = _written_out(rounded)
        if digits is None:
            return CleanContacts(issues=(Issue(code="contact.phone_rounded", field_name=field_name, value=text[:60]),))
        text = _ROUNDED.sub(digits, text, count=1)
    finds = list(_finds(_with_plain_signs(text), field_name, hint, is_contact=True))
    contacts = tuple(_as_officers(find.contact, hint) for find in finds if find.contact and not find.is_dead)
    issues = tuple(find.issue for find in finds if find.issue)
    if not contacts and not issues:
        code = "contact.email_invalid" if field_name == "email" else "contact.unreadable"
        issues = (Issue(code=code, field_name=field_name, value=text[:200]),) if any(map(str.isalnum, text)) and not _is_zero(text) else ()
    return CleanContacts(contacts=contacts, issues=issues)


def _written_out(rounded: re.Match[str]) -> str | None:
    """The digits of a number in scientific notation, or None when a spreadsheet has cut them off (`7.22E+08`)."""
    digits, exponent = rounded[1] + (rounded[2] or ""), int(rounded[3])
    return digits if len(digits) == exponent + 1 else None


def _is_zero(text: str) -> bool:
    return not text.strip("0 .-/")


def _phone(number: str, hint: str | None) -> Contact:
    label = _label(hint, is_mobile(number)) if hint else None
    return Contact(contact_type=ContactType.PHONE, value=number, label=label or ("Toll-free" if is_toll_free(number) else None))


def _email(address: str, hint: str | None) -> Contact:
    return Contact(contact_type=ContactType.EMAIL, value=address, label=OFFICERS_EMAIL if hint == _OF_AN_OFFICER else None)


def _as_hers(contact: Contact) -> Contact:
    """A mobile number or address that stands in the cell of a person, as that person's own."""
    if contact.contact_type is ContactType.EMAIL:
        return _as_officers(contact, _OF_AN_OFFICER)
    return replaced(contact, label=_label(_OF_AN_OFFICER, may_be_own=True)) if contact.label is None and is_mobile(contact.value) else contact


def _as_officers(contact: Contact, hint: str | None) -> Contact:
    """An e-mail address as that of the officer when its cell is one of an officer's contacts."""
    return replaced(contact, label=OFFICERS_EMAIL) if hint == _OF_AN_OFFICER and contact.contact_type is ContactType.EMAIL else contact


def _as_it_is_called(contact: Contact, own: Iterable[str], names_place: Iterable[str]) -> Contact:
    """An e-mail address as the officer's or the place's by what it is called before its sign; as it is where that tells neither."""
    called = contact.value.partition("@")[0]
    if any(word in called for word in own):
        return replaced(contact, label=OFFICERS_EMAIL) if contact.label is None else contact
    return replaced(contact, label=None) if contact.label == OFFICERS_EMAIL and any(word in called for word in names_place) else contact


@lru_cache(maxsize=1_024)
def _its_own_words(place: str) -> tuple[str, ...]:
    """The words by which a place differs from others of its kind, in lower case."""
    return tuple(word for word in _WORDS.findall(place) if len(word) >= SHORTEST_OWN_NAME and word not in kind_words())


def as_of_staff(contacts: tuple[Contact, ...]) -> tuple[Contact, ...]:
    """Contacts in which the numbers of officers are told as those of members of staff, as a list of persons has them."""
    officers = _label(_OF_AN_OFFICER, may_be_own=True)
    return tuple(replaced(contact, label=STAFFS_OWN) if contact.label == officers else contact for contact in contacts)


SHORTEST_OWN_NAME = 4
"""Letters of a word of a person's name that tells an address to be hers."""
_WORDS = re.compile(r"[^\W\d_]+")


def with_officers_emails(contacts: tuple[Contact, ...], officer: str, place: str) -> tuple[Contact, ...]:
    """Contacts in which an e-mail address called by the name of the officer is told as hers (`jane.otieno@..` of `Jane Otieno`), unless the place is called so too;
    one that is called by the name of the place (`tiwi.station@..`) is the place's, in whatever column it stands."""
    of_place = place.casefold()
    own = [word for word in _WORDS.findall(officer.casefold()) if len(word) >= SHORTEST_OWN_NAME and word not in of_place and not (_IS_A_PERSON.search(word) or _OFFICERS.search(word))]
    names_place = _its_own_words(of_place) if any(contact.label == OFFICERS_EMAIL for contact in contacts) else ()
    marked = [_as_it_is_called(contact, own, names_place) if contact.contact_type is ContactType.EMAIL else contact for contact in contacts]
    return _in_order(marked) if marked != list(contacts) else contacts


@lru_cache(maxsize=2_048)
def _label(hint: str | None, may_be_own: bool = False) -> str | None:
    """What a kind of contact adds beyond "a phone": fax, WhatsApp, hotline, an officer's own mobile (a line of the office is nobody's own)."""
    vocabulary = load_vocabularies().contact_types
    match = vocabulary.find(hint)
    tells = match is not None and (match.code in ("fax", "whatsapp", "hotline") or (match.code == "officer_mobile" and may_be_own))
    return vocabulary.label(match.code) if match and tells else None


def hotline(code: str) -> Contact:
    """A short code as a contact, with what it is known as."""
    return Contact(contact_type=ContactType.HOTLINE, value=code, label=load_vocabularies().short_codes.get(code))


_LINE_FIRST = re.compile(r"\W{0,3}(?:(?:please|call|dial|piga(?: simu)?|toll[ -]?free|tel|hotline|helpline|sms|or|au|and|na|on)\b\W{0,3}){0,4}(\d{3,4})(?![\d/-]?\d)", re.IGNORECASE)
_LINE_ANYWHERE = re.compile(r"(?<![\w.,+-])(\d{3,4})(?![\w-]|[.,/]\d{4})")


def codes_in_text(text: str, known: Collection[str], *, anywhere: bool) -> tuple[str, ...]:
    """The known short codes that a text names, or (not `anywhere`) those that stand at its beginning, one behind the other (`Call 999, 112 or 911`)."""
    if anywhere:
        return tuple(dict.fromkeys(code for code in _LINE_ANYWHERE.findall(text[:LONGEST_TEXT]) if code in known))
    found: dict[str, None] = {}
    at = 0
    while (line := _LINE_FIRST.match(text, at)) is not None and line[1] in known:
        found[line[1]] = None
        at = line.end()
    return tuple(found)


def contacts_in_text(text: str, field_name: str) -> TextContacts:
    """Contacts that stand in a name, description or other free text. Only what is unmistakably one is found."""
    if not _may_hold_contact(text[:LONGEST_TEXT]):
        return TextContacts(remainder=text, redacted=text)
    text = _with_plain_signs(text)
    finds = [find for find in _finds(text, field_name, None, is_contact=False) if find.contact]
    if not finds:
        return TextContacts(remainder=text, redacted=text)
    return TextContacts(
        contacts=tuple(find.contact for find in finds if find.contact and not find.is_dead),
        remainder=_with_gaps(text, finds, lambda find: " "),
        redacted=_with_gaps(text, finds, lambda find: f"[{find.contact.contact_type}]" if find.contact else ""),
    )


def _may_hold_contact(text: str) -> bool:
    """Whether a text has a sign, the digits or the words of a contact; nearly every one has not."""
    if "@" in text or _MANY_DIGITS.search(text) is not None:
        return True
    return ("dot" in text.lower() and _DOT_IN_WORDS.search(text) is not None) or (not _OPENING.isdisjoint(text) and _AT_IN_BRACKETS.search(text) is not None)


def _with_gaps(text: str, finds: Iterable[_Find], gap: Callable[[_Find], str]) -> str:
    out: list[str] = []
    position = 0
    for find in sorted(finds, key=lambda find: find.start):
        if find.start >= position:
            out += [text[position : find.start], gap(find)]
            position = find.end
    return " ".join("".join([*out, text[position:]]).split())


def _with_plain_signs(text: str) -> str:
    """The text with written-out signs of e-mail addresses as signs: `office (at) example [dot] org`, `office at example dot org`."""
    if not _SIGN_IN_WORDS.search(text):
        return text
    text = _WRITTEN_DOT.sub(".", _WRITTEN_AT.sub("@", text))
    return _SPOKEN.sub(_as_address, text)


def _as_address(found: re.Match[str]) -> str:
    """One address written in words, when it is one; a sentence that happens to hold "at" and "dot" stays."""
    address = f"{found[1]}@{_SPOKEN_DOT.sub('.', found[2]).replace(' ', '')}"
    return address if valid_email(address) and (_SPOKEN_DOT.search(found[2]) or "@" in found[0]) else found[0]


def _finds(text: str, field_name: str, hint: str | None, *, is_contact: bool) -> Iterator[_Find]:
    """Everything in a cell; each kind blanks what it found, so that the next kind does not read it again."""
    if "@@" in text:
        text = _DOUBLED_AT.sub(lambda found: "@" + " " * (len(found[0]) - 1), text)
    for finder in (_web_addresses, _emails, _postal_addresses, _ussd_codes):
        found = list(islice(finder(text, field_name, is_contact), MOST_CONTACTS))
        yield from found
        for find in found:
            text = text[: find.start] + "," * (find.end - find.start) + text[find.end :]
    yield from _phones(text, field_name, hint, is_contact)


def _web_addresses(text: str, field_name: str, is_contact: bool) -> Iterator[_Find]:
    pattern = _DOMAIN if field_name == "website" and not _URL.search(text) else _URL
    if field_name in ("website", "contact") or "www." in text or "://" in text:
        for found in pattern.finditer(text):
            value = found[0].rstrip(".)/")
            chat = _CHAT.search(value)
            if number := kenyan_number(chat[1], allow_bare=False) if chat else None:
                yield _Find(start=found.start(), end=found.end(), contact=_phone(number, "whatsapp"))
                continue
            yield _Find(start=found.start(), end=found.end(), contact=Contact(contact_type=ContactType.WEBSITE, value=value))


def _emails(text: str, field_name: str, is_contact: bool) -> Iterator[_Find]:
    at = text.find("@")
    while at >= 0:
        found = _email_at(text, at, field_name)
        yield found
        at = text.find("@", max(at + 1, found.end))


def _email_at(text: str, at: int, field_name: str) -> _Find:
    before = _last_word(text[max(0, at - 66) : at])
    after = _AROUND_AT.match(text[at + 1 : at + 256].lstrip(" "))
    gap = len(text[at + 1 :]) - len(text[at + 1 :].lstrip(" "))
    domain = after[0].rstrip(".-'") if after else ""
    start, end = at - len(before), at + 1 + gap + len(domain)
    address = f"{before.strip()}@{domain}"
    if email := valid_email(address):
        contact = Contact(contact_type=ContactType.EMAIL, value=email)
        return _Find(start=start, end=end, contact=contact, issue=_slip(email, field_name))
    stop = re.compile(r"[\s;<>()\[\]|\"]").search(text, end)
    shown = text[start : stop.start() if stop else len(text)][:120]
    issue = Issue(code="contact.email_invalid", field_name=field_name, value=shown, suggestion=_mended_email(shown, field_name))
    return _Find(start=start, end=start + len(shown), issue=issue)


def _slip(email: str, field_name: str) -> Issue | None:
    """A valid address whose domain is a well-known one with a slip (`gmial.com`)."""
    user, _, domain = email.partition("@")
    right = load_vocabularies().email_slips.get(domain)
    if right is None:
        return None
    mended = f"{user}@{right}"
    suggestion = Suggestion(values={field_name: mended}, shown=mended, confidence=0.9, reason=f"“{domain}” is a usual slip of {right}.")
    return Issue(code="contact.email_slip", field_name=field_name, value=email, suggestion=suggestion)


def _last_word(text: str) -> str:
    """The local part before an at sign, with one stray space after it."""
    stripped = text.rstrip(" ")
    if len(text) - len(stripped) > 2:
        return ""
    words = re.split(r"[\s,;:<>()\[\]/|\"]", stripped)
    return words[-1] + text[len(stripped) :]


def _mended_email(shown: str, field_name: str) -> Suggestion | None:
    """A likely address for a broken one: commas for dots, doubled signs, spaces."""
    mended = re.sub(r"\.{2,}", ".", re.sub(r"\s+", "", shown.replace(",", "."))).replace("@@", "@").strip(".")
    mended = re.sub(r"(gmail|yahoo|hotmail|outlook)(?:com|\.co)$", r"\1.com", mended)
    email = valid_email(mended)
    if email is None:
        return None
    return Suggestion(values={field_name: email}, shown=email, confidence=0.85, reason="The usual slips (commas for dots, spaces, doubled signs) put right give a valid address.")


def valid_email(address: str) -> str | None:
    """The address in lower case when it is valid (its domain is not looked up), else None."""
    plain = _PLAIN_ADDRESS.fullmatch(address)
    if plain is None:
        return _validated(address)
    # of a plain address only the domain can be wrong, and lists name the same few domains again and again
    return address.lower() if _validated(f"a@{plain[1]}") else None


@lru_cache(maxsize=16_384)
def _validated(address: str) -> str | None:
    try:
        return validate_email(address, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        return None


def _postal_addresses(text: str, field_name: str, is_contact: bool) -> Iterator[_Find]:
    """Post boxes; those in free text only stand in the way of phone numbers."""
    for found in _POSTAL.finditer(text) if _BOX_OR_BAG.search(text) is not None else ():
        value = _BOX.sub("P.O. Box ", _CALLED_NEXT.sub("", " ".join(found[0].split()))).rstrip(" ,.-")
        if not any(map(str.isdigit, value)) and "bag" not in value.casefold():
            continue
        contact = Contact(contact_type=ContactType.POSTAL, value=value) if is_contact else None
        yield _Find(start=found.start(), end=found.end(), contact=contact)


def without_post_box(text: str) -> tuple[str, Contact | None]:
    """A text without the post box that ends it, and the post box."""
    found = _POSTAL.search(text)
    box = next((find.contact for find in _postal_addresses(text, "name", True)), None) if found and found.start() > 2 else None
    return (text[: found.start()].rstrip(" ,.;-"), box) if found and box else (text, None)


def _ussd_codes(text: str, field_name: str, is_contact: bool) -> Iterator[_Find]:
    """`*719*33#`: a code to dial on a mobile phone; in free text it only stands in the way of numbers."""
    for found in _USSD.finditer(text) if "#" in text else ():
        contact = Contact(contact_type=ContactType.HOTLINE, value=found[0], label="Code to dial") if is_contact else None
        yield _Find(start=found.start(), end=found.end(), contact=contact)


def _phones(text: str, field_name: str, hint: str | None, is_contact: bool) -> Iterator[_Find]:
    before = ""
    for find in find_phones(text, is_contact=is_contact):
        if find.number:
            before = find.number
            label = hint or _said_behind(text, find.end) or (_said_before(text, find.start) if is_contact else _officer_before(text, find.start))
            is_dead = _OUT_OF_USE.match(text, find.end) is not None
            code = "contact.phone_dead" if is_dead else None if find.is_kenyan else "contact.phone_foreign"
            issue = Issue(code=code, field_name=field_name, value=find.number) if code else None
            yield _Find(start=find.start, end=find.end, contact=_phone(find.number, label), issue=issue, is_dead=is_dead)
        elif is_contact:
            yield from _broken_phone(text, find, field_name, hint, before)


def _said_before(text: str, start: int) -> str | None:
    """The words right before a number or, where a name stands there, the officer it is the name of (`OCS: CI So-and-so 0700 ..`)."""
    if start == 0:
        return None
    word = _word_before(text, start)
    return word if _label(word, may_be_own=True) else _officer_before(text, start) or word


def _said_behind(text: str, end: int) -> str | None:
    """Whose a number is by what stands in brackets right behind it (`0700 .. (Deputy OCS)`)."""
    if (found := _IN_BRACKETS.match(text, end)) is None:
        return None
    said = found[1].strip()
    return _OF_AN_OFFICER if _OFFICERS.search(said) or _IS_A_PERSON.search(said) else said if _label(said) else None


_ENDS_A_PART = re.compile(r"[,;/\n\d]")


def _officer_before(text: str, start: int) -> str | None:
    part = _ENDS_A_PART.split(text[max(0, start - 80) : start])[-1]
    if part.lstrip().startswith("(") and start > len(part):
        part = part.partition(")")[2]  # the brackets are those of the number before
    return _OF_AN_OFFICER if _OFFICERS.search(part) or _is_named(text[max(0, start - 80) : start]) else None


def _is_named(before: str) -> bool:
    """Whether a number stands behind the name of a person with a rank or a title (`Cpl So-and-so, 0700 ..`), and not behind a place that is called after one."""
    found = _NAMED.search(before)
    return (found is not None and kind_words().isdisjoint(found["name"].casefold().split())) or _is_asked_for(before)


_ASKED_FOR = re.compile(r"(?:^|[\s(])(?:[Cc]ontact|CONTACT|[Cc]all|[Aa]sk for|[Ss]ee|[Rr]each|[Ss]peak to|[Tt]alk to|[Pp]iga|[Uu]liza|[Ff]ocal(?:\s+(?:person|point))?)(?:\s+for)?\s*:?\s+(?P<name>[A-Z][a-z]{2,15}(?:\s+[A-Z][a-z.]{0,15}){0,2})(?:\s+(?:on|at|via|through|kwa))?[\s,:(–-]{1,4}$")
"""One who is asked for by name, right before her number (`Contact Mary 0700 ..`)."""
_NO_FIRST_NAMES = frozenset({
    "us", "our", "the", "this", "any", "all", "for", "help", "now", "free", "toll", "hotline", "helpline", "line", "lines", "number", "numbers", "tel", "telephone", "phone", "mobile", "cell", "office", "reception",
    "emergency", "ambulance", "safaricom", "airtel", "telkom", "admin", "administration", "customer", "person", "name", "details", "kenya", "childline", "national", "director", "manager", "matron", "head", "county", "ward",
})  # fmt: skip


def _is_asked_for(before: str) -> bool:
    """Whether a number stands behind one who is asked for by name, and by no post, place or kind of place."""
    found = _ASKED_FOR.search(before) if before[-1:] in " (:,–-" else None
    return found is not None and names_one_asked_for(found["name"])


@lru_cache(maxsize=1_024)
def names_one_asked_for(name: str) -> bool:
    """Whether one or more words with capitals are the name of a person who is asked for."""
    words = [word.strip(".").casefold() for word in name.split()]
    if not _NO_FIRST_NAMES.isdisjoint(words) or not kind_words().isdisjoint(words) or _OFFICERS.search(name) or _IS_A_PERSON.search(name):
        return False
    gazetteer = load_gazetteer()
    return not (gazetteer.anything(words[0]) or gazetteer.find_county(words[0]) or gazetteer.find_town(words[0]))


def _word_before(text: str, start: int) -> str | None:
    found = _LABEL.search(text[max(0, start - 45) : start])
    return found[1] if found else None


def _broken_phone(text: str, find: PhoneFind, field_name: str, hint: str | None, before: str) -> Iterator[_Find]:
    """Digits that are no number: a short code, a shortened second number of the one `before`, or an issue."""
    if find.may_mean and not _is_known_code(find.digits, before):
        suggestion = Suggestion(values={field_name: find.may_mean}, shown=find.may_mean, confidence=0.8, reason="Endings after a slash usually replace the last digits of the number before.")
        yield _Find(start=find.start, end=find.end, issue=Issue(code="contact.phone_shortened", field_name=field_name, value=find.text, suggestion=suggestion))
    elif codes := _short_codes(text, find, field_name, hint):
        yield from (_Find(start=find.start, end=find.end, contact=hotline(code)) for code in codes)
    elif not _is_zero(find.digits) and (len(find.digits) >= 6 or (field_name in ("phone", "hotline") and _is_alone(text, find))):
        yield _Find(start=find.start, end=find.end, issue=Issue(code="contact.phone_invalid", field_name=field_name, value=find.text))


LINES_SIDE_BY_SIDE = 20
"""How far the three digits of a second line come behind those of the first: `.. 111/116` are two lines, `.. 121 / 999` a line and the police."""


def _is_known_code(digits: str, before: str) -> bool:
    """Whether digits behind the number `before` are a short code of their own rather than its new ending."""
    if digits not in load_vocabularies().short_codes:
        return False
    return len(digits) > 3 or not 0 < int(digits) - int(before[-3:]) <= LINES_SIDE_BY_SIDE


SHORTEST_CODE = 3
"""Digits of a short code; fewer behind one are hours (`1195 (24 hrs)`)."""


def _short_codes(text: str, find: PhoneFind, field_name: str, hint: str | None) -> tuple[str, ...]:
    """The short codes that digits side by side are, each by itself: `999 112` is no number 999112, nor `1517 (24 hrs)` one that ends with 24."""
    if find.digits in load_vocabularies().short_codes:
        return (find.digits,)
    said = text[find.start : find.end + len(" hours")]
    if any(sign in said for sign in ".:hHmM"):
        said = _HOURS.sub(lambda hours: " " * len(hours[0]), said)
    groups = _DIGITS.findall(said[: find.end - find.start])
    told = [group for group in groups if len(group) >= SHORTEST_CODE] or ["".join(groups)]
    return tuple(told) if all(_is_short_code(group, field_name, hint) for group in told) else ()


_HOURS = re.compile(r"(?<!\d)\d{1,2}[.:]?\d{2}(?:\s?(?:hours|hrs?|h|[ap]\.?m)(?![a-z])|(?<=[.:]\d\d)(?!\d))", re.IGNORECASE)
"""The time of a day, which is no code: `8.00am`, `17:00`, `1700 hrs`."""

_DIGITS = re.compile(r"\d+")


def _is_short_code(digits: str, field_name: str, hint: str | None) -> bool:
    if digits in load_vocabularies().short_codes:
        return True
    return 3 <= len(digits) <= 6 and not digits.startswith("0") and (field_name == "hotline" or _label(hint) == "Hotline")


def _is_alone(text: str, find: PhoneFind) -> bool:
    return not any(map(str.isalnum, text[: find.start] + text[find.end :]))
