"""Acts on live facilities: merged, un-merged, retired, edited, taken back, in whatever order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gvrc.commit import ActState, acts, commit, edits, jobs
from gvrc.errors import CommitError, FacilityMovedError, NotAllowedError
from gvrc.model.access import Actor, Role
from gvrc.model.record import Contact, ContactType, Visibility
from gvrc.model.review import Answer, Relation
from gvrc.settings import PROJECT_DIR, Settings
from gvrc.store.session import Database

WHY = "told by the county"


def line(number: int) -> Contact:
    """An invented mobile number."""
    return Contact(contact_type=ContactType.PHONE, value=f"+254700000{number:03d}", is_primary=True)


class Hand:
    """The only person who may approve, acting."""

    def __init__(self, staged: Any, db: Database, settings: Settings, actor: Actor) -> None:
        self.staged, self.db, self.settings, self.actor = staged, db, settings, actor

    def commit(self, run_id: int) -> Any:
        return commit(self.db, self.settings, self.actor, run_id, confirm_risky=True)

    def merge(self, survivor: int, loser: int) -> int:
        return self._done(acts.merge(self.db, self.settings, self.actor, survivor, loser, WHY, confirmed=True))

    def unmerge(self, facility_id: int) -> int:
        return self._done(acts.unmerge(self.db, self.settings, self.actor, facility_id, WHY, confirmed=True))

    def retire(self, facility_id: int) -> int:
        return self._done(acts.retire(self.db, self.settings, self.actor, facility_id, WHY, confirmed=True))

    def change(self, facility_id: int, **values: Any) -> int:
        return self._done(acts.change(self.db, self.settings, self.actor, facility_id, values, WHY, version=self.version(facility_id), confirmed=True))

    def rollback(self, commit_id: int, **options: Any) -> Any:
        return acts.rollback(self.db, self.settings, self.actor, commit_id, WHY, confirmed=True, **options)

    @staticmethod
    def _done(outcome: Any) -> int:
        assert outcome.state is ActState.DONE
        return int(outcome.commit_id)

    def version(self, facility_id: int) -> int:
        return int(self.staged.one("SELECT version FROM facilities WHERE facility_id = :f", f=facility_id))

    def places(self, *keys: str, **values: Any) -> list[int]:
        """Facilities of one record each."""
        self.commit(self.staged.run_of(*(self.staged.record(key, **values) for key in keys)))
        return [self.staged.facility_of(key) for key in keys]

    def said(self, *facility_ids: int) -> list[Any]:
        """Everything these facilities say, with their children, links and standing, without versions and times."""
        return [tuple(row) for row in self.staged.rows("""
            SELECT facility_code, facility_name, registration_number, mfl_code, fid_code, facility_type, ward_id, county_id, visibility, opening_hours, description,
                is_active, retired_as, aliases, record_hash, pins::text, address::text, keph_level,
                (SELECT array_agg((contact_value, contact_type, is_primary)::text ORDER BY contact_value) FROM facility_contacts x WHERE x.facility_id = f.facility_id),
                (SELECT array_agg(service ORDER BY service) FROM facility_services x WHERE x.facility_id = f.facility_id),
                (SELECT array_agg(owner_type ORDER BY owner_type) FROM facility_owners x WHERE x.facility_id = f.facility_id),
                (SELECT (latitude, longitude)::text FROM facility_coordinates x WHERE x.facility_id = f.facility_id),
                (SELECT array_agg(record_key ORDER BY record_key) FROM facility_sources x WHERE x.facility_id = f.facility_id),
                (SELECT array_agg((facility_id, related_facility_id, relation)::text ORDER BY relation_id) FROM facility_relations x
                    WHERE f.facility_id IN (x.facility_id, x.related_facility_id)),
                (SELECT array_agg(record_key ORDER BY record_key) FROM staging.records x WHERE x.facility_id = f.facility_id)
            FROM facilities f WHERE facility_id = ANY(:ids) ORDER BY facility_id
        """, ids=list(facility_ids))]

    def services(self, facility_id: int) -> set[str]:
        return {row.service for row in self.staged.rows("SELECT service FROM facility_services WHERE facility_id = :f", f=facility_id)}

    def leads_to(self, facility_id: int) -> list[int]:
        return [r.to_facility_id for r in self.staged.rows("SELECT to_facility_id FROM facility_redirects WHERE from_facility_id = :f AND undone_at IS NULL", f=facility_id)]


@pytest.fixture
def hand(staged: Any, database: Database, settings: Settings, admin: Actor) -> Hand:
    return Hand(staged, database, settings, admin)


# ------------------------------------------------------------------------------------------------------------------------ merge and un-merge


def test_a_merge_leaves_a_redirect_and_the_survivor_knows_what_both_knew(hand: Hand) -> None:
    hand.commit(hand.staged.run_of(
        hand.staged.record("a", name="Kinondo Dispensary", contacts=(line(1),), mfl_code=None),
        hand.staged.record("b", name="Kinondo Disp", contacts=(line(2),), mfl_code="12345", opening_hours="24 hours", services=("psychosocial_support",)),
    ))
    one, other = hand.staged.facility_of("a"), hand.staged.facility_of("b")
    hand.merge(one, other)
    row = hand.staged.rows("SELECT * FROM facilities WHERE facility_id = :f", f=one)[0]
    assert (row.facility_name, row.aliases, row.mfl_code, row.opening_hours) == ("Kinondo Dispensary", ["Kinondo Disp"], "12345", "24 hours")
    assert hand.services(one) == {"gbv_medical_care", "psychosocial_support"}
    assert {name: row.origins[name]["reason"] for name in ("contacts", "services")} == dict.fromkeys(("contacts", "services"), "United from both places.")
    assert hand.staged.one("SELECT count(*) FROM facility_contacts WHERE facility_id = :f", f=one) == 2
    assert hand.staged.facility_of("b") == one
    loser = hand.staged.rows("SELECT is_active, retired_as, mfl_code FROM facilities WHERE facility_id = :f", f=other)[0]
    assert tuple(loser) == (False, "merged", None)
    assert hand.leads_to(other) == [one]
    assert hand.staged.rows("SELECT DISTINCT commit_kind, reason FROM commits WHERE commit_kind = 'merge'")[0] == ("merge", f"{WHY} (single operator)")


def test_unmerge_restores_both_sides_exactly_any_number_of_times(hand: Hand) -> None:
    hand.commit(hand.staged.run_of(
        hand.staged.record("a", contacts=(line(1),)), hand.staged.record("b", contacts=(line(1), line(2)), mfl_code="12345", owner="faith_based_organization"),
        hand.staged.record("c"),
    ))
    one, other, third = (hand.staged.facility_of(key) for key in "abc")
    acts.relate(hand.db, hand.settings, hand.actor, other, third, Relation.PART_OF, WHY)
    acts.relate(hand.db, hand.settings, hand.actor, one, other, Relation.BRANCH_OF, WHY)
    before = hand.said(one, other, third)
    for _ in range(3):
        hand.merge(one, other)
        assert hand.said(one, other, third) != before
        hand.unmerge(other)
        assert hand.said(one, other, third) == before


def test_a_chain_of_merges_comes_apart_from_its_inner_end_too(hand: Hand) -> None:
    a, b, c = hand.places("a", "b", "c")
    before = hand.said(a, b, c)
    hand.merge(b, a)
    hand.merge(c, b)
    assert (hand.leads_to(a), hand.leads_to(b)) == ([b], [c])
    assert hand.staged.facility_of("a") == c
    hand.unmerge(a)
    assert hand.said(a) == before[:1]
    hand.unmerge(b)
    assert hand.said(a, b, c) == before


def test_what_two_merged_places_share_stays_until_the_last_of_them_leaves(hand: Hand) -> None:
    hand.commit(hand.staged.run_of(
        hand.staged.record("a"), hand.staged.record("b", contacts=(line(7),), opening_hours="8 to 5"), hand.staged.record("c", contacts=(line(7),), opening_hours="24 hours"),
    ))
    a, b, c = (hand.staged.facility_of(key) for key in "abc")
    before = hand.said(a, b, c)
    hand.merge(a, b)
    hand.merge(a, c)
    hand.unmerge(b)
    assert hand.staged.one("SELECT count(*) FROM facility_contacts WHERE facility_id = :f", f=a) == 2
    assert hand.staged.one("SELECT opening_hours FROM facilities WHERE facility_id = :f", f=a) == "24 hours"
    hand.unmerge(c)
    assert hand.said(a, b, c) == before


def test_a_place_that_was_merged_away_is_not_merged_again(hand: Hand) -> None:
    a, b, c = hand.places("a", "b", "c")
    hand.merge(a, b)
    with pytest.raises(CommitError, match="was merged into"):
        hand.merge(c, b)
    with pytest.raises(CommitError, match="was merged into"):
        hand.merge(b, c)


def test_merges_never_go_in_a_circle(hand: Hand) -> None:
    a, b = hand.places("a", "b")
    hand.merge(a, b)
    with pytest.raises(CommitError):
        hand.merge(b, a)
    with pytest.raises(CommitError, match="itself"):
        hand.merge(a, a)
    assert hand.staged.one("SELECT count(*) FROM facility_redirects") == 1


def test_children_are_not_doubled_by_merge_and_unmerge(hand: Hand) -> None:
    hand.commit(hand.staged.run_of(hand.staged.record("a", contacts=(line(1),)), hand.staged.record("b", contacts=(line(1),))))
    a, b = hand.staged.facility_of("a"), hand.staged.facility_of("b")
    counts = [hand.staged.one(f"SELECT count(*) FROM facility_{child}") for child in ("contacts", "services", "owners", "coordinates", "sources")]
    for _ in range(2):
        hand.merge(a, b)
        for child in ("contacts", "services", "owners", "coordinates"):
            assert hand.staged.one(f"SELECT count(*) FROM facility_{child} WHERE facility_id = :f", f=a) == 1, child
        hand.unmerge(b)
    assert [hand.staged.one(f"SELECT count(*) FROM facility_{child}") for child in ("contacts", "services", "owners", "coordinates", "sources")] == counts


def test_unmerge_after_the_survivor_was_edited_keeps_the_edit(hand: Hand) -> None:
    a, b = hand.places("a", "b")
    before = hand.said(b)
    hand.merge(a, b)
    hand.change(a, opening_hours="24 hours", services=["gbv_medical_care", "legal_aid"])
    hand.unmerge(b)
    assert hand.staged.one("SELECT opening_hours FROM facilities WHERE facility_id = :f", f=a) == "24 hours"
    assert hand.services(a) == {"gbv_medical_care", "legal_aid"}
    assert hand.staged.one("SELECT aliases FROM facilities WHERE facility_id = :f", f=a) == []
    assert hand.said(b) == before


def test_what_was_unmerged_is_not_merged_again_by_the_next_run(hand: Hand) -> None:
    run_id = hand.staged.run_of(hand.staged.record("a"), hand.staged.record("b"))
    hand.commit(run_id)
    a, b = hand.staged.facility_of("a"), hand.staged.facility_of("b")
    later = hand.staged.again(run_id)
    hand.staged.decide(later, "a", "b", Answer.SAME, by="somebody")
    assert hand.commit(later).merged == 1
    hand.unmerge(b)
    outcome = hand.commit(hand.staged.again(run_id))
    assert (outcome.merged, outcome.added) == (0, 0)
    assert hand.leads_to(b) == []
    assert (hand.staged.facility_of("a"), hand.staged.facility_of("b")) == (a, b)


def test_after_unmerge_the_survivor_is_told_by_its_own_records_and_the_loser_hears_its_news(hand: Hand) -> None:
    run_id = hand.staged.run_of(hand.staged.record("a", contacts=(line(1),)), hand.staged.record("b", contacts=(line(2),)))
    hand.commit(run_id)
    a, b = hand.staged.facility_of("a"), hand.staged.facility_of("b")
    hand.merge(a, b)
    news = hand.staged.run_of(hand.staged.record("b", contacts=(line(3),)), name="news.json")
    hand.commit(news)
    assert hand.staged.one("SELECT count(*) FROM facility_contacts WHERE facility_id = :f", f=a) == 2
    hand.unmerge(b)
    assert hand.staged.one("SELECT count(*) FROM facility_contacts WHERE facility_id = :f", f=a) == 1
    assert hand.commit(hand.staged.again(news)).changed == 1
    assert hand.staged.one("SELECT count(*) FROM facility_contacts WHERE facility_id = :f", f=b) == 1


# ------------------------------------------------------------------------------------------------------------------------ rollback


def test_a_whole_commit_is_taken_back_and_may_be_committed_again_under_the_same_codes(hand: Hand) -> None:
    run_id = hand.staged.run_of(hand.staged.record("a", mfl_code="12345"), hand.staged.record("b"))
    first = hand.commit(run_id)
    codes = [row[0] for row in hand.staged.rows("SELECT facility_code FROM facilities ORDER BY 1")]
    outcome = hand.rollback(first.commit_id)
    assert (outcome.restored, outcome.conflicts) == (2, ())
    assert hand.staged.one("SELECT count(*) FROM facilities WHERE is_active") == 0
    assert hand.staged.one("SELECT count(*) FROM staging.records WHERE state = 'ready'") == 2
    again = hand.commit(run_id)
    assert (again.added, again.changed) == (2, 0)
    assert [row[0] for row in hand.staged.rows("SELECT facility_code FROM facilities WHERE is_active ORDER BY 1")] == codes
    assert hand.staged.one("SELECT count(*) FROM facilities WHERE mfl_code = '12345'") == 1


def test_a_rolled_back_change_restores_the_values_and_the_rollback_can_be_taken_back(hand: Hand) -> None:
    (a,) = hand.places("a")
    before = hand.said(a)
    news = hand.commit(hand.staged.run_of(hand.staged.record("a", name="Place anew", contacts=(line(9),)), name="news.json"))
    changed = hand.said(a)
    back = hand.rollback(news.commit_id)
    assert back.restored == 1
    assert [row[:-1] for row in hand.said(a)] == [row[:-1] for row in before]
    hand.rollback(back.commit_id)
    assert [row[:-1] for row in hand.said(a)] == [row[:-1] for row in changed]


def test_a_commit_that_merged_is_taken_back_with_its_merges(hand: Hand) -> None:
    run_id = hand.staged.run_of(hand.staged.record("a"), hand.staged.record("b"))
    hand.commit(run_id)
    a, b = hand.staged.facility_of("a"), hand.staged.facility_of("b")
    before = hand.said(a, b)
    later = hand.staged.again(run_id)
    hand.staged.decide(later, "a", "b", Answer.SAME, by="somebody")
    merged = hand.commit(later)
    assert merged.merged == 1
    assert hand.rollback(merged.commit_id).restored == 2
    assert hand.said(a, b) == before


KILLED_ROLLBACK = """
import os, signal, sys
from gvrc.commit import acts, jobs
from gvrc.settings import Settings
from gvrc.store.session import Database

