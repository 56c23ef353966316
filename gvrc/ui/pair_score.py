"""The match score on the desk: in signs beside the fields, and as bars with a sentence each that add up to the number shown."""

from __future__ import annotations

import math
from collections.abc import Sequence

import altair as alt
import pandas as pd
import streamlit as st

from gvrc.model.match import FeatureScore
from gvrc.ui import told
from gvrc.ui.catalogue import Words
from gvrc.ui.desk import Seat
from gvrc.views.questions import MatchView

FOR_COLOUR, AGAINST_COLOUR = "#1f7a4d", "#b3261e"
LEAST_WEIGHT = 0.05
ROW_HEIGHT_PX, LONGEST_LABEL_PX = 26, 470
LONGEST_PHRASE = 34
FEATURES_OF: dict[str, tuple[str, ...]] = {
    "name": ("name", "words", "markers", "qualifier", "consonants", "shared_word", "sponsor", "confirmed", "namesakes", "besides"), "facility_type_label": ("kind",),
    "owner": ("owner",), "place": ("place", "surroundings", "neighbourhood"), "point": ("distance",), "contacts": ("contact",),
    "registration_number": ("registration",), "services": ("services",),
}
"""Which comparisons speak about which field of the table."""


def evidence(say: Words, match: MatchView, field_name: str) -> tuple[str, str] | None:
    """What the comparisons of a field weigh together, in signs, and the strongest of them in a few words; None when they say nothing."""
    spoken = [each for each in match.features if each.feature in FEATURES_OF.get(field_name, ()) and abs(each.weight) >= LEAST_WEIGHT]
    total = sum(each.weight for each in spoken)
    if not spoken or abs(total) < LEAST_WEIGHT:
        return None
    strongest = max((each for each in spoken if (each.weight > 0) == (total > 0)), key=lambda each: abs(each.weight))
    return signs(total), _phrase(told.told(say, strongest.detail))


def _phrase(sentence: str) -> str:
    """The beginning of a sentence up to its values: those stand beside it."""
    start = sentence.split(":", 1)[0]
    return start if len(start) <= LONGEST_PHRASE else start.split(",", 1)[0]


def signs(weight: float) -> str:
    """One to four signs: readable without colour."""
    return ("+" if weight > 0 else "\u2212") * min(4, max(1, math.ceil(abs(weight) / 1.5)))


def explained(seat: Seat, match: MatchView) -> None:
    """Each comparison as a sentence with its bar (for to the right, against to the left); with the starting point they add up to the score."""
    say = seat.say
    with st.expander(say.markdown("duplicates.why", score=f"{match.match_score:.2f}"), key="why_open", on_change="rerun") as body:
        if not body.open:
            return
        if match.hard_evidence:
            st.markdown(say.markdown("duplicates.hard", fact=say.or_plain(f"hard.{match.hard_evidence}", match.hard_evidence.replace("_", " "))))
        weighed = sorted((feature for feature in match.features if abs(feature.weight) >= LEAST_WEIGHT), key=lambda each: -abs(each.weight))
        if weighed:
            st.altair_chart(_bars(say, weighed), alt=say("duplicates.bars.alt", sentences="; ".join(f"{each.weight:+.1f} {told.told(say, each.detail)}" for each in weighed)))
        total = match.base + sum(feature.weight for feature in match.features)
        st.caption(say.markdown("duplicates.sum", base=f"{match.base:+.1f}", total=f"{total:+.1f}", score=f"{match.match_score:.2f}", reference=f"{match.reference_score:.2f}"))
        silent = [told.told(say, feature.detail) for feature in match.features if abs(feature.weight) < LEAST_WEIGHT]
        if silent:
            st.caption(say.markdown("duplicates.silent", sentences="; ".join(silent)))


def _bars(say: Words, weighed: Sequence[FeatureScore]) -> alt.Chart:
    """The weight stands in signs and as a number before each sentence too, readable without colour."""
    rows = [
        {"what": f"{signs(feature.weight)}  {feature.weight:+.1f}  {told.told(say, feature.detail)}", "weight": feature.weight, "speaks": "for" if feature.weight > 0 else "against"} for feature in weighed
    ]
    colours = alt.Color("speaks:N", scale=alt.Scale(domain=["for", "against"], range=[FOR_COLOUR, AGAINST_COLOUR]), legend=None)
    labels = alt.Axis(labelLimit=LONGEST_LABEL_PX, labelFontSize=13, labelOverlap=False, labelFlush=False, labelBound=False, labelPadding=12, ticks=False, domain=False)
    chart: alt.Chart = (
        alt.Chart(pd.DataFrame(rows))
        .mark_bar(height=10)
        .encode(x=alt.X("weight:Q", title=None, axis=alt.Axis(tickCount=5, labelFontSize=13)), y=alt.Y("what:N", sort=None, title=None, axis=labels), color=colours, tooltip=alt.value(None))
        .properties(height=ROW_HEIGHT_PX * len(rows))
    )
    return chart
