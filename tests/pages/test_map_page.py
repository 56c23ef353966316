"""The map page by AppTest, on a real database with a real run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from gvrc.model.access import Actor, Role
from gvrc.settings import PROJECT_DIR, Settings
from gvrc.store.session import Database
from gvrc.ui import map_page
from gvrc.views import map as views
from gvrc.views.map import MapPlace, MapQuery

Open = Callable[..., AppTest]
SignIn = Callable[[Role], Actor]
Run = Callable[..., int]
Read = Callable[[AppTest], str]
Rows = Callable[[AppTest, str], list[dict[str, str]]]

PLACES: list[dict[str, Any]] = [
    {"facility_name": "Diani Health Centre", "service_type": "Health centre", "county": "Kwale", "constituency": "Msambweni", "ward": "Kinondo",
     "latitude": -4.39, "longitude": 39.55, "contact": "0700 000 101"},
    {"facility_name": "Kilifi Police Station", "service_type": "Police station", "county": "Kilifi", "constituency": "Kilifi North", "ward": "Sokoni",
     "latitude": -3.63, "longitude": 39.85, "contact": "0700 000 102"},
    {"facility_name": "Vanga Dispensary", "service_type": "Dispensary", "county": "Kwale", "constituency": "Lungalunga", "ward": "Vanga", "contact": "0700 000 103"},
    {"facility_name": "Mwangaza Safe House", "service_type": "Shelter", "county": "Kwale", "constituency": "Msambweni", "ward": "Kinondo",
     "latitude": -4.3812, "longitude": 39.5412, "contact": "0700 000 104"},
]  # fmt: skip


@pytest.fixture
def few_places(tmp_path: Path) -> Path:
    """Two places with a point, one without, and a safe house that is withheld."""
    path = tmp_path / "places.json"
    path.write_text(json.dumps(PLACES), encoding="utf-8")
    return path


def drawing_of(app: AppTest) -> dict[str, Any]:
    """What the browser is given to draw."""
    found: dict[str, Any] = json.loads(app.get("bidi_component")[0].proto.json)
    return found


def drawn(app: AppTest, name: str) -> list[dict[str, Any]]:
    """The things of one kind."""
    told = drawing_of(app)[name]
    things: list[dict[str, Any]] = json.loads(told) if name == "places" else told
    return things


def named(database: Database, actor: Actor, run_id: int, name: str) -> MapPlace:
    query = MapQuery(run_id=run_id)
    return next(place for place in (*views.map_points(database, actor, query), *views.unplaced(database, actor, query)) if place.name == name)


def test_the_map_draws_every_place_with_a_point_and_names_no_outside_host(
    sign_in_as: SignIn, open_page: Open, run_of: Run, few_places: Path, texts: Read
) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    app = open_page("map", run=str(run_of(actor, few_places)))
    assert not app.exception
    assert len(drawn(app, "places")) == 3
    assert len(drawn(app, "outlines")) == 47
    assert "http" not in json.dumps(drawing_of(app))
    assert "http" not in (PROJECT_DIR / "gvrc" / "ui" / "parts" / "map.js").read_text(encoding="utf-8")
    assert drawing_of(app)["label"].startswith("Map of Kenya")
    assert "OpenStreetMap contributors" in texts(app)
    assert "**3** places on the map, 1 without a point" in texts(app)


def test_marks_carry_a_sign_beside_their_colour_and_the_legend_says_the_word(
    sign_in_as: SignIn, open_page: Open, run_of: Run, few_places: Path, texts: Read
) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    app = open_page("map", run=str(run_of(actor, few_places)), colour="kind")
    assert {each["sign"] for each in drawn(app, "places")} == {"H", "P", "S"}
    assert len({tuple(each["colour"]) for each in drawn(app, "places")}) == 3
    for line in ("**H** health · 1", "**P** police · 1", "**S** shelter · 1"):
        assert line in texts(app)


def test_many_places_are_counted_per_county_first(
    sign_in_as: SignIn, open_page: Open, run_of: Run, few_places: Path, monkeypatch: pytest.MonkeyPatch, rows_of: Rows
) -> None:
    monkeypatch.setattr(map_page, "FEW_PLACES", 2)
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor, few_places)
    app = open_page("map", run=str(run_id))
    assert not drawn(app, "places")
    assert sorted((circle["code"], circle["label"]) for circle in drawn(app, "circles")) == [("KE002", "2"), ("KE003", "1")]
    assert [row["County"] for row in rows_of(app, "map_counties")] == ["Kwale", "Kilifi"]
    app = open_page("map", run=str(run_id), county="KE002")
    assert len(drawn(app, "places")) == 2


@pytest.fixture
def tab(monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], dict[str, str]]:
    """The state and the address of a browser's tab, for the callbacks that AppTest does not fire (a click on the map, a row of a grid)."""
    state: dict[str, Any] = {"map.layer": 7}
    query: dict[str, str] = {"run": "7", "page": "3"}
    monkeypatch.setattr(st, "session_state", state)
    monkeypatch.setattr(st, "query_params", query)
    return state, query


