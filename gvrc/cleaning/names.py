"""The name of a place: what it is called, what kind of place its words tell, and what else was written into the cell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz, process

from gvrc.cleaning.contacts import contacts_in_text, hotline, without_post_box
from gvrc.cleaning.kinds import kind_in_words, stated_level
from gvrc.cleaning.text import clean_text
from gvrc.model.issue import Issue, Suggestion
from gvrc.model.quick import quick
from gvrc.model.record import Contact, FieldChange
from gvrc.reference.gazetteer import load_gazetteer
from gvrc.reference.offices import office_of
from gvrc.reference.vocabularies import Abbreviation, Vocabularies, kind_words, normalised

_LINK = re.compile(r"\[([^\[\]]{1,200})\]\([^()\s]{1,300}\)")
"""A link as notes are written: `[Tiwi Dispensary](https://..)`."""
_EMPTY_BRACKETS = re.compile(r"\s?[(\[]\s?[)\]]")
_DASH_LEFT = re.compile(r"\s[–—-]\s?,")
"""What is left of a number between a dash and a comma."""
_BEHIND_NUMBERS = " ,;:/-–—"
"""What is left around a number that was taken out of a name."""
_LABELS_LEFT = re.compile(
    r"(?>[\s,;:./|(–-]*+\b(?:tel|telephone|phone|mobile|mob|cell|e-?mail|contacts?|call|sms|whatsapp|toll[ -]?free(?:\s(?:line|number|no))?|simu|barua pepe|namba)\b[\s.:)]*+"
    r"|(?:\s?[;:,/|(–-]\s?|(?<=:)|(?<=: ))(?:24 ?hrs? )?(?:hot|help) ?line\b[\s.:)]*+|\s?[;:,/|(–-]\s?(?:ocs|ocpd|scpc|landline|office|desk|gender desk)\b[\s.:)]*+)++[\s.:;,/)-]*+$", re.IGNORECASE,
)  # fmt: skip
"""What was written before contacts at the end of a name, once they are taken out."""
LONGEST_NAME = 255
"""Characters of a name in the registry."""
SHORTEST_NAME = 3
"""Letters below which a name can hardly be one."""
_LONG_ENOUGH = re.compile(rf"(?:[^\W_][\W_]*){{{SHORTEST_NAME}}}")
MISSPELLING = 86.0
"""Similarity (0 to 100) from which a word is a misspelling of one of OFTEN_MISSPELT; 84 would take "hospice" for "hospital"."""
OFTEN_MISSPELT = ("dispensary", "hospital", "laboratory", "maternity", "pharmacy")

_STAGE = "transform"
_BRACKETS = re.compile(r"\s*[(\[{]([^()\[\]{}]{0,200})[)\]}]?\s*")
_NO_BRACKETS = frozenset("()[]{}")
_NUMBERING = re.compile(r"^\s*(?:no\.?\s*)?(?:\d{1,4}\s?[.):]|\d{5,6}\s?[-–:]\s|[ivx]{1,4}\s?[.)]|\(?(?:[a-z]|\d{1,3}|[ivx]{1,4})\))\s*(?=\D)", re.IGNORECASE)
_STRAY_ENDS = " \t-–—_,;:/|*•·=~^"
_QUOTES = '"“”„'
_LETTER_LEVEL = re.compile(r"L(?<=\bL)\s?[2-6]\b")
_NOT_GAZETTED = re.compile(r"[(\[]?\b(?:(?:not\s+yet|un|not|yet\s+to\s+be|to\s+be|awaiting|pending)[\s-]*gaz{1,2}et{1,2}(?:ed|ment|ement)?)\b[)\]]?", re.IGNORECASE)
_SCRIPT_REMAINS = re.compile(r"javascript:\S{0,40}|<[^<>]{0,200}>", re.IGNORECASE)
_DOTTED_ACRONYM = re.compile(r"\b(?:[A-Za-z]\.){2,6}[A-Za-z]?(?=\s|$|-)|\b[A-Z](?:\.[A-Z]){1,5}\b")
_WORD = re.compile(r"[^\W_]")
_JOINED_COMMA = re.compile(r"\s{0,3}([,;])\s{0,3}")
_JOINED_STOP = re.compile(r"\.(?<=[^\W\d_]{2}\.)(?=[^\W\d_]{2})")
_SMALL_WORDS = frozenset({"of", "and", "the", "for", "in", "at", "on", "to", "na", "ya", "wa", "cha", "la", "za", "with", "by", "off", "des", "du", "de"})
_NOT_MISSPELT = frozenset({"dispensaries", "hospitals", "hospitality", "hospice", "laboratories", "pharmacies", "pharma", "hospitalier", "dispenser", "hospitali"})
_PLACE_SPLIT = re.compile(r"\s*[,/]\s*")
_AND_LAST = re.compile(r"\s+(?:&|and|na)\s+", re.IGNORECASE)
_LIST_SPLIT = re.compile(r"\s*[;|\n\r]\s*")
"""What divides the names of a list in a cell and stands in no name."""
_DIVIDERS = frozenset(",/;|\n\r")
MOST_PLACES = 30
"""Names in one cell that are told apart."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class CleanName:
    """A name after cleaning: None when nothing usable is left. `facility_type` and `keph_level` are what its words tell; `is_of_officer` that it
    names who leads the place (`OCS Naivasha`), whose number is his own."""

    name: str | None
    aliases: tuple[str, ...] = ()
    qualifiers: tuple[str, ...] = ()
    facility_type: str | None = None
    keph_level: str | None = None
    contacts: tuple[Contact, ...] = ()
    changes: tuple[FieldChange, ...] = ()
    issues: tuple[Issue, ...] = ()
    is_of_officer: bool = False