taken_back, calls = acts._take_back, []

def until_the_third(*given, **named):
    calls.append(1)
    if len(calls) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    taken_back(*given, **named)

acts._BATCHES_AT_ONCE, acts._take_back = 1, until_the_third
settings = Settings.model_validate_json(sys.stdin.read())
with Database.open(settings) as db:
    jobs.work(db, settings, int(sys.argv[1]))
"""


def test_a_rollback_in_a_process_of_its_own_that_is_killed_half_way_goes_on_under_its_own_number(hand: Hand, actor_of: Callable[..., Actor]) -> None:
    small = hand.settings.model_copy(update={"batch_size": 1})
    first = hand.commit(hand.staged.run_of(*(hand.staged.record(key) for key in "abcde")))
    asked = acts.rollback(hand.db, hand.settings, actor_of(Role.DATA_STEWARD), first.commit_id, WHY).request_id or 0
    job_id = jobs.queue(hand.db, hand.actor, request_id=asked)
    with pytest.raises(CommitError, match="already"):
        jobs.queue(hand.db, hand.actor, request_id=asked)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_ROLLBACK, str(job_id)], input=small.model_dump_json(), text=True, env={**os.environ, "PYTHONPATH": str(PROJECT_DIR)}, check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert hand.staged.one("SELECT count(*) FROM facilities WHERE is_active") == 3
    broken = jobs.watch_rollback(hand.db, hand.actor, first.commit_id)
    assert broken is not None
    assert (broken.state, broken.counts) == ("interrupted", {"done": 1, "units": 5})
    jobs.work(hand.db, hand.settings, jobs.queue(hand.db, hand.actor, request_id=asked))
    done = jobs.watch_rollback(hand.db, hand.actor, first.commit_id)
    assert done is not None
    assert done.outcome is not None
    assert (done.state, done.outcome["restored"], hand.staged.one("SELECT count(*) FROM facilities WHERE is_active")) == ("done", 5, 0)
    assert hand.staged.rows("SELECT status, counts ->> 'restored' FROM commits WHERE reverts = :c", c=first.commit_id) == [("done", "5")]
    with pytest.raises(CommitError, match="applied already"):
        acts.approve(hand.db, hand.settings, hand.actor, asked)
    with pytest.raises(CommitError, match="broken off"):
        acts.resume(hand.db, hand.actor, done.outcome["commit_id"])


def test_the_only_approver_asks_for_a_rollback_that_another_process_does(hand: Hand) -> None:
    first = hand.commit(hand.staged.run_of(hand.staged.record("a")))
    assert acts.rollback(hand.db, hand.settings, hand.actor, first.commit_id, WHY, later=True).state is ActState.CONFIRM
    asked = acts.rollback(hand.db, hand.settings, hand.actor, first.commit_id, WHY, later=True, confirmed=True)
    assert (asked.state, hand.staged.one("SELECT count(*) FROM facilities WHERE is_active")) == (ActState.WAITING, 1)
    jobs.work(hand.db, hand.settings, jobs.queue(hand.db, hand.actor, request_id=asked.request_id, is_signed=True))
    assert hand.staged.one("SELECT count(*) FROM facilities WHERE is_active") == 0
    assert "single operator" in hand.staged.one("SELECT reason FROM commits WHERE reverts = :c", c=first.commit_id)


def test_later_work_stands_in_the_way_of_a_rollback_and_is_told(hand: Hand) -> None:
    a, b = hand.places("a", "b")
    news = hand.commit(hand.staged.run_of(hand.staged.record("a", name="Anew", opening_hours="8 to 5"), hand.staged.record("b", name="Another"), name="news.json"))
    hand.change(a, name="Given by hand")
    outcome = hand.rollback(news.commit_id)
    assert outcome.restored == 1
    conflict = outcome.conflicts[0]
    assert (conflict.facility_id, conflict.fields, conflict.changed_by) == (a, ("name",), "admin")
    assert hand.staged.one("SELECT facility_name FROM facilities WHERE facility_id = :f", f=a) == "Given by hand"
    assert hand.staged.one("SELECT facility_name FROM facilities WHERE facility_id = :f", f=b) == "Place b"
    assert hand.rollback(news.commit_id, keep_later=True).restored == 1
    row = hand.staged.rows("SELECT facility_name, opening_hours FROM facilities WHERE facility_id = :f", f=a)[0]
    assert tuple(row) == ("Given by hand", None)


def test_one_facility_goes_back_to_any_earlier_version_and_its_lists_do_not_undo_that(hand: Hand) -> None:
    (a,) = hand.places("a", opening_hours="8 to 5")
    hand.change(a, opening_hours="24 hours", name="By hand")
    acts.restore(hand.db, hand.settings, hand.actor, a, 1, WHY, confirmed=True)
    row = hand.staged.rows("SELECT facility_name, opening_hours, version FROM facilities WHERE facility_id = :f", f=a)[0]
    assert tuple(row) == ("Place a", "8 to 5", 3)
    hand.commit(hand.staged.run_of(hand.staged.record("a", name="The list says", opening_hours="never", description="new"), name="news.json"))
    row = hand.staged.rows("SELECT facility_name, opening_hours, description FROM facilities WHERE facility_id = :f", f=a)[0]
    assert tuple(row) == ("Place a", "8 to 5", "new")


# ------------------------------------------------------------------------------------------------------------------------ edit, retire, relate


def test_an_edit_outlives_the_next_list_and_the_list_goes_on_adding(hand: Hand) -> None:
    (a,) = hand.places("a")
    hand.change(a, name="By hand", services=["legal_aid"])
    hand.commit(hand.staged.run_of(hand.staged.record("a", services=("gbv_medical_care", "psychosocial_support")), name="news.json"))
    assert hand.staged.one("SELECT facility_name FROM facilities WHERE facility_id = :f", f=a) == "By hand"
    assert hand.services(a) == {"legal_aid", "psychosocial_support"}
    assert "Given by admin" in hand.staged.one("SELECT origins -> 'name' ->> 'reason' FROM facilities WHERE facility_id = :f", f=a)


def test_of_two_who_edit_the_same_place_the_second_is_told_what_the_first_changed(hand: Hand, actor_of: Any) -> None:
    (a,) = hand.places("a")
    steward = actor_of(Role.DATA_STEWARD)
    seen = hand.version(a)
    acts.change(hand.db, hand.settings, steward, a, {"opening_hours": "8 to 5"}, WHY, version=seen)
    with pytest.raises(FacilityMovedError) as caught:
        acts.change(hand.db, hand.settings, hand.actor, a, {"description": "new"}, WHY, version=seen)
    assert steward.username in caught.value.detail
    assert "opening hours" in caught.value.changes[0]
    acts.change(hand.db, hand.settings, hand.actor, a, {"description": "new"}, WHY, version=seen + 1)
    row = hand.staged.rows("SELECT opening_hours, description FROM facilities WHERE facility_id = :f", f=a)[0]
    assert tuple(row) == ("8 to 5", "new")


def test_a_retired_place_stays_on_record_and_opens_again(hand: Hand) -> None:
    (a,) = hand.places("a")
    before = hand.said(a)
    hand.retire(a)
    assert hand.staged.one("SELECT is_active FROM facilities WHERE facility_id = :f", f=a) is False
    with pytest.raises(CommitError, match="retired"):
        hand.change(a, name="Other")
    acts.reopen(hand.db, hand.settings, hand.actor, a, WHY)
    assert hand.said(a) == before
    assert hand.rollback(hand.retire(a)).restored == 1
    assert hand.said(a) == before


# ------------------------------------------------------------------------------------------------------------------------ the second person


def test_a_risky_act_waits_for_another_person(hand: Hand, actor_of: Any) -> None:
    a, b = hand.places("a", "b")
    steward, approver = actor_of(Role.DATA_STEWARD), actor_of(Role.APPROVER)
    asked = acts.merge(hand.db, hand.settings, approver, a, b, WHY, confirmed=True)
    assert asked.state is ActState.WAITING
    assert hand.leads_to(b) == []
    with pytest.raises(NotAllowedError, match="another person"):
        acts.approve(hand.db, hand.settings, approver, asked.request_id, confirmed=True)
    with pytest.raises(NotAllowedError):
        acts.approve(hand.db, hand.settings, steward, asked.request_id)
    assert acts.approve(hand.db, hand.settings, hand.actor, asked.request_id).state is ActState.DONE
    assert hand.leads_to(b) == [a]
    assert hand.staged.rows("SELECT asked_by, decided_by, state FROM change_requests")[0] == (approver.username, "admin", "applied")
    assert f"asked by {approver.username}" in hand.staged.one("SELECT reason FROM audit_trail WHERE table_name = 'facility_redirects'")
    with pytest.raises(CommitError, match="applied already"):
        acts.approve(hand.db, hand.settings, hand.actor, asked.request_id)


def test_a_declined_request_changes_nothing(hand: Hand, actor_of: Any) -> None:
    (a,) = hand.places("a")
    before = hand.said(a)
    steward = actor_of(Role.DATA_STEWARD)
    asked = acts.retire(hand.db, hand.settings, steward, a, WHY)
    assert asked.state is ActState.WAITING
    acts.decline(hand.db, hand.actor, asked.request_id, "it is open")
    assert hand.said(a) == before
    assert hand.staged.one("SELECT state FROM change_requests") == "declined"


def test_a_request_whose_place_changed_meanwhile_is_stale(hand: Hand, actor_of: Any) -> None:
    (a,) = hand.places("a")
    asked = acts.retire(hand.db, hand.settings, actor_of(Role.DATA_STEWARD), a, WHY)
    hand.change(a, name="Other")
    with pytest.raises(FacilityMovedError):
        acts.approve(hand.db, hand.settings, hand.actor, asked.request_id)
    assert hand.staged.one("SELECT state FROM change_requests") == "stale"
    assert hand.staged.one("SELECT is_active FROM facilities") is True


def test_the_only_approver_confirms_and_the_audit_says_so(hand: Hand) -> None:
    (a,) = hand.places("a")
    assert acts.retire(hand.db, hand.settings, hand.actor, a, WHY).state is ActState.CONFIRM
    assert hand.staged.one("SELECT is_active FROM facilities") is True
    hand.retire(a)
    assert "single operator" in hand.staged.one("SELECT reason FROM audit_trail WHERE table_name = 'facilities' ORDER BY audit_id DESC LIMIT 1")


def test_making_a_sensitive_place_more_visible_waits_making_it_less_does_not(hand: Hand, actor_of: Any) -> None:
    (a,) = hand.places("a", facility_type="shelter", visibility=Visibility.WITHHELD)
    steward = actor_of(Role.DATA_STEWARD)
    asked = acts.change(hand.db, hand.settings, steward, a, {"visibility": "public"}, WHY, version=1)
    assert asked.state is ActState.WAITING
    assert hand.staged.one("SELECT visibility FROM facilities") == "withheld"
    acts.approve(hand.db, hand.settings, hand.actor, asked.request_id)
    assert acts.change(hand.db, hand.settings, steward, a, {"visibility": "withheld"}, WHY, version=2).state is ActState.DONE


@pytest.mark.parametrize("role", [Role.VIEWER, Role.DATA_ANALYST, Role.DATA_ENGINEER])
def test_who_may_not_commit_may_not_act(hand: Hand, actor_of: Callable[[Role], Actor], role: Role) -> None:
    with pytest.raises(NotAllowedError):
        acts.retire(hand.db, hand.settings, actor_of(role), 1, WHY)


def test_who_is_limited_to_counties_learns_nothing_of_a_place_elsewhere_and_moves_none_out_or_in(hand: Hand, actor_of: Callable[[Role], Actor]) -> None:
    (a,) = hand.places("a")
    home = hand.staged.kwale.county_code
    here, elsewhere = (replace(actor_of(Role.APPROVER), counties=frozenset({code})) for code in (home, "KE047"))
    for values in ({"name": "Place a"}, {"name": ""}, {"opening_hours": "8 to 5"}):
        with pytest.raises(NotAllowedError, match="outside your counties"):
            edits.edit(hand.db, hand.settings, elsewhere, edits.Edit(facility_id=a, version=1, values=values, reason=WHY))
    away = {"county": "KE047", "constituency": None, "ward": None}
    with pytest.raises(NotAllowedError, match="outside your counties then"):
        edits.edit(hand.db, hand.settings, here, edits.Edit(facility_id=a, version=1, values=away, reason=WHY))
    hand.change(a, **away)
    with pytest.raises(NotAllowedError, match="outside your counties then"):
        acts.restore(hand.db, hand.settings, elsewhere, a, 1, WHY, confirmed=True)
    assert hand.version(a) == 2


def test_an_act_without_a_reason_is_refused(hand: Hand) -> None:
    (a,) = hand.places("a")
    with pytest.raises(CommitError, match="reason"):
        acts.reopen(hand.db, hand.settings, hand.actor, a, " ")
