"""The names of many records in comparable form, as columns.

What is done word by word (`gvrc.matching.names`) is done once for each word that occurs; where a word stands in its name, and what it does there, is then
found for all names at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from gvrc.matching.arrays import (
    BoolArray,
    FingerprintArray,
    IntArray,
    LongArray,
    Numbers,
    SmallFloatArray,
    TextArray,
    fingerprints,
    numbers_of,
    ranks_within,
    texts,
)
from gvrc.matching.names import (
    SEPARATORS,
    SHORTEST_SLIP,
    all_folded,
    is_simple,
    kind_word,
    main_and_bracketed,
    split_words,
    telling,
    without_vowels,
    word_roles,
)

WORDS_COMPARED = 6
"""Distinctive words compared one by one per record: the rarest."""
BEGINNING = 3
"""Letters with which a word begins."""
COMMON_WORD_FACTOR = 0.35
"""Saints, churches and sponsors recur everywhere: their words tell little, measured on the two national health lists."""
PRIOR_RECORDS = 2000.0
"""The size of the imagined list behind the observed one, so that a word is rare only by evidence; a word's weight stays sane in a list of twelve."""
COMPARED_WHOLE = ("full", "core", "whole", "folded", "kind_text", "markers", "sponsors", "qualifiers")
"""Columns of which only equality is asked again and again."""
AT_ONCE = 50_000
"""Names that are split into words together: the words of a million, as texts of their own, would take some hundred megabytes."""

