"""The quality dashboard's numbers, on a real database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from gvrc import views
from gvrc.errors import NotAllowedError
from gvrc.model.access import Actor, Role
from gvrc.model.issue import Issue
from gvrc.model.record import Visibility
from gvrc.store.jsonb import dump_json
from gvrc.store.session import Database
from gvrc.views import quality
from gvrc.views.quality import QualityQuery

PARTS = {"completeness": 90.0, "accuracy": 98.0, "consistency": 100.0, "timeliness": 60.0, "uniqueness": 100.0}


def score(staged: Any, key: str, total: float = 90.0, parts: Mapping[str, float] = PARTS) -> None:
    """Give a staged record a quality score in its parts."""
    rows = [{"dimension": name, "value": value, "weight": 0.2, "reasons": []} for name, value in parts.items()]
    values = ", ".join(f"{name} = :{name}" for name in parts)
    staged.say(
        f"UPDATE staging.records SET quality_score = :total, quality_parts = cast(:parts AS jsonb), {values} WHERE record_id = :id",
        total=total, parts=dump_json(rows).decode(), id=staged.ids(key)[0], **parts,
    )  # fmt: skip


@pytest.fixture
def run_id(staged: Any) -> int:
    """Three records: two good ones of Kwale, a weak police station of Kilifi."""
    number: int = staged.run_of(
        staged.record("a"), staged.record("b", name="Place with a gap"), staged.record("c", source="second", place=staged.kilifi, facility_type="police_station"),
        b=[Issue(code="contact.missing", field_name="contacts")], c=[Issue(code="contact.missing", field_name="contacts"), Issue(code="kind.unknown", field_name="facility_type")],
    )  # fmt: skip
    for key, total in (("a", 90.0), ("b", 90.0), ("c", 40.0)):
        score(staged, key, total, PARTS | ({"completeness": 30.0} if key == "c" else {}))
    staged.put("c", state="held")
    return number


def test_the_dimensions_stand_beside_their_targets_with_the_records_below(database: Database, admin: Actor, run_id: int) -> None:
    whole = quality.quality_view(database, admin, QualityQuery(run_id=run_id)).whole
    assert (whole.records, whole.total) == (3, 73.3)
    told = {each.dimension: (each.value, each.target, each.below, each.is_met) for each in whole.dimensions}
    assert told == {
        "completeness": (70.0, 95.0, 3, False), "accuracy": (98.0, 98.0, 0, True), "consistency": (100.0, 99.0, 0, True),
        "timeliness": (60.0, 100.0, 3, False), "uniqueness": (100.0, 99.0, 0, True),
    }  # fmt: skip


def test_sources_counties_and_kinds_each_add_up_to_the_whole_and_begin_where_most_is_lost(database: Database, admin: Actor, run_id: int, staged: Any) -> None:
    view = quality.quality_view(database, admin, QualityQuery(run_id=run_id))
    for cut, codes in (("source", ["second", "list"]), ("county", [staged.kilifi.county_code, staged.kwale.county_code]), ("kind", ["police_station", "dispensary"])):
        assert [row.code for row in view.cuts[cut]] == codes
        assert sum(row.records for row in view.cuts[cut]) == view.whole.records
    assert [row.label for row in view.cuts["county"]] == ["Kilifi", "Kwale"]
    assert [row.label for row in view.cuts["kind"]] == ["Police Station", "Dispensary"]


def test_every_figure_counts_exactly_the_rows_that_it_opens(database: Database, admin: Actor, run_id: int) -> None:
    view = quality.quality_view(database, admin, QualityQuery(run_id=run_id))
    total = lambda **chosen: views.record_list(database, admin, run_id, **chosen).total  # noqa: E731
    assert {state: total(state=state) for state in view.states} == dict(view.states)
    assert {issue.code: total(issue_code=issue.code) for issue in view.issues} == {issue.code: issue.records for issue in view.issues}
    for cut, name in (("source", "source"), ("county", "county"), ("kind", "facility_type")):
        for row in view.cuts[cut]:
            assert total(**{name: row.code}) == row.records
            for each in row.dimensions:
                assert total(**{name: row.code, "weak": each.dimension}) == each.below, (row.code, each.dimension)


def test_a_filter_holds_for_every_number(database: Database, admin: Actor, run_id: int) -> None:
    view = quality.quality_view(database, admin, QualityQuery(run_id=run_id, source="second"))
    assert (view.whole.records, view.whole.total, view.states["held"], view.states["ready"]) == (1, 40.0, 1, 0)
    assert {issue.code: issue.records for issue in view.issues} == {"contact.missing": 1, "kind.unknown": 1}
    assert {issue.code: issue.severity for issue in view.issues} == {"contact.missing": "warning", "kind.unknown": "error"}


def test_an_empty_filter_has_no_quality_rather_than_a_bad_one(database: Database, admin: Actor, run_id: int) -> None:
    whole = quality.quality_view(database, admin, QualityQuery(run_id=run_id, source="nobody's")).whole
    assert (whole.records, whole.total, [each.value for each in whole.dimensions]) == (0, None, [None] * 5)


def test_the_worst_records_come_first(database: Database, admin: Actor, run_id: int) -> None:
    assert [record.quality_score for record in quality.worst_records(database, admin, QualityQuery(run_id=run_id))] == [40.0, 90.0, 90.0]


# ------------------------------------------------------------------------------------------------------------------------ who sees what


@pytest.fixture
def with_shelter(staged: Any) -> int:
    """A run with a withheld shelter beside an open place, both in one source."""
    hidden = staged.record("hidden", name="Zzyzx Haven", facility_type="shelter", visibility=Visibility.WITHHELD, place=staged.kilifi)
    number: int = staged.run_of(hidden, staged.record("open"), hidden=[Issue(code="contact.missing", field_name="contacts")])
    score(staged, "hidden", 10.0, PARTS | {"completeness": 10.0})
    score(staged, "open")
    return number


def test_a_withheld_shelter_moves_no_number_of_an_analyst(staged: Any, database: Database, actor_of: Any, with_shelter: int) -> None:
    analyst = actor_of(Role.DATA_ANALYST)
    query = QualityQuery(run_id=with_shelter)
    view = quality.quality_view(database, analyst, query)
    assert (view.whole.records, view.whole.total, sum(view.states.values()), view.issues) == (1, 90.0, 1, ())
    assert [row.code for row in view.cuts["county"]] == [staged.kwale.county_code]
    assert [row.code for row in view.cuts["kind"]] == ["dispensary"]
    assert {point.values["completeness"] for point in quality.trend(database, analyst, query)} == {90.0}
    profile = quality.source_profile(database, analyst, with_shelter, "list")
    assert {field.records for field in profile} == {1}
    told = repr((view, profile, quality.worst_records(database, analyst, query)))
    assert "Zzyzx" not in told
    assert "shelter" not in told


def test_a_kept_profile_and_snapshot_are_not_shown_to_who_may_not_see_all_they_were_made_of(
    staged: Any, database: Database, actor_of: Any, admin: Actor, with_shelter: int
) -> None:
    kept = {"fields": [{"field_name": "name", "records": 2, "filled": 2, "distinct": 2, "most_common": [["Zzyzx Haven", 1]], "patterns": [], "numbers": None}]}
    staged.say("INSERT INTO ops.profiles (run_id, source, profile) VALUES (:r, 'list', cast(:p AS jsonb))", r=with_shelter, p=dump_json(kept).decode())
    staged.say("INSERT INTO ops.quality_snapshots (run_id, scope, scope_key, dimensions, records) VALUES (:r, 'run', '', cast(:d AS jsonb), 2)", r=with_shelter, d='{"total": 50}')
    analyst = actor_of(Role.DATA_ANALYST)
    assert "Zzyzx" not in repr(quality.source_profile(database, analyst, with_shelter, "list"))
    assert "Zzyzx" in repr(quality.source_profile(database, admin, with_shelter, "list"))
    latest = lambda actor: quality.trend(database, actor, QualityQuery(run_id=with_shelter))[-1].values["total"]  # noqa: E731
    assert (latest(analyst), latest(admin)) == (90.0, 50.0)


def test_an_engineer_counts_the_shelter_and_is_not_told_its_quality(database: Database, actor_of: Any, with_shelter: int) -> None:
    engineer = actor_of(Role.DATA_ENGINEER)
    view = quality.quality_view(database, engineer, QualityQuery(run_id=with_shelter))
    assert (view.whole.records, view.whole.total) == (2, 90.0)
    assert {row.code: (row.records, row.total) for row in view.cuts["kind"]} == {"shelter": (1, None), "dispensary": (1, 90.0)}


def test_looks_at_a_withheld_place_among_the_worst_are_written_down(staged: Any, database: Database, admin: Actor, with_shelter: int) -> None:
    assert quality.worst_records(database, admin, QualityQuery(run_id=with_shelter))[0].name == "Zzyzx Haven"
    assert staged.one("SELECT count(*) FROM ops.access_log WHERE resource = :r", r=f"record {staged.ids('hidden')[0]}") == 1


def test_dashboards_are_not_for_viewers(database: Database, actor_of: Any, run_id: int) -> None:
    viewer = actor_of(Role.VIEWER)
    for look in (quality.quality_view, quality.worst_records, quality.trend):
        with pytest.raises(NotAllowedError):
            look(database, viewer, QualityQuery(run_id=run_id))
    with pytest.raises(NotAllowedError):
        quality.source_profile(database, viewer, run_id, "list")


def test_personal_fields_of_a_profile_tell_only_how_often_they_are_filled(staged: Any, database: Database, actor_of: Any) -> None:
    run_id = staged.run_of(staged.record("a", address="Box 7", officer="An Officer", name="Call 0700 000 007"))
    fields = {field.field_name: field for field in quality.source_profile(database, actor_of(Role.DATA_ANALYST), run_id, "list")}
    assert (fields["address"].filled, fields["address"].distinct, fields["address"].most_common) == (1, None, ())
    assert "0700 000 007" not in repr(fields)
