"""The parts of the registry page: search with facets, one facility whole, the list as a file."""

from __future__ import annotations

import codecs
import io
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial

import streamlit as st

from gvrc.model.export import ExportFormat
from gvrc.reference.gazetteer import load_gazetteer
from gvrc.security.permissions import Permission
from gvrc.store.reads_search import QUALITY_BANDS, FacilityFilter
from gvrc.ui import address, navigation, registry_acts, registry_edit, registry_relations, registry_watch, show, tables, told
from gvrc.ui.catalogue import Words, escape_markdown
from gvrc.ui.desk import Seat
from gvrc.ui.tables import Cell, Column, Opens, Row
from gvrc.views import exports
from gvrc.views import facilities as facility_views
from gvrc.views.facilities import FacilityPageView, FacilityView
from gvrc.views.history import HistoryChange, HistoryEntry

FIELDS = (
    "facility_type_label", "aliases", "county", "constituency", "ward", "point", "contacts", "service_labels", "gbv_categories", "owner",
    "operational_status", "keph_level", "mfl_code", "fid_code", "registration_number", "address", "officer", "opening_hours", "description",
    "visibility", "last_verified_at",
)
LONGEST_SEARCH = 200
FILTER_PX = 212
"""Four stand in a row of the page, at 1280 pixels too."""
NAMED_PX = {"name": 200, "facility_type": 100}
"""What keeps these columns readable beside long contacts on a tablet."""
FINER = {"county": ("constituency", "ward"), "constituency": ("ward",)}
"""What a change of a place's filter makes meaningless."""


# ------------------------------------------------------------------------------------------------------------------------ search


def search(seat: Seat) -> None:
    """Places by name or code, spelling tolerated; by place, kind and service."""
    say = seat.say
    chosen = _chosen(seat)
    page = facility_views.facility_list(
        seat.db, seat.actor, words=chosen.words, county=chosen.county, constituency=chosen.constituency, ward=chosen.ward,
        facility_type=chosen.facility_type, service=chosen.service, operational_status=chosen.operational_status, quality=chosen.quality,
        limit=show.ROWS_PER_PAGE, offset=show.first_row(),
    )
    if not page.total:
        _nothing(seat, is_filtered=chosen != FacilityFilter())
        return
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(say.markdown("registry.count_more" if page.is_more else "registry.count", n=page.total))
        if seat.may(Permission.EXPORT):
            _downloads(seat, chosen)
    _rows(seat, page.rows)
    show.page_choice(page.total)


def _chosen(seat: Seat) -> FacilityFilter:
    """What the person filters by; a constituency is offered within a county, a ward within a constituency."""
    words = st.query_params.get("q", "")[:LONGEST_SEARCH]
    found = facility_views.facets(seat.db, seat.actor, words=words)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            seat.say.markdown("registry.search"), value=words, key=f"search_{words}", on_change=_put_words, args=(f"search_{words}",),
            max_chars=LONGEST_SEARCH, width=FILTER_PX,
        )
        kind = _facet(seat, "kind", {code: _with_count(show.kind_word(seat.say, code), n) for code, n in found.get("facility_type", {}).items()})
        service = _facet(seat, "service", {code: _with_count(show.service_word(seat.say, code), n) for code, n in found.get("service", {}).items()})
        status = _facet(seat, "status", {code: _with_count(show.status_word(seat.say, code), n) for code, n in found.get("operational_status", {}).items()})
    with st.container(horizontal=True, vertical_alignment="bottom"):
        counties = {code: _with_count(_county(code), n) for code, n in sorted(found.get("county", {}).items(), key=lambda item: _county(item[0]))}
        county = _facet(seat, "county", counties)
        within = facility_views.facets(seat.db, seat.actor, words=words, county=county) if county else {}
        seats = load_gazetteer().constituencies_of(county) if county else ()
        constituency = _facet(seat, "constituency", _counted({unit.constituency_code: unit.constituency for unit in seats}, within.get("constituency", {})))
        wards = load_gazetteer().wards_of(constituency) if constituency else ()
        ward = _facet(seat, "ward", _counted({unit.ward_code: unit.ward for unit in wards}, within.get("ward", {})))
        bands = {band: _with_count(seat.say(f"registry.quality.{band}"), found["quality"][band]) for band in QUALITY_BANDS if band in found.get("quality", {})}
        quality = _facet(seat, "quality", bands)
    return FacilityFilter(
        words=words or None, county=county, constituency=constituency, ward=ward, facility_type=kind, service=service, operational_status=status, quality=quality,
    )


