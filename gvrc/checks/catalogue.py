"""Every kind of issue that can be found, with the words a steward reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from string import Formatter

from gvrc.checks.places import PLACE_ISSUES
from gvrc.model.issue import Dimension, Issue, IssueType, Severity

_INFO, _WARNING, _ERROR = Severity.INFO, Severity.WARNING, Severity.ERROR
_COMPLETE, _ACCURATE, _CONSISTENT = Dimension.COMPLETENESS, Dimension.ACCURACY, Dimension.CONSISTENCY
_TIMELY, _UNIQUE = Dimension.TIMELINESS, Dimension.UNIQUENESS


def _type(
    code: str, title: str, severity: Severity, dimension: Dimension, stage: str, template: str, description: str, asks: bool = False
) -> IssueType:
    return IssueType(
        code=code, title=title, severity=severity, dimension=dimension, stage=stage, description=description, template=template, asks=asks
    )


ROW_ISSUES: tuple[IssueType, ...] = (
    _type("row.schema", "Not in the expected form", _WARNING, _CONSISTENT, "validate", "“{path}” is not {expected}.",
          "A value does not have the form that its list usually has, for example a text where a list belongs."),
    _type("row.too_long", "Value too long", _WARNING, _CONSISTENT, "validate", "{field} is {length} characters long; {longest} are read.",
          "A value is far longer than such a value can be. What goes beyond the limit stays in the raw row only."),
    _type("row.offices", "Offices within the row", _WARNING, _COMPLETE, "transform", "The row also lists offices in {places}, which are not read.",
          "Objects within the row state another county than its own: they are other places, and their contacts are not those of this one. Give each a row in the list, or enter it by hand."),
    _type("row.deleted", "Deleted in its list", _ERROR, _TIMELY, "transform", "The list marks this row as deleted ({value}).",
          "The system the list comes from deleted the row and exports it all the same (`deleted_at`). The row is held; nothing is asked."),
    _type("row.abroad", "Outside Kenya", _ERROR, _ACCURATE, "transform", "The list says that this lies in {country}, not in Kenya.",
          "The registry holds places in Kenya. The row is held and nothing is asked: it is placed in no county, its numbers are not read as those of Kenya, and its short codes, which reach somebody else here, are left out."),
    _type("row.country_doubtful", "Country doubtful", _ERROR, _CONSISTENT, "transform", "The list says {country}, but {evidence}.",
          "The stated country is another one, and something else in the row speaks for Kenya. Until a person says which is right, the place is in no county and its numbers are not read as those of Kenya.", asks=True),
    _type("row.encoding", "Damaged letters", _INFO, _ACCURATE, "validate", "Letters of “{value}” were damaged on the way and were mended.",
          "The text was saved in one encoding and read in another (Murangâ€™a). The letters are put right."),
)
"""Found on a row as it came."""

NAME_ISSUES: tuple[IssueType, ...] = (
    _type("row.empty", "Empty row", _ERROR, _COMPLETE, "transform", "The row has no name and tells nothing else of a place.",
          "A placeholder or blank line. The row is held; nothing is asked."),
    _type("name.missing", "Name missing", _ERROR, _COMPLETE, "transform", "The row tells of a place but not what it is called.",
          "No name, or a placeholder such as NIL, while other fields are filled.", asks=True),
    _type("name.heading", "Heading, not a place", _ERROR, _ACCURATE, "transform", "“{value}” is a heading of the list ({kind}), not a place.",
          "A section heading (1. KWALE), a total, a repeated column header or a note between the rows. The row is held; nothing is asked."),
    _type("name.too_short", "Name too short", _WARNING, _ACCURATE, "transform", "“{value}” is very short for a name.", "Fewer than three letters or digits."),
    _type("name.generic", "Name says only the kind", _WARNING, _ACCURATE, "enrich", "“{value}” says what the place is, not which one.",
          "Hospital, Police Station: in its own list the place stood under its ward or town; in the registry it needs a name.", asks=True),
    _type("name.too_long", "Name too long", _WARNING, _ACCURATE, "transform", "The name has {length} characters; {longest} are kept.",
          "The registry keeps 255 characters of a name. Often a whole address or description stands in the cell."),
    _type("name.one_case", "Name in one case", _INFO, _CONSISTENT, "transform", "“{value}” was written all in capitals or all in small letters.",
          "The name is shown with usual capitals; acronyms are kept."),
    _type("name.holds_contact", "Contact in the name", _INFO, _CONSISTENT, "transform", "A telephone number or e-mail stood in the name: “{value}”.",
          "The contact is moved to the contacts of the place."),
    _type("name.two_places", "Two places in one row", _ERROR, _UNIQUE, "transform", "“{value}” names {parts} places.",
          "Two places share a row. Each needs a row of its own in the source; this row can stand for one of them.", asks=True),
    _type("name.not_gazetted", "Not yet gazetted", _WARNING, _ACCURATE, "transform", "The name says that the place is not yet gazetted, and no status is stated.",
          "A place that is announced but not official. A person must say whether it is open.", asks=True),
    _type("name.gazettement_noted", "Not yet gazetted, with a status", _INFO, _ACCURATE, "transform", "The name says that the place is not yet gazetted.",
          "The remark is taken out of the name; the stated status stands."),
)
"""Found in names."""

KIND_ISSUES: tuple[IssueType, ...] = (
    _type("kind.unknown", "Kind of place unknown", _ERROR, _COMPLETE, "transform", "Nothing tells what kind of place this is. Nearest kinds: {candidates}.",
          "Neither the type column, nor the name, nor the heading of the list says whether this is a hospital, a police station or something else.", asks=True),
    _type("kind.text_unknown", "Type not in the list", _WARNING, _CONSISTENT, "transform", "“{value}” is no known kind of place; the name was followed.",
          "The type column holds a word that the vocabulary does not know. Add it to the vocabulary when it comes again."),
    _type("kind.contradicts_name", "Type and name disagree", _WARNING, _CONSISTENT, "transform", "The type is “{stated}”, the name says “{named}”.",
          "The type column was followed. The name tells a kind of another group."),
    _type("owner.unknown", "Owner not in the list", _WARNING, _CONSISTENT, "transform", "“{value}” is no known owner. Nearest: {candidates}.",
          "The owner is left out until the vocabulary knows the word."),
    _type("status.unknown", "Status not in the list", _WARNING, _CONSISTENT, "transform", "“{value}” is no known operational status. Nearest: {candidates}.",
          "The status is left out until the vocabulary knows the word."),
    _type("status.missing", "Status missing", _INFO, _COMPLETE, "enrich", "The list does not say whether the place is open.", "No operational status is stated."),
    _type("keph.unknown", "Level not in the list", _WARNING, _CONSISTENT, "transform", "“{value}” is no KEPH level.", "KEPH levels run from 1 to 6; 3 and 6 may be followed by A or B."),
    _type("keph.not_for_kind", "Level on a place without levels", _WARNING, _CONSISTENT, "enrich", "A {kind} has no KEPH level; “{value}” is stated.",
          "Only health facilities have a KEPH level."),
    _type("service.unknown", "Service not in the list", _WARNING, _CONSISTENT, "transform", "“{value}” is no known service. Nearest: {candidates}.",
          "The service is left out until the vocabulary knows the word."),
    _type("service.not_plausible", "Service does not fit the kind", _WARNING, _CONSISTENT, "enrich", "A {kind} does not usually offer “{service}”.",
          "The service belongs to another kind of place; often two rows were mixed up.", asks=True),
    _type("service.missing", "Services missing", _INFO, _COMPLETE, "enrich", "The list does not say what the place offers.", "No service is stated, or none that is known."),
    _type("visibility.unknown", "Visibility not in the list", _INFO, _CONSISTENT, "transform", "“{value}” is no known visibility.", "Known are public, ward only, office line only and withheld."),
    _type("visibility.sensitive_public", "Sensitive place stated as public", _WARNING, _ACCURATE, "enrich", "The list calls this sensitive place public; it is withheld.",
          "Shelters and safe houses start withheld whatever a list says. Making one visible is a decision of two people."),
    _type("visibility.gives_shelter", "Address of who gives shelter", _WARNING, _ACCURATE, "enrich", "It gives shelter, and its address or point would become public.",
          "An organisation that gives shelter among other things may be listed where survivors stay. Until a person says that it is its office, it is not committed; suggested is to show its name and telephone only.", asks=True),
)
"""Found in kinds, services and other vocabularies."""

CODE_ISSUES: tuple[IssueType, ...] = (
    _type("code.facility_format", "Facility code not well formed", _WARNING, _CONSISTENT, "transform", "“{value}” is no facility code (like HOS-000123).",
          "The code is left out; the registry issues its own."),
    _type("code.mfl_format", "MFL code not well formed", _WARNING, _CONSISTENT, "transform", "“{value}” is no code of the Master Facility List.",
          "Official codes are plain numbers. The value is left out."),
    _type("code.fid_format", "FID not well formed", _WARNING, _CONSISTENT, "transform", "“{value}” is no facility identifier (like FID-01-000001-1).", "The value is left out."),
    _type("code.registration_format", "Registration number not well formed", _INFO, _CONSISTENT, "transform", "“{value}” is no registration number.", "A registration number holds digits."),
    _type("code.registration_missing", "No registration number", _INFO, _COMPLETE, "enrich", "The list states no registration number.", "A place without a number is legitimate; the registry notes it."),
    _type("code.mfl_shared", "Same official code twice", _WARNING, _UNIQUE, "dedupe", "{count} rows of this run carry the official code {value}.",
          "An official code belongs to one place. The rows are the same place, or one code is wrong."),
    _type("code.fid_shared", "Same FID twice", _WARNING, _UNIQUE, "dedupe", "{count} rows of this run carry the facility identifier {value}.",
          "A facility identifier belongs to one place. The rows are the same place, or one identifier is wrong."),
    _type("code.taken", "Code of another place", _WARNING, _UNIQUE, "dedupe", "The {label} {value} is that of “{holder}” already.",
          "The registry keeps one place per official code. Say that both rows are the same place, leave the code out here, or give the right one.", asks=True),
    _type("code.registration_shared", "Same registration number twice", _INFO, _UNIQUE, "dedupe", "{count} rows of this run carry the registration number {value}.",
          "Branches of one institution may share a number; otherwise one of them is wrong."),
)
"""Found in codes."""

CONTACT_ISSUES: tuple[IssueType, ...] = (
    _type("contact.missing", "Contacts missing", _WARNING, _COMPLETE, "enrich", "There is no way to reach the place.", "No valid telephone number, hotline or e-mail is stated."),
    _type("contact.phone_invalid", "Phone not valid", _WARNING, _ACCURATE, "transform", "“{value}” is no valid Kenyan telephone number.", "The digits do not fit Kenya's numbering plan; they are left out."),
    _type("contact.only_phone_invalid", "Only phone not valid", _WARNING, _ACCURATE, "transform", "“{value}” is no valid Kenyan telephone number, and there is no other.",
          "The only number of the place cannot be called.", asks=True),
    _type("contact.phone_shortened", "Second number shortened", _INFO, _COMPLETE, "transform", "“{value}” stands for a second number whose beginning is left out.",
          "The first number is kept; what the second one probably means is suggested."),
    _type("contact.phone_foreign", "Number of another country", _INFO, _ACCURATE, "transform", "{value} is a number of another country.", "The number is valid and kept."),
    _type("contact.email_invalid", "E-mail not valid", _WARNING, _ACCURATE, "transform", "“{value}” is no valid e-mail address.", "The address is left out."),
    _type("contact.email_slip", "E-mail with a usual slip", _INFO, _ACCURATE, "transform", "“{value}” is valid, yet probably a slip of the hand.",
          "The domain is a well-known one with a letter wrong or missing (gmial.com). The address is kept until a person accepts the right one."),
    _type("contact.phone_dead", "Number said to be out of use", _WARNING, _ACCURATE, "transform", "The list itself says that {value} is out of use.", "The number is left out: who calls it reaches nobody. Ask the source for the one in use."),
    _type("contact.phone_rounded", "Number cut off by a spreadsheet", _WARNING, _ACCURATE, "transform", "“{value}” is a number that a spreadsheet has rounded; its last digits are lost.",
          "A column of numbers was saved in scientific notation. The digits cannot be won back from the list: ask the source for the column as text."),
    _type("contact.unreadable", "Contact not readable", _WARNING, _ACCURATE, "transform", "No telephone number, e-mail or address could be read from “{value}”.",
          "The contact cell holds something else."),
    _type("contact.in_text", "Contact in a free text", _INFO, _CONSISTENT, "transform", "A contact stood in {field}; it was moved to the contacts.", "Contacts are kept apart, where they can be protected."),
    _type("contact.emergency_only", "Only an emergency number", _WARNING, _COMPLETE, "enrich", "{value} is the nation's emergency number and reaches no particular place.",
          "The place needs a number of its own."),
    _type("contact.officer_only", "Only an officer's own number", _WARNING, _ACCURATE, "enrich", "The only number is an officer's own, or stands beside the name of one.",
          "Officers move on and take their numbers with them; a station needs one of its own.", asks=True),
    _type("contact.officers_throughout", "Officers' own numbers throughout", _INFO, _ACCURATE, "enrich", "The list gives officers' own numbers only, here as elsewhere.",
          "Most police places of the list have no other number, so it is no question of this place: ask the source for the lines of the stations."),
    _type("contact.phone_shared", "Same phone on many places", _WARNING, _UNIQUE, "dedupe", "{count} places of this run share this number.",
          "A number that stands on three or more places is often that of a head office, or a slip of copying."),
    _type("contact.email_shared", "Same e-mail on many places", _INFO, _UNIQUE, "dedupe", "{count} places of this run share this address.", "Often that of a head office."),
)
"""Found in contacts."""

RECORD_ISSUES: tuple[IssueType, ...] = (
    _type("verified.unreadable", "Date not readable", _INFO, _TIMELY, "transform", "“{value}” is no date that can be read.", "Dates are read as 2024-05-31, 31/05/2024 or 31 May 2024."),
    _type("verified.stale", "Not verified for long", _WARNING, _TIMELY, "score", "Last verified {months} months ago.", "Nobody has confirmed the place for more than a year."),
    _type("verified.future", "Verified in the future", _WARNING, _TIMELY, "score", "The date of verification, {value}, has not come yet.", "The date is a slip; it does not count."),
    _type("text.personal", "Personal data in a free text", _WARNING, _ACCURATE, "transform", "{field} seems to hold {what}.",
          "Names, identity numbers or stories of people do not belong in a registry of places. A person must say what may stay.", asks=True),
)
"""Found on the record as a whole."""

CATALOGUE: Mapping[str, IssueType] = {
    issue_type.code: issue_type
    for issue_type in (*ROW_ISSUES, *NAME_ISSUES, *KIND_ISSUES, *CODE_ISSUES, *CONTACT_ISSUES, *RECORD_ISSUES, *PLACE_ISSUES)
}
"""All issue types by code."""

FIELD_LABELS: Mapping[str, str] = {
    "name": "The name", "facility_type": "The type", "description": "The description", "address": "The address", "location": "The location",
    "officer": "The officer", "officer_contact": "The contact of the officer", "contact_type": "The kind of contact", "opening_hours": "The opening hours", "town": "The town", "services": "The services", "contact": "The contact",
}  # fmt: skip


def field_label(field_name: str) -> str:
    """A field in a steward's words, to begin a sentence with."""
    return FIELD_LABELS.get(field_name, f"The {field_name.replace('_', ' ')}")


class _Sentence(Formatter):
    """Fills a template; what the issue does not tell is left out."""

    def get_value(self, key: int | str, args: object, kwargs: Mapping[str, object]) -> object:
        value = kwargs.get(str(key))
        return "" if value is None else value


def message(issue: Issue) -> str:
    """The sentence of an issue as a steward reads it. Values in it are data: the caller escapes them for its medium. Raises KeyError for a code
    that the catalogue does not hold."""
    return sentence(CATALOGUE[issue.code].template, told_in(issue) | {"field": field_label(issue.field_name)})


def told_in(issue: Issue) -> dict[str, object]:
    """What an issue tells in its sentence, in whatever language; `field` is left to who knows its words."""
    return {"value": issue.value, **issue.detail}


def sentence(template: str, told: Mapping[str, object]) -> str:
    """A template of a sentence filled with what is told."""
    return _Sentence().vformat(template, (), told)


def asks(issues: Iterable[Issue]) -> bool:
    """True when one of the issues is a question that a person must answer."""
    return any(CATALOGUE[issue.code].asks for issue in issues)
