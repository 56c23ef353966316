"""Transform: rows become records; every value is cleaned, every change is written down."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import Any

from gvrc.checks.catalogue import field_label
from gvrc.checks.keys import keyed
from gvrc.cleaning.abroad import Abroad, contacts_abroad, told_abroad
from gvrc.cleaning.codes import CleanCodes, clean_codes
from gvrc.cleaning.contacts import (
    CleanContacts,
    as_of_staff,
    codes_in_text,
    contacts_in_text,
    hotline,
    merged_contacts,
    offices,
    parse_contacts,
    phones_elsewhere,
    with_officers_emails,
)
from gvrc.cleaning.coordinates import CleanPoint, clean_point
from gvrc.cleaning.dates import parse_date
from gvrc.cleaning.headings import heading_kind, is_note
from gvrc.cleaning.kinds import GENERAL, CleanKind, KindEvidence, decide_kind, find_kind, kind_by_last_word, stated_level
from gvrc.cleaning.names import CleanName, clean_name
from gvrc.cleaning.personal import personal_words
from gvrc.cleaning.phones import kenyan_number
from gvrc.cleaning.secrecy import is_to_be_hidden
from gvrc.cleaning.services import CleanServices, clean_services
from gvrc.cleaning.stated import NOTHING, StatedValues, stated_values
from gvrc.cleaning.text import clean_text, is_missing
from gvrc.cleaning.unnamed import names_a_person, proposed_name
from gvrc.model.issue import Issue, Suggestion
from gvrc.model.place import Point
from gvrc.model.record import ABOUT_CONTACTS, PERSONAL_FIELDS, STAFFS_OWN, Contact, ContactType, FieldChange, Record, Visibility
from gvrc.model.run import StageResult
from gvrc.model.source import SourceRow
from gvrc.reference.corrections import Corrections
from gvrc.reference.offices import office_of
from gvrc.reference.vocabularies import Vocabularies, Vocabulary
from gvrc.sources.field_names import are_pages, spaced

STATED_FIELDS = ("county", "constituency", "ward", "sub_county", "district", "town", "location", "section")
"""Canonical fields whose texts say where a place is."""
LONGEST_DESCRIPTION = 2_000
"""Characters of a description that are kept."""
FEWEST_DIGITS = 8
"""Digits from which a broken phone number is worth a question; less is no number."""

WARD_CENTRE = "ward_centre"
"""How exact a point is that a steward took from the centre of the ward, until the true one is known."""
ABROAD_CODES = frozenset({"row.abroad", "row.country_doubtful"})
"""Issues of rows that lie in another country, as their list says."""
NO_PLACE_CODES = frozenset({"name.heading", "row.empty", "row.deleted"}) | ABROAD_CODES
"""Issues of rows that are no place, or none in Kenya; nothing more is asked of them."""

_STAGE = "transform"
_FREE_TEXT = ("description", "opening_hours")
_WHEN = re.compile(
    r"\W*\b(?:24\s?(?:hrs?|hours?|/\s?7)(?:\s?(?:a|per)\s?day)?|round the clock|day and night|(?:(?:in|since|from|as (?:of|at)|by)\s(?:[a-z]{3,9}\s)?)?(?:19|20)\d\d)\W*$", re.IGNORECASE
)
"""When a status holds, told behind it: `Operational 24hrs`, `closed in 2019`."""
LONGEST_TERM = 200
"""Characters of a term of a closed list, with what is told behind it."""
_OF_A_COUNTY = re.compile(r"\bcounty\s+gov(?:t|ernment)?\b(?:\s+of\b|$)|\bcounty\s+of\s+[a-z]", re.IGNORECASE)
_BESIDE = re.compile(r"\s*(?:[/,;–]|\s-\s|-(?=[A-Z]))\s*")
_TICKS = {"t": "operational", "y": "operational", "1": "operational", "f": "not_operational", "n": "not_operational", "0": "not_operational"}
"""What a tick says in a column that asks whether a place is open."""
_YES_NO = frozenset({"true", "false", "y", "n", "yes", "no", "0", "1"})
_NAME_FIELDS = ("name", "official_name")
_HAVE_PARTS = frozenset({dict, list})


def transform(
    rows: Sequence[SourceRow], vocabularies: Vocabularies, corrections: Corrections, overrides: Mapping[str, Mapping[str, Any]] = NOTHING
) -> StageResult:
    """One standardised record per row. Known corrections come first; a steward's answers (`overrides`, by record key and canonical field)
    win over the source's values, and what a steward answered is not asked again."""
    records: list[Record] = []
    issues: list[Issue] = []
    for row in rows:
        stated = stated_values(row, corrections, overrides.get(row.record_key, NOTHING))
        work = _RowWork(row, stated, vocabularies)
        records.append(work.record())
        issues.extend(keyed(work.issues, row.record_key))
    return StageResult(records=records, issues=issues)


