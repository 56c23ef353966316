"""Names taken apart: what is distinctive, what only says the kind, what numbers and directions tell namesakes apart."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from rapidfuzz.distance import OSA
from rapidfuzz.process import extractOne

from gvrc.errors import ReferenceDataError
from gvrc.matching.arrays import BoolArray, FingerprintArray, IntArray, LongArray, SmallFloatArray, TextArray, fingerprints, numbers_of

WORDS_FILE = Path(__file__).parent / "data" / "name_words.csv"
LONGEST_NAME = 300
"""Characters of a name that are compared; a longer "name" is a paragraph in the wrong column."""
WORDS_COMPARED = 6
"""Distinctive words compared one by one per record: the rarest."""
BEGINNING = 3
"""Letters with which a word begins."""
COMMON_WORD_FACTOR = 0.35
"""Saints, churches and sponsors recur everywhere: their words tell little, measured on the two national health lists."""
PRIOR_RECORDS = 2000.0
"""The size of the imagined list behind the observed one, so that a word is rare only by evidence; a word's weight stays sane in a list of twelve."""

SHORTEST_SLIP, LONG_SLIP = 6, 10
"""Letters of a word from which one slip, and from which two, still leave a word for a kind of place recognisable."""

COMPARED_WHOLE = ("full", "core", "whole", "folded", "kind_text", "markers", "sponsors", "qualifiers")
"""Columns of which only equality is asked again and again."""

_APART = np.uint64(0x9E3779B97F4A7C15)
"""Keeps the fingerprints of the parts of a name from adding up to those of another."""
_SEPARATORS = str.maketrans(dict.fromkeys('-_,;:+*#"!?|\\<>=[]{}\t\r\n\xa0–—’‘`�', " ") | {"'": "", "&": " "})
_JOINED_BY_SLASH = re.compile(r"[a-z0-9]+(?:/[a-z0-9]+)+")
_INITIALS = re.compile(r"\b(?:[a-z]\.){2,}")
_BRACKETS = re.compile(r"\(([^()]*)\)")
_NOT_WORD = re.compile(r"[^a-z0-9 ]+")
_NO_VOWELS = str.maketrans("", "", "aeiou")
_DOUBLED = re.compile(r"(.)\1+")
_FOLDS = (("ph", "f"), ("ck", "k"), ("q", "k"), ("y", "i"), ("w", "u"), ("c", "k"), ("z", "s"), ("th", "t"), ("gh", "g"), ("kh", "k"), ("ou", "u"), ("l", "r"))


@dataclass(frozen=True, slots=True)
class WordRoles:
    """What words of a name do: `kind` says dispensary or station, `common` recurs, `filler` says nothing, `marker` tells namesakes apart,
    `sponsor` is a church or programme behind a place, `short` an abbreviation. `sponsors` has the one name of each sponsor, by its words."""

    role: dict[str, str]
    stands_for: dict[str, tuple[str, ...]]
    sponsors: dict[str, str]


@dataclass(frozen=True, slots=True)
class NameParts:
    """One name: `core` its distinctive words in order, `qualifier` the words in brackets, `markers` numbers, letters and directions."""

    words: tuple[str, ...]
    core: tuple[str, ...]
    qualifier: tuple[str, ...]
    markers: tuple[str, ...]
    kind_words: tuple[str, ...]
    sponsors: tuple[str, ...]
    is_generic: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardNames:
    """Names in comparable form, one row per record.

    `full` and `core` hold the sorted words, `whole` those of core and brackets together, `joined` the core without spaces in its own order, `folded` the core as it sounds, `consonants` that without its vowels, `kind_text` the kind words;
    `has_several_words` marks cores of more than one; `word_ids` (rows x WORDS_COMPARED, -1 for none) the rarest core and qualifier words with `word_weights`; `is_qualifier` marks those
    from the brackets; `vocabulary` the words by number, `beginnings` the code points of the first BEGINNING letters of each, 0 where it ends. `same` numbers the texts of a column (COMPARED_WHOLE): equal numbers, equal texts; -1 is no text; its `run_together`
    numbers the cores as they sound in their own order (`Homa Bay`, `Homabay`).
    `fingerprints` are numbers made from the names alone, the same in every list and run.
    """

    full: TextArray
    core: TextArray
    whole: TextArray
    joined: TextArray
    folded: TextArray
    consonants: TextArray
    kind_text: TextArray
    markers: TextArray
    sponsors: TextArray
    qualifiers: TextArray
    is_generic: BoolArray
    has_several_words: BoolArray
    same: Mapping[str, IntArray]
    fingerprints: FingerprintArray
    word_ids: IntArray
    word_weights: SmallFloatArray
    is_qualifier: BoolArray
    vocabulary: list[str]
    beginnings: LongArray