def clean_name(text: object, vocabularies: Vocabularies, *, is_police: bool = False) -> CleanName:
    """The cleaned name of a place, with every change and finding. `is_police`: the list is about police places, where PS means police station."""
    raw = clean_text(text)
    return _clean_name(raw, vocabularies, is_police) if raw else CleanName(name=None)


@lru_cache(maxsize=1_024)
def _clean_name(raw: str, vocabularies: Vocabularies, is_police: bool) -> CleanName:
    return _NameCleaning(raw, vocabularies, is_police).result()


class _NameCleaning:
    """One name on its way; each step narrows `text` and remembers what it took out and by which rule."""

    def __init__(self, raw: str, vocabularies: Vocabularies, is_police: bool) -> None:
        self.vocabularies = vocabularies
        self.is_police = is_police or "police" in raw.casefold()
        self.issues: list[Issue] = []
        self.rules: list[str] = []
        self.is_of_officer = False
        self.officer_of: str | None = None
        self.qualifiers: list[str] = []
        raw = _LINK.sub(r"\1", raw) if "](" in raw else raw
        raw = _unquoted(raw) if raw[0] == "'" else raw
        raw = raw.replace("**", "").strip() or raw if "**" in raw else raw
        self.found = contacts_in_text(raw, "name")
        self.contacts = self.found.contacts
        self.raw = self.found.remainder or ""
        if self.contacts:
            self.raw = self.raw[:-LONGEST_NAME] + _LABELS_LEFT.sub("", self.raw[-LONGEST_NAME:])
            self.raw = _DASH_LEFT.sub(",", _EMPTY_BRACKETS.sub(" ", self.raw)).strip(_BEHIND_NUMBERS)
        self.text = self.raw
        self.is_plain = self.raw.replace(" ", "").isalpha() and self.raw[0] != " " != self.raw[-1]
        """Nothing but letters: there is no numbering, no bracket, no sign and no digit to look for."""

    def result(self) -> CleanName:
        self._note_contacts()
        self._mend_misread_letters()
        self._take_post_box()
        if not self.is_plain:
            self._take_remains()
        self._take_not_gazetted()
        if not self.is_plain:
            self._take_numbering()
        self._take_officer()
        if not self.is_plain:
            self._take_short_codes()
            self._take_brackets()
        self._expand()
        self._take_place_behind()
        self._set_case()
        return self._finished()

    def _step(self, text: str, rule: str) -> None:
        """Keeps `text` when something is left of it, and remembers the rule."""
        if text == self.text:
            return
        text = " ".join(text.split()).strip(_STRAY_ENDS)
        if text and text != self.text and _WORD.search(text):
            self.text = text
            self.rules.append(rule)

    def _mend_misread_letters(self) -> None:
        """`STATI0N`, `DlANl`: letters that a scan was misread for."""
        if _BEHIND_A_CAPITAL.search(self.text) is not None or _SMALL_L_BEGINS.search(self.text) is not None:
            self._step(_CAPITALS.sub(lambda word: _as_it_was(word[0]), self.text), "name-misread-letters")

    def _note_contacts(self) -> None:
        if self.found.contacts:
            self.rules.append("name-contact")
            self.issues.append(Issue(code="name.holds_contact", field_name="name", value=self.found.redacted))

    def _take_post_box(self) -> None:
        """`Haki Centre, P.O. Box 1 - 00100 Nairobi`: the address is no part of the name."""
        text, box = without_post_box(self.text) if "box" in self.text.casefold() else (self.text, None)
        if box is not None:
            self.contacts += (box,)
            self._step(text, "name-contact")

    def _take_remains(self) -> None:
        if "<" in self.text or ":" in self.text:
            self._step(_SCRIPT_REMAINS.sub(" ", self.text), "name-remains")
        self._step(self.text.strip(_STRAY_ENDS + _QUOTES + "."), "name-ends")

    def _take_not_gazetted(self) -> None:
        match = _NOT_GAZETTED.search(self.text) if "gaz" in self.text.casefold() else None
        if match:
            self.issues.append(Issue(code="name.not_gazetted", field_name="name", value=self.text))
            self._step(self.text[: match.start()] + " " + self.text[match.end() :], "name-not-gazetted")

    def _take_numbering(self) -> None:
        self._step(_NUMBERING.sub("", self.text, count=1), "name-numbering")

    def _take_short_codes(self) -> None:
        """`National GBV Hotline 1195`: the number to call is a contact."""
        found = _SHORT_CODE.findall(self.text) if _THREE_DIGITS.search(self.text) else []
        codes = [code for code in found if code in self.vocabularies.short_codes]
        if codes and _are_called(codes, self.text, self.vocabularies):
            self.contacts += tuple(map(hotline, dict.fromkeys(codes)))
            if not self.found.contacts:
                self.issues.append(Issue(code="name.holds_contact", field_name="name", value=self.text))
            self._step(_DIVIDERS_LEFT.sub("", _SHORT_CODE.sub(lambda code: " " if code[0] in codes else code[0], self.text)), "name-contact")

    def _take_officer(self) -> None:
        """`OCS Naivasha` is the commander of a station: the place is called by what stands behind, and its number is his."""
        found = _OFFICER_OF.match(self.text) if self.text[:1] in _OFFICER_BEGINS else None
        if found is None:
            return
        self.is_of_officer = True
        if found["station"] or found["charge"]:
            self.officer_of = "police_station" if found["station"] else None
            self._step(self.text[found.end() :], "name-officer")

    def _take_brackets(self) -> None:
        if _NO_BRACKETS.isdisjoint(self.text):
            return
        inside = [found.strip(_STRAY_ENDS) for found in _BRACKETS.findall(self.text)]
        outside = " ".join(_BRACKETS.sub(" ", self.text).replace(")", " ").split()).strip(_STRAY_ENDS)
        if inside and _WORD.search(outside):
            self.qualifiers.extend(_cased(part, self.vocabularies, keep=not self.raw.isupper()) for part in inside if _WORD.search(part))
        if _WORD.search(outside):
            self._step(outside, "name-qualifier")

    def _take_place_behind(self) -> None:
        """`Haki Legal Aid Clinic, Mombasa`: a place behind the kind word is a qualifier, but where nothing else tells which one is meant (`Children's Office, Matuga`)."""
        before, comma, behind = self.text.rpartition(",")
        if not comma or len(behind.split()) > 3 or not before.strip():
            return
        words = normalised(before).split()
        kind = kind_in_words(words, self.vocabularies)
        office = office_of(before)
        if (kind and kind.end - kind.start == len(words)) or (office is not None and office.label.casefold() == before.casefold().strip()):
            return
        if kind and kind.end == len(words) and kind_in_words(normalised(behind).split(), self.vocabularies) is None and _WORD.search(behind):
            self.qualifiers.append(_cased(behind.strip(_STRAY_ENDS), self.vocabularies, keep=not self.raw.isupper()))
            self._step(before, "name-qualifier")

    def _expand(self) -> None:
        if "." in self.text:
            self._step(_DOTTED_ACRONYM.sub(lambda found: found[0].replace(".", ""), self.text), "name-acronym")
        self._step(_expanded(_spaced(self.text), self.vocabularies, self.is_police), "name-abbreviation")
        self._step(" ".join([word if word.isdigit() else _spelt(word, self.vocabularies) for word in self.text.split()]), "name-spelling")

    def _set_case(self) -> None:
        """Usual capitals; a name in one case is told when that changes it (`NASCOP VCT` is only acronyms)."""
        is_upper, before = self.raw.isupper() or ("name-misread-letters" in self.rules and self.text.isupper()), self.text
        self._step(_cased(self.text, self.vocabularies, keep=not is_upper), "name-case")
        if self.text != before and len(self.raw) > 5 and (is_upper or self.raw.islower()):
            self.issues.append(Issue(code="name.one_case", field_name="name", value=self.raw))

    def _finished(self) -> CleanName:
        name = self.text if _WORD.search(self.text) else None
        self.issues.extend(_length_issues(name))
        self.issues.extend(_two_places(self.raw, self.vocabularies, self.is_police))
        words = normalised(name or "").split()
        kind = kind_in_words(words, self.vocabularies)
        if kind is None and self.qualifiers:
            kind = kind_in_words(normalised(" ".join(self.qualifiers)).split(), self.vocabularies)
        before = self.found.redacted or self.raw
        changes = (FieldChange(field_name="name", before=before, after=name, stage=_STAGE, rule=",".join(self.rules)),) if self.rules and before != name else ()
        return CleanName(
            name=name[:LONGEST_NAME].rstrip() if name else None,
            aliases=(self.raw,) if name and self.raw and self.raw != name else (),
            qualifiers=tuple(dict.fromkeys(self.qualifiers)),
            facility_type=kind.code if kind else self.officer_of,
            is_of_officer=self.is_of_officer,
            keph_level=None if self.is_plain else _level(self.raw),
            contacts=self.contacts,
            changes=changes,
            issues=tuple(self.issues),
        )


