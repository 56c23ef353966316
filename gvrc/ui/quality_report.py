"""The quality of a run as a printable page: one HTML file that needs nothing else, every value escaped by the template engine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, Template

from gvrc.ui import quality_advice, show
from gvrc.ui.catalogue import Words
from gvrc.ui.desk import Seat
from gvrc.views import advice as advice_views
from gvrc.views import quality as quality_views
from gvrc.views.quality import CUTS, DimensionView, QualityQuery, QualityRow
from gvrc.views.runs import RunView

STATIC_DIR = Path(__file__).parent / "static"
ROWS_PRINTED = 47
"""Rows of a table at most: every county fits."""


@lru_cache(maxsize=1)
def _template() -> Template:
    return Environment(loader=FileSystemLoader(STATIC_DIR), autoescape=True).get_template("quality_report.html")


def printable(seat: Seat, run: RunView, query: QualityQuery) -> bytes:
    """The report of a run and filter as UTF-8 HTML, as far as the reader may see."""
    say = seat.say
    view = quality_views.quality_view(seat.db, seat.actor, query)
    chosen = [row_word(say, cut, row) for cut, code in zip(CUTS, (query.source, query.county, query.facility_type), strict=True) for row in view.cuts[cut] if code and row.code == code]
    context = {
        "say": say, "title": say("quality.report.title", run=run.run_id),
        "about": say("quality.report.about", when=show.moment(run.created_at), who=seat.actor.display_name or seat.actor.username, now=show.moment(datetime.now(UTC))),
        "chosen": say("quality.report.only", what=", ".join(filter(None, chosen))) if chosen else "", "dimensions_title": say("quality.report.dimensions"),
        "target_heads": (say("quality.report.value"), say("quality.report.target"), say("quality.report.below")),
        "total": say("quality.page.total", n=view.whole.records, total=_number(view.whole.total)),
        "dimensions": [_dimension(seat, each) for each in view.whole.dimensions],
        "states": [(show.state_word(say, state), f"{view.states.get(state, 0):,}") for state in ("ready", "to_review", "held")],
        "cuts": [(say(f"quality.by.{cut}"), _rows(seat, cut, view.cuts[cut])) for cut in CUTS], "heads": [say(f"quality.{each.dimension}") for each in view.whole.dimensions],
        "issues": [(show.issue_title(say, issue.code), show.state_word(say, issue.severity), f"{issue.records:,}", f"{issue.points:,.0f}") for issue in view.issues],
        "advice": _advice(seat, query), "findings": [quality_advice.finding_text(say, each) for each in advice_views.findings(seat.db, seat.actor, query.run_id, query.source)],
    }  # fmt: skip
    return _template().render(context).encode("utf-8")


def row_word(say: Words, cut: str, row: QualityRow) -> str:
    """What a row of a cut is called."""
    if row.code is None:
        return say("quality.unknown")
    return show.kind_word(say, row.code) if cut == "kind" else row.label or row.code


def _dimension(seat: Seat, each: DimensionView) -> tuple[str, str, str, str]:
    say = seat.say
    gap = 0.0 if each.value is None else each.target - each.value
    verdict = say("quality.target.met", target=f"{each.target:.0f}") if each.is_met else say("quality.target.missed", target=f"{each.target:.0f}", gap=f"{gap:.1f}")
    return say(f"quality.{each.dimension}"), _number(each.value), verdict, say("quality.below", n=each.below)


def _rows(seat: Seat, cut: str, rows: Sequence[QualityRow]) -> list[dict[str, Any]]:
    return [
        {"label": row_word(seat.say, cut, row), "records": f"{row.records:,}", "values": [_number(row.total), *(_number(each.value) for each in row.dimensions)]}
        for row in rows[:ROWS_PRINTED]
    ]  # fmt: skip


def _advice(seat: Seat, query: QualityQuery) -> list[tuple[str, str, str, str]]:
    acts = advice_views.advice(seat.db, seat.actor, query)
    say = seat.say
    return [
        (say(f"quality.advice.{act.act}", title=show.issue_title(say, act.code) if act.code else ""), f"{act.records:,}", f"{act.points:,.0f}", quality_advice.minutes_text(say, act.minutes)) for act in acts
    ]


def _number(value: float | None) -> str:
    return show.ABSENT if value is None else f"{value:.1f}"
