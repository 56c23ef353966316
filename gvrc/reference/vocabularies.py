"""The controlled words of the registry: kinds of place, services, owners, statuses and the rest, with their aliases.

Every list is a CSV file in `data/reference`, so that a new spelling is a new line there and never a change of the program.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from rapidfuzz import fuzz, process

from gvrc.errors import ReferenceDataError
from gvrc.heap import no_sweeps
from gvrc.settings import DATA_DIR

REFERENCE_DIR = DATA_DIR / "reference"

SIMILAR_ENOUGH = 88.0
"""Similarity (0 to 100) from which a text counts as a spelling of a term; tried on the type, owner and service columns of two national lists."""
MARGIN = 4.0
"""The best term must be this much more similar than the best of any other, or the text is unknown."""
CANDIDATE_ENOUGH = 65.0
"""Similarity from which a term is offered as a candidate for an unknown text."""
LONGEST_TERM = 120
"""Characters; longer text is a sentence, not a term, and is compared only exactly."""

_WORDS = re.compile(r"[a-z0-9]+")
_APOSTROPHES = re.compile(r"['’‘`´]")
_SPELLINGS = {
    "center": "centre", "centers": "centre", "centres": "centre", "program": "programme", "programs": "programme",
    "counseling": "counselling", "organization": "organisation", "organizations": "organisation", "immunization": "immunisation",
}  # fmt: skip


@lru_cache(maxsize=16_384)
def normalised(text: str) -> str:
    """The text as terms are compared: lower case, no accents or punctuation, British spelling, singular words."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text)).encode("ascii", "ignore").decode()
    plain = text.lower().replace("'", "").replace("`", "").replace("&", " and ")
    words = plain.split() if plain.replace(" ", "").isalnum() else _WORDS.findall(plain)
    return " ".join([word if word.isdigit() else _singular(word) for word in words])


@lru_cache(maxsize=16_384)
def _singular(word: str) -> str:
    word = _SPELLINGS.get(word, word)
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


