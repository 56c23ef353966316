"""What the machine says in sentences of its own, in the language of the screens: why it suggests a value, what a comparison of two records says, why a
question is asked, why a record is held; why an answer, a commit or a file was refused, what is wrong with a list, how the machine is doing.

These sentences are kept in English beside the values, records and pairs they are about, or raised so, and are read so by the command line and the JSON of
the API. On screens in another language each is recognised by the English text of the catalogue that it was made from (gvrc/ui/recognised.py), and its
values are put into the same text of that language; kinds of place, services, owners, titles of issues and the like among them by their own words. One that
no text of the catalogue makes stands as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from gvrc.checks import catalogue
from gvrc.checks.catalogue import CATALOGUE, sentence
from gvrc.commit.preview import FIELD_LABELS
from gvrc.security.permissions import DEEDS, ROLE_LABELS
from gvrc.ui import show
from gvrc.ui.catalogue import Words
from gvrc.ui.recognised import Found, read, templates
from gvrc.views.records import IssueView

ANSWERS: Mapping[str, str] = {
    "Same": "same", "Different": "different", "Related": "related", "Not sure": "unsure", "Accept": "accept", "Correct": "correct", "Waive": "waive", "Reject": "reject",
}


def told(say: Words, text: str | None) -> str:
    """What the machine said in the words of `say`, as plain text."""
    if not text or say.language == "en":
        return text or ""
    found = read(text)
    if not found:
        return _title(say, text) if text.endswith(".") else text
    return " ".join(_said(say, one) for one in found)


def _said(say: Words, one: Found) -> str:
    key, values = one
    own = templates()[key]
    template = say.template(key, own)
    if template == own:
        return own.format(**values)
    return template.format(**{name: _VALUES.get(name, _as_it_is)(say, value) for name, value in values.items()})


def suggested(say: Words, field_name: str | None, shown: str | None) -> str:
    """What is suggested for a field: a term of a list in the words of `say`, an act (“leave it out”) likewise, any other value as it is."""
    if not shown:
        return show.ABSENT
    if field_name in _TERMS:
        return told(say, show.term(say, shown))
    return told(say, shown) if all(key.startswith("told.") for key, _ in read(shown)) else shown


def parts(say: Words, of_quality: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The parts of a quality score, their reasons in the words of `say`."""
    return [{**part, "reasons": [told(say, reason) for reason in part.get("reasons", ())]} for part in of_quality]


def fields(say: Words, labels: Sequence[str]) -> list[str]:
    """Fields of a facility by their labels, as they stand within a sentence."""
    return [_lowered(_label(say, label)) for label in labels]


def decided(say: Words, what: str) -> str:
    """What an answer is about (`Phone not valid · Tiwi Clinic · Phone 07..`), the kind of issue and how many more it answered in the words of `say`."""
    first, *others = what.split(" · ")
    head = told(say, first)
    last = [told(say, others.pop())] if others and read(others[-1]) else []
    return " · ".join([head if head != first else _title(say, first), *others, *last])


def issue_message(say: Words, issue: IssueView) -> str:
    """What is wrong, in a sentence, as plain text. What the list says stands in it as it is; what the machine adds is said in the words of `say`."""
    group, _, kind = issue.code.partition(".")
    own = CATALOGUE[issue.code].template
    template = say.template(f"message.{group}.{kind}", own)
    if template == own:
        return issue.message
    values = {name: _VALUES.get(name, _as_it_is)(say, value) if isinstance(value, str) else value for name, value in issue.told.items()}
    return sentence(template, {"field": show.field_label(say, issue.field_name)} | values)


# ------------------------------------------------------------------------------------------------------------------------ values


def _as_it_is(say: Words, value: str) -> str:
    return value


def _sentence(say: Words, value: str) -> str:
    """A sentence within a sentence, begun as it stood."""
    return told(say, value)


def _units(say: Words, value: str) -> str:
    """What stands on either side: data, or that there is none."""
    return " / ".join(told(say, part) for part in value.split(" / "))


def _terms(say: Words, value: str) -> str:
    return " / ".join(show.term(say, told(say, part)) for part in value.split(" / "))


def _listed(say: Words, value: str) -> str:
    return ", ".join(show.term(say, told(say, part)) for part in value.split(", "))


_JOINTS = re.compile(r"(, | and )(?=the |“|its )")


def _clues(say: Words, value: str) -> str:
    """What speaks for a county (“the ward X and “Y” in its name”), begun as it stood."""
    first = value[:1].lower() + value[1:] if value.startswith(("The ", "Its ")) else value
    said = "".join(told(say, part) for part in _JOINTS.split(first))
    return said if first == value else said[:1].upper() + said[1:]