@cache
def word_roles() -> WordRoles:
    """The roles of words, from the shipped table. Raises ReferenceDataError when it is missing."""
    try:
        with WORDS_FILE.open(encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle))
    except OSError as error:
        raise ReferenceDataError(f"The word table {WORDS_FILE.name} cannot be read.", "Install the package again.") from error
    stands_for = {row["word"]: tuple(row["stands_for"].split()) for row in rows if row["stands_for"]}
    return WordRoles(
        role={row["word"]: row["role"] for row in rows},
        stands_for=stands_for,
        sponsors={row["word"]: stands_for.get(row["word"], (row["word"],))[0] for row in rows if row["role"] == "sponsor"},
    )


def plain(text: str) -> str:
    """Lower case letters and digits, single spaces; accents and apostrophes gone, initials joined (`A.I.C.` is `aic`), slashes kept inside words."""
    text = text[:LONGEST_NAME].lower()
    if not text.isascii():
        text = "".join(letter for letter in unicodedata.normalize("NFKD", text.replace("\u2019", "'")) if not unicodedata.combining(letter)).lower()
    text = text.translate(_SEPARATORS)
    if "." in text:
        text = _INITIALS.sub(lambda found: found.group().replace(".", "") + " ", text).replace(".", " ")
    return text


def split_words(text: str) -> list[str]:
    """The words of a plain text, abbreviations written out (`H/C` is `health centre`)."""
    roles = word_roles()
    if "/" in text:
        text = _JOINED_BY_SLASH.sub(lambda found: _slashed(found.group(), roles), text)
    words: list[str] = []
    for word in text.split():
        if not word.isalnum() or not word.isascii():
            words += _NOT_WORD.sub(" ", word).split()
        elif roles.role.get(word) == "short":
            words += roles.stands_for[word]
        else:
            words.append(word)
    return words


@lru_cache(maxsize=16_384)
def kind_word(word: str) -> str:
    """The long word for a kind of place that this word is a slip of (`Healht`, `Statiin`, `Dispensery`); the word itself when it is none."""
    if len(word) < SHORTEST_SLIP or word in word_roles().role:
        return word
    found = extractOne(word, _long_kind_words(), scorer=OSA.distance, score_cutoff=1 if len(word) < LONG_SLIP else 2)
    return word if found is None or found[0][0] != word[0] else found[0]


@cache
def _long_kind_words() -> tuple[str, ...]:
    return tuple(word for word, role in word_roles().role.items() if role == "kind" and len(word) >= SHORTEST_SLIP)


def _slashed(text: str, roles: WordRoles) -> str:
    return " ".join(roles.stands_for[text]) if text in roles.stands_for else text.replace("/", " ")


def take_apart(name: str, qualifiers: Sequence[str] = ()) -> NameParts:
    """The parts of one name. `qualifiers` are bracketed parts that the cleaning took out of it."""
    text = plain(name)
    bracketed = " ".join(plain(qualifier) for qualifier in qualifiers)
    if "(" in text:
        bracketed += " " + " ".join(_BRACKETS.findall(text))
        text = _BRACKETS.sub(" ", text)
    words = [kind_word(word) for word in split_words(text)]
    roles = word_roles()
    core, markers, kind_words = _sorted_out(words, roles)
    qualifier = _telling(split_words(bracketed), roles) if bracketed else []
    is_generic = not core
    if is_generic:
        core, qualifier = (qualifier, []) if qualifier else (words, [])
    qualifier = [word for word in qualifier if word not in core]
    return NameParts(tuple(words), tuple(core), tuple(qualifier), tuple(markers), tuple(kind_words), _sponsors([*words, *qualifier] if qualifier else words, roles), is_generic)


