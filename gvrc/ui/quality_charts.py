"""The chart of the quality page, in the colours of the theme; every figure stands in them as a number too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from gvrc.ui.catalogue import Words
from gvrc.ui.map_marks import rgb
from gvrc.views.quality import TrendPoint

LABEL_PX = 220
TREND_HEIGHT_PX = 340


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
