"""The parts of the map page: which places, the map and its table twin, the place looked at, a new point.

Everything below the heading is one fragment: a click on the map or in the table runs this part alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from gvrc import steward
from gvrc.errors import GvrcError
from gvrc.model.review import Answer
from gvrc.reference.outlines import ATTRIBUTION, load_outlines
from gvrc.security.permissions import Permission
from gvrc.ui import address, decided, desk, map_drawing, map_marks, navigation, parts, show, tables
from gvrc.ui.catalogue import escape_markdown
from gvrc.ui.desk import Seat
from gvrc.ui.map_drawing import Picture
from gvrc.ui.tables import Cell, Column, Row
from gvrc.views import map as map_views
from gvrc.views import runs as run_views
from gvrc.views.map import MOST_POINTS, CountyCount, MapChoices, MapCounts, MapCube, MapPlace, MapQuery, PointQuestion
from gvrc.views.sight import Shown

FEW_PLACES = 2_000
"""Points drawn one by one without a county being chosen."""
RUNS_TO_CHOOSE_FROM = 20
SHOWINGS = ("counties", "places")
LISTS = ("counties", "placed", "far", "unplaced")
MAP = "map_drawn"
REGISTRY = 0
"""Stands for the registry where a run would be named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at the map: who looks, at which places, how many there are, which quality scores part them, how they are drawn."""

    seat: Seat
    query: MapQuery
    counts: MapCounts
    bands: tuple[float, float]
    showing: str
    way: str

    @property
    def layer(self) -> int:
        """The run, or REGISTRY."""
        return self.query.run_id or REGISTRY


def explore() -> None:
    """The page below its heading."""
    st.fragment(_explore)()


def _explore() -> None:
    seat = desk.take(Permission.READ)
    desk.tell_kept()
    bands = map_views.quality_bands(seat.db, seat.settings)
    cube = _layer(seat, bands)
    run_id = cube.query.run_id
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _layer_choice(seat, run_id)
        query = _filters(seat, run_id, cube.choices())
    counts = cube.counts(query) if cube.holds(query) else map_views.map_counts(seat.db, seat.actor, query, bands=bands)
    if not counts.places:
        _nothing(seat, is_filtered=query != MapQuery(run_id=run_id))
        return
    showing = address.one_of("show", SHOWINGS) or (SHOWINGS[0] if query.county is None and counts.placed > FEW_PLACES else SHOWINGS[1])
    way = address.one_of("colour", map_marks.WAYS) or map_marks.WAYS[0]
    _map_and_table(Look(seat=seat, query=query, counts=counts, bands=bands, showing=showing, way=way))


def _map_and_table(look: Look) -> None:
    is_grid = look.showing == "places" and look.counts.placed > MOST_POINTS
    places = map_views.map_points(look.seat.db, look.seat.actor, look.query) if look.showing == "places" and not is_grid else ()
    chosen, is_centred = _chosen(look)
    picture = Picture(
        county=look.query.county, counties=look.counts.counties if look.showing == "counties" else (),
        cells=map_views.map_cells(look.seat.db, look.seat.actor, look.query) if is_grid else (),
        places=places, chosen=chosen, picked=_picked_ids(look), is_centred=is_centred, way=look.way, bands=look.bands,
    )  # fmt: skip
    drawn, beside = st.columns([8, 4], gap="medium")
    with drawn:
        _draw(look, picture)
    with beside:
        _beside(look, picture)
    _lists(look, places)


# ------------------------------------------------------------------------------------------------------------------------ which places


def _layer(seat: Seat, bands: tuple[float, float]) -> MapCube:
    """What can be counted of the run in the address, else of the registry; while that is empty, of the newest run, for who may see it."""
    wanted = address.number("run") if seat.may(Permission.REVIEW) else None
    cube = map_views.map_cube(seat.db, seat.actor, MapQuery(run_id=wanted), bands=bands)
    is_asked = wanted is not None or st.query_params.get("run") == str(REGISTRY)
    if is_asked or cube.sums or not seat.may(Permission.REVIEW):
        return cube
    newest = next(iter(run_views.run_list(seat.db, seat.actor, limit=1)), None)
    return cube if newest is None else map_views.map_cube(seat.db, seat.actor, MapQuery(run_id=newest.run_id), bands=bands)


def _layer_choice(seat: Seat, run_id: int | None) -> None:
    if not seat.may(Permission.REVIEW):
        return
    say = seat.say
    runs = run_views.run_list(seat.db, seat.actor, limit=RUNS_TO_CHOOSE_FROM)
    labels = {REGISTRY: say("map.layer.registry"), **{run.run_id: say("map.layer.run", run=run.run_id, when=show.moment(run.created_at)) for run in runs}}
    if run_id is not None:
        labels.setdefault(run_id, say("map.layer.run_only", run=run_id))
    key = f"map_layer_{run_id or REGISTRY}"
    st.selectbox(
        say.markdown("map.layer"), list(labels), index=list(labels).index(run_id or REGISTRY), format_func=labels.__getitem__, key=key, width=205,
        on_change=_choose_layer, args=(key,),
    )


def _choose_layer(key: str) -> None:
    colour = st.query_params.get("colour")
    st.query_params.clear()
    address.put(run=st.session_state[key], colour=colour)
    _look_anew()


def _filters(seat: Seat, run_id: int | None, choices: MapChoices) -> MapQuery:
    counties = {code: f"{map_views.county_name(code)} ({n:,})" for code, n in sorted(choices.counties.items(), key=lambda item: map_views.county_name(item[0]) or "")}
    kinds = {code: f"{show.kind_word(seat.say, code)} ({n:,})" for code, n in sorted(choices.kinds.items(), key=lambda item: -item[1])}
    states = {code: f"{_state_word(seat, code)} ({n:,})" for code, n in sorted(choices.states.items(), key=lambda item: -item[1])}
    return MapQuery(
        run_id=run_id, county=_filter(seat, "county", counties), facility_type=_filter(seat, "kind", kinds),
        source=_filter(seat, "source", {name: name for name in choices.sources}), state=_filter(seat, "state", states),
    )  # fmt: skip


def _state_word(seat: Seat, code: str) -> str:
    return seat.say.or_plain(f"map.state.{code}", show.state_word(seat.say, code))


def _filter(seat: Seat, name: str, labels: Mapping[str, str]) -> str | None:
    """A filter whose choice stands in the address, so that a link can set it and a refresh keeps it."""
    current = address.one_of(name, list(labels))
    key = f"map_{name}_{current}"
    options = ["", *labels]
    st.selectbox(
        seat.say.markdown(f"map.filter.{name}"), options, index=options.index(current or ""), key=key, width=160,
        format_func=lambda code: labels[code] if code else seat.say("map.filter.all"), on_change=_choose, args=(name, key),
    )
    return current


def _choose(name: str, key: str) -> None:
    address.put(**{name: st.session_state[key] or None, "page": None})
    _look_anew()


def _segments(seat: Seat, name: str, options: Sequence[str], current: str) -> None:
    key = f"map_{name}_{current}"
    st.radio(  # not segments: the letters of a chosen one have too little contrast in the dark theme
        seat.say.markdown(f"map.{name}"), options, index=options.index(current), format_func=lambda code: seat.say(f"map.{name}.{code}"), key=key,
        on_change=_choose, args=(name, key), horizontal=True,
    )


def _look_anew() -> None:
    """Other places are looked at: nothing is chosen of them yet."""
    for name in ("map.selected", "map.chosen"):
        st.session_state.pop(name, None)


def _nothing(seat: Seat, *, is_filtered: bool) -> None:
    if is_filtered:
        st.markdown(seat.say.markdown("map.no_match"))
        return
    st.markdown(seat.say.markdown("map.empty"))
    if navigation.has_page(seat, "upload"):
        navigation.link("upload", seat.say.markdown("run.none.link"), symbol="upload_file")


# ------------------------------------------------------------------------------------------------------------------------ the map


def _draw(look: Look, picture: Picture) -> None:
    say = look.seat.say
    counties = sum(1 for each in look.counts.counties if each.placed)
    alt = say("map.alt", placed=look.counts.placed, counties=counties, unplaced=look.counts.unplaced)
    parts.draw("map", map_drawing.drawing(say, picture, alt=alt), key=MAP, height=map_drawing.HEIGHT_PX, on_pick_change=_picked)
    st.session_state["map.layer"] = look.layer
    st.caption(say.markdown("map.attribution", who=ATTRIBUTION))


def _picked() -> None:
    """Callback: a county clicked is looked into; places clicked filter the table, and one alone is looked at; the empty ground lets go of them."""
    pick, layer = st.session_state[MAP]["pick"], st.session_state["map.layer"]
    if pick["layer"] in ("circles", "counties"):
        if pick["id"] in _county_codes():
            _look_into(pick["id"])
        return
    kept_layer, kept = st.session_state.get("map.selected") or (layer, [])
    ids = _with_pick(kept if kept_layer == layer else [], pick)
    st.session_state["map.selected"] = (layer, ids)
    st.session_state["map.chosen"] = (layer, ids[0], False) if len(ids) == 1 else None
    address.put(page=None, list=None)


def _county_codes() -> set[str]:
    return {outline.county_code for outline in load_outlines()}


def _with_pick(ids: Sequence[int], pick: Mapping[str, Any]) -> list[int]:
    """The places picked now: the one clicked alone, or, with a key held down, it beside (or, where it was among them, without) the others."""
    if pick["layer"] != "places":
        return []
    clicked = int(pick["id"])
    if not pick["more"]:
        return [] if list(ids) == [clicked] else [clicked]
    return [number for number in ids if number != clicked] if clicked in ids else [*ids, clicked]


def _chosen(look: Look) -> tuple[MapPlace | None, bool]:
    """The place looked at, read anew; and whether the map moves to it (it does when it was chosen in the table)."""
    kept = st.session_state.get("map.chosen")
    if kept is None or kept[0] != look.layer:
        return None, False
    return map_views.one_place(look.seat.db, look.seat.actor, look.query.run_id, kept[1]), kept[2]


def _picked_ids(look: Look) -> list[int]:
    """The places picked on the map of this layer."""
    layer, ids = st.session_state.get("map.selected") or (None, [])
    return ids if layer == look.layer else []


def _beside(look: Look, picture: Picture) -> None:
    say = look.seat.say
    _segments(look.seat, "show", SHOWINGS, look.showing)
    if look.showing == "places":
        _segments(look.seat, "colour", map_marks.WAYS, look.way)
    st.markdown(say.markdown("map.count", n=look.counts.placed, unplaced=look.counts.unplaced))
    if look.showing == "places" and not picture.cells:
        with st.container(gap="xxsmall"):
            low, high = (show.points(score) for score in look.bands)
            for mark, count in map_marks.legend(look.way, look.counts):
                word = say.markdown(f"map.{look.way}.{mark.code}", low=low, high=high)
                st.markdown(f":{mark.colour}[**●**] **{escape_markdown(mark.sign)}** {word} · {count:,}")
    else:
        st.caption(say.markdown("map.grid" if picture.cells else "map.counties.hint", n=MOST_POINTS))
    far = sum(1 for place in picture.places if place.is_far)
    if far:
        st.caption(say.markdown("map.lines", n=far))
    if picture.chosen is not None:
        _place(look, picture.chosen)
    elif picture.places:
        st.caption(say.markdown("map.hint"))
    if look.query.run_id is not None:
        _answers(look.seat, look.query.run_id)


# ------------------------------------------------------------------------------------------------------------------------ the place looked at


def _place(look: Look, place: MapPlace) -> None:
    say = look.seat.say
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**{escape_markdown(show.value_text(place.name))}**")
        if place.state is not None:
            st.markdown(f"{show.state_badge(say, place.state) if look.layer else escape_markdown(_state_word(look.seat, place.state))}")
        for text in _facts(look.seat, place):
            st.caption(escape_markdown(text))
        _open_link(look, place)
        if look.query.run_id is not None and look.seat.may(Permission.DECIDE):
            _new_point(look.seat, look.query.run_id, place)


def _facts(seat: Seat, place: MapPlace) -> list[str]:
    """What is known of the place, a line each."""
    say = seat.say
    facts = [" · ".join(part for part in (place.facility_type and show.kind_word(say, place.facility_type), place.county, place.ward) if part)]
    if place.quality_score is not None:
        facts.append(say("map.place.quality", points=show.points(place.quality_score)))
    if place.is_placed:
        facts.append(say("map.place.point", point=f"{place.latitude:.5f}, {place.longitude:.5f}"))
    else:
        facts.append(_why(seat, place))
    if place.ward_km is not None:
        facts.append(say("map.place.far" if place.is_far else "map.place.near", km=f"{place.ward_km:,.1f}", ward=place.ward))
    return [fact for fact in facts if fact]


def _why(seat: Seat, place: MapPlace) -> str:
    """Why a place has no point on this person's map."""
    if place.shown != Shown.ALL:
        return seat.say("map.why.protected")
    return "; ".join(show.issue_title(seat.say, code) for code in place.why_unplaced) or seat.say("map.why.none")


