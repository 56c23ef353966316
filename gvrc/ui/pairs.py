"""The duplicates desk: is this one place?

What agrees is quiet, what differs is loud; the match score stands as bars that add up to it; both points on a small map; below, the golden
record as it would become, each value changeable.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd
import pydeck
import streamlit as st

from gvrc.model.match import FeatureScore
from gvrc.model.review import Answer, QuestionKind, Relation
from gvrc.security.permissions import Permission
from gvrc.ui import address, places, questions, show
from gvrc.ui.catalogue import escape_markdown
from gvrc.ui.desk import Seat
from gvrc.ui.questions import Filters, Key, Reply
from gvrc.ui.show import Badge
from gvrc.views import questions as question_views
from gvrc.views.questions import GoldenField, QuestionView
from gvrc.views.records import RecordView
from gvrc.views.runs import RunView

SHOWN_FIELDS = ("name", "facility_type_label", "county", "constituency", "ward", "point", "contacts", "services", "mfl_code", "owner", "operational_status")
FACETS = ("source", "county", "band")
SECONDS_PER_PAIR = 8
LEFT_COLOUR, RIGHT_COLOUR = [11, 95, 95], [163, 90, 0]
MAP_HEIGHT_PX = 200
FOR_COLOUR, AGAINST_COLOUR = "#1f7a4d", "#b3261e"
LEAST_WEIGHT = 0.05
ROW_HEIGHT_PX, LONGEST_LABEL_PX = 26, 560
METRES_ACROSS_A_DEGREE = 111_320


def ask(seat: Seat, run: RunView) -> None:
    """The page below its heading: the facets, the pair on the table, the keys, why it is asked, what it would become, the last decisions."""
    filters = _facets(seat, run)
    question = questions.next_question(seat, run.run_id, filters)
    if question is None:
        questions.nothing_left(seat, "duplicates")
    else:
        _score_line(seat, run, question, filters)
        _question(seat, run, question)
    questions.last_decisions(seat, run.run_id)


# ------------------------------------------------------------------------------------------------------------------------ facets and progress


def _facets(seat: Seat, run: RunView) -> Filters:
    """Only the pairs of a source, a county, a band; the choice is in the address, each choice with how many pairs wait in it."""
    counts = question_views.question_counts(seat.db, seat.actor, run.run_id, kind=QuestionKind.DUPLICATE)
    found = {"source": counts.by_source, "county": counts.by_county, "band": counts.by_band}
    asked = {name: address.one_of(name, list(found[name])) or address.word(name) for name in FACETS}
    if not counts.duplicates and not any(asked.values()):
        return Filters(kind=QuestionKind.DUPLICATE)
    with st.container(horizontal=True, gap="small"):
        for name in FACETS:
            _facet(seat, name, found[name], asked[name])
    return Filters(kind=QuestionKind.DUPLICATE, **asked)


def _facet(seat: Seat, name: str, amounts: Mapping[str, int], current: str | None) -> None:
    """One of them. A choice whose pairs are all answered stays to be seen, so that it can be taken back."""
    choices = ["", *amounts, *([current] if current and current not in amounts else [])]
    labels = {"": seat.say("duplicates.facet.all")} | {value: f"{_facet_word(seat, name, value)} ({amounts.get(value, 0):,})" for value in choices[1:]}
    key = f"facet_{name}_{current}"
    st.selectbox(
        seat.say.markdown(f"duplicates.facet.{name}"), choices, index=choices.index(current or ""), format_func=labels.__getitem__, key=key,
        on_change=_choose_facet, args=(name, key), width=230,
    )


def _facet_word(seat: Seat, name: str, value: str) -> str:
    if name == "county":
        return places.county_name(value)
    return seat.say.or_plain(f"band.{value}", value) if name == "band" else value


def _choose_facet(name: str, key: str) -> None:
    address.put(**{name: st.session_state[key] or None})
    questions.bring_back()


def _question(seat: Seat, run: RunView, question: QuestionView) -> None:
    fields, where = st.columns([9, 3])
    with fields:
        _side_by_side(seat, question)
    with where:
        _map(seat, question)
    values = _overrides(question)
    _keys(seat, run, question, values)
    _explained_score(seat, question)
    _golden(seat, question, values)
    if questions.open_dialog_for(question.key) == "related":
        _relation_dialog(seat, run, question)


def _score_line(seat: Seat, run: RunView, question: QuestionView, filters: Filters) -> None:
    """How sure, how far the pairs are answered, what became of pairs like this, what was answered before."""
    match = question.match
    done = question_views.duplicate_progress(seat.db, seat.actor, run.run_id, source=filters.source, county=filters.county, band=filters.band)
    minutes = max(1, round(done.waiting * SECONDS_PER_PAIR / 60))
    parts = [seat.say.markdown("duplicates.progress", done=done.answered, all=done.all, n=minutes)]
    if match is not None:
        parts.insert(0, seat.say.markdown("duplicates.score", score=f"{match.match_score:.2f}", band=seat.say(f"band.{match.band}")))
        parts += [escape_markdown(text) for text in (match.of_decided, question.previous_decision) if text]
    st.markdown(" · ".join(parts))


# ------------------------------------------------------------------------------------------------------------------------ side by side


def _side_by_side(seat: Seat, question: QuestionView) -> None:
    """One row per field, one column per record; a differing value carries a mark and a colour, an agreeing one is grey."""
    say = seat.say
    columns: dict[str, list[Any]] = {say("duplicates.column.field"): [], **{_origin(record): [] for record in question.records}}
    for field_name in SHOWN_FIELDS:
        values = [show.record_value(record, field_name) for record in question.records]
        if all(value == show.ABSENT for value in values):
            continue
        columns[say("duplicates.column.field")].append(show.field_label(say, field_name))
        for record, value in zip(question.records, values, strict=True):
            columns[_origin(record)].append(_marked(value, values))
    show.table(columns, alt=say("duplicates.table.alt"))


def _origin(record: RecordView) -> str:
    return f"{record.file_name} {record.pointer}"


def _marked(value: str, values: list[str]) -> Badge:
    known = {each.casefold() for each in values if each != show.ABSENT}
    text = escape_markdown(value)
    if value == show.ABSENT or len(known) < 2:
        return Badge(f":gray[{text}]")
    return Badge(f":orange-background[**≠ {text}**]")


# ------------------------------------------------------------------------------------------------------------------------ keys


def _keys(seat: Seat, run: RunView, question: QuestionView, values: dict[str, Any]) -> None:
    may_decide = seat.may(Permission.DECIDE)

    def reply(answer: Answer, given: dict[str, Any] | None = None) -> tuple[Reply]:
        return (Reply(run_id=run.run_id, key=question.key, evidence_hash=question.evidence_hash, answer=answer, values=given),)

    questions.key_row(
        seat.say,
        question.key,
        [
            Key(name="same", shortcut="S", act=questions.give, arguments=reply(Answer.SAME, values), is_primary=True, is_disabled=not may_decide),
            Key(name="different", shortcut="D", act=questions.give, arguments=reply(Answer.DIFFERENT), is_disabled=not may_decide),
            Key(name="related", shortcut="L", act=questions.open_dialog, arguments=("related", question.key), is_disabled=not may_decide),
            Key(name="unsure", shortcut="U", act=questions.give, arguments=reply(Answer.UNSURE), is_disabled=not may_decide),
            Key(name="skip", shortcut="Right", act=questions.skip_question, arguments=(question.key,)),
            Key(name="undo", shortcut="Backspace", act=questions.undo_last, arguments=(run.run_id,), is_disabled=not may_decide),
        ],
    )


def _relation_dialog(seat: Seat, run: RunView, question: QuestionView) -> None:
    @st.dialog(seat.say.markdown("duplicates.related.title"), on_dismiss=questions.close_dialog)
    def ask_relation() -> None:
        names = [show.value_text(record.name) for record in question.records]
        st.markdown(seat.say.markdown("duplicates.related.lead", left=names[0], right=names[-1]))
        for relation, shortcut in zip(Relation, ("1", "2", "3", "4"), strict=True):
            reply = Reply(run_id=run.run_id, key=question.key, evidence_hash=question.evidence_hash, answer=Answer.RELATED, relation=relation)
            st.button(
                seat.say.markdown(f"relation.{relation}"), key=f"{relation}_{question.key[:16]}", on_click=questions.give, args=(reply,), shortcut=shortcut,
                width="stretch",
            )

    ask_relation()


# ------------------------------------------------------------------------------------------------------------------------ the score, explained


def _explained_score(seat: Seat, question: QuestionView) -> None:
    """Each comparison as a sentence with its bar (for to the right, against to the left); with the starting point they add up to the score."""
    match = question.match
    if match is None:
        return
    say = seat.say
    show.section(say.markdown("duplicates.why"))
    if match.hard_evidence:
        st.markdown(say.markdown("duplicates.hard", fact=match.hard_evidence))
    weighed = sorted((feature for feature in match.features if abs(feature.weight) >= LEAST_WEIGHT), key=lambda each: -abs(each.weight))
    if weighed:
        st.altair_chart(_bars(weighed), alt=say("duplicates.bars.alt", sentences="; ".join(f"{each.weight:+.1f} {each.detail}" for each in weighed)))
    total = match.base + sum(feature.weight for feature in match.features)
    st.caption(say.markdown("duplicates.sum", base=f"{match.base:+.1f}", total=f"{total:+.1f}", score=f"{match.match_score:.2f}", reference=f"{match.reference_score:.2f}"))
    silent = [feature.detail for feature in match.features if abs(feature.weight) < LEAST_WEIGHT]
    if silent:
        st.caption(say.markdown("duplicates.silent", sentences="; ".join(silent)))


def _bars(weighed: Sequence[FeatureScore]) -> alt.Chart:
    """The strength stands in signs before each sentence too, readable without colour."""
    rows = [{"what": f"{_signs(feature.weight)}  {feature.detail}", "weight": feature.weight, "speaks": "for" if feature.weight > 0 else "against"} for feature in weighed]
    colours = alt.Color("speaks:N", scale=alt.Scale(domain=["for", "against"], range=[FOR_COLOUR, AGAINST_COLOUR]), legend=None)
    labels = alt.Axis(labelLimit=LONGEST_LABEL_PX, labelFontSize=14, labelOverlap=False, labelFlush=False, labelBound=False, labelPadding=12, ticks=False, domain=False)
    chart: alt.Chart = (
        alt.Chart(pd.DataFrame(rows))
        .mark_bar(height=10)
        .encode(x=alt.X("weight:Q", title=None, axis=alt.Axis(tickCount=5, labelFontSize=14)), y=alt.Y("what:N", sort=None, title=None, axis=labels), color=colours, tooltip=alt.value(None))
        .properties(height=ROW_HEIGHT_PX * len(rows))
    )
    return chart


def _signs(weight: float) -> str:
    return ("+" if weight > 0 else "\u2212") * min(4, max(1, math.ceil(abs(weight) / 1.5)))


# ------------------------------------------------------------------------------------------------------------------------ the map


def _map(seat: Seat, question: QuestionView) -> None:
    """Both points and the line between them, drawn without any outside map; the metres in words."""
    say = seat.say
    placed = [record for record in question.records if record.latitude is not None and record.longitude is not None]
    st.caption(say.markdown("duplicates.where"))
    if len(placed) < 2:
        st.caption(say.markdown("duplicates.where.unknown", n=len(placed)))
        return
    points = [{"at": [record.longitude, record.latitude], "tip": show.value_text(record.name), "colour": colour} for record, colour in zip(placed, (LEFT_COLOUR, RIGHT_COLOUR), strict=False)]
    metres = question.match.distance_km * 1000 if question.match is not None and question.match.distance_km is not None else None
    st.pydeck_chart(_deck(points), height=MAP_HEIGHT_PX, alt=say("duplicates.map.alt"))
    if metres is not None:
        st.caption(say.markdown("duplicates.metres", metres=f"{metres:,.0f} m" if metres < 10_000 else f"{metres / 1000:,.1f} km"))


def _deck(points: list[dict[str, Any]]) -> pydeck.Deck:
    (x1, y1), (x2, y2) = points[0]["at"], points[1]["at"]
    span = max(abs(x1 - x2), abs(y1 - y2), 20 / METRES_ACROSS_A_DEGREE)
    view = pydeck.ViewState(longitude=(x1 + x2) / 2, latitude=(y1 + y2) / 2, zoom=max(4.0, min(18.0, math.log2(360 / span) - 2.4)))
    layers = [
        pydeck.Layer("LineLayer", [{"from": points[0]["at"], "to": points[1]["at"]}], id="line", get_source_position="from", get_target_position="to", get_color=[90, 103, 104], get_width=2),
        pydeck.Layer(
            "ScatterplotLayer", points, id="points", get_position="at", get_fill_color="colour", get_radius=1, radius_min_pixels=8, radius_max_pixels=8, pickable=True
        ),
    ]
    return pydeck.Deck(map_provider=None, initial_view_state=view, layers=layers, tooltip={"text": "{tip}"})


# ------------------------------------------------------------------------------------------------------------------------ the golden record


def _overrides(question: QuestionView) -> dict[str, Any]:
    """What this person chose differently from survivorship, for this question."""
    chosen: dict[str, dict[str, Any]] = st.session_state.setdefault("pairs.overrides", {})
    if set(chosen) - {question.key}:
        chosen.clear()
    return chosen.setdefault(question.key, {})


def _golden(seat: Seat, question: QuestionView, values: dict[str, Any]) -> None:
    """The record as it would become on Same: one value per field, why, and what else it could be."""
    say = seat.say
    golden = question_views.golden_preview(seat.db, seat.actor, question.record_ids, values)
    if golden is None:
        return
    show.section(say.markdown("duplicates.golden", quality=round(golden.quality_score)))
    st.caption(say.markdown("duplicates.golden.lead"))
    for field in golden.fields:
        label, value, why = st.columns([2, 5, 5], vertical_alignment="center")
        label.caption(show.field_label(say, field.field_name))
        with value:
            _golden_value(seat, question, field, values)
        why.caption(escape_markdown(field.reason))


def _golden_value(seat: Seat, question: QuestionView, field: GoldenField, values: dict[str, Any]) -> None:
    choices = _choices(field)
    if len(choices) < 2:
        show.plain(show.value_text(field.value))
        return
    key = f"golden_{field.field_name}_{question.key[:16]}"
    st.selectbox(
        seat.say.markdown("duplicates.golden.choose", field=show.field_label(seat.say, field.field_name)), range(len(choices)), index=choices.index(field.value),
        format_func=lambda number: show.value_text(choices[number]), key=key,
        on_change=_override, args=(key, field.field_name, choices, values), label_visibility="collapsed",
    )


def _choices(field: GoldenField) -> list[str | None]:
    """The values to choose from, in an order that stays when the choice changes."""
    distinct: dict[str, str | None] = {show.value_text(value): value for value in (*field.alternatives, field.value)}
    return [distinct[text] for text in sorted(distinct)]


def _override(key: str, field_name: str, choices: list[Any], values: dict[str, Any]) -> None:
    values[field_name] = choices[st.session_state[key]]

