"""The golden record as it would become: one value per field, why, and what else it could be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gvrc.checks.catalogue import field_label
from gvrc.matching.chosen import CHOOSABLE_FIELDS, TYPED_FIELDS, UNITED_FIELDS, chosen_values, shown_value, what_is_wrong
from gvrc.matching.survivorship import STEWARD, SurvivorInput, merge
from gvrc.model.access import Actor
from gvrc.model.golden import FieldOrigin, GoldenRecord
from gvrc.model.record import Record
from gvrc.quality.golden import golden_quality
from gvrc.quality.weights import load_weights
from gvrc.reference.vocabularies import load_vocabularies
from gvrc.security.permissions import Permission, require
from gvrc.store import reads, registry
from gvrc.store import records as record_store
from gvrc.store.session import Database
from gvrc.views.people import Opened, open_all
from gvrc.views.sight import Shown, Sight


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenField:
    """One value of the golden record. `alternatives` are the other known values; either may be given back as the steward's choice.

    `origin` is the staged record it comes from, None for a steward's own value.
    """

    field_name: str
    label: str
    value: str | None
    origin: int | None
    reason: str
    alternatives: tuple[str, ...] = ()
    is_chosen: bool = False
    may_type: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenView:
    """A golden record before it is one."""

    fields: tuple[GoldenField, ...]
    quality_score: float
    quality_parts: tuple[Mapping[str, Any], ...]


def golden_preview(db: Database, actor: Actor, record_ids: Sequence[int], overrides: Mapping[str, Any] | None = None) -> GoldenView | None:
    """What these records would become as one place, with its quality score. None when this person may not see all of them. Raises NotAllowedError."""
    require(actor, Permission.REVIEW)
    sight = Sight(actor=actor)
    with db.read(actor) as conn:
        rows = reads.records_by_id(conn, sight.scope, record_ids)
        if not rows or len(rows) < len(set(record_ids)) or any(row.shown != Shown.ALL for row in rows.values()):
            return None
        stored = record_store.load_records(conn, record_ids=list(rows))
        qualities = registry.record_qualities(conn, list(rows))
        issues = record_store.load_issues(conn, list(rows))
        opened = open_all(conn, db, [row.data for row in rows.values()])
    is_clear = all(sight.sees_contacts(row.county_code) for row in rows.values())
    members = [item.record for item in stored]
    inputs = [SurvivorInput(record=item.record, received_at=qualities[item.record_id].received_at) for item in stored]
    golden = merge(inputs, overrides=chosen_values(overrides or {}, members))
    told = _Teller(golden=golden, members=members, opened=opened, is_clear=is_clear, ids={item.record.record_key: item.record_id for item in stored})
    open_issues = {
        item.record.record_key: [found.issue for found in issues.get(item.record_id, ()) if found.state == "open"] for item in stored
    }
    quality = golden_quality(golden, open_issues, datetime.now(UTC).date(), load_vocabularies(), load_weights())
    parts = tuple(part.to_row() for part in quality.parts)
    return GoldenView(fields=told.fields(), quality_score=quality.total, quality_parts=parts)


def problem_with(field_name: str, text: str) -> str | None:
    """Why a typed golden value cannot stand, in a sentence; None when it can."""
    return what_is_wrong(field_name, text)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Teller:
    """Puts a golden record into words."""

    golden: GoldenRecord
    members: Sequence[Record]
    opened: Opened
    is_clear: bool
    ids: Mapping[str, int]

    def fields(self) -> tuple[GoldenField, ...]:
        origins = {origin.field_name: origin for origin in self.golden.origins}
        found = [self._single(name, origins.get(name)) for name in CHOOSABLE_FIELDS] + [self._united(name, origins.get(name)) for name in UNITED_FIELDS]
        return tuple(item for item in found if item.value is not None or item.alternatives)

    def _single(self, name: str, origin: FieldOrigin | None) -> GoldenField:
        value = self._text(name, shown_value(self.golden.record, name))
        others = {text for record in self.members if (text := self._text(name, shown_value(record, name))) and text != value}
        return self._field(name, value, origin, tuple(sorted(others)) if self._may_choose(name) else ())

    def _may_choose(self, name: str) -> bool:
        """Visibility is protective, never a matter of taste; a masked value cannot be chosen."""
        return name != "visibility" and (self.is_clear or name not in ("address", "officer"))

    def _text(self, name: str, text: str | None) -> str | None:
        return self.opened.text(text, name, is_clear=self.is_clear)

    def _united(self, name: str, origin: FieldOrigin | None) -> GoldenField:
        record = self.golden.record
        if name == "contacts":
            texts = [self.opened.contact(c.contact_type.value, c.value, is_clear=self.is_clear) for c in record.contacts]
        elif name == "aliases":
            texts = [self._text(name, alias) or "" for alias in record.aliases]
        else:
            vocabularies = load_vocabularies()
            vocabulary = vocabularies.services if name == "services" else vocabularies.gbv_categories
            texts = [vocabulary.label(code) for code in getattr(record, name)]
        return self._field(name, ", ".join(texts) or None, origin, ())

    def _field(self, name: str, value: str | None, origin: FieldOrigin | None, alternatives: tuple[str, ...]) -> GoldenField:
        return GoldenField(
            field_name=name, label=field_label(name), value=value, origin=self.ids.get(origin.record_key) if origin else None,
            reason=origin.reason if origin else "", alternatives=alternatives, is_chosen=origin is not None and origin.record_key == STEWARD,
            may_type=name in TYPED_FIELDS and self._may_choose(name),
        )