def _changed(say: Words, value: str) -> str:
    return "".join(told(say, part) for part in re.split(r"(, | and )", value))


def _answer(say: Words, value: str) -> str:
    return say(f"answer.{ANSWERS[value]}") if value in ANSWERS else value


def _title(say: Words, value: str) -> str:
    """The title of a kind of issue, as a sentence of its own or within one."""
    code = _titles().get(value.removesuffix(".").casefold())
    return value if code is None else show.issue_title(say, code) + ("." if value.endswith(".") else "")


@cache
def _titles() -> Mapping[str, str]:
    return {kind.title.casefold(): code for code, kind in CATALOGUE.items()}


def _unended(say: Words, value: str) -> str:
    """A sentence without its full stop, within another."""
    said = told(say, value)
    return said if said != value else told(say, f"{value}.").removesuffix(".")


def _titles_of(say: Words, value: str) -> str:
    """Titles of kinds of issue, in small letters and with commas between them and in them."""
    return _listed_titles().sub(lambda found: _lowered(_title(say, found[0])), value)


@cache
def _listed_titles() -> re.Pattern[str]:
    longest_first = sorted(map(re.escape, _titles()), key=len, reverse=True)
    return re.compile(rf"(?<![^ ])(?:{'|'.join(longest_first)})(?=,|$)", re.IGNORECASE)


def _lowered(text: str) -> str:
    """As it stands within a sentence: an acronym keeps its letters."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _label(say: Words, value: str) -> str:
    """A field by its label, to begin a sentence with."""
    name = _fields_by_label().get(value)
    return told(say, value) if name is None else show.field_label(say, name)


def _fields_of(say: Words, value: str) -> str:
    return ", ".join(fields(say, value.split(", ")))


@cache
def _fields_by_label() -> Mapping[str, str]:
    return {label: name for name, label in FIELD_LABELS.items()}


def _field(say: Words, value: str) -> str:
    """A field by its name in words (`opening hours`), within a sentence, or as a sentence begins with it (`The opening hours`)."""
    if value.startswith("The "):
        return show.field_label(say, _begun_with().get(value) or value.removeprefix("The ").replace(" ", "_"))
    return _lowered(show.field_label(say, value.replace(" ", "_")))


@cache
def _begun_with() -> Mapping[str, str]:
    return {label: name for name, label in catalogue.FIELD_LABELS.items()}


def _thing(say: Words, value: str) -> str:
    """What the values of a field are: things with a name of their own (`phone numbers`), or values of a field."""
    said = told(say, value)
    return said if said != value else _field(say, value)


def _field_names(say: Words, value: str) -> str:
    return ", ".join(_field(say, name) for name in value.split(", "))


def _roles(say: Words, value: str) -> str:
    known = {label.lower(): role.value for role, label in ROLE_LABELS.items()}
    return ", ".join(say.or_plain(f"role.{known.get(label, label.replace(' ', '_'))}", label) for label in value.split(", "))


def _deed(say: Words, value: str) -> str:
    """What a role may do."""
    permission = next((permission for permission, deed in DEEDS.items() if deed == value), None)
    return value if permission is None else say(f"admin.may.{permission.value}")


def _stage(say: Words, value: str) -> str:
    return say.or_plain(f"stage.{value}", value)


def _either(say: Words, value: str) -> str:
    said = told(say, value)
    return said if said != value else say("told.or").join(told(say, part) for part in value.split(" or "))


_TERMS = frozenset({"facility_type", "owner", "operational_status", "services", "visibility"})
_VALUES: Mapping[str, Callable[[Words, str], str]] = {
    "sentence": _sentence, "units": _units, "kinds": _terms, "owners": _terms, "term": _terms, "services": _listed, "fields": _listed, "answer": _answer, "title": _title, "what": _sentence,
    "contact": _sentence, "clue": _clues, "clues": _clues, "changed": _changed,
    "reason": _unended, "problem": _unended, "kind": _terms, "spot": _sentence, "shape": _sentence, "span": _sentence, "server": _sentence, "counted": _sentence,
    "owner": _sentence, "thing": _thing, "other_thing": _thing, "tier": _sentence, "tier_today": _sentence, "titles": _titles_of, "label": _label,
    "labels": _fields_of, "field": _field, "field_names": _field_names, "role": _roles, "roles": _roles, "deed": _deed, "state": show.state_word, "stage": _stage,
    "candidates": _listed, "service": _terms, "stated": _terms, "named": _terms, "evidence": _unended, "expected": _either,
}
"""How values are said, by their names in the texts; others stand as they are."""