class _RowWork:
    """One row on its way to a record; gathers changes and issues as its fields are cleaned."""

    def __init__(self, row: SourceRow, stated: StatedValues, vocabularies: Vocabularies) -> None:
        self.row = row
        self.values = stated.values
        self.answered = stated.answered
        self.vocabularies = vocabularies
        self.changes: list[FieldChange] = list(stated.changes)
        self.issues: list[Issue] = []
        self.person = self._person()
        """Who stands where the name should, in a list of persons."""

    def record(self) -> Record:
        name = self._name()
        services = self._services()
        abroad = self._abroad()
        self._note_deletion()
        kind = self._kind(name, services)
        point = self._point() if abroad is None else None
        codes = self._codes()
        texts = {field_name: self._free_text(field_name) for field_name in _FREE_TEXT if self.values.get(field_name) is not None}
        is_hotline = self.vocabularies.group(kind.code) == "hotline"
        by_the_way = [*(contact for _, found in texts.values() for contact in found), *self._codes_told(is_hotline)]
        contacts = self._contacts_abroad(abroad) if abroad else self._contacts(name, by_the_way, is_hotline=is_hotline)
        official = self._text("official_name")
        self._note_gazettement(name)
        self._note_offices()
        return Record(
            record_key=self.row.record_key,
            source=self.row.source,
            pointer=self.row.pointer,
            source_id=self.row.source_id,
            name=name.name,
            aliases=_aliases(name, official),
            qualifiers=name.qualifiers,
            facility_type=kind.code,
            facility_code=codes.get("facility_code"),
            registration_number=codes.get("registration_number"),
            mfl_code=codes.get("mfl_code"),
            fid_code=codes.get("fid_code"),
            keph_level=self._level(name),
            owner=self._owner(),
            operational_status=self._status(name),
            stated={} if abroad or (name.name is None and any(issue.code == "name.heading" for issue in self.issues)) else self._stated(),
            point=point,
            contacts=contacts,
            services=services.services,
            address=self._text("address"),
            officer=self._text("officer") or self.person,
            opening_hours=texts.get("opening_hours", (None, ()))[0],
            description=texts.get("description", (None, ()))[0],
            visibility=self._visibility(),
            last_verified_at=self._date(),
            changes=tuple(self.changes),
        )

    def _text(self, field_name: str) -> str | None:
        value = self.values.get(field_name)
        return None if value is None else clean_text(value)

    def _note(self, *results: CleanServices | CleanContacts | CleanCodes | CleanPoint | CleanName) -> None:
        for result in results:
            self.changes.extend(result.changes)
            self.issues.extend(result.issues)

    def _name(self) -> CleanName:
        raw = next((value for name in _NAME_FIELDS if not is_missing(value := self.values.get(name))), None)
        text = clean_text(raw)
        if self.person is not None and text == self.person:
            return self._of_person()
        if "name" not in self.answered and (heading := self._heading(text)):
            self.issues.append(heading)
            if text is None and _are_of_persons(self._text("facility_type"), self.row.pointer.rpartition("/")[0]):
                return CleanName(name=None, is_of_officer=True)
            return CleanName(name=None if heading.code in ("row.empty", "name.missing") else (text or "")[:255] or None)
        is_police = _is_police(self.row.source, str(self.values.get("facility_type") or ""), self.vocabularies) or (text is not None and _POLICE_IN_SHORT.search(text) is not None and any(map(_heads_stations, self.row.data)))
        name = clean_name(text, self.vocabularies, is_police=is_police)
        self.changes.extend(name.changes)
        self.issues.extend(self._with_kind(issue) for issue in name.issues if issue.code != "name.not_gazetted")
        return name if self.person is None else replace(name, is_of_officer=True)

    def _heading(self, text: str | None) -> Issue | None:
        """The row is no place, or a place without a name."""
        if text is None:
            is_empty = _says_nothing(self.row.data)
            if is_empty or not is_note(self.row.data, self.vocabularies):
                return Issue(code="row.empty", field_name="name", value=_stated_name(self.values)) if is_empty else self._nameless()
            return _no_place("note", next(str(value) for value in self.row.data.values() if not is_missing(value)))
        kind = heading_kind(text, self.values, self.row.data, self.vocabularies)
        return _no_place(kind, text) if kind else None

    def _nameless(self) -> Issue:
        """A place without a name, with the one that what it stands under and where it is make."""
        stated = self._text("facility_type")
        own = stated if stated and not self._is_of_list("facility_type") else None
        proposed = proposed_name((*filter(None, (stated,)), *self._headings()), self.values, self.vocabularies, own)
        return Issue(code="name.missing", field_name="name", value=_stated_name(self.values), suggestion=proposed)

    def _person(self) -> str | None:
        """The person whom the source names where the name of a place should stand; whatever name a steward gave the place since, her number is her own. None where a
        steward said that it is the name."""
        if not (roles := _roles(self._text("facility_type"), self.row.pointer.rpartition("/")[0])):
            return None
        said = self.row.values.get("name")
        text = clean_text(said) if type(said) is str else None
        is_name = "name" in self.answered and clean_text(self.values.get("name")) == text
        return text if text and not is_name and names_a_person(text, roles, self.values) else None

    def _of_person(self) -> CleanName:
        """A row whose name is that of a person, who is told as the one to ask for."""
        self.changes.append(_change("officer", None, self.person, "name-of-person"))
        proposed = proposed_name(_roles(self._text("facility_type"), self.row.pointer.rpartition("/")[0]), self.values, self.vocabularies)
        self.issues.append(Issue(code="name.missing", field_name="name", suggestion=proposed))
        return CleanName(name=None, is_of_officer=True)

    def _with_kind(self, issue: Issue) -> Issue:
        """The suggested name of the first of two places, with the kind that the row states (`Bartabwa Police Post`)."""
        match = self.vocabularies.facility_types.find(self._text("facility_type")) if issue.code == "name.two_places" else None
        if match is None or issue.suggestion is None or clean_name(issue.suggestion.shown, self.vocabularies).facility_type:
            return issue
        shown = f"{issue.suggestion.shown} {self.vocabularies.facility_types.label(match.code)}"
        return replace(issue, suggestion=replace(issue.suggestion, values={"name": shown}, shown=shown, confidence=0.7))

    def _abroad(self) -> Abroad | None:
        """The other country in which the row lies, which is told; None for a place of Kenya, and for a heading."""
        abroad = told_abroad(self.values, self.row.pointer, self.row.data, is_answered="country" in self.answered)
        if abroad is None or any(issue.code in NO_PLACE_CODES for issue in self.issues):
            return None
        shown = None if abroad.field_name in PERSONAL_FIELDS else abroad.text
        if not abroad.for_kenya:
            left_out = Suggestion(values={}, shown="not a place in Kenya", confidence=0.9, reason=f"The row says {abroad.country.name}.")
            self.issues.append(Issue(code="row.abroad", field_name="country", value=shown, detail={"country": abroad.country.name}, suggestion=left_out))
            return abroad
        in_kenya = Suggestion(values={"country": "Kenya"}, shown="Kenya", confidence=0.6, reason=abroad.for_kenya)
        detail = {"country": abroad.country.name, "evidence": abroad.for_kenya.removesuffix(".")}
        self.issues.append(Issue(code="row.country_doubtful", field_name="country", value=shown, detail=detail, suggestion=in_kenya))
        return abroad

    def _contacts_abroad(self, abroad: Abroad) -> tuple[Contact, ...]:
        """Numbers as they are dialled in the other country, and what is the same everywhere."""
        written = (contact for contact in parse_contacts(self.values).contacts if contact.contact_type in (ContactType.EMAIL, ContactType.WEBSITE))
        return merged_contacts(contacts_abroad(self.values, abroad.country), written)

    def _note_gazettement(self, name: CleanName) -> None:
        if any(issue.code == "name.not_gazetted" for issue in name.issues):
            is_stated = not is_missing(self.values.get("operational_status"))
            label = self.vocabularies.operational_statuses.label("pending_opening")
            suggestion = Suggestion(values={"operational_status": label}, shown=label, confidence=0.7, reason="A place that is not yet gazetted is usually not yet open.")
            code = "name.gazettement_noted" if is_stated else "name.not_gazetted"
            self.issues.append(Issue(code=code, field_name="operational_status", value=name.name, suggestion=None if is_stated else suggestion))

    def _note_deletion(self) -> None:
        """A row that its own system deleted; what a person said of its status since counts."""
        if _DELETED.isdisjoint(self.row.data) or "operational_status" in self.answered:
            return
        said = next((str(value).strip() for key, value in self.row.data.items() if key in _DELETED and _tells_deletion(value)), None)
        if said is not None and not any(issue.code in NO_PLACE_CODES for issue in self.issues):
            left_out = Suggestion(values={}, shown="not a place", confidence=0.9, reason="The system the list comes from deleted it.")
            self.issues.append(Issue(code="row.deleted", field_name="operational_status", value=said[:40], suggestion=left_out))

    def _note_offices(self) -> None:
        """Places of their own within the row, which are told and not mixed up with it."""
        if _HAVE_PARTS.isdisjoint(map(type, self.row.data.values())):
            return
        counties = dict.fromkeys(county for county, _ in offices(self.row.data, self._text("county") or ""))
        if counties:
            self.issues.append(Issue(code="row.offices", field_name="contacts", detail={"places": ", ".join(counties)}))

    def _services(self) -> CleanServices:
        value = self.values.get("services")
        services = clean_services(value, self.vocabularies) if value else self._services_told()
        self._note(services)
        return services

    def _services_told(self) -> CleanServices:
        """The services that a description enumerates as such (`Services offered: PEP, legal aid.`), where no field tells any; what else it says is no service."""
        text = self.values.get("description")
        if type(text) is not str or ":" not in text or (said := _ENUMERATES_SERVICES.search(text)) is None:
            return CleanServices()
        told = clean_services(said[1], self.vocabularies)
        changes = tuple(replace(change, before=said[0][:LONGEST_ENUMERATION], rule="services-from-description") for change in told.changes)
        return CleanServices(services=told.services, changes=changes)

    def _kind(self, name: CleanName, services: CleanServices) -> CleanKind:
        text = self._text("facility_type")
        stated = find_kind(text, self.vocabularies)
        is_told = stated is not None or name.facility_type is not None
        named = name.facility_type
        if stated is not None and named is None and self._is_of_list("facility_type"):
            named = kind_by_last_word(name.name, stated.code, self.vocabularies)
        evidence = KindEvidence(
            type_text=text,
            is_of_list=stated is not None and named not in (None, stated.code) and self._is_of_list("facility_type"),
            name_kind=named,
            name=None if is_told else name.name,
            headings=() if stated is not None or name.facility_type not in (None, GENERAL) else self._headings(),
            services=() if is_told else services.services,
            description="" if is_told else (self._text("description") or "")[:200],
            level="" if is_told else (self._text("keph_level") or stated_level(text) or "")[:20],
            is_called_by_code=not is_told and self._is_called_by_code(name),
            has_hotline=not is_told and not is_missing(self.values.get("hotline")),
            is_somewhere=is_told or any(not is_missing(self.values.get(field_name)) for field_name in _SAY_WHERE),
        )
        kind = decide_kind(evidence, self.vocabularies)
        if not any(issue.code in NO_PLACE_CODES for issue in self.issues):
            self.issues.extend(kind.issues)
        if kind.code and kind.rule not in ("kind-exact", "kind-normalised"):
            self.changes.append(_change("facility_type", text, self.vocabularies.facility_types.label(kind.code), kind.rule))
        return kind

    def _is_called_by_code(self, name: CleanName) -> bool:
        """Whether the place is reached by short codes alone (`999`), in its name, its only number or, where there is none, at the beginning of its description."""
        told = [str(value).strip() for field_name in ("hotline", "phone", "contact") if not is_missing(value := self.values.get(field_name))]
        codes = [code for text in (*told, *(contact.value for contact in name.contacts)) for code in _DIGITS.findall(text)] or [contact.value for contact in self._codes_told(False)]
        return bool(codes) and all(code in self.vocabularies.short_codes for code in codes)

    def _is_of_list(self, field_name: str) -> bool:
        """True when the value is the same for the whole list, and neither the row's own nor a steward's."""
        return field_name not in self.answered and not _is_own(self.values[field_name], self.row.data)

    def _headings(self) -> tuple[str, ...]:
        """What the row stands under, nearest first."""
        return tuple(filter(None, (self._text("category"), self._text("section"), *_path_words(self.row, self.values))))

    def _point(self) -> Point | None:
        clean = clean_point(self.values)
        self._note(clean)
        if clean.point and self.answered & {"latitude", "longitude", "coordinates"}:
            is_centre = "accuracy_level" in self.answered and self.values.get("accuracy_level") == WARD_CENTRE
            return replace(clean.point, accuracy_level=WARD_CENTRE if is_centre else "steward")
        return clean.point

    def _codes(self) -> dict[str, str]:
        codes = clean_codes(self.values)
        self._note(codes)
        return codes.codes

    def _level(self, name: CleanName) -> str | None:
        """The KEPH level as stated: in its column, in the type, in the name."""
        text = self._text("keph_level")
        if text:
            match = self.vocabularies.keph_levels.find(text)
            level = match.code if match else stated_level(text)
            if level is None:
                self.issues.append(Issue(code="keph.unknown", field_name="keph_level", value=text[:60]))
            return level
        found = stated_level(self._text("facility_type")) or name.keph_level
        if found:
            self.changes.append(_change("keph_level", None, found, "level-from-name"))
        return found

    def _term(self, field_name: str, vocabulary: Vocabulary, unknown: str) -> str | None:
        """A value of a closed list, as its code."""
        text = self._text(field_name)
        if text is None:
            return None
        match = vocabulary.find(text) or (vocabulary.find(_WHEN.sub("", text)) if len(text) <= LONGEST_TERM else None)
        if match is None:
            self.issues.append(_unknown_term(unknown, field_name, text, vocabulary))
            return None
        if match.method == "fuzzy":
            self.changes.append(_change(field_name, text, vocabulary.label(match.code), "vocabulary-fuzzy"))
        return match.code

    def _owner(self) -> str | None:
        """Who runs the place; of a kind of owner and its member side by side (`FBO - Catholic`) the member."""
        text = self._text("owner")
        owners = self.vocabularies.owners
        if text and owners.find(text) is None:
            if _OF_A_COUNTY.search(text):
                return owners.known_spelling("County Government")
            codes = [owners.known_spelling(part) for part in _BESIDE.split(text)]
            if len(codes) > 1 and all(codes) and len({owners.attribute(code, "owner_type") for code in codes}) == 1:
                return codes[-1]
        return self._term("owner", owners, "owner.unknown")

    def _status(self, name: CleanName) -> str | None:
        """The status as stated: in its column or, where that is empty, in brackets behind the name (`Tiwi Dispensary (closed)`)."""
        statuses = self.vocabularies.operational_statuses
        if isinstance(stated := self.values.get("operational_status"), bool):
            return "operational" if stated else "not_operational"
        if (tick := _TICKS.get(str(stated).strip().casefold())) is not None:
            return tick
        if self._text("operational_status") is not None or "operational_status" in self.answered:
            return self._term("operational_status", statuses, "status.unknown")
        told = next((code for text in name.qualifiers if (code := statuses.known_spelling(text))), None)
        if told:
            self.changes.append(_change("operational_status", None, statuses.label(told), "status-from-name"))
        return told

    def _stated(self) -> dict[str, str]:
        stated: dict[str, str] = {}
        for name in STATED_FIELDS:
            value = self.values.get(name)
            if value is not None and (text := clean_text(value)):
                stated[name] = _without_contacts(text)
        if self.values.get("visibility") is not None and self._stated_visibility() is Visibility.PUBLIC:
            stated["visibility"] = Visibility.PUBLIC.value
        return stated

    def _free_text(self, field_name: str) -> tuple[str | None, tuple[Contact, ...]]:
        """A free text without the contacts in it, and those contacts."""
        text = self._text(field_name)
        if text is None or text.casefold() in _YES_NO:
            return None, ()
        found = contacts_in_text(text, field_name)
        if found.contacts:
            self.issues.append(Issue(code="contact.in_text", field_name=field_name, detail={"field": field_label(field_name).lower()}))
        what = personal_words(text, self.vocabularies)
        if what and field_name not in self.answered:
            suggestion = Suggestion(values={field_name: None}, shown="leave the text out", confidence=0.8, reason=f"The text seems to hold {what}.")
            self.issues.append(
                Issue(code="text.personal", field_name=field_name, detail={"field": field_label(field_name), "what": what}, suggestion=suggestion)
            )
        return (found.redacted or "")[:LONGEST_DESCRIPTION] or None, found.contacts

    def _contacts(self, name: CleanName, by_the_way: Sequence[Contact], *, is_hotline: bool) -> tuple[Contact, ...]:
        values = self.values
        if is_hotline and "phone" in values and "hotline" not in values:  # its number may be a short code
            values = {("hotline" if field_name == "phone" else field_name): value for field_name, value in values.items()}
        if name.is_of_officer and "officer_contact" not in values:
            values = {("officer_contact" if field_name in ("phone", "contact") else field_name): value for field_name, value in values.items()}
        clean = parse_contacts(values)
        contacts = merged_contacts(clean.contacts, name.contacts, by_the_way) if name.contacts or by_the_way else clean.contacts
        self.changes.extend(clean.changes)
        if not self.answered & ABOUT_CONTACTS and (elsewhere := self._elsewhere(contacts)):
            contacts = merged_contacts(contacts, elsewhere)
            self.changes.append(_change("contact", None, ", ".join(contact.value for contact in elsewhere), "contact-from-other-field"))
        if ((officer := self._text("officer") or self.person) or "officer_contact" in values) and any(contact.contact_type is ContactType.EMAIL for contact in contacts):
            contacts = with_officers_emails(contacts, officer or "", name.name or "")
        if values.get("contact_type") == STAFFS_OWN:
            contacts = as_of_staff(contacts)
        if clean.issues:
            can_be_called = any(contact.contact_type in (ContactType.PHONE, ContactType.HOTLINE) for contact in contacts)
            self.issues.extend(clean.issues if can_be_called else (_as_only(self._with_area_code(issue)) for issue in clean.issues))
        return contacts

    def _codes_told(self, is_hotline: bool) -> tuple[Contact, ...]:
        """The short codes that the description of a hotline names, and that any other begins with (`Call 1190, free`)."""
        text = self.values.get("description")
        if type(text) is not str or _CODE_WITHIN.search(text) is None:
            return ()
        plain = clean_text(text) or ""
        return tuple(map(hotline, codes_in_text(plain[:LONGEST_DESCRIPTION], self.vocabularies.short_codes, anywhere=is_hotline)))

    def _with_area_code(self, issue: Issue) -> Issue:
        """A landline of Nairobi that is written as it is dialled there (`2723128`), with its area code as the suggestion."""
        if issue.code != "contact.phone_invalid" or issue.suggestion is not None or not issue.value or not _IN_NAIROBI.match(self._text("county") or ""):
            return issue
        digits = issue.value.replace(" ", "").replace("-", "")
        number = kenyan_number(f"020{digits}", allow_bare=False) if _DIALLED_IN_NAIROBI.fullmatch(digits) else None
        if number is None:
            return issue
        reason = "Seven digits are a landline of Nairobi as it is dialled there, without its 020."
        return replace(issue, suggestion=Suggestion(values={issue.field_name: number}, shown=number, confidence=0.8, reason=reason))

    def _elsewhere(self, known: Sequence[Contact]) -> tuple[Contact, ...]:
        """Telephone numbers in fields that became no canonical value, and are not known already."""
        numbers = {contact.value for contact in known}
        return tuple(contact for contact in phones_elsewhere(self.row.data, self.row.values) if contact.value not in numbers)

    def _visibility(self) -> Visibility:
        """Who may know of the place: as stated, unless its row or its list says that nobody may."""
        stated = self._stated_visibility()
        if "visibility" in self.answered or stated is Visibility.WITHHELD or not (is_to_be_hidden(self.values, self.row.data) or self._is_among_shelters()):
            return stated
        self.changes.append(_change("visibility", stated.value, Visibility.WITHHELD.value, "said-confidential"))
        return Visibility.WITHHELD

    def _is_among_shelters(self) -> bool:
        """Whether the list, or the part of it where the row stands, is one of shelters, whatever the name of the place tells."""
        texts = tuple([text if type(text := self.values.get(name)) is str else "" for name in ("facility_type", "category", "section")])
        told = self.values.get("description")
        if type(told) is str and self.vocabularies.begins_sensitive(told[:LONGEST_BEGINNING]) and not (texts[0] and self._is_told_to_be_known()):
            return True
        if texts[0] and self._is_told_to_be_known():
            return _are_shelters((*texts[:2], ""), "", self.vocabularies)
        if self.vocabularies.tells_only_of_shelters(self.row.source) or (texts[1] and self.vocabularies.tells_only_of_shelters(texts[1]) and not _is_own(texts[1], self.row.data)):
            return True
        return _are_shelters(texts, self.row.pointer.rpartition("/")[0], self.vocabularies)

    def _is_told_to_be_known(self) -> bool:
        """Whether the row itself, not its list, tells a kind of place that everybody finds: a hospital, the police, a hotline among safe houses."""
        stated = find_kind(self._text("facility_type"), self.vocabularies)
        return stated is not None and self.vocabularies.group(stated.code) in ("health", "police", "hotline") and not self._is_of_list("facility_type")

    def _stated_visibility(self) -> Visibility:
        text = self._text("visibility")
        if text is None:
            return Visibility.PUBLIC
        match = self.vocabularies.visibilities.find(text)
        if match is None:
            issue = Issue(code="visibility.unknown", field_name="visibility", value=text[:60])
            if issue not in self.issues:
                self.issues.append(issue)
            return Visibility.WITHHELD
        return Visibility(match.code)

    def _date(self) -> Any:
        value = self.values.get("last_verified_at")
        if value is None or is_missing(value):
            return None
        day = parse_date(value)
        if day is None:
            self.issues.append(Issue(code="verified.unreadable", field_name="last_verified_at", value=(clean_text(value) or "")[:60]))
        return day


