"""match and calibrate"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from gvrc import learning
from gvrc.cli.context import Call, table
from gvrc.cli.lists import find_lists
from gvrc.match_files import FilePair, match_files
from gvrc.matching.refit import PRECISION_ASKED
from gvrc.model.match import MatchResult


def match(call: Call) -> int:
    """Pairs of records that are the same place, best first."""
    pairs = match_files(call.settings, find_lists(call.options.paths), link=call.options.link, threshold=call.options.threshold, note=call.note)
    if call.options.json:
        call.stream(_pair(pair) for pair in pairs)
        return 0
    rows = [(f"{pair.result.match_score:.3f}", pair.result.strategy, pair.left.name, pair.right.name) for pair in pairs]
    call.answer(None, table(rows, ("score", "strategy", "left", "right")))
    return 0


def _pair(pair: FilePair) -> dict[str, Any]:
    result = pair.result
    return {
        "left": {"file": pair.left.file, "pointer": pair.left.pointer, "id": pair.left.source_id},
        "right": {"file": pair.right.file, "pointer": pair.right.pointer, "id": pair.right.source_id},
        "match_score": result.match_score, "reference_score": result.reference_score, "band": result.band, "strategy": result.strategy,
        "hard_evidence": result.hard_evidence, "features": [*_overriding(result), *({name: getattr(f, name) for name in _FEATURE_KEYS} for f in result.features)],
    }


_FEATURE_KEYS = ("feature", "score", "weight", "detail")
_CERTAIN = 100.0
"""Log-odds of a fact that overrides all comparisons: whatever they come to, the score is 1 or 0."""
_FACTS = {
    "same_official_code": "Same official code", "different_official_codes": "Different official codes", "kinds_exclude_each_other": "Kinds that exclude each other",
    "one_sits_in_the_other": "One place sits in the other",
}


def _overriding(result: MatchResult) -> list[dict[str, Any]]:
    """What is not a comparison, as features too, so that the weights of a pair add up to the log-odds of its score."""
    start = {"feature": "base", "score": None, "weight": result.base, "detail": "Two records worth comparing, before anything is compared"}
    if result.hard_evidence is None:
        return [start]
    is_same = result.hard_evidence == "same_official_code"
    fact = {"feature": result.hard_evidence, "score": float(is_same), "weight": _CERTAIN if is_same else -_CERTAIN, "detail": _FACTS[result.hard_evidence]}
    return [start, fact]


def calibrate(call: Call) -> int:
    """Weights refitted on the answers, before and after on answers held back; adopted or taken back when asked."""
    options = call.options
    if options.history:
        found = learning.scorers(call.db, call.actor)
        rows = [(view.scorer_id, view.version, view.set_by, view.set_at.isoformat(timespec="seconds"), view.is_used, view.reason) for view in found]
        call.answer(found, table(rows, ("id", "version", "adopted by", "at", "in use", "reason")))
        return 0
    if options.take_back is not None:
        standing = learning.take_back(call.db, call.actor, options.take_back)
        call.answer({"taken_back": options.take_back, "scorer_id": standing}, [f"Taken back; what stood before is in force as {standing}."])
        return 0
    proposal = (
        learning.propose(call.db, call.settings, call.actor)
        if options.from_data is None
        else learning.propose_from_data(call.db, call.settings, call.actor, options.from_data)
    )
    scorer_id = learning.adopt(call.db, call.actor, proposal, options.reason) if options.adopt else None
    call.answer({**asdict(proposal), "adopted": scorer_id}, _calibrated(proposal, scorer_id))
    return 0


def _calibrated(proposal: learning.Proposal, scorer_id: int | None) -> list[str]:
    lines = [f"Learned from {proposal.pairs} {'answers' if proposal.learned_from == learning.FROM_DECISIONS else 'pairs'}."]
    if proposal.before and proposal.after:
        tried = [(name, *asdict(trial).values()) for name, trial in (("in force", proposal.before), ("new", proposal.after))]
        lines += table(tried, ("weights", "pairs held back", "log loss", "precision", "recall", "asked"))
    else:
        lines += ["There are too few answers to try the weights on."]
    if proposal.cut is not None:
        lines += [f"From a match score of {proposal.cut:.2f} on, {PRECISION_ASKED:.1%} of the answers held back are Same under the new weights."]
    lines += table([(feature, level, f"{added:+.2f}") for feature, level, added in proposal.largest], ("feature", "level", "log-odds added"))
    return [*lines, f"Adopted as {scorer_id}, in force from the next run on." if scorer_id else "Nothing was adopted: --adopt puts them in force."]
