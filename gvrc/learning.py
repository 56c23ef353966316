"""What the matcher learns from people: weights refitted on their answers, shown before and after on answers held back, adopted by a person, taken back.

The shipped weights are never changed: what is adopted is added to them, feature by feature and level by level, from the next run on. Weights that were
made for other shipped weights than this program's are kept on record but no longer used.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import numpy as np

from gvrc.errors import ConfigError, StaleItemError
from gvrc.matching import refit
from gvrc.matching.arrays import FloatArray
from gvrc.matching.clusters import labels
from gvrc.matching.evidence import evidence_table
from gvrc.matching.refit import Sample, Trial
from gvrc.model.access import Actor
from gvrc.security.permissions import Permission, require
from gvrc.settings import Settings
from gvrc.staging import matcher_tables, with_changes
from gvrc.store import scorers as store
from gvrc.store import thresholds as threshold_store
from gvrc.store.scorers import JudgedMatch, StoredScorer
from gvrc.store.session import Connection, Database

LEAST_ANSWERS, LEAST_OF_EACH = 40, 8
"""Fewer answers than this, or fewer of either kind, teach nothing that could be trusted."""
LEAST_PAIRS = 200
"""Fewer pairs than this say nothing of themselves."""
FROM_DECISIONS, FROM_DATA = "decisions", "data"
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Weights that may be adopted. `learned_from` is `decisions` or `data`, `pairs` how many pairs that were, `same` how many of them people called the
    same; `before` and `after` how the weights in force and the new ones do on answers held back (None: there are too few answers to tell).
    `cut` is the match score from which on the new weights are right as often as is asked of them on answers held back (refit.PRECISION_ASKED); None when
    there is none, or nobody answered. `largest` names what changes most: feature, level, log-odds added to the shipped weights."""

    version: str
    made_for: str
    learned_from: str
    pairs: int
    same: int
    before: Trial | None
    after: Trial | None
    cut: float | None
    weight_changes: Mapping[str, Mapping[str, float]]
    largest: Sequence[tuple[str, str, float]]

    @property
    def is_better(self) -> bool:
        """Whether the held-back answers speak for the new weights."""
        return self.before is not None and self.after is not None and self.after.log_loss < self.before.log_loss


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerView:
    """Weights that were in force. `is_live`: the newest; `is_used`: by runs of this program. `basis` is what was known when they were adopted."""

    scorer_id: int
    version: str
    is_shipped: bool
    is_live: bool
    is_used: bool
    basis: Mapping[str, object]
    reason: str | None
    set_by: str
    set_at: datetime


def propose(db: Database, settings: Settings, actor: Actor) -> Proposal:
    """Weights refitted on every answer in force. Raises NotAllowedError, ConfigError when there are too few answers."""
    require(actor, Permission.MANAGE_THRESHOLDS)
    with db.read() as conn:
        judged, standing, cuts = _judged(conn), matcher_tables(conn)[0], _cuts(conn, settings)
    same = sum(bool(pair.is_same) for pair in judged)
    if len(judged) < LEAST_ANSWERS or min(same, len(judged) - same) < LEAST_OF_EACH:
        raise ConfigError(
            f"{len(judged)} answers, {same} of them Same, are too few to learn from.",
            f"At least {LEAST_ANSWERS} are needed, {LEAST_OF_EACH} Same and {LEAST_OF_EACH} not.",
        )
    sample, shipped = _sample(judged), evidence_table()
    before = refit.trial(refit.log_odds_of(standing, sample), sample, cuts)
    tried = refit.held_back(shipped, sample)
    return _proposal(refit.refit(shipped, sample), FROM_DECISIONS, len(judged), same, before, (sample, tried, cuts))


def propose_from_data(db: Database, settings: Settings, actor: Actor, run_id: int) -> Proposal:
    """Weights drawn towards the pairs of a run themselves, answered or not; tried on the answers, if there are enough. Raises NotAllowedError,
    ConfigError when the run kept too few pairs."""
    require(actor, Permission.MANAGE_THRESHOLDS)
    with db.read() as conn:
        kept = [pair for pair in store.matches_of_run(conn, run_id) if refit.is_told(pair.levels)]
        judged, standing, cuts = _judged(conn), matcher_tables(conn)[0], _cuts(conn, settings)
    if len(kept) < LEAST_PAIRS:
        raise ConfigError(f"Run {run_id} kept {len(kept)} pairs that can be learned from, too few.", f"At least {LEAST_PAIRS} are needed.")
    changes = refit.from_data(evidence_table(), _sample(kept))
    before = tried = None
    if len(judged) >= LEAST_ANSWERS:
        sample = _sample(judged)
        before = refit.trial(refit.log_odds_of(standing, sample), sample, cuts)
        tried = (sample, refit.log_odds_of(with_changes(evidence_table(), changes), sample), cuts)
    return _proposal(changes, FROM_DATA, len(kept), sum(bool(pair.is_same) for pair in judged), before, tried)