@lru_cache(maxsize=16_384)
def _without_contacts(text: str) -> str:
    """The text of a place with `[phone]` for a number written into it."""
    return contacts_in_text(text, "location").redacted or text


_SERIALS = frozenset({"no", "no.", "s/no", "sno", "s_no", "serial", "serial_no", "id", "index", "#", "number"})


def _says_nothing(data: Mapping[str, Any]) -> bool:
    """Whether an object holds nothing but a running number, placeholders, and objects that say nothing; the frame of a map's feature is nothing either."""
    if data.get("resourceType") == "OperationOutcome":
        return True  # what a server says of its answer
    return all(
        is_missing(value) or str(name).casefold() in _SERIALS or value == "Feature" or (type(value) is dict and _says_nothing(value)) for name, value in data.items()
    )


def _stated_name(values: Mapping[str, Any]) -> str | None:
    value = values.get("name")
    return value.strip()[:60] or None if isinstance(value, str) else None


def _change(field_name: str, before: str | None, after: str | None, rule: str) -> FieldChange:
    return FieldChange(field_name=field_name, before=before, after=after, stage=_STAGE, rule=rule)


def _no_place(kind: str, text: str) -> Issue:
    """What is said of a row that is a heading, a sum or a note of its list."""
    rejected = Suggestion(values={}, shown="not a place", confidence=0.9, reason="The row says nothing that only a place would have.")
    return Issue(code="name.heading", field_name="name", value=text[:120], detail={"kind": kind}, suggestion=rejected)


