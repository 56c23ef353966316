"""What kind of place a record is: from its type column, else from the words of its name, else from what its list is about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA
from rapidfuzz.process import extractOne

from gvrc.model.issue import Issue, Suggestion
from gvrc.model.quick import quick
from gvrc.reference.vocabularies import Vocabularies, VocabularyMatch, normalised

WORDS_CONFIDENCE = 0.9
"""How sure a kind is that stands among other words."""

_LEVEL = re.compile(r"\b(?:(?:level|lvl)[\s\-.]{0,3}|l)([1-6])([ab])?\b", re.IGNORECASE)
_NUMBERING = re.compile(r"^\s*\(?(?:[a-h]|[ivx]{1,4}|\d{1,2})[.)]\s+(?=\D)", re.IGNORECASE)
"""What numbers the headings of a list: `B. POLICE`."""
_JOINED = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
"""Where words were joined: `PoliceStation`, as schemas of the web name their kinds."""
_VOWELS = frozenset("aeiouy")


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class KindInWords:
    """A kind told by the words from `start` to `end` of a text."""

    code: str
    start: int
    end: int


def kind_in_words(words: Sequence[str], vocabularies: Vocabularies) -> KindInWords | None:
    """The kind that normalised `words` tell: a phrase of high precedence (a gender desk in a police station) wins, then the last, then the longest."""
    best: tuple[int, int, int] | None = None
    found: KindInWords | None = None
    for end in range(len(words), 0, -1):
        for size in vocabularies.name_phrase_sizes.get(words[end - 1], ()):
            if size > end:
                continue
            phrase = tuple(words[end - size : end])
            code = vocabularies.name_phrases.get(phrase)
            if code is None:
                continue
            rank = (_precedence(phrase, code, vocabularies), end, size)
            if best is None or rank > best:
                best, found = rank, KindInWords(code=code, start=end - size, end=end)
    return found


@lru_cache(maxsize=4_096)
def _precedence(phrase: tuple[str, ...], code: str, vocabularies: Vocabularies) -> int:
    """A single everyday word ("Shelter Hope Clinic") has none; an acronym or a longer phrase has that of its kind."""
    precedence = int(vocabularies.facility_types.attribute(code, "precedence") or 0)
    is_everyday = len(phrase) == 1 and bool(_VOWELS & set(phrase[0]))
    return min(precedence, 0) if is_everyday else precedence


def find_kind(text: str | None, vocabularies: Vocabularies) -> VocabularyMatch | None:
    """The kind a type column means: the vocabulary first, then the words in it."""
    return _find_kind(text, vocabularies) if text else None


@lru_cache(maxsize=8_192)
def _find_kind(text: str, vocabularies: Vocabularies) -> VocabularyMatch | None:
    text = _JOINED.sub(" ", _NUMBERING.sub("", text)) if " " not in text else _NUMBERING.sub("", text)
    if match := vocabularies.facility_types.find(text):
        return match
    found = kind_in_words(normalised(text[:300]).split(), vocabularies)
    return VocabularyMatch(code=found.code, confidence=WORDS_CONFIDENCE, method="words") if found else None


def stated_level(text: str | None) -> str | None:
    """The KEPH level written in a text (`Level 4`, `L3A`), as it is written: 3 is never made 3A or 3B."""
    match = _LEVEL.search(text[:300]) if text else None
    return f"{match[1]}{(match[2] or '').upper()}" if match else None


GENERAL = "support_organisation"
"""The kind of which a name tells least: who runs a hotline or a shelter is often called a trust."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class KindEvidence:
    """What a row tells about its kind: the text of the type column (`is_of_list`: it is the same for the whole list and not the row's own),
    the kind its name tells, other headings it stands under, the services it gives, what it says of itself, its KEPH level; whether short codes (`999`) are the only
    numbers to call there, and whether its row tells a number of a hotline; whether anything says where it lies."""

    type_text: str | None = None
    is_of_list: bool = False
    name: str | None = None
    name_kind: str | None = None
    headings: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    description: str = ""
    level: str = ""
    is_called_by_code: bool = False
    has_hotline: bool = False
    is_somewhere: bool = True


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class CleanKind:
    """The kind of a place, the rule that found it, and what was odd."""

    code: str | None
    rule: str = ""
    issues: tuple[Issue, ...] = ()


def decide_kind(evidence: KindEvidence, vocabularies: Vocabularies) -> CleanKind:
    """The kind of a place: its type column, unless the name tells a special kind (a gender desk in a list of police stations);
    else its name, else the headings it stands under, else that only short codes reach it, wherever it is. Nothing of these: unknown, with the kind its services suggest."""
    return _decide_kind(evidence, vocabularies)


