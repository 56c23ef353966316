"""The parts of the registry page: search with facets, one facility whole, the list as a file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import suppress

import pandas as pd
import streamlit as st

from gvrc.reference.gazetteer import load_gazetteer
from gvrc.reference.vocabularies import load_vocabularies
from gvrc.security.permissions import Permission
from gvrc.store.reads_registry import FacilityFilter
from gvrc.ui import address, navigation, show
from gvrc.ui.catalogue import escape_markdown
from gvrc.ui.desk import Seat
from gvrc.views import exports
from gvrc.views import facilities as facility_views
from gvrc.views.facilities import FacilityPageView, FacilityView

FIELDS = (
    "facility_type_label", "aliases", "county", "constituency", "ward", "point", "contacts", "service_labels", "gbv_categories", "owner",
    "operational_status", "keph_level", "mfl_code", "fid_code", "registration_number", "address", "officer", "opening_hours", "description",
    "visibility", "last_verified_at",
)
LONGEST_SEARCH = 200
FINER = {"county": ("constituency", "ward"), "constituency": ("ward",)}
"""What a change of a place's filter makes meaningless."""


# ------------------------------------------------------------------------------------------------------------------------ search


def search(seat: Seat) -> None:
    """Places by name or code, spelling tolerated; by place, kind and service."""
    say = seat.say
    chosen = _chosen(seat)
    page = facility_views.facility_list(
        seat.db, seat.actor, words=chosen.words, county=chosen.county, constituency=chosen.constituency, ward=chosen.ward,
        facility_type=chosen.facility_type, service=chosen.service, limit=show.ROWS_PER_PAGE, offset=show.first_row(),
    )
    if not page.total:
        _nothing(seat, is_filtered=chosen != FacilityFilter())
        return
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(say.markdown("registry.count", n=page.total))
        if seat.may(Permission.EXPORT):
            st.download_button(
                say.markdown("registry.download"), data=lambda: _csv(seat, chosen),
                file_name="gvrc-registry.csv", mime="text/csv", key="download", icon=":material/download:", on_click="ignore",
            )
    _rows(seat, page.rows)
    show.page_choice(page.total)


def _chosen(seat: Seat) -> FacilityFilter:
    """What the person filters by; a constituency is offered within a county, a ward within a constituency."""
    words = st.query_params.get("q", "")[:LONGEST_SEARCH]
    found = facility_views.facets(seat.db, seat.actor, words=words)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            seat.say.markdown("registry.search"), value=words, key=f"search_{words}", on_change=_put_words, args=(f"search_{words}",),
            max_chars=LONGEST_SEARCH, width=320,
        )
        kind = _facet(seat, "kind", {code: f"{_kind(code)} ({n:,})" for code, n in found.get("facility_type", {}).items()})
        services = load_vocabularies().services
        service = _facet(seat, "service", {code: services.label(code) for code in sorted(services.terms, key=services.label)})
    with st.container(horizontal=True, vertical_alignment="bottom"):
        counties = {code: f"{_county(code)} ({n:,})" for code, n in sorted(found.get("county", {}).items(), key=lambda item: _county(item[0]))}
        county = _facet(seat, "county", counties)
        seats = load_gazetteer().constituencies_of(county) if county else ()
        constituency = _facet(seat, "constituency", {unit.constituency_code: unit.constituency for unit in seats})
        wards = load_gazetteer().wards_of(constituency) if constituency else ()
        ward = _facet(seat, "ward", {unit.ward_code: unit.ward for unit in wards})
    return FacilityFilter(words=words or None, county=county, constituency=constituency, ward=ward, facility_type=kind, service=service)


def _county(code: str) -> str:
    with suppress(KeyError):
        return load_gazetteer().county(code).county
    return code


def _kind(code: str) -> str:
    return load_vocabularies().facility_types.label(code)


def _put_words(key: str) -> None:
    address.put(q=str(st.session_state[key])[:LONGEST_SEARCH].strip() or None, page=None)


def _facet(seat: Seat, name: str, labels: dict[str, str]) -> str | None:
    current = address.one_of(name, list(labels))
    key = f"facet_{name}_{current}"
    options = ["", *labels]
    st.selectbox(
        seat.say.markdown(f"registry.facet.{name}"), options, index=options.index(current or ""), key=key, width=220,
        format_func=lambda code: labels[code] if code else seat.say("registry.facet.all"), on_change=_put_facet, args=(name, key),
        disabled=not labels,
    )
    return current


def _put_facet(name: str, key: str) -> None:
    """A new choice forgets the finer ones under it."""
    finer = FINER.get(name, ())
    address.put(**dict.fromkeys(finer), **{name: st.session_state[key] or None, "page": None})


def _nothing(seat: Seat, *, is_filtered: bool) -> None:
    if is_filtered:
        st.markdown(seat.say.markdown("registry.no_match"))
        return
    st.markdown(seat.say.markdown("registry.empty"))
    if navigation.has_page(seat, "upload"):
        navigation.link("upload", seat.say.markdown("run.none.link"), symbol="upload_file")