def _open_link(look: Look, place: MapPlace) -> None:
    if look.query.run_id is None:
        navigation.link("registry", look.seat.say.markdown("map.open.facility"), query={"facility": str(place.place_id)}, symbol="location_city")
    elif navigation.has_page(look.seat, "records"):
        query = {"run": str(look.query.run_id), "record": str(place.place_id)}
        navigation.link("records", look.seat.say.markdown("map.open.record"), query=query, symbol="table_rows")


def _new_point(seat: Seat, run_id: int, place: MapPlace) -> None:
    """A point to type, or the ward's centre to take: the answer to the open question about the record's point, or a better point unasked."""
    say = seat.say
    question = map_views.point_question(seat.db, seat.actor, run_id, place.place_id)
    if question is None:
        return
    st.caption(say.markdown("map.set.unasked") if question.issue is None else say.markdown("map.set.question", title=show.issue_title(say, question.issue.code)))
    key = f"map_point_{place.place_id}"
    with st.form(f"form_{key}", border=False, enter_to_submit=True):
        st.text_input(say.markdown("map.set.point"), key=key, max_chars=100, placeholder="-4.47120, 39.47910")
        st.form_submit_button(
            say.markdown("map.set.save"), on_click=_save_typed, args=(run_id, question, key), type="secondary" if question.issue is None else "primary"
        )
    if question.ward_centre is not None:
        st.button(
            say.markdown("map.set.centre", ward=question.ward or ""), key=f"{key}_centre", on_click=_save_centre, args=(run_id, question), type="secondary"
        )


