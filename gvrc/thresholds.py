"""The five thresholds: what is in force and why, what another value would do, changing them and taking a change back.

They are kept in the database, so that every process judges by the same; a value that nobody set comes from the settings. A run reads them
when it starts; a changed threshold holds from the next run on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from gvrc.errors import ConfigError, StaleItemError
from gvrc.model.access import Actor
from gvrc.security.permissions import Permission, require
from gvrc.settings import Settings
from gvrc.store import thresholds as store
from gvrc.store.session import Connection, Database
from gvrc.store.thresholds import THRESHOLDS, PairCount

QUALITY_THRESHOLDS: tuple[str, ...] = THRESHOLDS[:2]
"""Quality scores, 0 to 100, from low to high."""
MATCH_THRESHOLDS: tuple[str, ...] = THRESHOLDS[2:]
"""Match scores, 0 to 1, from low to high."""
LONGEST_REASON = 500
_TENTHS = tuple(tenth / 10 for tenth in range(1, 10))


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdView:
    """One threshold: the value in force, what the settings say, and who set it when (None: nobody did)."""

    name: str
    value: float
    configured: float
    set_by: str | None = None
    set_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdChange:
    """One change in the history: from what to what, by whom, when, why. `is_live`: it can be taken back."""

    threshold_id: int
    name: str
    before: float
    after: float
    set_by: str
    set_at: datetime
    reason: str | None
    is_live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdEffects:
    """What thresholds would do to a run.

    `records`: below the quality threshold, between both, at or above the final threshold. `pairs`: below the review threshold, up to the match
    threshold, up to the automatic threshold, at or above it. `record_tenths` and `pair_tenths`: the same numbers by tenth of the score.
    `kept_from`: pairs below this match score were not kept by the run (None: not known), so that a lower cut shows more only in the next run.
    """

    records: Sequence[int]
    pairs: Sequence[PairCount]
    record_tenths: Sequence[int]
    pair_tenths: Sequence[PairCount]
    kept_from: float | None


def list_thresholds(db: Database, settings: Settings, actor: Actor) -> tuple[ThresholdView, ...]:
    """The thresholds in force. Raises NotAllowedError."""
    require(actor, Permission.MANAGE_THRESHOLDS)
    with db.read() as conn:
        live = {row.name: row for row in store.live(conn)}
    views = []
    for name in THRESHOLDS:
        row, configured = live.get(name), float(getattr(settings, name))
        is_set = row is not None and row.value is not None
        views.append(
            ThresholdView(
                name=name, value=row.value if row is not None and row.value is not None else configured, configured=configured,
                set_by=row.set_by if row is not None and is_set else None, set_at=row.set_at if row is not None and is_set else None,
            )
        )
    return tuple(views)


def change(db: Database, settings: Settings, actor: Actor, values: Mapping[str, float | None], reason: str | None = None) -> int:
    """Set thresholds (None: back to the settings); returns how many really changed.

    Raises NotAllowedError, ConfigError when a value is out of its range or they would be out of order.
    """
    require(actor, Permission.MANAGE_THRESHOLDS)
    wanted = {name: _checked(name, value) for name, value in values.items()}
    with db.unit_of_work(actor, reason="thresholds changed") as conn:
        store.lock(conn)
        standing = {row.name: row.value for row in store.live(conn)}
        moved = {name: value for name, value in wanted.items() if _is_moved(settings, name, standing.get(name), value)}
        _require_order(settings, standing | moved)
        for name, value in moved.items():
            store.add(conn, name, value, set_by=actor.username, reason=(reason or "").strip()[:LONGEST_REASON] or None)
    return len(moved)


def take_back(db: Database, settings: Settings, actor: Actor, threshold_id: int) -> None:
    """Put back what stood before a change; this is a change of its own. Raises NotAllowedError, StaleItemError when the threshold was changed
    since, ConfigError when the thresholds would be out of order."""
    require(actor, Permission.MANAGE_THRESHOLDS)
    with db.unit_of_work(actor, reason="threshold taken back") as conn:
        store.lock(conn)
        made = store.change(conn, threshold_id)
        if made is None or made.replaced_at is not None:
            raise StaleItemError("This threshold was changed since.", "Reload the page and take the newest change back.")
        before = store.value_before(conn, made)
        _require_order(settings, {row.name: row.value for row in store.live(conn)} | {made.name: before})
        store.add(conn, made.name, before, set_by=actor.username, reason=None)


def changes(db: Database, settings: Settings, actor: Actor, limit: int = 20) -> tuple[ThresholdChange, ...]:
    """The latest changes, newest first. Where the settings spoke, today's settings are told. Raises NotAllowedError."""
    require(actor, Permission.MANAGE_THRESHOLDS)
    with db.read() as conn:
        return tuple(
            ThresholdChange(
                threshold_id=row.threshold_id, name=row.name, set_by=row.set_by, set_at=row.set_at, reason=row.reason, is_live=row.replaced_at is None,
                before=_or_configured(settings, row.name, store.value_before(conn, row)), after=_or_configured(settings, row.name, row.value),
            )
            for row in store.history(conn, limit)
        )


def effects(db: Database, actor: Actor, run_id: int, values: Mapping[str, float]) -> ThresholdEffects:
    """What these five values would do to the records and pairs of a run. Raises NotAllowedError, ConfigError as `change` does."""
    require(actor, Permission.MANAGE_THRESHOLDS)
    for name in THRESHOLDS:
        _checked(name, values[name])
    _require_sorted(values)
    with db.read() as conn:
        return ThresholdEffects(
            records=store.records_between(conn, run_id, [values[name] for name in QUALITY_THRESHOLDS]),
            pairs=store.pairs_between(conn, run_id, [values[name] for name in MATCH_THRESHOLDS]),
            record_tenths=store.records_between(conn, run_id, [tenth * 100 for tenth in _TENTHS]),
            pair_tenths=store.pairs_between(conn, run_id, _TENTHS),
            kept_from=_kept_from(conn, run_id),
        )


def _kept_from(conn: Connection, run_id: int) -> float | None:
    return store.thresholds_of_run(conn, run_id).get("review_threshold")


def _checked(name: str, value: float | None) -> float | None:
    if name not in THRESHOLDS:
        raise ConfigError(f"There is no threshold {name!r}.", f"The thresholds are {', '.join(THRESHOLDS)}.")
    highest = 100 if name in QUALITY_THRESHOLDS else 1
    if value is not None and not 0 <= value <= highest:
        raise ConfigError("A threshold is out of its range.", f"A {'quality' if highest == 100 else 'match'} score goes from 0 to {highest}.")
    return None if value is None else round(float(value), 4)


def _is_moved(settings: Settings, name: str, standing: float | None, wanted: float | None) -> bool:
    """Setting what is in force anyway is no change, whether a person or the settings said it."""
    return _or_configured(settings, name, standing) != _or_configured(settings, name, wanted) or (wanted is None and standing is not None)


def _or_configured(settings: Settings, name: str, value: float | None) -> float:
    return float(getattr(settings, name)) if value is None else value


def _require_order(settings: Settings, standing: Mapping[str, float | None]) -> None:
    _require_sorted({name: _or_configured(settings, name, standing.get(name)) for name in THRESHOLDS})


def _require_sorted(values: Mapping[str, float]) -> None:
    for names, words in ((QUALITY_THRESHOLDS, "held, then final"), (MATCH_THRESHOLDS, "review, then match, then automatic")):
        if any(values[lower] > values[higher] for lower, higher in pairwise(names)):
            raise ConfigError("The thresholds are not in order.", f"From low to high: {words}.")
