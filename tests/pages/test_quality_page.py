"""The quality page by AppTest, on a real database with a real run."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from gvrc.model.access import Actor, Role
from gvrc.settings import Settings
from gvrc.store.session import Database
from gvrc.ui import quality_report
from gvrc.ui.catalogue import load_words
from gvrc.ui.desk import Seat
from gvrc.views.quality import QualityQuery, quality_view
from gvrc.views.records import record_list
from gvrc.views.runs import run_view

Open = Callable[..., AppTest]
SignIn = Callable[[Role], Actor]
Run = Callable[..., int]
Read = Callable[[AppTest], str]
Rows = Callable[[AppTest, str], list[dict[str, str]]]
Ways = Callable[[AppTest], list[tuple[str, dict[str, str], str]]]
COUNT = re.compile(r"[*\d,]+( below)?")


def test_the_five_dimensions_stand_beside_their_targets(sign_in_as: SignIn, open_page: Open, run_of: Run, database: Database, texts: Read) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor)
    app = open_page("quality", run=str(run_id))
    assert not app.exception
    view = quality_view(database, actor, QualityQuery(run_id=run_id))
    assert {metric.label: metric.value for metric in app.metric} == {each.dimension.capitalize(): f"{each.value:.1f}" for each in view.whole.dimensions}
    for each in view.whole.dimensions:
        assert f"reaches {each.target:.0f}" in texts(app) if each.is_met else f"below {each.target:.0f}" in texts(app)


def test_every_linked_figure_opens_exactly_as_many_rows_as_it_says(sign_in_as: SignIn, open_page: Open, run_of: Run, database: Database, ways: Ways) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor)
    app = open_page("quality", run=str(run_id), source="kps_stations")
    figures = [(query, label) for page, query, label in ways(app) if page == "records" and COUNT.fullmatch(label)]
    assert len(figures) > 8
    for query, label in figures:
        assert query["source"] == "kps_stations"
        count = int("".join(character for character in label if character.isdigit()))
        rows = record_list(database, actor, run_id, source=query["source"], state=query.get("state"), issue_code=query.get("issue"), weak=query.get("weak"))
        assert rows.total == count, query


def test_the_records_page_takes_the_filter_of_a_figure(sign_in_as: SignIn, open_page: Open, run_of: Run, database: Database, texts: Read, rows_of: Rows) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor)
    row = next(row for row in quality_view(database, actor, QualityQuery(run_id=run_id)).cuts["county"] if row.code)
    below = next(each for each in row.dimensions if each.below)
    app = open_page("records", run=str(run_id), county=row.code, weak=below.dimension)
    assert not app.exception
    assert f"{below.below} row" in texts(app)
    assert {each["County"] for each in rows_of(app, "record_rows")} == {row.label}
    app.button(key="records_all").click().run()
    assert "237 rows" in texts(app)


def test_each_cut_tells_every_row_with_its_means_and_each_below_its_target_opens_its_records(
    sign_in_as: SignIn, open_page: Open, run_of: Run, database: Database, rows_of: Rows, ways: Ways
) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor)
    view = quality_view(database, actor, QualityQuery(run_id=run_id))
    for cut, rows in view.cuts.items():
        app = open_page("quality", run=str(run_id), by=cut)
        assert not app.exception, cut
        shown = rows_of(app, "quality_where")
        assert [row["Records"] for row in shown] == [f"{row.records:,}" for row in rows]
        below = [(row.code, each.dimension) for row in rows if row.code for each in row.dimensions if each.below]
        opened = [(query.get(cut), query["weak"]) for page, query, _ in ways(app) if page == "records" and cut in query and "weak" in query]
        assert opened == below


def test_a_trend_needs_two_runs(sign_in_as: SignIn, open_page: Open, run_of: Run, hostile_list: Path, texts: Read) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    first = run_of(actor, hostile_list)
    assert "A trend needs two runs" in texts(open_page("quality", run=str(first)))
    second = run_of(actor, hostile_list)
    app = open_page("quality", run=str(second))
    assert "A trend needs two runs" not in texts(app)
    assert len(app.get("vega_lite_chart")) == 1


def test_the_profile_says_in_words_what_is_always_there_and_what_never(sign_in_as: SignIn, open_page: Open, run_of: Run, texts: Read) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    shown = texts(open_page("quality", run=str(run_of(actor)), source="regional"))
    assert "**50** records of regional were looked through" in shown
    assert "Always there: " in shown
    assert "nan" not in shown.casefold().split()


def test_an_analyst_without_the_records_page_gets_the_rows_here(sign_in_as: SignIn, open_page: Open, run_of: Run, ways: Ways) -> None:
    run_id = run_of(sign_in_as(Role.DATA_STEWARD))
    sign_in_as(Role.DATA_ANALYST)
    app = open_page("quality", run=str(run_id))
    assert not app.exception
    pages = {page for page, _query, _label in ways(app)}
    assert pages == {"quality", "account"}
    names = "".join(part.proto.json for part in app.get("bidi_component")) + "".join(str(box.options) for box in app.selectbox)
    assert "Safe House" not in names
    assert "Shelter (" not in names


def test_hostile_text_stays_text_on_the_quality_page(sign_in_as: SignIn, open_page: Open, run_of: Run, hostile_list: Path) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    app = open_page("quality", run=str(run_of(actor, hostile_list)))
    assert not app.exception
    elements: list[Any] = [*app.markdown, *app.caption, *app.header]
    for element in elements:
        assert "](https://example.org" not in str(element.value)
        assert "<b>" not in str(element.value)


def test_a_page_before_any_run_says_what_to_do_next(sign_in_as: SignIn, open_page: Open, ways: Ways) -> None:
    sign_in_as(Role.DATA_STEWARD)
    app = open_page("quality")
    assert not app.exception
    assert any("upload" in page for page, _query, _label in ways(app))


def test_a_strange_address_does_not_break_the_quality_page(sign_in_as: SignIn, open_page: Open, run_of: Run, hostile_list: Path) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor, hostile_list)
    for value in ("-1", "abc", "1;drop table", "9" * 40):
        app = open_page("quality", run=str(run_id), source=value, county=value, kind=value, by=value, profile=value)
        assert not app.exception, value
        app = open_page("records", run=str(run_id), county=value, kind=value, weak=value)
        assert not app.exception, value


def test_what_to_do_next_leads_to_where_it_is_done(sign_in_as: SignIn, open_page: Open, run_of: Run, texts: Read, ways: Ways) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor)
    app = open_page("quality", run=str(run_id))
    assert "What to do next" in texts(app)
    acts = [(page, query) for page, query, label in ways(app) if label.startswith(("Accept", "Answer"))]
    assert acts
    assert all(query["run"] == str(run_id) for _, query in acts)
    assert any("review" in page for page, _ in acts)


def test_the_printable_report_says_what_the_page_says_and_keeps_uploaded_text_harmless(
    sign_in_as: SignIn, run_of: Run, database: Database, settings: Settings, hostile_list: Path
) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor, hostile_list)
    seat = Seat(actor=actor, db=database, settings=settings, say=load_words("en"))
    query = QualityQuery(run_id=run_id)
    report = quality_report.printable(seat, run_view(database, actor, run_id), query).decode("utf-8")
    whole = quality_view(database, actor, query).whole
    assert f"{whole.total:.1f}" in report
    assert all(f"<td class=\"n\">{each.value:.1f}</td>" in report for each in whole.dimensions)
    assert "<script" not in report
    assert "<b>" not in report
    assert "http" not in report.replace("http-equiv", "")