def _save_typed(run_id: int, question: PointQuestion, key: str) -> None:
    seat = desk.take(Permission.DECIDE)
    point = map_views.typed_point(str(st.session_state.get(key, "")))
    if point is None:
        desk.refuse(GvrcError(seat.say("map.set.unreadable"), seat.say("map.set.unreadable.hint")))
        return
    _answer(seat, run_id, question, {"latitude": point[0], "longitude": point[1], "accuracy_level": "steward"})


def _save_centre(run_id: int, question: PointQuestion) -> None:
    seat = desk.take(Permission.DECIDE)
    if question.ward_centre is not None:
        latitude, longitude = question.ward_centre
        _answer(seat, run_id, question, {"latitude": latitude, "longitude": longitude, "accuracy_level": "ward_centre"})


def _answer(seat: Seat, run_id: int, question: PointQuestion, values: dict[str, Any]) -> None:
    if question.key is None:
        if desk.attempt(steward.set_point, seat.db, seat.settings, seat.actor, run_id, question.record_id, values) is None:
            return
    else:
        answer = steward.AnswerIn(key=question.key, answer=Answer.CORRECT, values=values, seen_evidence=question.evidence_hash)
        outcome = desk.attempt(steward.decide, seat.db, seat.settings, seat.actor, run_id, [answer])
        if outcome is None:
            return
        if outcome.refused:
            desk.refuse(GvrcError(seat.say("question.refused"), outcome.refused[0].why))
            return
    kept = st.session_state.get("map.chosen")
    if kept is not None:
        st.session_state["map.chosen"] = (kept[0], kept[1], True)
    desk.tell(seat.say.markdown("map.set.done"))