def _unquoted(raw: str) -> str:
    """A name without the single quotes in which databases write a text (`'Mombasa''s main hospital'`)."""
    return raw[1:-1].replace("''", "'").strip() or raw if len(raw) > 2 and raw[-1] == "'" else raw


_OFFICER_BEGINS = frozenset("OoDdSsCcIiVv")
_OFFICER_OF = re.compile(
    r"(?:(?P<station>ocs|o\.c\.s\.?|officer commanding(?: police)? station)|(?P<charge>i/c|in[- ]charge|oic|officer in charge)"
    r"|(?:ocpd|scpc|dcio|sccio|ccio|(?:sub[ -])?county (?:police )?commander|deputy ocs|ch[vpw]|village elder(?:[\s:,–-]+(?:bi|bw|mr|mrs|ms|mzee|mama)\b\.?)?))[\s:,–-]+(?!(?:office|desk|line|phone|tel|mobile|contact|unit|programme|program|project|group)s?\b)(?=[^\W\d_]{3})", re.IGNORECASE
)
"""Who leads a place, before its name, and who is called in a village, before her own."""
_SHORT_CODE = re.compile(r"(?<![\w.,-])\d{3,4}(?![\w,-]|\.\d)")
_THREE_DIGITS = re.compile(r"\d(?<!\d\d)\d{2,3}(?!\d)")
_BEHIND_A_COLON = re.compile(r"[^\W\d_]\s?(?::|\s[–-])\s*\d{3,4}\W*$")
"""A number that all the words before it are the name of: `Healthcare Assistance Kenya: 1195`."""
_DIVIDERS_LEFT = re.compile(r"\s[/,;:&|-]+(?=\s{2,}|\s*$)|\(\s*\)")
"""What stood between short codes that were taken out of a name: `Police 999 / 112`."""
_SHARED_LETTERS = 4
"""Letters with which a word of a name and one of what a short code is known as begin alike (`Childline`, `Child Helpline`)."""


