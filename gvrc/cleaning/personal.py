"""Personal data in free text: identity numbers, words about survivors, people called by name."""

from __future__ import annotations

import re
from functools import lru_cache

from gvrc.cleaning.contacts import names_one_asked_for
from gvrc.reference.vocabularies import Vocabularies, words_of

LONGEST_LOOK = 2_000
"""Characters of a text that are looked at."""
LONGEST_PHRASE = 4
"""Words in the longest phrase of `data/reference/personal_words.csv`."""

_PERSON = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Madam|Officer|Sgt|Cpl|Insp|Inspector|Sergeant|Corporal|Constable|Sister|Pastor)\.?\s([A-Z][\w.-]{0,20})")
_ASKED_FOR = re.compile(r"\b[Aa]sk for (?:the |an? |our )?([^.;,:(\[\n]{2,40})")
"""Whom to ask for: a person by name, or a post (`Ask for the Gender Desk officer`)."""
_OF_POSTS = frozenset({
    "gender", "desk", "duty", "officer", "ocs", "docs", "ocpd", "dcio", "sister", "nurse", "matron", "reception", "social", "worker", "counsellor", "counselor", "clinician", "doctor", "gbv", "sgbv", "gbvrc", "gvrc",
    "prc", "pep", "room", "police", "child", "children", "children's", "help", "medical", "clinical", "in", "charge", "in-charge", "incharge", "manager", "director", "coordinator", "legal", "p3", "centre", "center",
})
_IDENTITY = re.compile(r"\b(?:ID|I\.D\.?|passport)\b[^\w\n]{0,5}(?:no\.?|number)?[^\w\n]{0,5}[A-Z]{0,2}\d{6,9}\b", re.IGNORECASE)


@lru_cache(maxsize=4_096)
def personal_words(text: str, vocabularies: Vocabularies) -> str | None:
    """What personal data a text seems to hold, in words for people, or None. A sign to look, never a verdict."""
    if _IDENTITY.search(text):
        return "an identity number"
    words, first_words = words_of(text[:LONGEST_LOOK]), _first_words(vocabularies)
    for start in range(len(words)) if not first_words.isdisjoint(words) else ():
        for end in range(start + 1, min(len(words), start + LONGEST_PHRASE) + 1):
            if meaning := vocabularies.personal_phrases.get(words[start:end]):
                return meaning
    return "a person" if _asks_for_a_person(text) or _names_a_person(text) or _is_reached(text) else None


@lru_cache(maxsize=16)
def _first_words(vocabularies: Vocabularies) -> frozenset[str]:
    """The first words of the phrases that tell of persons, to pass over most texts quickly."""
    return frozenset(phrase[0] for phrase in vocabularies.personal_phrases)


_REACHED = re.compile(r"\b(?:[Cc]ontact|[Cc]all|[Ss]ee|[Rr]each|[Ss]peak to|[Tt]alk to|[Pp]iga|[Uu]liza|[Ff]ocal(?:\s+(?:person|point))?)\s*:?\s+([A-Z][a-z]{2,15}(?:\s+[A-Z][a-z]{1,15}){0,2})(?:\s+(?:on|at|via|through|kwa))?[\s,:(–-]{1,4}(?:\+?254|0[127])")
"""One who is reached by a number behind her name: `Contact Mary 0700 ..`."""


def _is_reached(text: str) -> bool:
    """Whether a text tells a number of one by name, who is no post and no place."""
    return any(names_one_asked_for(found[1]) for found in _REACHED.finditer(text[:LONGEST_LOOK]))


def _asks_for_a_person(text: str) -> bool:
    found = _ASKED_FOR.search(text)
    return found is not None and any(word[0].isupper() and word.casefold() not in _OF_POSTS for word in found[1].split())


def _names_a_person(text: str) -> bool:
    """A title with a name behind it; `Sister In-charge`, `Officer Commanding Station` are posts."""
    return any(found[1].casefold().rstrip(".") not in _OF_POSTS | {"commanding"} for found in _PERSON.finditer(text))