@dataclass(frozen=True, slots=True, kw_only=True)
class VocabularyMatch:
    """A term found for a text: `confidence` 0 to 1, `method` one of exact, normalised, fuzzy, words; for candidates also prefix.
    `by_alias`: what the text is like or begins is not the term's label but another name of it."""

    code: str
    confidence: float
    method: str
    by_alias: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One term: its stable code, its label for people, other ways to write it, and the further columns of its file."""

    code: str
    label: str
    aliases: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)


class Vocabulary:
    """A closed list of terms and the ways people write them."""

    def __init__(self, name: str, terms: Iterable[Term]) -> None:
        self.name = name
        self.terms: dict[str, Term] = {term.code: term for term in terms}
        self._exact: dict[str, str] = {}
        self._spellings: dict[str, str] = {}
        for term in self.terms.values():
            self._learn(term)
        self._choices = list(self._spellings)
        self.find: Callable[[str | None], VocabularyMatch | None] = lru_cache(maxsize=16_384)(self._find)
        """The term a text means, or None when it is unknown or could be several."""

    def taught(self, spelling: str, code: str) -> Vocabulary:
        """The vocabulary with one more spelling of a term; a spelling that it knew for another term means this one now."""
        key, exact = normalised(spelling), spelling.casefold()
        terms = [
            replace(term, aliases=(*term.aliases, spelling)) if term.code == code
            else replace(term, aliases=tuple(alias for alias in term.aliases if alias.casefold() != exact and normalised(alias) != key))
            for term in self.terms.values()
        ]
        return Vocabulary(self.name, sorted(terms, key=lambda term: term.code != code))

    def _learn(self, term: Term) -> None:
        for text in (term.label, term.code.replace("_", " "), *term.aliases):
            self._exact.setdefault(text.casefold(), term.code)
            if key := normalised(text):
                self._spellings.setdefault(key, term.code)

    def _find(self, text: str | None) -> VocabularyMatch | None:
        if not text or not text.strip():
            return None
        if code := self._exact.get(text.strip().casefold()):
            return VocabularyMatch(code=code, confidence=1.0, method="exact")
        if len(text) > LONGEST_TERM:
            return None
        if code := self.known_spelling(text) or self._without_asides(text):
            return VocabularyMatch(code=code, confidence=0.98, method="normalised")
        return self._similar(normalised(text))

    def known_spelling(self, text: str) -> str | None:
        """The code of a text that is written as a term is, apart from case and punctuation; similar texts do not count."""
        return self._spellings.get(normalised(text[:LONGEST_TERM]))

    def _without_asides(self, text: str) -> str | None:
        """The code of a text that is a term once the dots between its letters (`M.O.H`) or a bracket that says nothing else (`Private (individual)`) are gone."""
        if plain := _LETTERS.sub("", text) if _LETTERS.search(text) else "":
            return self.known_spelling(plain)
        bracketed = _BRACKETED.search(text)
        if bracketed is None or not (outside := self.known_spelling(_BRACKETED.sub(" ", text))):
            return None
        return outside if (self.known_spelling(bracketed[1]) or outside) == outside and not any(self._ranked(normalised(bracketed[1]), CANDIDATE_ENOUGH)) else None

    def _similar(self, key: str) -> VocabularyMatch | None:
        if len(key) < 5:  # in short words one letter more is another word
            return None
        found = list(self._ranked(key, SIMILAR_ENOUGH - MARGIN))
        if not found or found[0].confidence * 100 < SIMILAR_ENOUGH:
            return None
        if len(found) > 1 and (found[0].confidence - found[1].confidence) * 100 < MARGIN:
            return None
        return found[0]

    def _ranked(self, key: str, at_least: float) -> Iterator[VocabularyMatch]:
        """The terms by falling similarity, each once."""
        seen: set[str] = set()
        for spelling, similarity, _ in process.extract(key, self._choices, scorer=fuzz.token_sort_ratio, score_cutoff=at_least, limit=20):
            code = self._spellings[spelling]
            if code not in seen and _say_alike(key, spelling):
                seen.add(code)
                yield VocabularyMatch(code=code, confidence=round(similarity / 100, 2), method="fuzzy", by_alias=not self._is_label(spelling, code))

    def _is_label(self, spelling: str, code: str) -> bool:
        return spelling == normalised(self.terms[code].label)

    def candidates(self, text: str, limit: int = 3) -> tuple[VocabularyMatch, ...]:
        """The nearest terms for an unknown text, best first: what a person may choose from."""
        key = normalised(text[:LONGEST_TERM])
        if not key:
            return ()
        begun = {code for spelling, code in self._spellings.items() if len(key) >= 4 and spelling.startswith(key)}
        cut_short = [self._cut_short(key, code) for code in begun] if len(begun) == 1 else []
        return (*cut_short, *(match for match in self._ranked(key, CANDIDATE_ENOUGH) if match.code not in begun or not cut_short))[:limit]

    def _cut_short(self, key: str, code: str) -> VocabularyMatch:
        return VocabularyMatch(code=code, confidence=0.8, method="prefix", by_alias=not normalised(self.terms[code].label).startswith(key))

    def why(self, text: str, match: VocabularyMatch) -> str:
        """Why a candidate is suggested for a text, in a sentence for people."""
        label = self.label(match.code)
        return f"“{text}” usually means {label}." if match.by_alias else f"“{text}” is written almost like “{label}”."

    def label(self, code: str | None) -> str:
        """The label of a code; an empty string for None, the code itself when it is not of this vocabulary."""
        if code is None:
            return ""
        term = self.terms.get(code)
        return term.label if term else code

    def attribute(self, code: str | None, column: str) -> str:
        """A further column of a term's line, empty where there is none."""
        term = self.terms.get(code) if code else None
        return term.attributes.get(column, "") if term else ""

    def __contains__(self, code: object) -> bool:
        return code in self.terms

    def __len__(self) -> int:
        return len(self.terms)


_LETTERS = re.compile(r"(?<=\b[A-Za-z])\.(?=[A-Za-z]\b)|(?<=\b[A-Za-z])\.$")
_BRACKETED = re.compile(r"\s*\(([^()]{1,60})\)\s*$")
_SAY_LITTLE = frozenset({"for", "of", "and", "the", "to", "service", "care", "support", "centre", "unit", "survivor", "community", "general", "facility", "other"})
"""Words that terms of all meanings have in common."""
_NEVER_LEFT_OUT = frozenset({"gbv", "sgbv", "fgm", "hiv", "aids", "vct", "art", "tb", "pep", "prc", "sti", "child", "legal", "police"})
"""Words that make another thing of a term: care is not GBV care."""
SAME_WORD = 80.0
"""Likeness of two words (0 to 100) from which one is the other misspelt."""