_BEHIND_A_CAPITAL, _SMALL_L_BEGINS = re.compile(r"[A-Z][0l1]"), re.compile(r"l(?<=\bl)[A-Z]{2}")
_CAPITALS = re.compile(r"\b(?=(?:[0l1]*[A-Z]){3})[A-Z0l1]{4,}\b")
"""A word in capitals with nothing else in it but the figures and small letters that stand for some of them in scans."""
_MISREAD_O, _MISREAD_1 = re.compile(r"(?<=[A-Z])0(?=[A-Zl1])"), re.compile(r"(?<=[A-Z])1(?=[A-Z])")


@lru_cache(maxsize=1_024)
def _as_it_was(word: str) -> str:
    """A word of capitals with the letters that figures stand for. A small l is an I that was misread or an L that was mistyped: which one is known by the word it makes,
    and it stays where neither is a place or a word for one."""
    word = _MISREAD_1.sub("I", _MISREAD_O.sub("O", word))
    if "l" not in word:
        return word
    return next((made for made in (word.replace("l", "L"), word.replace("l", "I")) if _is_known_word(made.casefold())), word)


def _is_known_word(word: str) -> bool:
    gazetteer = load_gazetteer()
    return word in kind_words() or bool(gazetteer.anything(word) or gazetteer.find_town(word) or gazetteer.counties_named(word))