def _telling(words: list[str], roles: WordRoles) -> list[str]:
    """The words in brackets that say more than the kind of place."""
    return [word for position, word in enumerate(words) if roles.role.get(word) not in ("kind", "filler") and not _is_level(words, position)]


def _sponsors(words: Sequence[str], roles: WordRoles) -> tuple[str, ...]:
    """Churches and programmes behind a place (`ACK`, `AIC`), each under one name."""
    found = [roles.sponsors[word] for word in words if word in roles.sponsors]
    return tuple(sorted(set(found))) if found else ()


def _sorted_out(words: list[str], roles: WordRoles) -> tuple[list[str], list[str], list[str]]:
    core: list[str] = []
    markers: list[str] = []
    kind_words: list[str] = []
    has_levels = "level" in words
    for position, word in enumerate(words):
        role = roles.role.get(word)
        if role == "kind" or (has_levels and _is_level(words, position)):
            kind_words.append(word)
        elif role == "marker" and position:
            markers.append(roles.stands_for[word][0])
        elif (word == "a" and position and (position + 1 == len(words) or roles.role.get(words[position + 1]) == "kind")) or word.isdigit():
            markers.append(word)
        elif role != "filler":
            core.append(word)
    return core, markers, kind_words


def _is_level(words: Sequence[str], position: int) -> bool:
    """Whether a number says the level of a hospital (`Level IV`), which changes over the years, and not which of several namesakes it is."""
    return position > 0 and words[position - 1] == "level" and word_roles().role.get(words[position]) == "marker"


def folded(text: str) -> str:
    """A word as it sounds: spelling variants of one name (`Khumusalaba`, `Kumusaraba`) become equal."""
    for before, after in _FOLDS:
        if before in text:
            text = text.replace(before, after)
    return _DOUBLED.sub(r"\1", text)


def standardise(names: Sequence[str], qualifiers: Sequence[Sequence[str]]) -> StandardNames:
    """All names in comparable form. Equal names are taken apart once."""
    known: dict[tuple[str, tuple[str, ...]], NameParts] = {}
    parts: list[NameParts] = []
    for name, brackets in zip(names, qualifiers, strict=True):
        key = (name, tuple(brackets))
        found = known.get(key)
        if found is None:
            found = known[key] = take_apart(name, brackets)
        parts.append(found)
    return _as_columns(parts)


def _as_columns(parts: list[NameParts]) -> StandardNames:
    ids, weights, bracketed, vocabulary = _weighed_words(parts)
    cores = [" ".join(sorted(part.core)) for part in parts]
    sounds = _folded_all(cores)
    texts = {
        "full": [" ".join(sorted(part.words)) for part in parts],
        "core": cores,
        "whole": [" ".join(sorted({*part.core, *part.qualifier})) if part.qualifier else core for part, core in zip(parts, cores, strict=True)],
        "joined": ["".join(part.core) for part in parts],
        "folded": sounds,
        "consonants": [sound.translate(_NO_VOWELS) for sound in sounds],
        "kind_text": [" ".join(sorted(part.kind_words)) for part in parts],
        "markers": [" ".join(sorted(set(part.markers))) if part.markers else "" for part in parts],
        "sponsors": [" ".join(part.sponsors) for part in parts],
        "qualifiers": [" ".join(sorted(part.qualifier)) if part.qualifier else "" for part in parts],
    }
    columns = {name: _column(values) for name, values in texts.items()}
    compared = {name: columns[name] for name in COMPARED_WHOLE} | {"run_together": _column(_folded_all(texts["joined"]))}
    return StandardNames(
        **columns,
        is_generic=np.array([part.is_generic for part in parts], dtype=np.bool_),
        has_several_words=np.array([len(part.core) > 1 for part in parts], dtype=np.bool_),
        same={name: numbers_of(column)[0] for name, column in compared.items()},
        fingerprints=fingerprints(columns["full"]) + fingerprints(columns["qualifiers"]) * _APART,
        word_ids=ids,
        word_weights=weights,
        is_qualifier=bracketed,
        vocabulary=vocabulary,
        beginnings=np.array(vocabulary, dtype=f"U{BEGINNING}").view(np.uint32).reshape(-1, BEGINNING).astype(np.int64),
    )


