"""What the machine says in sentences of its own, in the language of the screens: why it suggests a value, what a comparison of two records says, why a
question is asked, why a record is held.

These sentences are kept in English beside the values, records and pairs they are about, and are read so by the command line and the JSON of the API. On
screens in another language each is recognised by the English text of the catalogue that it was made from (`told.*`), and its values are put into the same
text of that language; kinds of place, services, owners, titles of issues and the like among them by their own words. One that no text of the catalogue
makes stands as it is.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

from gvrc.checks.catalogue import CATALOGUE
from gvrc.reference.vocabularies import load_vocabularies
from gvrc.ui import show
from gvrc.ui.catalogue import Words, read_catalogue

GROUP = "told."
MOST_REMEMBERED = 4_096
ANSWERS: Mapping[str, str] = {
    "Same": "same", "Different": "different", "Related": "related", "Not sure": "unsure", "Accept": "accept", "Correct": "correct", "Waive": "waive", "Reject": "reject",
}


def told(say: Words, text: str | None) -> str:
    """The sentence in the words of `say`, as plain text."""
    if not text:
        return ""
    found = _read(text)
    if found is None:
        return _title(say, text) if text.endswith(".") else text
    key, values = found
    own = _templates()[key]
    template = say.template(f"told.{key}", own)
    if template == own:
        return text
    return template.format(**{name: _VALUES.get(name, _as_it_is)(say, value) for name, value in values.items()})


def suggested(say: Words, field_name: str | None, shown: str | None) -> str:
    """What is suggested for a field: a term of a list in the words of `say`, an act (“leave it out”) likewise, any other value as it is."""
    if not shown:
        return show.ABSENT
    return told(say, _term(say, shown) if field_name in _TERMS else shown)


def parts(say: Words, of_quality: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The parts of a quality score, their reasons in the words of `say`."""
    return [{**part, "reasons": [told(say, reason) for reason in part.get("reasons", ())]} for part in of_quality]


# ------------------------------------------------------------------------------------------------------------------------ reading


@cache
def _templates() -> Mapping[str, str]:
    return {key.removeprefix(GROUP): text for key, text in read_catalogue("en").items() if key.startswith(GROUP) and isinstance(text, str)}


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The texts as patterns, those that say most by themselves first."""
    parts = {key: list(string.Formatter().parse(text)) for key, text in _templates().items()}
    said = sorted(parts, key=lambda key: -sum(len(literal) for literal, *_ in parts[key]))
    return tuple((key, re.compile("".join(re.escape(literal) + (f"(?P<{name}>.+?)" if name else "") for literal, name, *_ in parts[key]), re.DOTALL)) for key in said)


@lru_cache(maxsize=MOST_REMEMBERED)
def _read(text: str) -> tuple[str, dict[str, str]] | None:
    """Which text of the catalogue this is, and the values in it."""
    return next(((key, match.groupdict()) for key, pattern in _patterns() if (match := pattern.fullmatch(text)) is not None), None)


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
    return " / ".join(_term(say, told(say, part)) for part in value.split(" / "))


def _listed(say: Words, value: str) -> str:
    return ", ".join(_term(say, told(say, part)) for part in value.split(", "))


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


def _term(say: Words, label: str) -> str:
    """A term of a list by its label."""
    found = _labels().get(label.casefold())
    return found[0](say, found[1]) if found is not None else label


@cache
def _labels() -> Mapping[str, tuple[Callable[[Words, str | None], str], str]]:
    lists = load_vocabularies()
    named = (
        (lists.services, show.service_word), (lists.owner_types, show.owner_word), (lists.owners, show.owner_word),
        (lists.operational_statuses, show.status_word), (lists.facility_types, show.kind_word),
    )
    return {lists_of.label(code).casefold(): (word, code) for lists_of, word in named for code in lists_of.terms}


_TERMS = frozenset({"facility_type", "owner", "operational_status", "services"})
_VALUES: Mapping[str, Callable[[Words, str], str]] = {
    "sentence": _sentence, "units": _units, "kinds": _terms, "owners": _terms, "term": _terms, "services": _listed, "fields": _listed, "answer": _answer, "title": _title, "what": _sentence,
    "contact": _sentence, "clue": _clues, "clues": _clues, "changed": _changed,
}
"""How values are said, by their names in the texts; others stand as they are."""