def _are_called(codes: Sequence[str], text: str, vocabularies: Vocabularies) -> bool:
    """Whether short codes in a name are numbers to call: it names a hotline, or those who answer them, holds several, or ends with one behind a colon."""
    words = normalised(text).split()
    kind = kind_in_words(words, vocabularies)
    if len(set(codes)) > 1 or (kind is not None and kind.code == "hotline") or _BEHIND_A_COLON.search(text) is not None:
        return True
    known = {word[:_SHARED_LETTERS] for word in normalised(vocabularies.short_codes[codes[0]]).split()} - {"keny", "nati", "line"}
    return any(len(word) >= _SHARED_LETTERS and word[:_SHARED_LETTERS] in known for word in words)


def _level(text: str) -> str | None:
    level = stated_level(text) if "evel" in text or "EVEL" in text or _LETTER_LEVEL.search(text) else None
    return None if level == "1" else level


def _length_issues(name: str | None) -> Iterator[Issue]:
    if name and not (len(name) >= SHORTEST_NAME and name[:SHORTEST_NAME].isalpha()) and _LONG_ENOUGH.search(name) is None:
        yield Issue(code="name.too_short", field_name="name", value=name)
    if name and len(name) > LONGEST_NAME:
        yield Issue(code="name.too_long", field_name="name", value=name[:80] + "…", detail={"length": len(name), "longest": LONGEST_NAME})


def _spaced(text: str) -> str:
    """Spaces after commas and full stops that join words (`ST.TERESA`), none before them."""
    if "," in text or ";" in text:
        text = _JOINED_COMMA.sub(r"\1 ", text)
    return _JOINED_STOP.sub(". ", text) if "." in text else text


def _expanded(text: str, vocabularies: Vocabularies, is_police: bool) -> str:
    """The text with its abbreviations written out."""
    words = text.split()
    bare, known = list(map(_bare, words)), vocabularies.abbreviations
    if known.keys().isdisjoint(bare):
        return " ".join(words)
    out: list[str] = []
    position = 0
    while position < len(words):
        entry = _abbreviation_at(words, bare, position, vocabularies, is_police) if bare[position] in known else None
        tail = "," if words[position].endswith(",") else ""
        out.append(entry.expansion + tail if entry else words[position])
        position += len(entry.words) if entry else 1
    return " ".join(out)


def _bare(word: str) -> str:
    return word.casefold().strip(".,;:")


def _abbreviation_at(words: Sequence[str], bare: Sequence[str], position: int, vocabularies: Vocabularies, is_police: bool) -> Abbreviation | None:
    for entry in vocabularies.abbreviations[bare[position]]:
        end = position + len(entry.words)
        if tuple(bare[position:end]) == entry.words and _fits(entry, words, position, end, vocabularies, is_police):
            return entry
    return None