def _counted(names: dict[str, str], amounts: Mapping[str, int | None]) -> dict[str, str]:
    """Every choice with how many places it finds, those that find none too: a gap in the registry is worth seeing."""
    return {code: _with_count(name, amounts.get(code, 0)) for code, name in names.items()}


def _with_count(label: str, amount: int | None) -> str:
    """A choice with how many places it finds; of a search that finds too many to be counted, the choice alone."""
    return label if amount is None else f"{label} ({amount:,})"


def _county(code: str) -> str:
    with suppress(KeyError):
        return load_gazetteer().county(code).county
    return code


def _put_words(key: str) -> None:
    address.put(q=str(st.session_state[key])[:LONGEST_SEARCH].strip() or None, page=None)


def _facet(seat: Seat, name: str, labels: dict[str, str]) -> str | None:
    current = address.one_of(name, list(labels))
    key = f"facet_{name}_{current}"
    options = ["", *labels]
    st.selectbox(
        seat.say.markdown(f"registry.facet.{name}"), options, index=options.index(current or ""), key=key, width=FILTER_PX,
        format_func=lambda code: labels[code] if code else seat.say("registry.facet.all"), on_change=_put_facet, args=(name, key),
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
    names = ("name", "facility_type", "county", "ward", "contacts", "quality")
    columns = [Column(title=say("registry.column.code"), align="whole"), *(Column(title=say(f"field.{name}"), align="right" if name == "quality" else "left", width=NAMED_PX.get(name)) for name in names)]
    tables.table(columns, [_row(say, row) for row in rows], key="facility_rows", label=say("registry.alt"), height=tables.LIST_PX)


def _row(say: Words, row: FacilityView) -> Row:
    return (
        row.facility_code, Cell(text=show.value_text(row.name), opens=Opens(query={"facility": str(row.facility_id)}), is_row=True),
        show.kind_word(say, row.facility_type), show.value_text(row.county), show.value_text(row.ward),
        show.value_text([contact.value for contact in row.contacts]), show.points(row.quality_score),
    )  # fmt: skip


def _downloads(seat: Seat, chosen: FacilityFilter) -> None:
    """The places of the current filter as a file, in four forms; each is made when it is asked for."""
    with st.popover(seat.say.markdown("registry.download"), icon=":material/download:"):
        is_anonymous = st.toggle(seat.say.markdown("registry.download.anonymous"), key="anonymous", help=seat.say.markdown("registry.download.anonymous.help"))
        for file_format, kind in exports.FORMATS.items():
            st.download_button(
                seat.say.markdown(f"registry.download.{file_format}"), data=partial(_file, seat, chosen, file_format, is_anonymous), file_name=f"gvrc-registry.{kind.suffix}",
                mime=kind.media_type, key=f"download_{file_format}", on_click="ignore", width="stretch",
            )


def _file(seat: Seat, filters: FacilityFilter, file_format: ExportFormat, is_anonymous: bool) -> bytes:
    """The file. A CSV begins with a byte order mark, which tells spreadsheets that it is UTF-8."""
    stream = io.BytesIO()
    if file_format is ExportFormat.CSV:
        stream.write(codecs.BOM_UTF8)
    exports.export(seat.db, seat.actor, stream, file_format=file_format, filters=filters, is_anonymous=is_anonymous or None)
    return stream.getvalue()


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
    registry_acts.tell(seat)
    show.section(escape_markdown(show.value_text(place.name)))
    st.caption(say.markdown("registry.code", code=place.facility_code) + ("" if place.is_active else f" · {say.markdown('registry.retired')}"))
    if page.stands_for is not None:
        navigation.link("registry", say.markdown("registry.survivor"), query={"facility": str(page.stands_for)})
    deed = address.one_of("do", registry_acts.DEEDS)
    registry_watch.watch(seat, place, is_edited=deed == "edit")
    if deed is not None and seat.may(Permission.COMMIT) and place.version is not None:
        _form(seat, page, deed)
        return
    registry_acts.waiting(seat, page)
    registry_acts.offers(seat, page)
    _values(seat, page)
    with st.expander(say.markdown("registry.quality"), expanded=False):
        show.quality(say, place.quality_score, told.parts(say, place.quality_parts))
    registry_relations.shown(seat, page)
    _sources(seat, page)
    registry_acts.versions(seat, page)
    _history(seat, page)


def _form(seat: Seat, page: FacilityPageView, deed: str) -> None:
    if deed == "edit":
        registry_edit.form(seat, page)
    elif deed == "relate":
        registry_relations.form(seat, page)
    elif deed == "unrelate":
        registry_relations.end_form(seat, page)
    else:
        registry_acts.form(seat, page, deed)


def _back() -> None:
    registry_acts.leave()
    address.put(facility=None)


def _values(seat: Seat, page: FacilityPageView) -> None:
    say = seat.say
    why = {origin.field_name: told.told(say, origin.reason) for origin in page.origins}
    values = [(name, show.record_value(say, page.facility, name)) for name in FIELDS]
    values = [(name, value) for name, value in values if value != show.ABSENT]
    columns = (Column(title=say("commit.cell.field")), Column(title=say("registry.value")), Column(title=say("registry.why")))
    rows = [(show.field_label(say, name), value, show.value_text(why.get(_origin_name(name)))) for name, value in values]
    tables.table(columns, rows, key="facility_values", label=say("registry.values.alt"))


def _origin_name(field_name: str) -> str:
    return {"facility_type_label": "facility_type", "service_labels": "services", "county": "place", "constituency": "place", "ward": "place"}.get(field_name, field_name)


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


def _happened(say: Words, entry: HistoryEntry) -> str:
    """What changed, in a line."""
    what = "; ".join(_change(say, change) for change in entry.changes)
    return what if entry.run_id is None else say("registry.history.of_run", what=what, run=entry.run_id)


def _change(say: Words, change: HistoryChange) -> str:
    values = ", ".join(_told_value(say, change.about, value) for value in change.values)
    if change.act == "became":
        about = show.field_label(say, change.about)
        if change.before is None:
            return say("registry.history.became", about=about, values=values)
        return say("registry.history.moved", about=about, before=_told_value(say, change.about, change.before), values=values)
    about = say.or_plain(f"registry.thing.{change.about}", show.field_label(say, change.about))
    return say(f"registry.history.{change.act}", about=about, values=values or show.ABSENT)


def _told_value(say: Words, about: str, value: str | None) -> str:
    """A term of a list, a way to be reached or how visible a place is in the person's words; a name, a number and all else as it is."""
    if value is None:
        return say("registry.history.unknown")
    if about in _HOLD_TERMS:
        return show.term(say, value)
    if about == "visibility":
        return show.visibility_word(say, value)
    return show.field_label(say, value) if about == "contacts" and f"field.{value}" in say else value


_HOLD_TERMS = frozenset({"facility_type", "operational_status", "services", "gbv_categories", "owners"})


def _history(seat: Seat, page: FacilityPageView) -> None:
    say = seat.say
    if page.history:
        with st.expander(say.markdown("registry.history", n=len(page.history))):
            show.table(
                {
                    say("registry.history.when"): [show.moment(entry.happened_at) for entry in page.history],
                    say("registry.history.who"): [entry.changed_by for entry in page.history],
                    say("registry.history.what"): [_happened(say, entry) for entry in page.history],
                },
                alt=say("registry.history.alt"),
            )