def _say_alike(one: str, other: str) -> bool:
    """Whether two texts that are written alike may mean the same: they share a word that says something, and none is left out that makes another thing of it."""
    ours, theirs = set(one.split()), set(other.split())
    if (ours ^ theirs) & _NEVER_LEFT_OUT and not _are_misspelt(ours ^ theirs):
        return False
    telling, said = ours - _SAY_LITTLE, theirs - _SAY_LITTLE
    return not (telling or said) or any(_is_same_word(word, other) or word.startswith(other) or other.startswith(word) for word in telling for other in said)


def _is_same_word(word: str, other: str) -> bool:
    """Whether a word is another one misspelt; branches of learning (`cardiology`, `radiology`) end alike and are held apart by how they begin."""
    if word.endswith("ology") and other.endswith("ology"):
        word, other = word.removesuffix("ology"), other.removesuffix("ology")
    return fuzz.ratio(word, other) >= SAME_WORD


def _are_misspelt(words: set[str]) -> bool:
    """Whether a telling word stands among the words in which two texts differ because the other has it misspelt."""
    telling = words & _NEVER_LEFT_OUT
    return all(any(_is_same_word(word, other) for other in words if other != word) for word in telling)


@dataclass(frozen=True, slots=True, kw_only=True)
class Abbreviation:
    """One short form: `position` any, start, end, before_type (the next word is a kind word) or police (the record is a police place)."""

    words: tuple[str, ...]
    expansion: str
    position: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Vocabularies:
    """Everything the cleaning knows by heart. Compared by identity: there is one per process."""

    facility_types: Vocabulary
    services: Vocabulary
    service_categories: Vocabulary
    gbv_categories: Vocabulary
    owners: Vocabulary
    owner_types: Vocabulary
    operational_statuses: Vocabulary
    contact_types: Vocabulary
    infrastructure_types: Vocabulary
    condition_statuses: Vocabulary
    keph_levels: Vocabulary
    visibilities: Vocabulary
    placeholders: frozenset[str]
    headings: Mapping[str, str]
    short_codes: Mapping[str, str]
    emergency_codes: frozenset[str]
    acronyms: frozenset[str]
    abbreviations: Mapping[str, tuple[Abbreviation, ...]]
    name_phrases: Mapping[tuple[str, ...], str]
    name_phrase_sizes: Mapping[str, tuple[int, ...]]
    """The last word of each phrase of `name_phrases`, with the numbers of words of the phrases that end with it."""
    sensitive_phrases: Mapping[tuple[str, ...], str]
    misspellings: Mapping[str, str]
    personal_phrases: Mapping[tuple[str, ...], str]
    email_slips: Mapping[str, str]
    """Domains of e-mail addresses that are slips of well-known ones, with the right one."""

    def group(self, facility_type: str | None) -> str:
        """The group of a kind of place (health, police, organisation, shelter, hotline, office); empty when the kind is unknown."""
        return _group(self, facility_type)

    def begins_sensitive(self, text: str) -> bool:
        """Whether a text begins with several words that tell a sensitive place (`Safe space for girls`)."""
        words = tuple(normalised(text[:LONGEST_TERM]).split())
        return any(words[:size] in self.sensitive_phrases for size in (2, 3) if len(words) >= size)

    def tells_only_of_shelters(self, title: str) -> bool:
        """Whether what a list calls itself tells of shelters and of no other kind of place but who runs them (`National Shelters Network - Members`)."""
        return _tells_only_of_shelters(self, title[:LONGEST_TITLE])

    def owner_type(self, owner: str | None) -> str | None:
        """The owner type an owner belongs to."""
        return self.owners.attribute(owner, "owner_type") or None


LONGEST_TITLE = 120
"""Characters of a title that are read."""
_OF_OTHERS_TOO = frozenset({"service", "services", "provider", "providers", "pathway", "pathways", "directory", "facility", "facilities", "health", "legal", "police", "medical", "counselling", "justice", "security"})
"""Words of a title that speaks of more than shelters."""