def _fits(entry: Abbreviation, words: Sequence[str], start: int, end: int, vocabularies: Vocabularies, is_police: bool) -> bool:
    if entry.position == "start":  # St at the end of a name is Street
        return end < len(words) and (start == 0 or _bare(words[start - 1]) in vocabularies.acronyms or words[start].endswith("."))
    if entry.position == "end":
        return end == len(words) and start > 0
    if entry.position == "police":
        return is_police and start > 0
    if entry.position == "before_type":
        return end < len(words) and kind_in_words(tuple(normalised(" ".join(words[end : end + 2])).split()), vocabularies) is not None
    return True


@lru_cache(maxsize=16_384)
def _spelt(word: str, vocabularies: Vocabularies) -> str:
    """A misspelt word put right: one of the table, or one near a kind word (`Dispensry`)."""
    plain = word.casefold()
    if right := vocabularies.misspellings.get(plain):
        return right.upper() if word.isupper() else right
    if len(plain) < 7 or plain in OFTEN_MISSPELT or plain in _NOT_MISSPELT or not plain.isalpha():
        return word
    best = process.extractOne(plain, OFTEN_MISSPELT, scorer=fuzz.ratio, score_cutoff=MISSPELLING)
    if best is None or plain[0] != best[0][0]:
        return word
    return best[0].upper() if word.isupper() else best[0].title()


def _cased(text: str, vocabularies: Vocabularies, *, keep: bool) -> str:
    """Title case that keeps acronyms; with `keep`, words of mixed case or few capitals stay as written."""
    first, *others = text.split() or ("",)
    return " ".join([_cased_word(first, True, vocabularies, keep), *[word if word.isdigit() else _cased_word(word, False, vocabularies, keep) for word in others]])


_JOINTS = re.compile(r"([-/&.])")


@lru_cache(maxsize=16_384)
def _cased_word(word: str, is_first: bool, vocabularies: Vocabularies, keep: bool) -> str:
    plain = word.casefold().strip(".,;:'\"()")
    if (plain in _SMALL_WORDS or (keep and word == "a")) and not is_first:
        return word.casefold()
    if word.isalpha() and word.istitle() and plain not in vocabularies.acronyms:
        return word
    parts = _JOINTS.split(word)
    return "".join(_cased_part(part, vocabularies, keep) for part in parts)


def _cased_part(part: str, vocabularies: Vocabularies, keep: bool) -> str:
    plain = part.casefold().strip(",;:'\"()")
    if plain in vocabularies.acronyms:
        return part if keep and _has_small_letters_within(part) else part.upper()
    if any(map(str.isdigit, part)):
        return _with_digits(part)
    if plain.endswith("'s") and plain[:-2] in vocabularies.acronyms:
        return f"{part[:-2].upper()}'s"
    if part.isupper() and len(plain) > 1 and _is_acronym(plain, keep, vocabularies):
        return part
    if keep and not part.isupper() and not part.islower() and not _is_slip(part):
        return part
    return _capitalised(part.lower())


def _capitalised(part: str) -> str:
    """The first letter as a capital, behind whatever sign stands before it (`'a'`, `"example`)."""
    first = next((index for index, sign in enumerate(part) if sign.isalpha()), 0)
    return part[:first] + part[first : first + 1].upper() + part[first + 1 :]


def _with_digits(part: str) -> str:
    if part.isupper() and part[-2:] in _ORDINALS and part[:-2].isdigit():
        return part.lower()
    return part if not part.islower() else part[:1].upper() + part[1:]


_ORDINALS = frozenset({"ST", "ND", "RD", "TH"})
"""What stands behind the digits of an ordinal (`5TH`)."""


def _has_small_letters_within(part: str) -> bool:
    """An acronym as its bearers write it (`UoN`), not a word that begins with a capital."""
    return part[:1].isupper() and part[-1:].isupper() and not part.isupper()


def _is_slip(part: str) -> bool:
    """Capitals slipped at the start or end of a word (`RHamu`, `MEDICAl`), not a name with capitals inside (`MediHealth`)."""
    return (part[:2].isupper() and part[2:].islower() and len(part) > 3) or (part[:-1].isupper() and len(part) > 3)


