"""The charts of the quality page, in the colours of the theme; every figure stands in them as a number too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from gvrc.ui import show
from gvrc.ui.catalogue import Words
from gvrc.ui.map_marks import rgb
from gvrc.views.quality import QualityRow, TrendPoint

ROW_HEIGHT_PX = 26
MOST_LOST = 25.0
"""Points below a target at which the colour is at its strongest."""
LABEL_PX = 220
TREND_HEIGHT_PX = 340


def heat(say: Words, rows: Sequence[QualityRow]) -> Any:
    """A row per source, county or kind, a column per dimension, the mean in each cell; the darker, the farther below its target. A cell can be
    selected (`cell`, with `code` and `dimension`)."""
    names = [say(f"quality.{each.dimension}") for each in rows[0].dimensions] if rows else []
    frame = pd.DataFrame(_cells(say, rows))
    order = list(dict.fromkeys(frame["row"]))
    labels: dict[str, Any] = {"labelFontSize": 14, "labelOverlap": False, "labelBound": False, "labelFlush": False, "labelPadding": 8, "ticks": False, "domain": False}
    base = alt.Chart(frame).encode(
        x=alt.X("column:N", sort=names, title=None, axis=alt.Axis(orient="top", labelAngle=0, labelAlign="center", **labels)),
        y=alt.Y("row:N", sort=order, title=None, axis=alt.Axis(labelLimit=LABEL_PX, **labels)),
    )  # fmt: skip
    scale = alt.Scale(domain=[0, MOST_LOST], range=[css("area"), css("warm")], clamp=True, interpolate="rgb")
    tiles = base.mark_rect(stroke=css("ground"), strokeWidth=3, cursor="pointer").encode(
        color=alt.Color("lost:Q", scale=scale, legend=None),
        tooltip=[alt.Tooltip("row:N", title=say("quality.tip.row")), alt.Tooltip("column:N", title=say("quality.dimension")), alt.Tooltip("told:N", title=say("quality.tip.mean")),
                 alt.Tooltip("target:Q", title=say("quality.tip.target")), alt.Tooltip("below:Q", title=say("quality.tip.below"))],
    ).add_params(alt.selection_point(name="cell", fields=["code", "dimension"]))  # fmt: skip
    texts = base.mark_text(fontSize=14, color=css("text")).encode(text="told:N")
    return (tiles + texts).properties(height=alt.Step(ROW_HEIGHT_PX))


def _cells(say: Words, rows: Sequence[QualityRow]) -> list[dict[str, Any]]:
    return [
        {
            "row": f"{row.label or say('quality.unknown')} ({row.records:,})", "code": row.code or "", "column": say(f"quality.{each.dimension}"),
            "dimension": each.dimension, "target": each.target, "below": each.below, "lost": 0.0 if each.value is None else max(0.0, each.target - each.value),
            "told": show.ABSENT if each.value is None else f"{each.value:.1f}{'' if each.is_met else ' ▾'}",
        }
        for row in rows
        for each in row.dimensions
    ]  # fmt: skip


def trend(say: Words, points: Sequence[TrendPoint]) -> Any:
    """The mean quality score and its dimensions over the runs; each line carries its name at its end."""
    names = ("total", "completeness", "accuracy", "consistency", "timeliness", "uniqueness")
    rows = [
        {"run": f"{say('runs.column.run')} {point.run_id}", "order": number, "what": say(f"quality.{name}"), "value": point.values[name]}
        for number, point in enumerate(points)
        for name in names
        if name in point.values
    ]
    frame = pd.DataFrame(rows)
    x = alt.X("run:N", sort=[f"{say('runs.column.run')} {point.run_id}" for point in points], title=None, axis=alt.Axis(labelAngle=0, labelFontSize=14))
    y = alt.Y("value:Q", scale=alt.Scale(zero=False, nice=True, domainMax=100), title=None, axis=alt.Axis(labelFontSize=14, tickCount=5))
    colours = [css(name) for name in ("text", "primary", "blue", "violet", "orange", "gray")]
    told = [say(f"quality.{name}") for name in names]
    legend = alt.Legend(title=None, orient="bottom", columns=2, labelFontSize=14, labelLimit=LABEL_PX)
    colour = alt.Color("what:N", sort=told, scale=alt.Scale(domain=told, range=colours), legend=legend)
    shape = alt.Shape("what:N", sort=told, scale=alt.Scale(domain=told), legend=legend)
    base = alt.Chart(frame).encode(x=x, y=y, color=colour, tooltip=[alt.Tooltip("what:N", title=say("quality.dimension")), alt.Tooltip("run:N", title=say("runs.column.run")), alt.Tooltip("value:Q", title=say("quality.value"), format=".1f")])
    return (base.mark_line(strokeWidth=2) + base.mark_point(filled=True, size=60).encode(shape=shape)).properties(height=TREND_HEIGHT_PX)


def css(colour: str) -> str:
    """A colour of the theme as style sheets write it."""
    red, green, blue = rgb(colour)
    return f"#{red:02x}{green:02x}{blue:02x}"