@lru_cache(maxsize=16_384)
def _decide_kind(evidence: KindEvidence, vocabularies: Vocabularies) -> CleanKind:
    stated = find_kind(evidence.type_text, vocabularies)
    named = evidence.name_kind
    if stated and named and (stated.code == "other" or _spans_kinds(evidence.type_text, stated.code, named, vocabularies)):
        return CleanKind(code=named, rule="kind-from-name")
    if stated and named and _is_special(named, stated.code, evidence, vocabularies):
        return CleanKind(code=named, rule="kind-from-name")
    if stated:
        return CleanKind(code=stated.code, rule=f"kind-{stated.method}", issues=tuple(_contradiction(stated.code, evidence, vocabularies)))
    issues = tuple(_unknown_text(evidence, vocabularies))
    if named == GENERAL and (spelt := _headed_by(evidence.headings, vocabularies)):
        return CleanKind(code=spelt, rule="kind-from-heading", issues=issues)
    if named:
        return CleanKind(code=named, rule="kind-from-name", issues=issues)
    for heading in evidence.headings:
        if (spelt := vocabularies.facility_types.known_spelling(_NUMBERING.sub("", heading[:200]))) and spelt != "other":
            return _listed(spelt, evidence, vocabularies, issues)
        if found := kind_in_words(normalised(heading[:200]).split(), vocabularies):
            return _listed(found.code, evidence, vocabularies, issues)
    if evidence.is_called_by_code and not evidence.is_somewhere and not evidence.type_text:
        return CleanKind(code="hotline", rule="kind-from-number", issues=issues)
    return CleanKind(code=None, issues=(_unknown(evidence, vocabularies),))


def _headed_by(headings: Sequence[str], vocabularies: Vocabularies) -> str | None:
    """The kind that the nearest heading which is one spells out (`Hotlines`): what a trust or a foundation that stands there is."""
    codes = (vocabularies.facility_types.known_spelling(_NUMBERING.sub("", heading[:200])) for heading in headings)
    return next((code for code in codes if code and code != "other"), None)


def _spans_kinds(type_text: str | None, stated: str, named: str, vocabularies: Vocabularies) -> bool:
    """Whether a type stands for several kinds of one group, so that the name tells which (`Dispensaries and clinic-out patient only`)."""
    if not type_text or vocabularies.group(stated) != vocabularies.group(named):
        return False
    key = normalised(type_text)
    return any(normalised(text) == key for text in vocabularies.facility_types.attribute(stated, "spans").split("|"))


def _listed(listed: str, evidence: KindEvidence, vocabularies: Vocabularies, issues: tuple[Issue, ...]) -> CleanKind:
    """The kind of a place in a list of this kind: the end of its name may tell a finer one, and so may what it does alone."""
    if told := kind_by_last_word(evidence.name, listed, vocabularies):
        return CleanKind(code=told, rule="kind-from-name", issues=issues)
    code = _narrowed(listed, evidence.services)
    return CleanKind(code=code, rule="kind-from-heading" if code == listed else "kind-from-services", issues=issues)


def kind_by_last_word(name: str | None, listed: str, vocabularies: Vocabularies) -> str | None:
    """The kind that the last word of a name tells in a list of another kind of the same group (`Huruma Post` among police stations), where nothing else tells one."""
    before, _, last = (name or "").rpartition(" ")
    return _by_last_word(vocabularies).get((vocabularies.group(listed), last.lower())) if before else None


@lru_cache(maxsize=4)
def _by_last_word(vocabularies: Vocabularies) -> dict[tuple[str | None, str], str]:
    """The kinds that a word at the end of a name tells in a list of their group."""
    types = vocabularies.facility_types
    return {(vocabularies.group(code), word): code for code in types.terms for word in types.attribute(code, "last_words").split("|") if word}


def _narrowed(code: str, services: Sequence[str]) -> str:
    """An organisation that does one thing only is a place of that kind."""
    own = [service for service in services if service != "referral"]
    return _ALONE.get(own[0], code) if code == "support_organisation" and len(own) == 1 else code


def _is_special(named: str, stated: str, evidence: KindEvidence, vocabularies: Vocabularies) -> bool:
    """The name wins when it tells a kind of higher precedence, or when the type is only that of the whole list, and no finer one than the name tells
    (a foundation in a list of legal aid)."""
    if named == stated:
        return False
    types = vocabularies.facility_types
    if evidence.is_of_list and named == "support_organisation" and vocabularies.group(stated) == vocabularies.group(named):
        return False
    return evidence.is_of_list or int(types.attribute(named, "precedence") or 0) > max(1, int(types.attribute(stated, "precedence") or 0))