@pytest.mark.parametrize("layer", ["counties", "circles"])
def test_a_county_clicked_on_the_map_is_looked_into(layer: str, tab: tuple[dict[str, Any], dict[str, str]]) -> None:
    state, query = tab
    state["map_drawn"] = {"pick": {"layer": layer, "id": "KE003", "more": False}}
    map_page._picked()
    assert query == {"run": "7", "county": "KE003"}


def test_a_county_that_there_is_not_is_not_looked_into(tab: tuple[dict[str, Any], dict[str, str]]) -> None:
    state, query = tab
    state["map_drawn"] = {"pick": {"layer": "counties", "id": "KE099", "more": False}}
    map_page._picked()
    assert "county" not in query


def test_one_place_clicked_on_the_map_is_looked_at_and_several_only_filter_the_table(tab: tuple[dict[str, Any], dict[str, str]]) -> None:
    state, _query = tab
    for layer, number, more, ids, looked_at in (
        ("places", 12, False, [12], (7, 12, False)), ("places", 11, True, [12, 11], None), ("places", 12, True, [11], (7, 11, False)),
        ("places", 12, False, [12], (7, 12, False)), ("places", 12, False, [], None), (None, None, False, [], None),
    ):  # fmt: skip
        state["map_drawn"] = {"pick": {"layer": layer, "id": number, "more": more}}
        map_page._picked()
        assert (state["map.selected"], state["map.chosen"]) == ((7, ids), looked_at)


def test_a_place_clicked_in_the_table_is_looked_at_and_let_go_when_it_is_clicked_again(tab: tuple[dict[str, Any], dict[str, str]]) -> None:
    state, _query = tab
    for clicked, looked_at in ((12, (7, 12, True)), (11, (7, 11, True)), (11, None)):
        map_page._row_chosen(7, clicked)
        assert state["map.chosen"] == looked_at


def test_a_county_clicked_in_the_table_is_looked_into(tab: tuple[dict[str, Any], dict[str, str]]) -> None:
    state, query = tab
    state["map.chosen"] = (7, 12, True)
    map_page._county_row(["KE002", None], 0)
    assert query == {"run": "7", "county": "KE002"}
    assert "map.chosen" not in state


def test_places_picked_on_the_map_are_the_rows_of_the_table(
    sign_in_as: SignIn, open_page: Open, run_of: Run, few_places: Path, database: Database, rows_of: Rows
) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor, few_places)
    app = open_page("map", run=str(run_id))
    assert len(rows_of(app, "map_rows_placed")) == 3
    app.session_state["map.selected"] = (run_id, [named(database, actor, run_id, "Kilifi Police Station").place_id])
    app.run()
    assert [row["Name"] for row in rows_of(app, "map_rows_placed")] == ["Kilifi Police Station"]
    app.button(key="map_clear").click().run()
    assert len(rows_of(app, "map_rows_placed")) == 3


def test_a_place_chosen_in_the_table_is_marked_and_centred_on_the_map(
    sign_in_as: SignIn, open_page: Open, run_of: Run, few_places: Path, database: Database, texts: Read
) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor, few_places)
    app = open_page("map", run=str(run_id))
    west, _, east, _ = drawing_of(app)["view"]
    chosen(app, run_id, named(database, actor, run_id, "Kilifi Police Station"))
    assert [each["at"] for each in drawn(app, "chosen")] == [[39.85, -3.63]]
    nearer_west, _, nearer_east, _ = drawing_of(app)["view"]
    assert nearer_east - nearer_west < east - west
    assert "**Kilifi Police Station**" in texts(app)


# ------------------------------------------------------------------------------------------------------------------------ setting a point


def chosen(app: AppTest, run_id: int, place: MapPlace) -> AppTest:
    app.session_state["map.chosen"] = (run_id, place.place_id, True)
    return app.run()


def test_a_point_can_be_typed_and_taken_back(sign_in_as: SignIn, open_page: Open, run_of: Run, few_places: Path, database: Database, texts: Read) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor, few_places)
    place = named(database, actor, run_id, "Vanga Dispensary")
    app = chosen(open_page("map", run=str(run_id)), run_id, place)
    app.text_input(key=f"map_point_{place.place_id}").input("-4.6571, 39.2182")
    app.button[[button.label for button in app.button].index("Set this point")].click().run()
    assert not app.exception
    now = named(database, actor, run_id, "Vanga Dispensary")
    assert (now.latitude, now.longitude) == (-4.6571, 39.2182)
    assert "**4** places on the map, 0 without a point" in texts(app)
    undo = next(button for button in app.button if button.key and button.key.startswith("map_undo_"))
    undo.click().run()
    assert not named(database, actor, run_id, "Vanga Dispensary").is_placed