def _aliases(name: CleanName, official: str | None) -> tuple[str, ...]:
    if not official or official == name.name or official in name.aliases:
        return name.aliases
    return (*name.aliases, official[:255])


def _unknown_term(code: str, field_name: str, text: str, vocabulary: Vocabulary) -> Issue:
    nearest = vocabulary.candidates(text)
    labels = ", ".join(vocabulary.label(match.code) for match in nearest) or "none"
    suggestion = None
    if nearest:
        label = vocabulary.label(nearest[0].code)
        suggestion = Suggestion(values={field_name: label}, shown=label, confidence=nearest[0].confidence, reason=f"“{text[:60]}” is written most like “{label}”.")
    shown = contacts_in_text(text[:120], field_name).redacted
    return Issue(code=code, field_name=field_name, value=shown, detail={"candidates": labels}, suggestion=suggestion)


def _as_only(issue: Issue) -> Issue:
    """A broken phone that is the only one is a question, when there is enough of it to be a number."""
    if issue.code in ("contact.phone_invalid", "contact.unreadable") and issue.value and (code := _SHORT_CODE.fullmatch(issue.value.strip())):
        as_hotline = Suggestion(values={"hotline": code[1]}, shown=f"{code[1]}, a short code", confidence=0.7, reason="Four digits beginning with 1 are a short code in Kenya; nobody listed this one yet.")
        return replace(issue, code="contact.only_phone_invalid", suggestion=as_hotline)
    if issue.code != "contact.phone_invalid" or not issue.value:
        return issue
    digits = [letter for letter in issue.value if letter.isdigit()]
    is_worth_asking = issue.suggestion is not None or (FEWEST_DIGITS <= len(digits) <= 13 and "".join(digits[:3]) != "000")
    if not is_worth_asking:
        return issue
    left_out = Suggestion(values={issue.field_name: None}, shown="leave it out", confidence=0.6, reason="No Kenyan number has these digits, and nothing tells a better one.")
    return replace(issue, code="contact.only_phone_invalid", suggestion=issue.suggestion or left_out)


