"""The map as people may see it, on a real database."""

from __future__ import annotations

from typing import Any

import pytest

from gvrc import steward
from gvrc.errors import NotAllowedError, ReviewError
from gvrc.model.access import Actor, Role
from gvrc.model.issue import Issue
from gvrc.model.place import Point
from gvrc.model.record import Visibility
from gvrc.model.review import Answer
from gvrc.reference.gazetteer import load_gazetteer
from gvrc.settings import Settings
from gvrc.store.session import Database
from gvrc.views import map as views
from gvrc.views.map import MapQuery
from gvrc.views.sight import Shown

BANDS = (50.0, 80.0)
NAME, LATITUDE, LONGITUDE = "Zzyzx Haven", -3.98712, 39.71234
BELOW = [Role.VIEWER, Role.DATA_ANALYST]
ABOVE = [Role.DATA_STEWARD, Role.APPROVER, Role.ADMIN]


def shelter(staged: Any, visibility: Visibility = Visibility.WITHHELD) -> Any:
    point = Point(latitude=LATITUDE, longitude=LONGITUDE)
    return staged.record("hidden", source="hidden_list", name=NAME, facility_type="shelter", visibility=visibility, point=point)


def everything(db: Database, actor: Actor, run_id: int | None) -> str:
    """All that the map tells this person of a layer."""
    query = MapQuery(run_id=run_id)
    return repr((
        views.map_cube(db, actor, query, bands=BANDS), views.map_counts(db, actor, query, bands=BANDS), views.map_points(db, actor, query),
        views.unplaced(db, actor, query), views.map_cells(db, actor, query),
    ))  # fmt: skip


# ------------------------------------------------------------------------------------------------------------------------ who sees what


@pytest.mark.parametrize("role", BELOW)
def test_a_withheld_shelter_is_neither_on_the_map_nor_in_a_count_of_it(staged: Any, database: Database, publish: Any, actor_of: Any, role: Role) -> None:
    publish(staged.run_of(shelter(staged), staged.record("open")), confirm_risky=True)
    facility_id = staged.facility_of("hidden")
    actor = actor_of(role)
    counts = views.map_counts(database, actor, MapQuery(), bands=BANDS)
    assert (counts.places, counts.placed, [county.places for county in counts.counties]) == (1, 1, [1])
    assert dict(counts.groups) == {"health": 1}
    told = everything(database, actor, None)
    assert [mark for mark in ("Zzyzx", "3.98712", "39.71234", "shelter", "hidden_list") if mark in told] == []
    assert views.one_place(database, actor, None, facility_id) is None
    assert views.map_counts(database, actor, MapQuery(source="hidden_list"), bands=BANDS).places == 0
    assert views.map_counts(database, actor, MapQuery(facility_type="shelter"), bands=BANDS).places == 0


@pytest.mark.parametrize("role", ABOVE)
def test_who_may_see_a_withheld_shelter_finds_it_and_the_look_is_written_down(
    staged: Any, database: Database, publish: Any, actor_of: Any, role: Role
) -> None:
    publish(staged.run_of(shelter(staged), staged.record("open")), confirm_risky=True)
    actor = actor_of(role)
    names = {place.name: (place.latitude, place.longitude) for place in views.map_points(database, actor, MapQuery())}
    assert names[NAME] == (LATITUDE, LONGITUDE)
    looks = [row.resource for row in staged.rows("SELECT resource FROM ops.access_log WHERE username = :u", u=actor.username)]
    code = staged.one("SELECT facility_code FROM facilities WHERE facility_type = 'shelter'")
    assert looks == [f"facility {code}"]


def test_an_engineer_is_told_that_it_exists_and_neither_name_nor_point(staged: Any, database: Database, actor_of: Any) -> None:
    run_id = staged.run_of(shelter(staged), staged.record("open"))
    engineer = actor_of(Role.DATA_ENGINEER)
    trace = next(place for place in views.unplaced(database, engineer, MapQuery(run_id=run_id)) if place.shown == Shown.TRACE)
    assert (trace.facility_type, trace.county, trace.name, trace.ward, trace.state, trace.latitude) == ("shelter", "Kwale", None, None, None, None)
    told = everything(database, engineer, run_id)
    assert [mark for mark in ("Zzyzx", "3.98712", "39.71234") if mark in told] == []