def _rows(seat: Seat, rows: Sequence[FacilityView]) -> None:
    say = seat.say
    frame = pd.DataFrame(
        {
            say("registry.column.code"): [row.facility_code for row in rows],
            say("field.name"): [show.value_text(row.name) for row in rows],
            say("field.facility_type"): [show.value_text(row.facility_type_label) for row in rows],
            say("field.county"): [show.value_text(row.county) for row in rows],
            say("field.ward"): [show.value_text(row.ward) for row in rows],
            say("field.contacts"): [show.value_text([contact.value for contact in row.contacts]) for row in rows],
            say("field.quality"): [show.points(row.quality_score) for row in rows],
        }
    )
    st.session_state["registry.shown"] = [row.facility_id for row in rows]
    st.dataframe(
        frame, hide_index=True, key="facility_rows", on_select=_open_selected, selection_mode="single-row", alt=say("registry.alt"),
        column_config={say("field.quality"): st.column_config.TextColumn(width="small", alignment="right")},
    )


def _open_selected() -> None:
    """Callback: the selected row by its position, mapped at once to the facility it showed."""
    ids = st.session_state.get("registry.shown", [])
    selected = st.session_state.get("facility_rows", {}).get("selection", {}).get("rows", [])
    if selected and selected[0] < len(ids):
        address.put(facility=ids[selected[0]])


def _csv(seat: Seat, filters: FacilityFilter) -> bytes:
    """The list as a file, made when it is asked for. The byte order mark tells spreadsheets that it is UTF-8."""
    stream = io.StringIO(newline="")
    exports.export_csv(seat.db, seat.actor, stream, filters=filters)
    return stream.getvalue().encode("utf-8-sig")


# ------------------------------------------------------------------------------------------------------------------------ one facility


def one_facility(seat: Seat, facility_id: int) -> None:
    """A place whole: its values with where each comes from, its sources, its history in words, what was merged into it."""
    say = seat.say
    st.button(say.markdown("registry.back"), key="back", on_click=_back, icon=":material/arrow_back:", type="tertiary")
    page = facility_views.facility_view(seat.db, seat.actor, facility_id)
    if page is None:
        st.markdown(say.markdown("registry.gone"))
        return
    place = page.facility
    show.section(escape_markdown(show.value_text(place.name)))
    st.caption(say.markdown("registry.code", code=place.facility_code) + ("" if place.is_active else f" · {say.markdown('registry.retired')}"))
    if page.stands_for is not None:
        navigation.link("registry", say.markdown("registry.survivor"), query={"facility": str(page.stands_for)})
    _values(seat, page)
    with st.expander(say.markdown("registry.quality"), expanded=False):
        show.quality(say, place.quality_score, place.quality_parts)
    _neighbours(seat, page)
    _sources(seat, page)
    _history(seat, page)


def _back() -> None:
    address.put(facility=None)


def _values(seat: Seat, page: FacilityPageView) -> None:
    say = seat.say
    why = {origin.field_name: origin.reason for origin in page.origins}
    told = [(name, show.record_value(page.facility, name)) for name in FIELDS]
    told = [(name, value) for name, value in told if value != show.ABSENT]
    show.table(
        {
            say("commit.cell.field"): [show.field_label(say, name) for name, _ in told],
            say("registry.value"): [value for _, value in told],
            say("registry.why"): [why.get(_origin_name(name)) for name, _ in told],
        },
        alt=say("registry.values.alt"),
    )


def _origin_name(field_name: str) -> str:
    return {"facility_type_label": "facility_type", "service_labels": "services", "county": "place", "constituency": "place", "ward": "place"}.get(field_name, field_name)


def _neighbours(seat: Seat, page: FacilityPageView) -> None:
    if not page.redirects and not page.relations:
        return
    show.section(seat.say.markdown("registry.neighbours"))
    for neighbour in (*page.redirects, *page.relations):
        navigation.link(
            "registry", seat.say.markdown("registry.neighbour", how=neighbour.how, name=show.value_text(neighbour.name), code=neighbour.facility_code),
            query={"facility": str(neighbour.facility_id)},
        )


def _sources(seat: Seat, page: FacilityPageView) -> None:
    say = seat.say
    if page.sources:
        with st.expander(say.markdown("registry.sources", n=len(page.sources))):
            show.table(
                {
                    say("upload.files.source"): [source.source for source in page.sources],
                    say("registry.sources.since"): [show.moment(source.first_seen) for source in page.sources],
                    say("registry.sources.last"): [show.moment(source.last_seen) for source in page.sources],
                },
                alt=say("registry.sources.alt"),
            )


def _history(seat: Seat, page: FacilityPageView) -> None:
    if page.history:
        with st.expander(seat.say.markdown("registry.history", n=len(page.history))):
            for entry in page.history:
                show.plain(f"{show.moment(entry.happened_at)} · {entry.changed_by} · {entry.sentence}")