def test_the_centre_of_the_ward_is_kept_as_what_it_is(sign_in_as: SignIn, open_page: Open, run_of: Run, few_places: Path, database: Database) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor, few_places)
    place = named(database, actor, run_id, "Vanga Dispensary")
    app = chosen(open_page("map", run=str(run_id)), run_id, place)
    app.button(key=f"map_point_{place.place_id}_centre").click().run()
    assert not app.exception
    now = named(database, actor, run_id, "Vanga Dispensary")
    assert now.ward_km == 0.0
    with database.read() as connection:
        level = connection.exec_driver_sql(f"SELECT data -> 'point' ->> 'accuracy_level' FROM staging.records WHERE record_id = {now.place_id}").scalar_one()
    assert level == "ward_centre"


def test_a_place_that_nobody_asked_about_can_be_moved_and_moved_back(
    sign_in_as: SignIn, open_page: Open, run_of: Run, few_places: Path, database: Database
) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor, few_places)
    place = named(database, actor, run_id, "Diani Health Centre")
    app = chosen(open_page("map", run=str(run_id)), run_id, place)
    app.text_input(key=f"map_point_{place.place_id}").set_value("-4.2870, 39.5670")
    next(button for button in app.button if button.label == "Set this point").click()
    app = app.run()
    assert not app.error
    moved = named(database, actor, run_id, "Diani Health Centre")
    assert (moved.latitude, moved.longitude) == (-4.287, 39.567)
    next(button for button in app.button if str(button.key).startswith("map_undo_")).click().run()
    back = named(database, actor, run_id, "Diani Health Centre")
    assert (back.latitude, back.longitude) == (place.latitude, place.longitude)


@pytest.mark.parametrize("typed", ["", "somewhere", "51.5, -0.1", "<b>"])
def test_what_is_no_point_changes_nothing_and_is_said_in_words(
    typed: str, sign_in_as: SignIn, open_page: Open, run_of: Run, few_places: Path, database: Database
) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor, few_places)
    place = named(database, actor, run_id, "Vanga Dispensary")
    app = chosen(open_page("map", run=str(run_id)), run_id, place)
    app.text_input(key=f"map_point_{place.place_id}").input(typed)
    app.button[[button.label for button in app.button].index("Set this point")].click().run()
    assert "no point in Kenya" in app.error[0].value
    assert not named(database, actor, run_id, "Vanga Dispensary").is_placed


def test_who_may_not_decide_finds_nothing_to_type_into(sign_in_as: SignIn, open_page: Open, run_of: Run, few_places: Path, database: Database) -> None:
    steward = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(steward, few_places)
    place = named(database, steward, run_id, "Vanga Dispensary")
    sign_in_as(Role.DATA_ENGINEER)
    app = chosen(open_page("map", run=str(run_id)), run_id, place)
    assert not app.exception
    assert not app.text_input
    assert not any("Mwangaza" in part.proto.json for part in app.get("bidi_component"))


# ------------------------------------------------------------------------------------------------------------------------ who sees what


def test_a_viewer_sees_the_registry_and_nothing_of_a_withheld_place(
    sign_in_as: SignIn, open_page: Open, run_of: Run, few_places: Path, database: Database, settings: Settings, texts: Read
) -> None:
    from gvrc.commit import commit

    steward = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(steward, few_places)
    commit(database, settings, steward, run_id)
    published = views.map_counts(database, steward, MapQuery(), bands=(50, 80)).places
    assert published >= 3
    sign_in_as(Role.VIEWER)
    app = open_page("map", run=str(run_id))
    assert not app.exception
    assert not any(box.label == "Places of" for box in app.selectbox)
    shown = texts(app) + json.dumps(drawing_of(app)) + "".join(part.proto.json for part in app.get("bidi_component")) + "".join(str(box.options) for box in app.selectbox)
    assert "Mwangaza" not in shown
    assert "39.5412" not in shown
    assert "Shelter" not in shown
    assert f"**{sum(1 for each in PLACES if 'latitude' in each) - 1}** places on the map" in texts(app)


def test_an_empty_map_says_what_to_do_next(sign_in_as: SignIn, open_page: Open) -> None:
    sign_in_as(Role.DATA_STEWARD)
    app = open_page("map")
    assert not app.exception
    assert any("upload" in str(link.proto.page) for link in app.get("page_link"))


def test_a_strange_address_does_not_break_the_map(sign_in_as: SignIn, open_page: Open, run_of: Run, few_places: Path) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    run_of(actor, few_places)
    for value in ("-1", "abc", "1;drop table", "9" * 40, "4711"):
        app = open_page("map", run=value, county=value, kind=value, source=value, state=value, show=value, colour=value, list=value, page=value)
        assert not app.exception, value
        assert app.title, value


def test_hostile_names_stay_text_on_the_map(sign_in_as: SignIn, open_page: Open, run_of: Run, hostile_list: Path, database: Database) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    run_id = run_of(actor, hostile_list)
    for place in views.unplaced(database, actor, MapQuery(run_id=run_id)):
        app = chosen(open_page("map", run=str(run_id)), run_id, place)
        assert not app.exception
        for element in [*app.markdown, *app.caption]:
            assert "](https://example.org" not in str(element.value)
            assert "<b>" not in str(element.value)