_APART = frozenset({"health", "police", "shelter", "hotline"})
"""Groups that exclude each other; a clinic may well be called a foundation or a trust."""


def _contradiction(stated: str, evidence: KindEvidence, vocabularies: Vocabularies) -> Iterator[Issue]:
    named = evidence.name_kind
    groups = {vocabularies.group(stated), vocabularies.group(named)}
    if named is None or len(groups) < 2 or not groups <= _APART:
        return
    label = vocabularies.facility_types.label(named)
    suggestion = Suggestion(values={"facility_type": label}, shown=label, confidence=0.6, reason=f"The name says “{label}”.")
    detail = {"stated": vocabularies.facility_types.label(stated), "named": label}
    yield Issue(code="kind.contradicts_name", field_name="facility_type", value=evidence.type_text, detail=detail, suggestion=suggestion)


_SAYS_ONLY_HEALTH = frozenset(map(normalised, (
    "Health Facility", "Facility", "Medical Facility", "Healthcare Facility", "Health Care Facility", "Health Institution", "Public Facility", "Private Facility", "Health", "Healthcare", "Health Care", "Medical", "Health Services", "Medical Services", "Health Sector",
)))  # fmt: skip


def _unknown_text(evidence: KindEvidence, vocabularies: Vocabularies) -> Iterator[Issue]:
    """A type that is none; `Private` and `Health Facility` are none either, but nothing is wrong with them."""
    text = _NUMBERING.sub("", evidence.type_text or "")
    if text and normalised(text[:120]) not in _SAYS_ONLY_HEALTH and vocabularies.owners.known_spelling(text) is None:
        yield Issue(code="kind.text_unknown", field_name="facility_type", value=text[:120])


def _unknown(evidence: KindEvidence, vocabularies: Vocabularies) -> Issue:
    tells = evidence.type_text is not None and normalised(evidence.type_text[:120]) not in _SAYS_ONLY_HEALTH
    nearest = vocabularies.facility_types.candidates(evidence.type_text or "") if tells else ()  # `Health` is said of societies and chemists too
    labels = [vocabularies.facility_types.label(found.code) for found in nearest]
    return Issue(
        code="kind.unknown",
        field_name="facility_type",
        value=(evidence.type_text or evidence.name or "")[:120] or None,
        detail={"candidates": ", ".join(labels) or "none"},
        suggestion=_suggested_kind(evidence, nearest, vocabularies),
    )


def _suggested_kind(evidence: KindEvidence, nearest: Sequence[VocabularyMatch], vocabularies: Vocabularies) -> Suggestion | None:
    types = vocabularies.facility_types
    if nearest and nearest[0].confidence >= 0.75:
        label = types.label(nearest[0].code)
        reason = types.why(evidence.type_text or "", nearest[0])
        return Suggestion(values={"facility_type": label}, shown=label, confidence=nearest[0].confidence, reason=reason)
    if slip := _kind_of_slip(evidence.name, vocabularies):
        return slip
    code = _kind_of_services(evidence.services, vocabularies)
    if code is None:
        return _kind_of_level(evidence, vocabularies) or _kind_by_the_way(evidence, vocabularies)
    label = types.label(code)
    given = ", ".join(vocabularies.services.label(service) for service in evidence.services[:4])
    return Suggestion(values={"facility_type": label}, shown=label, confidence=0.7, reason=f"It gives: {given}.")


_SHORTEST_SLIP, _LONG_SLIP = 6, 10
"""Letters of a word from which one slip, and from which two, still leave it recognisable."""


def _kind_of_slip(name: str | None, vocabularies: Vocabularies) -> Suggestion | None:
    """The kind that a name tells when a slip in one of its words is mended (`Mutoma Dispensery`)."""
    words = normalised((name or "")[:200]).split()
    mended = [_kind_word(word, vocabularies) for word in words]
    found = kind_in_words(mended, vocabularies) if mended != words else None
    if found is None or (said := words[found.start : found.end]) == (meant := mended[found.start : found.end]):
        return None
    label = vocabularies.facility_types.label(found.code)
    reason = f"“{' '.join(said)}” in the name is most likely “{' '.join(meant)}”."
    return Suggestion(values={"facility_type": label}, shown=label, confidence=0.85, reason=reason)


def _kind_word(word: str, vocabularies: Vocabularies) -> str:
    """The long word for a kind of place that this one is a slip of, beginning alike; the word itself when it is none."""
    known = _long_kind_words(vocabularies)
    if len(word) < _SHORTEST_SLIP or word in known:
        return word
    found = extractOne(word, known, scorer=OSA.distance, score_cutoff=1 if len(word) < _LONG_SLIP else 2)
    return word if found is None or found[0][0] != word[0] else found[0]


