"""match"""

from __future__ import annotations

from typing import Any

from gvrc.cli.context import Call, table
from gvrc.cli.lists import find_lists
from gvrc.match_files import FilePair, match_files


def match(call: Call) -> int:
    """Pairs of records that are the same place, best first."""
    pairs = match_files(call.settings, find_lists(call.options.paths), link=call.options.link, threshold=call.options.threshold, note=call.note)
    rows = [(f"{pair.result.match_score:.3f}", pair.result.strategy, pair.left.name, pair.right.name) for pair in pairs]
    call.answer([_pair(pair) for pair in pairs], table(rows, ("score", "strategy", "left", "right")))
    return 0


def _pair(pair: FilePair) -> dict[str, Any]:
    result = pair.result
    return {
        "left": {"file": pair.left.file, "pointer": pair.left.pointer, "id": pair.left.source_id},
        "right": {"file": pair.right.file, "pointer": pair.right.pointer, "id": pair.right.source_id},
        "match_score": result.match_score, "reference_score": result.reference_score, "band": result.band, "strategy": result.strategy,
        "hard_evidence": result.hard_evidence, "base": result.base,
        "features": [{"feature": f.feature, "score": f.score, "weight": f.weight, "detail": f.detail} for f in result.features],
    }