@pytest.mark.parametrize(("visibility", "ward", "kind"), [(Visibility.WARD_ONLY, True, "shelter"), (Visibility.OFFICE_LINE, False, None)])
def test_a_place_shown_by_ward_or_by_its_office_has_no_point_for_a_viewer(
    staged: Any, database: Database, publish: Any, actor_of: Any, visibility: Visibility, ward: bool, kind: str | None
) -> None:
    publish(staged.run_of(shelter(staged, visibility)), confirm_risky=True)
    viewer = actor_of(Role.VIEWER)
    assert views.map_points(database, viewer, MapQuery()) == ()
    place = views.unplaced(database, viewer, MapQuery())[0]
    assert (place.name, place.ward is not None, place.facility_type, place.quality_score) == (NAME, ward, kind, None)
    assert "3.98712" not in everything(database, viewer, None)


def test_a_steward_of_another_county_does_not_see_it(staged: Any, database: Database, actor_of: Any) -> None:
    run_id = staged.run_of(shelter(staged), staged.record("open"))
    steward_ = actor_of(Role.DATA_STEWARD)
    elsewhere = Actor(user_id=steward_.user_id, username=steward_.username, role=steward_.role, counties=frozenset({staged.kilifi.county_code}))
    assert "Zzyzx" not in everything(database, elsewhere, run_id)


@pytest.mark.parametrize("role", BELOW)
def test_staged_records_are_for_those_who_review(staged: Any, database: Database, actor_of: Any, role: Role) -> None:
    run_id = staged.run_of(staged.record("a"))
    with pytest.raises(NotAllowedError):
        views.map_points(database, actor_of(role), MapQuery(run_id=run_id))
    with pytest.raises(NotAllowedError):
        views.map_counts(database, actor_of(role), MapQuery(run_id=run_id), bands=BANDS)


def test_a_phone_number_in_a_name_is_masked_for_a_viewer(staged: Any, database: Database, publish: Any, actor_of: Any) -> None:
    publish(staged.run_of(staged.record("a", name="Place a, call 0700 000 007")))
    assert "0700 000 007" not in everything(database, actor_of(Role.VIEWER), None)


# ------------------------------------------------------------------------------------------------------------------------ counts and points


def test_counts_add_up_over_counties_points_and_marks(staged: Any, database: Database, admin: Actor) -> None:
    run_id = staged.run_of(
        staged.record("a"), staged.record("b", facility_type="police_station", point=None), staged.record("c", place=staged.kilifi),
        staged.record("d", facility_type=None),
    )  # fmt: skip
    staged.put("c", quality_score=40.0, state="held")
    counts = views.map_counts(database, admin, MapQuery(run_id=run_id), bands=BANDS)
    assert (counts.places, counts.placed, counts.unplaced) == (4, 3, 1)
    assert {county.county: (county.places, county.placed, county.quality) for county in counts.counties} == {"Kwale": (3, 2, 90.0), "Kilifi": (1, 1, 40.0)}
    assert dict(counts.groups) == {"health": 2, None: 1}
    assert dict(counts.states) == {"ready": 2, "held": 1}
    assert dict(counts.bands) == {"high": 2, "low": 1}
    assert len(views.map_points(database, admin, MapQuery(run_id=run_id))) == counts.placed
    assert len(views.unplaced(database, admin, MapQuery(run_id=run_id))) == counts.unplaced


def test_every_filter_finds_exactly_what_its_choice_counts(staged: Any, database: Database, admin: Actor, publish: Any) -> None:
    run_id = staged.run_of(staged.record("a"), staged.record("b", facility_type="police_station", source="second"), staged.record("c", place=staged.kilifi))
    publish(run_id)
    for layer in (run_id, None):
        choices = views.map_cube(database, admin, MapQuery(run_id=layer), bands=BANDS).choices()
        for name, offered in (("county", choices.counties), ("facility_type", choices.kinds), ("state", choices.states)):
            for code, count in offered.items():
                query = MapQuery(run_id=layer, **{name: code})  # type: ignore[arg-type]
                assert views.map_counts(database, admin, query, bands=BANDS).places == count, (layer, code)
        assert sum(choices.counties.values()) == 3
        assert choices.sources == ("list", "second")
        assert [place.name for place in views.map_points(database, admin, MapQuery(run_id=layer, source="second"))] == ["Place b"]