def _answers(seat: Seat, run_id: int) -> None:
    """Points given by people in this run, each with its undo."""
    decisions = map_views.point_decisions(seat.db, seat.actor, run_id)
    if not decisions:
        return
    with st.expander(seat.say.markdown("map.answers", n=len(decisions))):
        for decision in decisions:
            show.plain(decided.in_words(seat.say, decision))
            if decision.is_undoable and seat.may(Permission.DECIDE):
                st.button(seat.say.markdown("question.undo"), key=f"map_undo_{decision.decision_id}", on_click=_undo, args=(decision.decision_id,), type="tertiary")


def _undo(decision_id: int) -> None:
    seat = desk.take(Permission.DECIDE)
    try:
        steward.undo(seat.db, seat.settings, seat.actor, decision_id)
    except GvrcError as error:
        desk.refuse(error)
        return
    desk.tell(seat.say.markdown("question.undone"))


# ------------------------------------------------------------------------------------------------------------------------ the table twin


def _lists(look: Look, places: Sequence[MapPlace]) -> None:
    """The same in words: counties, or the places on the map, those far from their ward, those without a point."""
    far = [place for place in places if place.is_far]
    amounts = {
        "counties": len(look.counts.counties), "placed": look.counts.placed if look.showing == "places" else 0, "far": len(far),
        "unplaced": look.counts.unplaced,
    }  # fmt: skip
    names = [name for name in LISTS if amounts[name]]
    current = _list_choice(look, names, amounts, "counties" if look.showing == "counties" else "placed")
    if current == "counties":
        _county_table(look.seat, look.counts.counties)
    elif current == "unplaced":
        found = map_views.unplaced(look.seat.db, look.seat.actor, look.query, limit=show.ROWS_PER_PAGE, offset=show.first_row())
        _place_table(look, found, look.counts.unplaced, current)
    else:
        _point_tables(look, places, far, current)