def _is_acronym(plain: str, keep: bool, vocabularies: Vocabularies) -> bool:
    """In a name of mixed case a short word in capitals is one; in a name all in capitals only a word without vowels."""
    if not plain.isalpha() or plain in ("st", "mt", "dr", "rd", "mr", "mrs", "prof", "fr", "sr", "ltd"):
        return False
    if not set(plain) & set("aeiouy"):
        return True
    return keep and len(plain) <= 5 and (plain,) not in vocabularies.name_phrases and plain not in _COMMON_WORDS


_COMMON_WORDS = frozenset({"home", "care", "post", "camp", "and", "the", "for", "unit", "desk", "base", "town", "gk", "of", "kwa", "saint", "house", "medic", "hope", "aid", "eye"})


def _two_places(text: str, vocabularies: Vocabularies, is_police: bool) -> Iterator[Issue]:
    """`BARTABWA,KAPTURO`: several bare place names in one cell, with a kind for all of them or none, or several whole places with their kinds."""
    if not _DIVIDERS.intersection(text):
        return
    kind = ""
    parts = [part for part in _LIST_SPLIT.split(text) if any(map(str.isalpha, part))]
    if not 2 <= len(parts) <= MOST_PLACES or not _are_whole_places(parts, vocabularies, fewest=2):
        names, kind = _without_common_kind(_BRACKETS.sub(" ", text), vocabularies)
        parts = [part for part in (_names_divided(names) if is_police or kind else _PLACE_SPLIT.split(names)) if part]
        if not 2 <= len(parts) <= MOST_PLACES or not (_are_bare_places(names, parts, vocabularies, is_police) or (len(parts) < 5 and _are_whole_places(parts, vocabularies))):
            return
    first = _cased(parts[0].strip(_STRAY_ENDS), vocabularies, keep=not text.isupper()) + kind
    suggestion = Suggestion(
        values={"name": first}, shown=first, confidence=0.5, reason=f"{len(parts)} names stand in one cell; the first one keeps this row, the others need rows of their own."
    )
    yield Issue(code="name.two_places", field_name="name", value=text, detail={"parts": len(parts)}, suggestion=suggestion)


def _names_divided(text: str) -> list[str]:
    """The names that commas and slashes divide; behind a comma, `and` too (`Bartabwa, Kapturo & Kinyach`)."""
    *before, last = _PLACE_SPLIT.split(text)
    return [*before, *(_AND_LAST.split(last, maxsplit=1) if before and "," in text else [last])]


def _without_common_kind(text: str, vocabularies: Vocabularies) -> tuple[str, str]:
    """A list of names without the word for what they all are (`Bartabwa, Kapturo and Kinyach Police Posts`), and that word for one of them."""
    words = text.split()
    kind = kind_in_words(normalised(text).split(), vocabularies) if words and words[-1][-1:] in "sS" and "," in text else None
    if kind is None or kind.end != len(normalised(text).split()) or kind.end - kind.start >= len(words):
        return text, ""
    return " ".join(words[: len(words) - (kind.end - kind.start)]), f" {vocabularies.facility_types.label(kind.code)}"


def _are_bare_places(text: str, parts: Sequence[str], vocabularies: Vocabularies, is_police: bool) -> bool:
    """Only a comma divides bare places; `Shimanzi/Ganjoni` is one ward. In lists of police posts slashes between three or more do too."""
    if ("," not in text and not (is_police and len(parts) > 2)) or kind_in_words(normalised(text).split(), vocabularies) is not None:
        return False
    most_words = 3 if is_police else 2
    return all(1 <= len(part.split()) <= most_words and part.replace(" ", "").replace("'", "").isalpha() and len(part) >= SHORTEST_NAME for part in parts)


def _are_whole_places(parts: Sequence[str], vocabularies: Vocabularies, fewest: int = 3) -> bool:
    """Each part has its own place word before its kind word, and `fewest` words (`Kwale Police Station / Ukunda Police Post`)."""
    found = [(normalised(part).split(), part) for part in parts]
    kinds = [kind_in_words(words, vocabularies) for words, _ in found]
    return all(kind is not None and kind.start > 0 and len(words) >= fewest for kind, (words, _) in zip(kinds, found, strict=True))