def test_a_point_far_from_the_centre_of_its_ward_is_told_with_the_distance(staged: Any, database: Database, admin: Actor) -> None:
    ward = load_gazetteer().ward(staged.kwale.ward_code)
    assert ward.latitude is not None
    assert ward.longitude is not None
    near, far = Point(latitude=ward.latitude + 0.01, longitude=ward.longitude), Point(latitude=-0.3, longitude=36.07)
    run_id = staged.run_of(staged.record("near", point=near), staged.record("far", point=far))
    places = {place.name: place for place in views.map_points(database, admin, MapQuery(run_id=run_id))}
    assert not places["Place near"].is_far
    assert places["Place near"].ward_km == pytest.approx(1.1, abs=0.1)
    assert places["Place far"].is_far
    assert (places["Place far"].ward_km or 0) > 400
    assert (places["Place far"].ward_latitude, places["Place far"].ward_longitude) == (ward.latitude, ward.longitude)


def test_neighbours_are_counted_together_and_none_is_lost(staged: Any, database: Database, admin: Actor) -> None:
    points = [Point(latitude=-4.41 - 0.001 * n, longitude=39.41) for n in range(5)] + [Point(latitude=-1.3, longitude=36.8)]
    run_id = staged.run_of(*(staged.record(f"r{n}", point=point) for n, point in enumerate(points)))
    cells = views.map_cells(database, admin, MapQuery(run_id=run_id))
    assert sorted(cell.places for cell in cells) == [1, 5]


def test_unplaced_records_say_why_in_words(staged: Any, database: Database, admin: Actor) -> None:
    run_id = staged.run_of(staged.record("a", point=None), a=[Issue(code="point.outside_kenya", field_name="coordinates", value="51.5, -0.1")])
    assert views.unplaced(database, admin, MapQuery(run_id=run_id))[0].why_unplaced == ("point.outside_kenya",)


# ------------------------------------------------------------------------------------------------------------------------ setting a point


@pytest.mark.parametrize("text", ["-4.4712, 39.4791", "4°28'16\"S 39°28'45\"E", "39.4791 -4.4712", "POINT(39.4791 -4.4712)"])
def test_a_typed_point_is_read_in_any_usual_form(text: str) -> None:
    point = views.typed_point(text)
    assert point is not None
    assert point == pytest.approx((-4.4712, 39.4791), abs=0.001)


@pytest.mark.parametrize("text", ["", "Msambweni", "51.5, -0.1", "0, 0", "-4.4712", "<b>1</b>", "9" * 10_000])
def test_what_is_no_point_in_kenya_is_none(text: str) -> None:
    assert views.typed_point(text) is None


def test_a_new_point_answers_the_open_question_where_there_is_one_and_only_who_decides_may_give_it(
    staged: Any, database: Database, admin: Actor, actor_of: Any
) -> None:
    missing = Issue(code="point.missing", field_name="coordinates")
    run_id = staged.run_of(staged.record("a", point=None), staged.record("b"), a=[missing, Issue(code="point.shared", field_name="coordinates")])
    without, placed = staged.ids("a", "b")
    question = views.point_question(database, admin, run_id, without)
    assert question is not None
    assert question.issue is not None
    assert (question.issue.code, question.ward, question.ward_centre is not None) == ("point.missing", staged.kwale.ward, True)
    unasked = views.point_question(database, admin, run_id, placed)
    assert unasked is not None
    assert (unasked.issue, unasked.key, unasked.ward) == (None, None, staged.kwale.ward)
    with pytest.raises(NotAllowedError):
        views.point_question(database, actor_of(Role.DATA_ENGINEER), run_id, without)


def test_a_point_of_another_county_than_the_stewards_is_refused(staged: Any, database: Database, settings: Settings, actor_of: Any) -> None:
    run_id = staged.run_of(staged.record("a", point=None), a=[Issue(code="point.missing", field_name="coordinates")])
    steward_ = actor_of(Role.DATA_STEWARD)
    elsewhere = Actor(user_id=steward_.user_id, username=steward_.username, role=steward_.role, counties=frozenset({staged.kilifi.county_code}))
    assert views.point_question(database, elsewhere, run_id, staged.ids("a")[0]) is None
    question = views.point_question(database, steward_, run_id, staged.ids("a")[0])
    assert question is not None
    assert question.key is not None
    with pytest.raises(ReviewError, match="outside the counties"):
        steward.set_point(database, settings, elsewhere, run_id, staged.ids("a")[0], {"latitude": -4.4, "longitude": 39.4})
    answer = steward.AnswerIn(key=question.key, answer=Answer.CORRECT, values={"latitude": -4.4, "longitude": 39.4})
    outcome = steward.decide(database, settings, elsewhere, run_id, [answer])
    assert outcome.applied == 0
    assert "outside the counties" in outcome.refused[0].why