def adopt(db: Database, actor: Actor, proposal: Proposal, reason: str | None = None) -> int:
    """Put proposed weights in force from the next run on; returns the id to take back. Raises NotAllowedError, StaleItemError when they were made for
    other weights than this program ships."""
    require(actor, Permission.MANAGE_THRESHOLDS)
    if proposal.made_for != evidence_table().version:
        raise StaleItemError("These weights were made for another version of the program.", "Refit them again.")
    basis = {
        "learned_from": proposal.learned_from, "pairs": proposal.pairs, "same": proposal.same,
        "before": asdict(proposal.before) if proposal.before else None, "after": asdict(proposal.after) if proposal.after else None,
    }
    with db.unit_of_work(actor, reason="weights of the matcher adopted") as conn:
        store.lock(conn)
        return store.add(
            conn, version=proposal.version, made_for=proposal.made_for, weight_changes=proposal.weight_changes, basis=basis,
            reason=(reason or "").strip()[:LONGEST_REASON] or None, set_by=actor.username,
        )


def take_back(db: Database, actor: Actor, scorer_id: int) -> int:
    """Put back the weights that stood before an adoption; this is an adoption of its own, whose id is returned. Raises NotAllowedError, StaleItemError
    when other weights were adopted since."""
    require(actor, Permission.MANAGE_THRESHOLDS)
    with db.unit_of_work(actor, reason="weights of the matcher taken back") as conn:
        store.lock(conn)
        live = store.in_force(conn)
        if live is None or live.scorer_id != scorer_id:
            raise StaleItemError("Other weights were adopted since.", "Reload the page and take the newest back.")
        earlier = store.before(conn, scorer_id)
        shipped = evidence_table().version
        return store.add(
            conn, version=earlier.version if earlier else shipped, made_for=earlier.made_for if earlier else shipped,
            weight_changes=earlier.weight_changes if earlier else {}, basis={"took_back": scorer_id}, reason=None, set_by=actor.username,
        )


def scorers(db: Database, actor: Actor, limit: int = 20) -> tuple[ScorerView, ...]:
    """The weights adopted so far, newest first; none: the shipped ones are in force. Raises NotAllowedError."""
    require(actor, Permission.MANAGE_THRESHOLDS)
    with db.read() as conn:
        return tuple(_view(row) for row in store.history(conn, limit))


def _view(row: StoredScorer) -> ScorerView:
    is_live = row.replaced_at is None
    return ScorerView(
        scorer_id=row.scorer_id, version=row.version, is_shipped=not row.weight_changes, is_live=is_live,
        is_used=is_live and (not row.weight_changes or row.made_for == evidence_table().version), basis=row.basis, reason=row.reason, set_by=row.set_by,
        set_at=row.set_at,
    )


def _judged(conn: Connection) -> list[JudgedMatch]:
    return [pair for pair in store.judged_matches(conn) if refit.is_told(pair.levels)]


def _sample(pairs: Sequence[JudgedMatch]) -> Sample:
    """The pairs to learn from; those that hang together by their records are one group."""
    numbers: dict[str, int] = {}
    ends = [(numbers.setdefault(pair.record_keys[0], len(numbers)), numbers.setdefault(pair.record_keys[-1], len(numbers))) for pair in pairs if pair.record_keys]
    group = None
    if len(ends) == len(pairs):
        left, right = (np.array([end[side] for end in ends], dtype=np.int64) for side in (0, 1))
        group = labels(len(numbers), left, right).astype(np.int64)[left]
    return refit.sample_of([pair.levels for pair in pairs], [float(bool(pair.is_same)) for pair in pairs], group)


def _cuts(conn: Connection, settings: Settings) -> tuple[float, float, float]:
    """The review, match and automatic threshold in force."""
    found = threshold_store.in_force(conn, settings)
    return found.review_threshold, found.match_threshold, found.automatic_threshold


_Tried = tuple[Sample, FloatArray, tuple[float, float, float]]
"""Answers, their summed evidence under the new weights, and the thresholds in force."""


def _proposal(changes: refit.Changes, learned_from: str, pairs: int, same: int, before: Trial | None, tried: _Tried | None) -> Proposal:
    shipped = evidence_table()
    after = refit.trial(tried[1], tried[0], tried[2]) if tried else None
    cut = refit.cut_for(tried[1], tried[0].same) if tried else None
    every = [(feature, level, added) for feature, levels in changes.items() for level, added in levels.items()]
    return Proposal(
        version=with_changes(shipped, changes).version, made_for=shipped.version, learned_from=learned_from, pairs=pairs, same=same, before=before, after=after,
        cut=None if cut is None else round(1.0 / (1.0 + math.exp(-cut)), 4),
        weight_changes=changes, largest=sorted(every, key=lambda change: -abs(change[2]))[:12],
    )