@lru_cache(maxsize=4)
def _long_kind_words(vocabularies: Vocabularies) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for phrase in vocabularies.name_phrases for word in phrase if len(word) >= _SHORTEST_SLIP))


_KINDS_OF_LEVELS = {"2": ("dispensary", 0.56), "3": ("health_centre", 0.69), "4": ("hospital", 0.95), "5": ("hospital", 0.95), "6": ("hospital", 0.95)}
"""What a place of a KEPH level mostly is, and its share among the places of that level in the national list of 2020 (hospitals: 99 %, kept below a certainty)."""


def _kind_of_level(evidence: KindEvidence, vocabularies: Vocabularies) -> Suggestion | None:
    """What a place of this level, or a name that ends with its level or with `Referral`, mostly is (`Kiambu Level 5`)."""
    level = (stated_level(evidence.name) or stated_level(evidence.level) or evidence.level)[:1]
    if level not in _KINDS_OF_LEVELS and not (evidence.name or "").casefold().endswith(" referral"):
        return None
    code, confidence = _KINDS_OF_LEVELS.get(level, ("hospital", 0.7))
    label = vocabularies.facility_types.label(code)
    reason = f"A place of level {level} is mostly a {label.lower()}." if level else "A place of referral is mostly a hospital."
    return Suggestion(values={"facility_type": label}, shown=label, confidence=confidence, reason=reason)


_SAID_FIRST = re.compile(r"[^,.;:()]{0,100}?(?=[,.;:()]|\s(?:for|of|that|which|who|where|to|in|with|offering|providing|and|run|by)\s|$)")
"""What a description says a place is, before what it does and for whom: `A toll-free helpline` for support."""
_DOES = re.compile(r"(?:provid|offer|giv|work|support|help|run|handl|refer|serv|links?\b|manag)", re.IGNORECASE)
_OF_KENYA = re.compile(r"kenya\b.+|.+\bkenya", re.IGNORECASE)


def _kind_by_the_way(evidence: KindEvidence, vocabularies: Vocabularies) -> Suggestion | None:
    """What the description begins with; what a police office or an organisation of the whole country is called."""
    name = evidence.name or ""
    if code := _said_first(evidence.description, vocabularies):
        reason = "Its description says so."
    elif (named := _services_named(evidence.description, vocabularies)) and (code := _kind_of_services(named, vocabularies)):
        reason = f"Its description tells of: {', '.join(map(vocabularies.services.label, named[:4]))}."
    elif evidence.is_called_by_code:
        code, reason = "hotline", "It is called by a short code alone."
    elif "police" in name.casefold().split():
        code, reason = "police_station", "Its name says “police”."
    elif _OF_KENYA.fullmatch(name):
        code, reason = "support_organisation", "What serves the whole country is mostly called so."
    elif evidence.has_hotline:
        code, reason = "hotline", "Its row tells the number of a hotline."
    else:
        return None
    label = vocabularies.facility_types.label(code)
    return Suggestion(values={"facility_type": label}, shown=label, confidence=0.6, reason=reason)


def _services_named(description: str, vocabularies: Vocabularies) -> list[str]:
    """The services that a description names in several words, as they are written (`Provides free legal aid to women`)."""
    words = normalised(description).split()
    phrases = (" ".join(words[at : at + size]) for size in (3, 2) for at in range(len(words) - size + 1))
    return list(dict.fromkeys(code for phrase in phrases if (code := vocabularies.services.known_spelling(phrase))))


def _said_first(description: str, vocabularies: Vocabularies) -> str | None:
    """The kind that a description names as what the place is."""
    if (first := _SAID_FIRST.match(description)) is None or _DOES.match(description):
        return None
    words = normalised(first.group()).split()
    sizes = vocabularies.name_phrase_sizes.get(words[-1], ()) if words else ()
    return next((code for size in sorted(sizes, reverse=True) if (code := vocabularies.name_phrases.get(tuple(words[-size:])))), None)


_ALONE = {"legal_aid": "legal_aid", "hotline": "hotline", "safe_shelter": "shelter", "gender_desk": "gender_desk"}
"""Kinds of places that give one service above all."""


def _kind_of_services(services: Sequence[str], vocabularies: Vocabularies) -> str | None:
    """The kind that gives just these services: that of a single one, a support organisation when such places give all of them."""
    own = [service for service in services if service != "referral"]
    if len(own) == 1 and own[0] in _ALONE:
        return _ALONE[own[0]]
    if own != ["outpatient"] and own and all("organisation" in vocabularies.services.attribute(service, "groups").split("|") for service in own):
        return "support_organisation"
    return None