@lru_cache(maxsize=4_096)
def _tells_only_of_shelters(vocabularies: Vocabularies, title: str) -> bool:
    words = tuple(normalised(title.replace("_", " ")).split())
    spans = [words[start : start + size] for size in (1, 2, 3) for start in range(len(words) - size + 1)]
    if not any(span in vocabularies.sensitive_phrases for span in spans) or not _OF_OTHERS_TOO.isdisjoint(words):
        return False
    kinds = {vocabularies.name_phrases[span] for span in spans if span in vocabularies.name_phrases}
    return all(vocabularies.group(kind) in ("shelter", "organisation") for kind in kinds)


@lru_cache(maxsize=512)
def _group(vocabularies: Vocabularies, facility_type: str | None) -> str:
    """Kept, for a record is asked for its group again and again."""
    return vocabularies.facility_types.attribute(facility_type, "group")


def reference_rows(name: str, *columns: str) -> list[dict[str, str]]:
    """The lines of a file of `data/reference`. Raises ReferenceDataError when it is missing, empty or lacks one of `columns`."""
    path = REFERENCE_DIR / name
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError:
        raise ReferenceDataError(f"The reference file {name} cannot be read.", "Restore data/reference from the project.") from None
    if not rows or any(row.get(column) is None for row in rows for column in columns):
        raise ReferenceDataError(f"The reference file {name} is empty or lacks a column of {', '.join(columns)}.", "Restore data/reference from the project.")
    return rows


TAUGHT = {"facility_type": "facility_types", "services": "services", "owner": "owners", "operational_status": "operational_statuses"}
"""Canonical fields whose vocabulary people may teach other spellings, with the vocabulary of each."""


@lru_cache(maxsize=16)
def taught_vocabularies(spellings: tuple[tuple[str, str, str], ...]) -> Vocabularies:
    """The vocabularies of this process with other spellings that people added: (canonical field, spelling, term). What is no term of the field's
    vocabulary teaches nothing. The same spellings give the same object, so that what was looked up with it is remembered."""
    known = load_vocabularies()
    taught: dict[str, Any] = {}
    for field_name, spelling, right in spellings:
        name = TAUGHT.get(field_name)
        vocabulary: Vocabulary | None = taught.get(name, getattr(known, name)) if name else None
        code = right if vocabulary and right in vocabulary else vocabulary.known_spelling(right) if vocabulary else None
        if name and vocabulary and code:
            taught[name] = vocabulary.taught(spelling, code)
    return replace(known, **taught) if taught else known


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("|") if part.strip())


@lru_cache(maxsize=1)
def _kiswahili() -> dict[tuple[str, str], tuple[str, ...]]:
    """Vocabulary and code → what the term is called in Kiswahili."""
    told: dict[tuple[str, str], tuple[str, ...]] = {}
    for row in reference_rows("kiswahili.csv", "vocabulary", "code", "spelling", "source"):
        key = (row["vocabulary"], row["code"])
        told[key] = (*told.get(key, ()), row["spelling"])
    return told


def _vocabulary(name: str) -> Vocabulary:
    terms = [
        Term(
            code=row["code"],
            label=row["label"],
            aliases=(*_split(row.get("aliases") or ""), *_kiswahili().get((name, row["code"]), ())),
            attributes={column: value for column, value in row.items() if column not in ("code", "label", "aliases")},
        )
        for row in reference_rows(f"{name}.csv", "code", "label")
    ]
    if len({term.code for term in terms}) != len(terms):
        raise ReferenceDataError(f"The vocabulary {name} holds a code twice.", "Mend data/reference.")
    return Vocabulary(name, terms)


def words_of(text: str) -> tuple[str, ...]:
    """The normalised words of a text, as the phrases of the vocabularies are kept."""
    return tuple(normalised(text).split())


def _name_phrases(facility_types: Vocabulary) -> dict[tuple[str, ...], str]:
    """Words inside a name that tell the kind of place."""
    phrases: dict[tuple[str, ...], str] = {}
    for term in facility_types.terms.values():
        for phrase in (*_split(term.attributes.get("name_words", "")), *_kiswahili().get(("facility_types", term.code), ())):
            phrases.setdefault(words_of(phrase), term.code)
    return phrases