@lru_cache(maxsize=1_024)
def _is_police(source: str, type_text: str, vocabularies: Vocabularies) -> bool:
    if any(word in f"{source} {type_text}".casefold() for word in ("police", "kps", "nps")):
        return True
    kind = find_kind(type_text, vocabularies)
    return kind is not None and vocabularies.group(kind.code) == "police"


def _is_own(value: Any, data: Mapping[str, Any]) -> bool:
    """True when the row itself holds the value, be it as the words of a code or in a list of pairs, so that it is not a constant of its list."""
    return any(part == value or (isinstance(part, (Mapping, list)) and _is_within(value, part, 6)) for part in data.values())


def _is_within(value: Any, part: Any, depth: int) -> bool:
    parts = part.values() if isinstance(part, Mapping) else part[:100] if isinstance(part, list) else ()
    return any(inner == value or (depth > 0 and _is_within(value, inner, depth - 1)) for inner in parts)


@lru_cache(maxsize=4_096)
def _roles(type_text: str | None, parent: str) -> tuple[str, ...]:
    """What a row says that it is and the key of the list it stands in, of which at least one says that it is an office or a person; else empty."""
    key = parent.rpartition("/")[2]
    told = tuple(filter(None, (type_text, key if key.isidentifier() else "")))
    return told if any(map(office_of, told)) else ()


