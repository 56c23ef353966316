"""Words that are in no list, as a steward settles them: grouped by spelling, with the records behind each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gvrc.cleaning.spellings import MOST_SPELLINGS, UNKNOWN_WORD_CODES, SpellingGroup, group_spellings
from gvrc.model.access import Actor
from gvrc.reference.vocabularies import TAUGHT, Vocabulary, load_vocabularies
from gvrc.security.permissions import Permission, require
from gvrc.store import spellings as reads
from gvrc.store.session import Database
from gvrc.views.records import RecordView, records_by_id
from gvrc.views.remembered import remembered
from gvrc.views.sight import Sight


@dataclass(frozen=True, slots=True, kw_only=True)
class WordGroup:
    """Unknown words of one field that are likely one; `term` is the label of what they likely mean, None when nothing is near."""

    field_name: str
    term: str | None
    group: SpellingGroup

    @property
    def name(self) -> str:
        """What to call it: its most frequent spelling."""
        return self.group.spellings[0].value


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """The records that write each of some spellings, by id, and the first of them whole with the spelling they write."""

    records: Mapping[str, tuple[int, ...]]
    shown: tuple[tuple[RecordView, str], ...]

    @property
    def rows(self) -> int:
        """Records that write any of them."""
        return len({record_id for ids in self.records.values() for record_id in ids})


def terms(field_name: str) -> tuple[str, ...]:
    """The labels that a field's words may mean, in the order of the alphabet."""
    return tuple(sorted(term.label for term in _vocabulary(field_name).terms.values()))


def word_groups(db: Database, actor: Actor, run_id: int) -> tuple[WordGroup, ...]:
    """The unknown words of a run that the reader may see, the group of most records first. Raises NotAllowedError."""
    require(actor, Permission.REVIEW)
    scope = Sight(actor=actor).scope
    with db.read(actor) as conn:
        return remembered(conn, db, actor, run_id, ("word_groups", scope), lambda own: _grouped(
            [(row.field_name, row.value, row.rows) for row in reads.unknown_words(own, scope, run_id, UNKNOWN_WORD_CODES, MOST_SPELLINGS)]
        ))


def writing(db: Database, actor: Actor, run_id: int, field_name: str, spellings: Sequence[str], limit: int) -> Writing:
    """The records that write these, the first `limit` of them whole. Raises NotAllowedError."""
    require(actor, Permission.REVIEW)
    sight = Sight(actor=actor)
    with db.read(actor) as conn:
        rows = reads.records_writing(conn, sight.scope, run_id, UNKNOWN_WORD_CODES, field_name, spellings)
        whole = records_by_id(conn, db, sight, list(dict.fromkeys(row.record_id for row in rows[:limit])))
    records: dict[str, list[int]] = {}
    for row in rows:
        records.setdefault(row.value, []).append(row.record_id)
    shown = tuple((whole[row.record_id], row.value) for row in rows[:limit] if row.record_id in whole)
    return Writing(records={value: tuple(ids) for value, ids in records.items()}, shown=shown)


def _grouped(rows: Sequence[tuple[str, str, int]]) -> tuple[WordGroup, ...]:
    found: list[WordGroup] = []
    for field_name in dict.fromkeys(row[0] for row in rows if row[0] in TAUGHT):
        vocabulary = _vocabulary(field_name)
        groups = group_spellings({value: n for name, value, n in rows if name == field_name}, vocabulary)
        found += [WordGroup(field_name=field_name, term=vocabulary.label(group.code) or None, group=group) for group in groups]
    return tuple(sorted(found, key=lambda each: -each.group.rows))


def _vocabulary(field_name: str) -> Vocabulary:
    vocabulary: Vocabulary = getattr(load_vocabularies(), TAUGHT[field_name])
    return vocabulary