def _list_choice(look: Look, names: Sequence[str], amounts: Mapping[str, int], otherwise: str) -> str:
    current = address.one_of("list", names) or (otherwise if otherwise in names else names[0])
    key = f"map_list_{current}_{'-'.join(names)}"
    st.segmented_control(
        look.seat.say.markdown("map.list"), names, default=current, key=key, on_change=_choose_list, args=(key,), label_visibility="collapsed", required=True,
        format_func=lambda name: show.chosen_label(look.seat.say.markdown(f"map.list.{name}", n=amounts[name]), name == current),
    )
    return current


def _choose_list(key: str) -> None:
    address.put(list=st.session_state[key], page=None)


def _county_table(seat: Seat, counties: Sequence[CountyCount]) -> None:
    say = seat.say
    names = ("map.column.places", "map.column.placed", "map.column.unplaced", "field.quality")
    columns = [Column(title=say("field.county")), *(Column(title=say(name), align="right") for name in names)]
    rows = [
        (_county_cell(seat, number, each), f"{each.places:,}", f"{each.placed:,}", f"{each.unplaced:,}", show.points(each.quality))
        for number, each in enumerate(counties)
    ]  # fmt: skip
    st.caption(say.markdown("map.counties.select"))
    tables.table(columns, rows, key="map_counties", label=say("map.counties.alt"), height=tables.LIST_PX, on_open=partial(_county_row, [each.county_code for each in counties]))


def _county_cell(seat: Seat, number: int, each: CountyCount) -> Cell:
    return Cell(text=each.county or seat.say("map.county.unknown"), opens=number if each.county_code else None, is_row=each.county_code is not None)


def _county_row(codes: Sequence[str | None], number: int) -> None:
    """Callback: look into the county of a row."""
    _look_into(codes[number])


def _look_into(county_code: str | None) -> None:
    address.put(county=county_code, show=None, list=None, page=None)
    _look_anew()


def _point_tables(look: Look, places: Sequence[MapPlace], far: Sequence[MapPlace], current: str) -> None:
    """The places on the map, or of them those picked there; of a grid, a page of them from the database."""
    say = look.seat.say
    picked = _picked_ids(look)
    rows = list(far if current == "far" else places)
    if picked and current == "placed":
        rows = [place for place in rows if place.place_id in set(picked)]
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(say.markdown("map.picked", n=len(rows)))
            st.button(say.markdown("map.picked.clear"), key="map_clear", on_click=_look_anew, type="tertiary")
    if look.counts.placed > MOST_POINTS and current == "placed":
        rows = list(map_views.map_points(look.seat.db, look.seat.actor, look.query, limit=show.ROWS_PER_PAGE, offset=show.first_row()))
        _place_table(look, rows, look.counts.placed, current)
        return
    _place_table(look, rows[show.first_row() : show.first_row() + show.ROWS_PER_PAGE], len(rows), current)


def _place_table(look: Look, rows: Sequence[MapPlace], total: int, current: str) -> None:
    seat, say = look.seat, look.seat.say
    last = "map.column.why" if current == "unplaced" else "map.column.ward_km"
    names = ("field.name", "field.facility_type", "field.county", "field.ward", "field.state", "field.quality", last)
    columns = [Column(title=say(name), align="right" if name in ("field.quality", "map.column.ward_km") else "left") for name in names]
    chosen = st.session_state.get("map.chosen")
    st.caption(say.markdown(f"map.list.{current}.hint", n=total))
    tables.table(
        columns, [_place_row(seat, place, current) for place in rows], key=f"map_rows_{current}", label=say(f"map.list.{current}.alt", n=total),
        height=tables.LIST_PX, on_open=partial(_row_chosen, look.layer),
        chosen=next((number for number, place in enumerate(rows) if chosen is not None and chosen[:2] == (look.layer, place.place_id)), None),
    )  # fmt: skip
    show.page_choice(total)


def _place_row(seat: Seat, place: MapPlace, current: str) -> Row:
    last = _why(seat, place) if current == "unplaced" else show.ABSENT if place.ward_km is None else f"{place.ward_km:,.1f}"
    return (
        Cell(text=show.value_text(place.name), opens=place.place_id, is_row=True), show.kind_word(seat.say, place.facility_type), show.value_text(place.county),
        show.value_text(place.ward), _state_word(seat, place.state) if place.state else show.ABSENT, show.points(place.quality_score), last,
    )  # fmt: skip


def _row_chosen(layer: int, place_id: int) -> None:
    """Callback: the place whose row was clicked; the map moves there and marks it. Clicked again, it is let go."""
    kept = st.session_state.get("map.chosen")
    st.session_state["map.chosen"] = None if kept is not None and kept[:2] == (layer, place_id) else (layer, place_id, True)