@lru_cache(maxsize=4_096)
def _are_of_persons(type_text: str | None, parent: str) -> bool:
    """Whether a list says of its rows that each is a person: village elders, community health volunteers."""
    return any((office := office_of(role)) is not None and office.is_person for role in _roles(type_text, parent))


@lru_cache(maxsize=4_096)
def _words_of_path(pointer: str, keys: tuple[str, ...]) -> tuple[str, ...]:
    """Words that tell what a list is about: the names of the arrays above the row (`police_stations`) and of the key that holds its name."""
    parents = [spaced(part).replace("_", " ") for part in pointer.split("/")[1:-1] if part and not part.isdigit() and not part.endswith(_OF_THE_TREE) and part.casefold() not in _OF_ANYBODY]
    words = (spaced(key).replace("_", " ") for key in keys)
    return (*reversed(parents), *(part for text in words for part in dict.fromkeys((text, text.partition("/")[0].strip())) if part))


@lru_cache(maxsize=16_384)
def _are_shelters(texts: tuple[str, ...], parent: str, vocabularies: Vocabularies) -> bool:
    """Whether what places stand under, or the keys of their list, name shelters."""
    own = _BESIDE_KIND.split(texts[0][:120])  # `Shelter & counselling`
    found = (find_kind(text[:120], vocabularies) for text in (*texts, *(own if len(own) > 1 else ()), *_words_of_path(f"{parent}/", ())) if text)
    return any(kind is not None and vocabularies.group(kind.code) == "shelter" for kind in found) or vocabularies.begins_sensitive(texts[1])