def _sensitive_phrases(facility_types: Vocabulary) -> dict[tuple[str, ...], str]:
    """Words of a name that tell a place to be withheld, and what shelters are called in Kiswahili."""
    phrases = {words_of(row["text"]): row["visibility"] for row in reference_rows("sensitive_words.csv", "text", "visibility")}
    shelters = (term.code for term in facility_types.terms.values() if term.attributes.get("group") == "shelter")
    return phrases | {words_of(spelling): "withheld" for code in shelters for spelling in _kiswahili().get(("facility_types", code), ())}


def _abbreviations() -> dict[str, tuple[Abbreviation, ...]]:
    """Abbreviations by their first word, longest first."""
    grouped: dict[str, list[Abbreviation]] = {}
    for row in reference_rows("abbreviations.csv", "abbreviation", "expansion", "position"):
        words = tuple(row["abbreviation"].casefold().split())
        grouped.setdefault(words[0], []).append(Abbreviation(words=words, expansion=row["expansion"], position=row["position"]))
    return {first: tuple(sorted(group, key=lambda entry: -len(entry.words))) for first, group in grouped.items()}


def placeholder_key(text: str) -> str:
    """A text as placeholders are compared: lower case, inner spaces single, outer punctuation gone."""
    return " ".join(text.casefold().split()).strip(" .,;:-_*()[]'\"!?<>")


@lru_cache(maxsize=1)
@no_sweeps()
def load_vocabularies() -> Vocabularies:
    """The vocabularies of this process, read once. Raises ReferenceDataError when a file is missing or contradicts itself."""
    facility_types = _vocabulary("facility_types")
    name_phrases = _name_phrases(facility_types)
    codes = reference_rows("short_codes.csv", "code", "label", "use")
    return Vocabularies(
        facility_types=facility_types,
        services=_vocabulary("services"),
        service_categories=_vocabulary("service_categories"),
        gbv_categories=_vocabulary("gbv_categories"),
        owners=_vocabulary("owners"),
        owner_types=_vocabulary("owner_types"),
        operational_statuses=_vocabulary("operational_statuses"),
        contact_types=_vocabulary("contact_types"),
        infrastructure_types=_vocabulary("infrastructure_types"),
        condition_statuses=_vocabulary("condition_statuses"),
        keph_levels=_vocabulary("keph_levels"),
        visibilities=_vocabulary("visibilities"),
        placeholders=frozenset(placeholder_key(row["text"]) for row in reference_rows("placeholders.csv", "text")),
        headings={normalised(row["text"]): row["kind"] for row in reference_rows("headings.csv", "text", "kind")},
        short_codes={row["code"]: row["label"] for row in codes},
        emergency_codes=frozenset(row["code"] for row in codes if row["use"] == "emergency"),
        acronyms=frozenset(row["text"].casefold() for row in reference_rows("acronyms.csv", "text")),
        abbreviations=_abbreviations(),
        name_phrases=name_phrases,
        name_phrase_sizes={last: tuple(sorted({len(phrase) for phrase in name_phrases if phrase[-1] == last})) for last in {phrase[-1] for phrase in name_phrases}},
        misspellings={row["text"]: row["right"] for row in reference_rows("misspellings.csv", "text", "right")},
        email_slips={row["text"]: row["right"] for row in reference_rows("email_slips.csv", "text", "right")},
        personal_phrases={words_of(row["text"]): row["meaning"] for row in reference_rows("personal_words.csv", "text", "meaning")},
        sensitive_phrases=_sensitive_phrases(facility_types),
    )


@lru_cache(maxsize=1)
def kind_words() -> frozenset[str]:
    """The longer words of the phrases that tell a kind of place in a name."""
    return frozenset(word for phrase in load_vocabularies().name_phrases for word in phrase if len(word) > 3)


@lru_cache(maxsize=1)
def own_names() -> dict[str, str]:
    """Names in words for a kind of place that one institution bears, normalised, with its county."""
    return {normalised(row["name"]): row["county"] for row in reference_rows("own_names.csv", "name", "county")}