_APART = np.uint64(0x9E3779B97F4A7C15)
"""Keeps the fingerprints of the parts of a name from adding up to those of another."""
_END = "\0"
"""Ends a name where many stand in one text; no word contains it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardNames:
    """Names in comparable form, one row per record.

    `full` and `core` hold the sorted words (`core` the distinctive ones), `whole` those of core and brackets together, `joined` the core without spaces in
    its own order, `folded` the core as it sounds, `consonants` that without its vowels, `kind_text` the kind words, `markers` numbers, letters and
    directions, `qualifiers` the words in brackets; `is_generic` marks names of kind words alone, whose core is all of them, or their brackets;
    `has_several_words` marks cores of more than one; `word_ids` (rows x WORDS_COMPARED, -1 for none) the rarest core and qualifier words with
    `word_weights`; `is_qualifier` marks those from the brackets; `vocabulary` the words by number, `beginnings` the code points of the first BEGINNING
    letters of each, 0 where it ends. `same` numbers the texts of a column (COMPARED_WHOLE): equal numbers, equal texts; -1 is no text; its `run_together`
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """Words of many names: the row of each, in ascending order, and its number; the words of a row in the order of the name."""

    rows: LongArray
    numbers: LongArray

    def __len__(self) -> int:
        return len(self.rows)

    def where(self, kept: BoolArray) -> _Words:
        return _Words(rows=self.rows[kept], numbers=self.numbers[kept])

    def standing_for(self, other: LongArray) -> _Words:
        """Other words in their places; -1 stands for none."""
        found = other[self.numbers]
        return _Words(rows=self.rows, numbers=found).where(found >= 0)

    def and_those(self, others: _Words) -> _Words:
        rows = np.r_[self.rows, others.rows]
        order = np.argsort(rows, kind="stable")
        return _Words(rows=rows[order], numbers=np.r_[self.numbers, others.numbers][order])

    def in_order(self, *, each_once: bool = False) -> _Words:
        """The words of each row by number, which is their order in the alphabet."""
        width = int(self.numbers.max(initial=0)) + 1
        keys = np.sort(self.rows * width + self.numbers)
        if each_once and len(keys):
            keys = keys[np.r_[True, keys[1:] != keys[:-1]]]
        return _Words(rows=keys // width, numbers=keys % width)

    def begins(self) -> BoolArray:
        """Which word is the first of its row."""
        return np.r_[True, self.rows[1:] != self.rows[:-1]] if len(self) else np.empty(0, dtype=np.bool_)

    def counts(self, count: int) -> LongArray:
        """How many words each of `count` rows has."""
        return np.bincount(self.rows, minlength=count)


@dataclass(frozen=True, kw_only=True)
class _Taken:
    """Names taken apart: the words they consist of, by their place in the alphabet (`vocabulary`), and what each of them does."""

    count: int
    vocabulary: list[str]
    words: _Words
    core: _Words
    qualifier: _Words
    markers: _Words
    kind_words: _Words
    sponsors: _Words
    is_generic: BoolArray

    def texts(self, words: _Words, *, is_apart: bool = True) -> list[str]:
        """The words of each row as one text, apart or run together."""
        if not len(words):
            return [""] * self.count
        size = len(self.vocabulary)
        at = np.full(len(words) + self.count, 2 * size)
        at[np.arange(len(words)) + words.rows] = words.numbers + size * (is_apart & ~words.begins())
        return "".join(map(self._spelled.__getitem__, at.tolist())).split(_END)[:-1]

    @cached_property
    def _spelled(self) -> list[str]:
        """Every word as it begins a text, then as it follows another, and the end of a text."""
        return [*self.vocabulary, *(" " + word for word in self.vocabulary), _END]


def standardise(names: Sequence[str], qualifiers: Sequence[Sequence[str]]) -> StandardNames:
    """All names in comparable form. `qualifiers` are bracketed parts that the cleaning took out of each."""
    return _as_columns(_taken_apart(names, qualifiers))


# ------------------------------------------------------------------------------------------------------------------------ words


@dataclass(frozen=True, slots=True)
class _Split:
    """Names as they are split: the pieces between their spaces by number, the row of each, and what stood in brackets, by row."""

    pieces: Numbers = field(default_factory=Numbers)
    rows: list[LongArray] = field(default_factory=list)
    numbers: list[LongArray] = field(default_factory=list)
    bracketed: dict[int, str] = field(default_factory=dict)

    def add(self, start: int, names: Sequence[str], qualifiers: Sequence[Sequence[str]]) -> None:
        """The names of the rows from `start` on."""
        simple = np.fromiter((not brackets and is_simple(name) for name, brackets in zip(names, qualifiers, strict=True)), dtype=np.bool_, count=len(names))
        at = np.flatnonzero(simple)
        self._note(start + at, _END.join([names[row] for row in at.tolist()]).lower().translate(_KEEPING_ENDS))
        others = np.flatnonzero(~simple)
        texts = []
        for row in others.tolist():
            main, brackets = main_and_bracketed(names[row], qualifiers[row])
            texts.append(main)
            if brackets:
                self.bracketed[start + row] = brackets
        self._note(start + others, _END.join(texts))

    def _note(self, rows: LongArray, text: str) -> None:
        """The names of these rows, an end between them."""
        pieces = text.replace(_END, f" {_END} ").split()
        found = np.fromiter(map(self.pieces.__getitem__, pieces), dtype=np.int64, count=len(pieces))
        is_end = found == self.pieces[_END]
        self.rows.append(rows[np.cumsum(is_end)[~is_end]])
        self.numbers.append(found[~is_end])

    def words(self) -> _Words:
        """The pieces of all names, row by row."""
        rows, numbers = np.concatenate(self.rows), np.concatenate(self.numbers)
        order = np.argsort(rows, kind="stable")
        return _Words(rows=rows[order], numbers=numbers[order])


_KEEPING_ENDS = {letter: instead for letter, instead in SEPARATORS.items() if letter != ord(_END)}


def _taken_apart(names: Sequence[str], qualifiers: Sequence[Sequence[str]]) -> _Taken:
    split = _Split()
    for start in range(0, max(len(names), 1), AT_ONCE):
        split.add(start, names[start : start + AT_ONCE], qualifiers[start : start + AT_ONCE])
    others = {piece: words for piece in split.pieces if (words := _other_words(piece)) is not None}
    brackets = {row: telling(split_words(text)) for row, text in split.bracketed.items()}
    vocabulary = sorted(split.pieces.keys() | {*_all(others.values()), *_all(brackets.values()), *_all(word_roles().stands_for.values()), *word_roles().sponsors.values()})
    numbers = {word: number for number, word in enumerate(vocabulary)}
    return _sorted_out(len(names), numbers, _written_words(split, others, numbers), _bracketed(brackets, numbers))


def _other_words(piece: str) -> list[str] | None:
    """The words that a piece stands for, where it does not stand for itself."""
    if len(piece) < SHORTEST_SLIP and piece.isalnum() and piece not in word_roles().role:
        return None if piece.isascii() else split_words(piece)
    words = [] if piece == _END else [kind_word(word) for word in split_words(piece)]
    return words if words != [piece] else None


def _all(lists: Iterable[Iterable[str]]) -> Iterator[str]:
    return (word for words in lists for word in words)


def _written_words(split: _Split, others: Mapping[str, Sequence[str]], numbers: Mapping[str, int]) -> _Words:
    """The words that the pieces stand for, by number: mostly themselves."""
    pieces = split.words()
    at = np.fromiter(map(numbers.__getitem__, split.pieces), dtype=np.int64, count=len(split.pieces))
    if others:
        pieces, at = _with_others(pieces, at, {split.pieces[piece]: [numbers[word] for word in words] for piece, words in others.items()})
    return _Words(rows=pieces.rows, numbers=at[pieces.numbers])


def _with_others(pieces: _Words, at: LongArray, others: Mapping[int, Sequence[int]]) -> tuple[_Words, LongArray]:
    """The same with what some pieces stand for, each of their words a piece of its own; and the words of all pieces."""
    times, starts = np.ones(len(at), dtype=np.int64), np.arange(len(at))
    every = at.tolist()
    for piece, words in others.items():
        times[piece], starts[piece] = len(words), len(every)
        every += words
    repeated = times[pieces.numbers]
    within = np.arange(int(repeated.sum())) - np.repeat(np.cumsum(repeated) - repeated, repeated)
    return _Words(rows=np.repeat(pieces.rows, repeated), numbers=np.repeat(starts[pieces.numbers], repeated) + within), np.array(every, dtype=np.int64)


def _bracketed(brackets: Mapping[int, Sequence[str]], numbers: Mapping[str, int]) -> _Words:
    rows = sorted(brackets)
    lengths = np.fromiter((len(brackets[row]) for row in rows), dtype=np.int64, count=len(rows))
    every = np.fromiter((numbers[word] for row in rows for word in brackets[row]), dtype=np.int64, count=int(lengths.sum()))
    return _Words(rows=np.repeat(np.array(rows, dtype=np.int64), lengths), numbers=every)


# ------------------------------------------------------------------------------------------------------------------------ what words do


@dataclass(frozen=True, slots=True)
class _Roles:
    """What each word of a vocabulary does wherever it stands; `stands_for` is the marker that a marker word stands for, `sponsor` the one name of a
    sponsor, -1 for other words."""

    is_kind: BoolArray
    is_marker: BoolArray
    is_filler: BoolArray
    is_number: BoolArray
    is_a: BoolArray
    is_the_word_level: BoolArray
    stands_for: LongArray
    sponsor: LongArray

    @classmethod
    def of(cls, vocabulary: Sequence[str], numbers: Mapping[str, int]) -> _Roles:
        roles = word_roles()

        def those(words: Iterable[str]) -> BoolArray:
            found = np.zeros(len(vocabulary), dtype=np.bool_)
            found[[numbers[word] for word in words if word in numbers]] = True
            return found

        def named(names: Mapping[str, str]) -> LongArray:
            found = np.full(len(vocabulary), -1, dtype=np.int64)
            known = [word for word in names if word in numbers]
            found[[numbers[word] for word in known]] = [numbers[names[word]] for word in known]
            return found

        by_role = {role: [word for word, its in roles.role.items() if its == role] for role in ("kind", "marker", "filler")}
        return cls(
            is_kind=those(by_role["kind"]), is_marker=those(by_role["marker"]), is_filler=those(by_role["filler"]), is_a=those(["a"]), is_the_word_level=those(["level"]),
            is_number=np.fromiter(map(str.isdigit, vocabulary), dtype=np.bool_, count=len(vocabulary)),
            stands_for=named({word: roles.stands_for[word][0] for word in by_role["marker"]}), sponsor=named(roles.sponsors),
        )  # fmt: skip


def _sorted_out(count: int, numbers: Mapping[str, int], words: _Words, brackets: _Words) -> _Taken:
    """What each word of each name does there: said by the word itself, by its place in the name, and by its neighbours."""
    vocabulary = list(numbers)
    roles = _Roles.of(vocabulary, numbers)
    is_kind, is_marking = _kinds_and_markers(words, roles)
    is_core = ~is_kind & ~is_marking & ~roles.is_filler[words.numbers]
    marking = words.where(is_marking)
    markers = _Words(rows=marking.rows, numbers=np.where(roles.is_marker[marking.numbers], roles.stands_for[marking.numbers], marking.numbers))
    is_generic = words.where(is_core).counts(count) == 0
    has_brackets = brackets.counts(count) > 0
    core = words.where(is_core | (is_generic & ~has_brackets)[words.rows]).and_those(brackets.where(is_generic[brackets.rows]))
    qualifier = brackets.where(~is_generic[brackets.rows])
    qualifier = qualifier.where(~_stands_among(qualifier, core, len(vocabulary)))
    return _Taken(
        count=count, vocabulary=vocabulary, words=words, core=core, qualifier=qualifier, markers=markers, kind_words=words.where(is_kind),
        sponsors=words.and_those(qualifier).standing_for(roles.sponsor), is_generic=is_generic,
    )


def _kinds_and_markers(words: _Words, roles: _Roles) -> tuple[BoolArray, BoolArray]:
    """Which words say the kind, and which tell namesakes apart. The number behind `Level` says the level of a hospital (`gvrc.matching.names.is_level`);
    a marker word does not begin a name; `a` marks one at its end or before its kind."""
    numbers, is_first = words.numbers, words.begins()
    after = np.r_[~is_first[1:], False][: len(words)]
    follows_level = ~is_first & np.r_[False, roles.is_the_word_level[numbers[:-1]]][: len(words)]
    is_kind = roles.is_kind[numbers] | (follows_level & roles.is_marker[numbers])
    goes_before_kind = np.r_[roles.is_kind[numbers[1:]], False][: len(words)]
    is_letter = roles.is_a[numbers] & ~is_first & (~after | goes_before_kind)
    is_marking = (roles.is_marker[numbers] & ~is_first) | is_letter | roles.is_number[numbers]
    return is_kind, ~is_kind & is_marking


def _stands_among(words: _Words, others: _Words, width: int) -> BoolArray:
    """Which words stand among the others of their row."""
    if not len(words) or not len(others):
        return np.zeros(len(words), dtype=np.bool_)
    found: BoolArray = np.isin(words.rows * width + words.numbers, others.rows * width + others.numbers)
    return found


# ------------------------------------------------------------------------------------------------------------------------ columns


def _as_columns(taken: _Taken) -> StandardNames:
    ids, weights, bracketed, vocabulary = _weighed_words(taken)
    cores = taken.texts(taken.core.in_order())
    sounds = all_folded(cores)
    said = {
        "full": taken.texts(taken.words.in_order()),
        "core": cores,
        "whole": _whole(taken, cores),
        "joined": taken.texts(taken.core, is_apart=False),
        "folded": sounds,
        "consonants": without_vowels(sounds),
        "kind_text": taken.texts(taken.kind_words.in_order()),
        "markers": taken.texts(taken.markers.in_order(each_once=True)),
        "sponsors": taken.texts(taken.sponsors.in_order(each_once=True)),
        "qualifiers": taken.texts(taken.qualifier.in_order()),
    }
    columns = {name: texts(values) for name, values in said.items()}
    compared = {name: columns[name] for name in COMPARED_WHOLE} | {"run_together": texts(all_folded(said["joined"]))}
    return StandardNames(
        **columns,
        is_generic=taken.is_generic,
        has_several_words=taken.core.counts(taken.count) > 1,
        same={name: numbers_of(column)[0] for name, column in compared.items()},
        fingerprints=fingerprints(columns["full"]) + fingerprints(columns["qualifiers"]) * _APART,
        word_ids=ids,
        word_weights=weights,
        is_qualifier=bracketed,
        vocabulary=vocabulary,
        beginnings=np.array(vocabulary, dtype=f"U{BEGINNING}").view(np.uint32).reshape(-1, BEGINNING).astype(np.int64),
    )


def _whole(taken: _Taken, cores: Sequence[str]) -> list[str]:
    """The words of core and brackets, each once, where a name has brackets."""
    if not len(taken.qualifier):
        return list(cores)
    has_brackets = taken.qualifier.counts(taken.count) > 0
    both = taken.texts(taken.core.where(has_brackets[taken.core.rows]).and_those(taken.qualifier).in_order(each_once=True))
    return [text or core for text, core in zip(both, cores, strict=True)]


def _weighed_words(taken: _Taken) -> tuple[IntArray, SmallFloatArray, BoolArray, list[str]]:
    """The rarest words of each name with their weights: the logarithm of how few records carry the word, scaled to at most 1."""
    every = taken.core.and_those(taken.qualifier)
    in_brackets = _stands_among(every, taken.qualifier, len(taken.vocabulary))
    used = np.unique(every.numbers)
    vocabulary = "\n".join(taken.vocabulary[number] for number in used.tolist()).split("\n") if len(used) else []  # written anew, one beside the other: they are read by number again and again
    flat = np.searchsorted(used, every.numbers)
    word_weight = _word_weights(flat, vocabulary, taken.count)
    ids, bracketed = _widest(_Words(rows=every.rows, numbers=flat), in_brackets, taken.count, word_weight)
    return ids, np.where(ids >= 0, word_weight[np.maximum(ids, 0)] if vocabulary else 0.0, 0.0).astype(np.float32), bracketed, vocabulary


def _word_weights(flat: LongArray, vocabulary: list[str], records: int) -> SmallFloatArray:
    counts = np.bincount(flat, minlength=len(vocabulary)).astype(np.float64)
    roles = word_roles().role
    factor = np.array([COMMON_WORD_FACTOR if roles.get(word) in ("common", "kind", "filler", "sponsor") else 1.0 for word in vocabulary])
    rarity = np.log((records + PRIOR_RECORDS) / (counts + 1.0)) / np.log(records + PRIOR_RECORDS)
    weights: SmallFloatArray = (rarity * factor).astype(np.float32)
    return weights


def _widest(words: _Words, in_brackets: BoolArray, count: int, weight: SmallFloatArray) -> tuple[IntArray, BoolArray]:
    """Word numbers as a table of WORDS_COMPARED columns, heaviest first, of equal weight by their place in the alphabet: what breaks ties must not be the order of the
    records; a word repeated within a name counts once."""
    ids = np.full((count, WORDS_COMPARED), -1, dtype=np.int32)
    bracketed = np.zeros(ids.shape, dtype=np.bool_)
    if len(words) == 0:
        return ids, bracketed
    order = np.lexsort((in_brackets, words.numbers, -weight[words.numbers], words.rows))
    row, numbers, marks = words.rows[order], words.numbers[order], in_brackets[order]
    first = np.r_[True, (row[1:] != row[:-1]) | (numbers[1:] != numbers[:-1])]
    row, numbers, marks = row[first], numbers[first], marks[first]
    column = ranks_within(row)
    kept = column < WORDS_COMPARED
    ids[row[kept], column[kept]] = numbers[kept]
    bracketed[row[kept], column[kept]] = marks[kept]
    return ids, bracketed
