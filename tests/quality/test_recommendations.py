"""What is worth doing first."""

from __future__ import annotations

from gvrc.quality.recommendations import Act, OpenWork, recommendations, work_seconds


def test_many_alike_suggestions_come_before_one_by_one_answers_of_the_same_worth() -> None:
    alike = OpenWork(code="point.swapped", asking=100, suggested=100, groups=1, points_suggested=100.0)
    single = OpenWork(code="kind.unknown", asking=100, points_unsuggested=100.0)
    found = recommendations([single, alike], 0, 0.0, {})
    assert [(each.act, each.code) for each in found] == [(Act.ACCEPT_ALIKE, "point.swapped"), (Act.ANSWER, "kind.unknown")]
    assert found[0].points_per_minute > found[1].points_per_minute


def test_the_pace_of_people_here_replaces_the_assumed_one() -> None:
    work = [OpenWork(code="kind.unknown", asking=60, points_unsuggested=60.0)]
    assert recommendations(work, 0, 0.0, {})[0].minutes == work_seconds()["answer_issue"]
    assert recommendations(work, 0, 0.0, {"issue": 60.0})[0].minutes == 60.0


def test_what_gains_nothing_is_not_advised() -> None:
    assert recommendations([OpenWork(code="row.encoding", asking=5)], 3, 0.0, {}) == []


def test_what_only_the_source_can_fill_is_asked_of_the_source() -> None:
    (found,) = recommendations([OpenWork(code="place.ward_missing", silent=40, points_silent=200.0)], 0, 0.0, {})
    assert (found.act, found.records, found.points) == (Act.ASK_SOURCE, 40, 200.0)


def test_open_duplicates_are_work_too() -> None:
    (found,) = recommendations([], 12, 90.0, {"duplicate": 10.0})
    assert (found.act, found.minutes, found.points_per_minute) == (Act.DUPLICATES, 2.0, 45.0)