_DELETED = frozenset({"deleted_at", "deletedAt", "deleted_on", "date_deleted", "is_deleted", "isDeleted", "deleted", "_deleted", "trashed", "DeletedAt", "Deleted", "IsDeleted"})
"""Fields by which systems mark a row as deleted and keep it."""
_NOT_DELETED = frozenset({"", "0", "false", "no", "n", "null", "none", "0000-00-00", "0000-00-00 00:00:00"})


def _tells_deletion(value: Any) -> bool:
    """Whether such a field says that the row was deleted: a day, or a tick."""
    return value is True or (type(value) in (str, int) and value is not False and str(value).strip().casefold() not in _NOT_DELETED)


LONGEST_BEGINNING = 80
"""Characters of a description in which a shelter is told first of all: `Rescue centre for girls`."""
_SHORT_CODE = re.compile(r"(1\d{3})")
_IN_NAIROBI = re.compile(r"nairobi\b", re.IGNORECASE)
_DIALLED_IN_NAIROBI = re.compile(r"[2-68]\d{6}")
"""Seven digits that no mobile number without its first ones begins with."""
LONGEST_ENUMERATION = 300
_ENUMERATES_SERVICES = re.compile(rf"\bservices?(?:\s+(?:offered|provided|available|given))?\s*:\s*([^.\n]{{3,{LONGEST_ENUMERATION}}})", re.IGNORECASE)
_SAY_WHERE = ("county", "constituency", "sub_county", "district", "ward", "town", "location", "address", "section", "latitude", "coordinates")
_DIGITS = re.compile(r"\+?\d+")
_CODE_WITHIN = re.compile(r"(?<!\d)(?:11|91|99|1[01]\d|719)\d?(?!\d)")
"""Digits that may be a short code."""
_OF_THE_TREE = ("Units", "units")
"""How the names of lists of organisation units end, which tell nothing of what is in them."""
_OF_ANYBODY = frozenset({"offices", "office", "our_offices", "branches", "regional_offices"})
"""Keys above the offices of an organisation, which are none of the government."""
_BESIDE_KIND = re.compile(r"\s*(?:[/,;&+]|\s-\s|\band\b|\bna\b)\s*", re.IGNORECASE)
_POLICE_IN_SHORT = re.compile(r"[Pp](?<=\b[Pp])\.?/?[SPBspb]\b")
"""`P/S` and the like, which are places of the police where the list is of them."""
_FORMATIONS = frozenset({"formation", "formations", "police formation", "name of formation"})
_OF_COMMANDERS = re.compile(r"(?:^|[\W_])o\.?c\.?s(?:$|[\W_])|officer[\W_]+commanding|(?:^|station[\W_]*|base[\W_]*)commander(?:$|[\W_])", re.IGNORECASE)