def _column(values: list[str]) -> TextArray:
    out: TextArray = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def _folded_all(cores: list[str]) -> list[str]:
    known = {core: folded(core.replace(" ", "")) for core in set(cores)}
    return [known[core] for core in cores]


def _weighed_words(parts: list[NameParts]) -> tuple[IntArray, SmallFloatArray, BoolArray, list[str]]:
    """The rarest words of each name with their weights: the logarithm of how few records carry the word, scaled to at most 1."""
    numbers: dict[str, int] = {}
    rows = np.fromiter((len(part.core) + len(part.qualifier) for part in parts), dtype=np.int64, count=len(parts))
    flat = np.fromiter(
        (numbers.setdefault(word, len(numbers)) for part in parts for words in (part.core, part.qualifier) for word in words),
        dtype=np.int64, count=int(rows.sum()),
    )
    in_brackets = np.fromiter(
        (is_qualifier for part in parts for is_qualifier in [False] * len(part.core) + [True] * len(part.qualifier)),
        dtype=np.bool_, count=len(flat),
    )
    vocabulary = "\n".join(numbers).split("\n") if numbers else []  # written anew, one beside the other: they are read by number again and again
    word_weight = _word_weights(flat, vocabulary, len(parts))
    ids, bracketed = _widest(flat, in_brackets, rows, word_weight, _alphabetical(vocabulary))
    return ids, np.where(ids >= 0, word_weight[np.maximum(ids, 0)] if vocabulary else 0.0, 0.0).astype(np.float32), bracketed, vocabulary


def _word_weights(flat: LongArray, vocabulary: list[str], records: int) -> SmallFloatArray:
    counts = np.bincount(flat, minlength=len(vocabulary)).astype(np.float64)
    roles = word_roles().role
    factor = np.array([COMMON_WORD_FACTOR if roles.get(word) in ("common", "kind", "filler", "sponsor") else 1.0 for word in vocabulary])
    rarity = np.log((records + PRIOR_RECORDS) / (counts + 1.0)) / np.log(records + PRIOR_RECORDS)
    weights: SmallFloatArray = (rarity * factor).astype(np.float32)
    return weights


def _alphabetical(vocabulary: list[str]) -> IntArray:
    """The place of each word in the alphabet: what breaks ties must not be the order of the records."""
    place = np.empty(len(vocabulary), dtype=np.int32)
    place[sorted(range(len(vocabulary)), key=vocabulary.__getitem__)] = np.arange(len(vocabulary), dtype=np.int32)
    return place


def _widest(
    flat: LongArray, in_brackets: BoolArray, lengths: LongArray, weight: SmallFloatArray, place: IntArray
) -> tuple[IntArray, BoolArray]:
    """Word numbers as a table of WORDS_COMPARED columns, heaviest first, of equal weight by their `place` in the alphabet; a word repeated within a name counts once."""
    ids = np.full((len(lengths), WORDS_COMPARED), -1, dtype=np.int32)
    bracketed = np.zeros(ids.shape, dtype=np.bool_)
    if len(flat) == 0:
        return ids, bracketed
    row = np.repeat(np.arange(len(lengths)), lengths)
    order = np.lexsort((in_brackets, place[flat], -weight[flat], row))
    row, words, marks = row[order], flat[order], in_brackets[order]
    first = np.r_[True, (row[1:] != row[:-1]) | (words[1:] != words[:-1])]
    row, words, marks = row[first], words[first], marks[first]
    column = np.arange(len(row)) - np.searchsorted(row, row)
    kept = column < WORDS_COMPARED
    ids[row[kept], column[kept]] = words[kept]
    bracketed[row[kept], column[kept]] = marks[kept]
    return ids, bracketed