@lru_cache(maxsize=4_096)
def _names_police(key: str) -> bool:
    """Whether a field is of those only places of the police have: their commander (OCS), their formation."""
    return _OF_COMMANDERS.search(str(key)) is not None or str(key).strip().casefold() in _FORMATIONS


@lru_cache(maxsize=4_096)
def _heads_stations(key: str) -> bool:
    """Whether a field is of those of police places, or headed as one of stations."""
    return _names_police(key) or _STATION.match(str(key)) is not None


_STATION = re.compile(r"(?:name of )?(?:police\b|station|stn\b)", re.IGNORECASE)


def _keys_of(name: str, data: Mapping[str, Any]) -> Iterator[str]:
    """The key under which a name stands, in an object of the row too."""
    yield from (str(key) for key, value in data.items() if value == name)
    for inner in data.values():
        if type(inner) is dict:
            yield from _keys_of(name, inner)


MOST_KEYS = 3
"""Keys under which the name of a row may stand: a station is called as its county is."""


def _path_words(row: SourceRow, values: Mapping[str, Any]) -> Iterator[str]:
    name = values.get("name")
    keys = tuple(islice(_keys_of(name, row.data), MOST_KEYS)) if isinstance(name, str) else ()
    parent = row.pointer.rpartition("/")[0] + "/"
    yield from _words_of_path(parent, keys) if not parent.endswith("/posts/") or not are_pages(row.data) else ()
    if any(map(_names_police, row.data)):
        yield "police station"
