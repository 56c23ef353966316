from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from gvrc.commit import Hold, commit, preview
from gvrc.errors import CommitError, NotAllowedError, RunBusy
from gvrc.model.access import Actor, Role
from gvrc.model.match import Band
from gvrc.model.place import Place, Point
from gvrc.model.record import Visibility
from gvrc.model.review import Answer
from gvrc.settings import Settings
from gvrc.store.session import Database
from gvrc.views.golden import golden_preview


@pytest.fixture
def publish(database: Database, settings: Settings, admin: Actor) -> Any:
    """Commits a run as an administrator."""
    return lambda run_id, **options: commit(database, settings, admin, run_id, **options)


def content(staged: Any) -> list[Any]:
    """The registry without ids, times and versions."""
    return [tuple(row) for row in staged.rows("""
        SELECT f.facility_code, f.facility_name, f.registration_number, f.record_hash, f.version, f.is_active, f.visibility,
            (SELECT array_agg(contact_value::text ORDER BY contact_value) FROM facility_contacts c WHERE c.facility_id = f.facility_id),
            (SELECT array_agg(service ORDER BY service) FROM facility_services s WHERE s.facility_id = f.facility_id),
            (SELECT array_agg(record_key ORDER BY record_key) FROM facility_sources s WHERE s.facility_id = f.facility_id),
            (SELECT latitude FROM facility_coordinates p WHERE p.facility_id = f.facility_id)
        FROM facilities f ORDER BY f.facility_code
    """)]


# ------------------------------------------------------------------------------------------------------------------------ what is added


def test_a_ready_record_becomes_a_facility_with_all_its_children(staged: Any, publish: Any) -> None:
    record = staged.record("a", name="Msambweni Dispensary", address="Box 1", officer="J. D.", registration_number=None)
    outcome = publish(staged.run_of(record))
    assert (outcome.added, outcome.changed, outcome.merged, outcome.unchanged, outcome.held_back, outcome.dead_letters) == (1, 0, 0, 0, (), 0)
    row = staged.rows("SELECT * FROM facilities")[0]
    assert row.facility_code == "DIS-00001"
    assert row.registration_number == "UNREG-DIS-00001"
    assert row.facility_name == "Msambweni Dispensary"
    assert row.ward_id is not None
    assert row.address is not None
    assert row.version == 1
    assert row.quality_score == 90
    assert row.origins["name"]["record_key"] == "a"
    for child in ("contacts", "services", "coordinates", "owners", "sources"):
        assert staged.one(f"SELECT count(*) FROM facility_{child}") == 1, child
    assert staged.rows("SELECT state, facility_id FROM staging.records")[0] == ("committed", row.facility_id)


def test_an_unknown_ward_leaves_county_and_constituency(staged: Any, publish: Any) -> None:
    place = staged.kwale
    known = Place(county_code=place.county_code, county=place.county, constituency_code=place.constituency_code, constituency=place.constituency)
    publish(staged.run_of(staged.record("a", place=known)))
    row = staged.rows("SELECT ward_id, constituency_id, county_id FROM facilities")[0]
    assert row.ward_id is None
    assert row.constituency_id is not None
    assert row.county_id is not None


def test_a_place_told_by_several_records_is_as_good_as_what_they_say_together(staged: Any, publish: Any, database: Database, admin: Actor) -> None:
    run_id = staged.run_of(staged.record("a", name="Kinango Hospital", officer="J. D."), staged.record("b", name="Kinango Hospital", opening_hours="24 hours"))
    staged.together("a", "b")
    told = golden_preview(database, admin, staged.ids("a", "b"))
    publish(run_id)
    row = staged.rows("SELECT quality_score, quality_parts FROM facilities")[0]
    assert told is not None
    assert (row.quality_score, row.quality_parts) == (told.quality_score, [dict(part) for part in told.quality_parts])
    assert row.quality_score != 90  # what either record was scored


def test_records_of_one_cluster_become_one_facility_with_united_contacts(staged: Any, publish: Any) -> None:
    run_id = staged.run_of(staged.record("a", name="Kinondo Disp"), staged.record("b", name="Kinondo Dispensary"))
    staged.together("a", "b")
    assert publish(run_id).added == 1
    row = staged.rows("SELECT facility_name, aliases FROM facilities")[0]
    assert row == ("Kinondo Dispensary", ["Kinondo Disp"])
    assert staged.one("SELECT count(*) FROM facility_contacts") == 2
    assert staged.one("SELECT count(*) FROM facility_sources") == 2


def test_a_value_that_a_steward_chose_for_the_pair_wins(staged: Any, publish: Any) -> None:
    run_id = staged.run_of(staged.record("a", name="Kinondo Disp"), staged.record("b", name="Kinondo Dispensary"))
    staged.together("a", "b")
    staged.decide(run_id, "a", "b", Answer.SAME, name="Kinondo Disp", place="Kwale")
    publish(run_id)
    assert staged.rows("SELECT facility_name, aliases FROM facilities")[0] == ("Kinondo Disp", ["Kinondo Dispensary"])
    assert staged.one("SELECT origins -> 'name' ->> 'rule' FROM facilities") == "steward"


# ------------------------------------------------------------------------------------------------------------------------ nothing twice


def test_the_same_run_committed_twice_changes_nothing(staged: Any, publish: Any) -> None:
    run_id = staged.run_of(*(staged.record(f"r{n}") for n in range(120)))
    assert publish(run_id).added == 120
    before, audit = content(staged), staged.audit_rows()
    again = publish(run_id)
    assert (again.added, again.changed, again.merged, again.unchanged, again.batches) == (0, 0, 0, 120, 0)
    assert content(staged) == before
    assert staged.audit_rows() == audit


def test_a_chosen_value_is_not_written_twice(staged: Any, publish: Any) -> None:
    run_id = staged.run_of(staged.record("a", name="Kinondo Disp"), staged.record("b", name="Kinondo Dispensary"))
    staged.together("a", "b")
    staged.decide(run_id, "a", "b", Answer.SAME, name="Kinondo Disp")
    publish(run_id)
    audit = staged.audit_rows()
    assert publish(run_id).unchanged == 1
    assert staged.audit_rows() == audit


def test_another_run_of_the_same_files_changes_nothing(staged: Any, publish: Any) -> None:
    run_id = staged.run_of(*(staged.record(f"r{n}") for n in range(5)))
    publish(run_id)
    audit = staged.audit_rows()
    staged.say("UPDATE staging.records SET state = 'ready', facility_id = NULL")
    again = publish(staged.again(run_id))
    assert (again.added, again.changed, again.unchanged) == (0, 0, 5)
    assert staged.audit_rows() == audit
    assert staged.rows("SELECT DISTINCT state FROM staging.records") == [("committed",)]


def test_a_changed_record_changes_only_what_differs(staged: Any, publish: Any) -> None:
    publish(staged.run_of(staged.record("a"), staged.record("b")))
    changed = staged.record("a", name="Renamed", services=(), point=None)
    outcome = publish(staged.run_of(changed, staged.record("b"), name="edition 2"))
    assert (outcome.added, outcome.changed, outcome.unchanged) == (0, 1, 1)
    assert staged.rows("SELECT facility_name, version FROM facilities ORDER BY facility_id") == [("Renamed", 2), ("Place b", 1)]
    assert staged.one("SELECT count(*) FROM facility_services") == 1
    assert staged.one("SELECT count(*) FROM facility_coordinates") == 1
    assert staged.one("SELECT count(*) FROM facility_contacts") == 2
    assert staged.rows("SELECT operation, old_values, new_values FROM audit_trail WHERE table_name = 'facility_contacts' AND operation <> 'INSERT'") == []


def test_an_older_edition_run_again_does_not_take_the_facility_back(staged: Any, publish: Any) -> None:
    first = staged.run_of(staged.record("a", name="Old name"))
    publish(first)
    publish(staged.run_of(staged.record("a", name="New name"), name="edition 2"))
    audit = staged.audit_rows()
    outcome = publish(staged.again(first))
    assert (outcome.added, outcome.changed) == (0, 0)
    assert staged.one("SELECT facility_name FROM facilities") == "New name"
    assert staged.audit_rows() == audit


def test_codes_go_on_where_they_stopped_and_stay(staged: Any, publish: Any) -> None:
    publish(staged.run_of(staged.record("a"), staged.record("b", facility_type="police_station")))
    publish(staged.run_of(staged.record("c"), staged.record("a", facility_type="hospital"), name="edition 2"))
    codes = dict(staged.rows("SELECT s.record_key, f.facility_code FROM facilities f JOIN facility_sources s USING (facility_id)"))
    assert codes["a"] == "DIS-00001"
    assert codes["c"] == "DIS-00002"
    assert codes["b"].endswith("-00001")


# ------------------------------------------------------------------------------------------------------------------------ what is held back


def held(outcome: Any) -> dict[Hold, int]:
    return {item.hold: item.count for item in outcome.held_back}


def test_what_waits_is_held_back_with_its_reason_and_the_rest_passes(staged: Any, publish: Any) -> None:
    run_id = staged.run_of(*(staged.record(key) for key in ("fine", "asked", "low", "new", "no", "nameless", "kindless", "paired", "also paired")))
    staged.put("asked", state="to_review")
    staged.put("low", state="held")
    staged.put("new", state="new")
    staged.put("no", state="rejected")
    staged.put("nameless", name=None)
    staged.put("kindless", facility_type=None)
    staged.pair(run_id, "paired", "also paired", is_open=True)
    outcome = publish(run_id)
    assert outcome.added == 1
    assert held(outcome) == {
        Hold.OPEN_QUESTION: 3, Hold.LOW_QUALITY: 1, Hold.NOT_READY: 1, Hold.REJECTED: 1, Hold.NO_NAME: 1, Hold.NO_KIND: 1,
    }
    assert outcome.held_back_records == 8
    assert staged.one("SELECT count(*) FROM facilities") == 1


def test_a_cluster_waits_for_its_slowest_member(staged: Any, publish: Any) -> None:
    run_id = staged.run_of(staged.record("a"), staged.record("b"))
    staged.together("a", "b")
    staged.put("b", state="to_review")
    outcome = publish(run_id)
    assert outcome.added == 0
    assert held(outcome) == {Hold.OPEN_QUESTION: 2}


def test_a_run_that_works_is_not_committed(staged: Any, publish: Any) -> None:
    run_id = staged.run_of(staged.record("a"))
    staged.say("UPDATE ops.etl_runs SET status = 'running' WHERE run_id = :r", r=run_id)
    with pytest.raises(CommitError, match="still at work"):
        publish(run_id)
    with pytest.raises(CommitError, match="no run 999"):
        publish(999)


def test_one_commit_of_a_run_at_a_time(staged: Any, publish: Any, database: Database) -> None:
    run_id = staged.run_of(staged.record("a"))
    with database.hold_lock(f"commit of run {run_id}") as is_ours:
        assert is_ours
        with pytest.raises(RunBusy):
            publish(run_id)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.DATA_ANALYST, Role.DATA_ENGINEER])
def test_who_may_not_commit_is_refused(staged: Any, database: Database, settings: Settings, actor_of: Any, role: Role) -> None:
    run_id = staged.run_of(staged.record("a"))
    for act in (commit, preview):
        with pytest.raises(NotAllowedError):
            act(database, settings, actor_of(role), run_id)


def test_a_steward_of_one_county_commits_only_there(staged: Any, database: Database, settings: Settings, actor_of: Any) -> None:
    steward = actor_of(Role.DATA_STEWARD)
    limited = Actor(user_id=steward.user_id, username=steward.username, role=steward.role, counties=frozenset({staged.kwale.county_code}))
    run_id = staged.run_of(staged.record("a"), staged.record("b", place=staged.kilifi), staged.record("c", place=Place()))
    outcome = commit(database, settings, limited, run_id)
    assert outcome.added == 1
    assert held(outcome) == {Hold.OTHER_COUNTY: 2}


# ------------------------------------------------------------------------------------------------------------------------ the registry and the run


def test_a_record_judged_the_same_as_a_facility_feeds_it(staged: Any, publish: Any) -> None:
    publish(staged.run_of(staged.record("a")))
    run_id = staged.run_of(staged.record("b", source="other"), name="other.json")
    staged.decide(run_id, "b", f"facility:{staged.facility_of('a')}", Answer.SAME)
    outcome = publish(run_id)
    assert (outcome.added, outcome.changed) == (0, 1)
    assert staged.facility_of("b") == staged.facility_of("a")
    assert staged.one("SELECT count(*) FROM facility_contacts") == 2


def test_an_automatic_pair_with_a_facility_feeds_it_unless_a_person_says_otherwise(staged: Any, publish: Any) -> None:
    publish(staged.run_of(staged.record("a")))
    facility = f"facility:{staged.facility_of('a')}"
    run_id = staged.run_of(staged.record("b", source="other"), name="other.json")
    staged.pair(run_id, "b", facility, band=Band.AUTOMATIC)
    staged.decide(run_id, "b", facility, Answer.DIFFERENT)
    assert publish(run_id).added == 1
    third = staged.run_of(staged.record("c", source="third"), name="third.json")
    staged.pair(third, "c", facility, band=Band.AUTOMATIC)
    assert publish(third).changed == 1
    assert staged.facility_of("c") == staged.facility_of("a") != staged.facility_of("b")


def test_a_sister_record_with_an_open_question_holds_its_facility(staged: Any, publish: Any) -> None:
    publish(staged.run_of(staged.record("a")))
    run_id = staged.run_of(staged.record("b", source="other"), name="other.json")
    staged.decide(run_id, "b", f"facility:{staged.facility_of('a')}", Answer.SAME)
    staged.put("a", state="to_review")
    assert held(publish(run_id)) == {Hold.SISTER_WAITS: 1}


def test_a_record_called_different_leaves_the_facility_it_fed(staged: Any, publish: Any) -> None:
    run_id = staged.run_of(staged.record("a", name="Kinondo"), staged.record("b", name="Kinondo Mission"))
    staged.together("a", "b")
    publish(run_id)
    both = staged.facility_of("a")
    staged.decide(run_id, "a", "b", Answer.DIFFERENT)
    staged.say("UPDATE staging.records SET cluster_id = record_id")
    outcome = publish(run_id)
    assert (outcome.added, outcome.changed) == (1, 1)
    assert staged.facility_of("a") == both != staged.facility_of("b")
    assert staged.rows("SELECT facility_name, aliases FROM facilities ORDER BY facility_id") == [("Kinondo", []), ("Kinondo Mission", [])]


def test_related_places_are_related_once_both_are_there(staged: Any, publish: Any) -> None:
    first = staged.run_of(staged.record("desk", facility_type="police_post"))
    second = staged.run_of(staged.record("station", facility_type="police_station"), name="stations.json")
    staged.decide(first, "desk", "station", Answer.RELATED, relation="part_of")
    publish(first)
    assert staged.rows("SELECT * FROM facility_relations") == []
    publish(second)
    row = staged.rows("SELECT facility_id, related_facility_id, relation FROM facility_relations")[0]
    assert row == (staged.facility_of("desk"), staged.facility_of("station"), "part_of")
    audit = staged.audit_rows()
    publish(second)
    assert staged.audit_rows() == audit
    staged.decide(first, "desk", "station", Answer.DIFFERENT)
    publish(second)
    assert staged.rows("SELECT * FROM facility_relations") == []


# ------------------------------------------------------------------------------------------------------------------------ merging


def merged_pair(staged: Any, publish: Any) -> tuple[int, int, int]:
    """Two facilities of the registry that a steward called one place: run, survivor, loser."""
    first = staged.run_of(staged.record("a", name="Kinondo", mfl_code=None), staged.record("b", name="Kinondo Disp", mfl_code="12345"))
    publish(first)
    left, right = staged.facility_of("a"), staged.facility_of("b")
    staged.decide(first, "a", "b", Answer.SAME, by="someone")
    staged.together("a", "b")
    staged.say("UPDATE staging.records SET state = 'ready'")
    return first, left, right


def test_merging_places_of_the_registry_needs_a_second_signature(staged: Any, publish: Any, database: Database, settings: Settings, actor_of: Any) -> None:
    run_id, _, _ = merged_pair(staged, publish)
    outcome = publish(run_id)
    assert outcome.merged == 0
    assert held(outcome) == {Hold.SECOND_SIGNATURE: 2}
    with pytest.raises(NotAllowedError):
        commit(database, settings, actor_of(Role.DATA_STEWARD), run_id, confirm_risky=True)
    assert staged.one("SELECT count(*) FROM facilities WHERE is_active") == 2


def test_a_merge_redirects_and_loses_nothing(staged: Any, publish: Any) -> None:
    run_id, survivor, loser = merged_pair(staged, publish)
    staged.say("INSERT INTO facility_infrastructure (facility_id, infrastructure_type) SELECT :f, code FROM infrastructure_types LIMIT 1", f=loser)
    outcome = publish(run_id, confirm_risky=True)
    assert (outcome.merged, outcome.added) == (1, 0)
    assert staged.rows("SELECT from_facility_id, to_facility_id, decision_id IS NOT NULL FROM facility_redirects") == [(loser, survivor, True)]
    rows = {row.facility_id: row for row in staged.rows("SELECT * FROM facilities")}
    assert not rows[loser].is_active
    assert rows[loser].mfl_code is None
    assert rows[survivor].mfl_code == "12345"
    assert {rows[survivor].facility_name, *rows[survivor].aliases} == {"Kinondo", "Kinondo Disp"}
    for child in ("contacts", "services", "infrastructure", "sources"):
        assert staged.rows(f"SELECT DISTINCT facility_id FROM facility_{child}") == [(survivor,)], child
    assert staged.one("SELECT count(*) FROM facility_contacts") == 2
    audit = staged.audit_rows()
    again = publish(run_id, confirm_risky=True)
    assert (again.merged, again.changed, again.unchanged) == (0, 0, 1)
    assert staged.audit_rows() == audit


def test_a_single_operator_signs_alone_and_the_audit_says_so(staged: Any, publish: Any, database: Database, settings: Settings, admin: Actor) -> None:
    staged.say("UPDATE users SET is_active = username = 'admin'")
    run_id, _, _ = merged_pair(staged, publish)
    staged.say("UPDATE staging.decisions SET decided_by = 'admin'")
    assert publish(run_id, confirm_risky=True).merged == 1
    assert staged.one("SELECT count(*) FROM audit_trail WHERE reason LIKE '%single operator%' AND table_name = 'facility_redirects'") == 1


def test_nobody_signs_for_his_own_decision_where_another_could(staged: Any, publish: Any, actor_of: Any) -> None:
    actor_of(Role.APPROVER)
    run_id, _, _ = merged_pair(staged, publish)
    staged.say("UPDATE staging.decisions SET decided_by = 'admin'")
    assert held(publish(run_id, confirm_risky=True)) == {Hold.OTHER_PERSON: 2}


def test_a_decision_on_a_merged_away_facility_follows_the_redirect(staged: Any, publish: Any) -> None:
    run_id, survivor, loser = merged_pair(staged, publish)
    publish(run_id, confirm_risky=True)
    other = staged.run_of(staged.record("c", source="other"), name="other.json")
    staged.decide(other, "c", f"facility:{loser}", Answer.SAME)
    assert publish(other).changed == 1
    assert staged.facility_of("c") == survivor


# ------------------------------------------------------------------------------------------------------------------------ visibility


def test_a_commit_never_makes_a_place_more_visible_unsigned(staged: Any, publish: Any) -> None:
    publish(staged.run_of(staged.record("s", facility_type="shelter", visibility=Visibility.WITHHELD)))
    run_id = staged.run_of(staged.record("s", facility_type="hospital", visibility=Visibility.PUBLIC), name="edition 2")
    assert held(publish(run_id)) == {Hold.SECOND_SIGNATURE: 1}
    assert staged.rows("SELECT visibility, facility_type FROM facilities") == [("withheld", "shelter")]
    assert publish(run_id, confirm_risky=True).changed == 1
    assert staged.one("SELECT visibility FROM facilities") == "public"


def test_a_new_shelter_that_would_be_public_waits(staged: Any, publish: Any) -> None:
    assert held(publish(staged.run_of(staged.record("s", facility_type="shelter")))) == {Hold.SECOND_SIGNATURE: 1}


# ------------------------------------------------------------------------------------------------------------------------ refusals


def test_a_code_that_belongs_to_another_place_ends_in_the_dead_letters_and_the_rest_is_in(staged: Any, publish: Any) -> None:
    publish(staged.run_of(staged.record("owner", mfl_code="777")))
    records = [staged.record(f"r{n}", source="other", mfl_code="777" if n == 33 else None) for n in range(60)]
    run_id = staged.run_of(*records, name="other.json")
    outcome = publish(run_id)
    assert (outcome.added, outcome.dead_letters) == (59, 1)
    letter = staged.rows("SELECT pointer, error, stage, state FROM staging.dead_letters")[0]
    assert letter.pointer == "/r33"
    assert "777" in letter.error
    assert "DIS-00001" in letter.error
    audit = staged.audit_rows()
    assert publish(run_id).dead_letters == 1
    assert staged.audit_rows() == audit
    assert staged.one("SELECT tries FROM staging.dead_letters") == 2
    staged.put("r33", mfl_code="778")
    assert publish(run_id).added == 1
    assert staged.one("SELECT state FROM staging.dead_letters") == "replayed"


def test_two_new_places_with_one_code_do_not_both_pass(staged: Any, publish: Any) -> None:
    outcome = publish(staged.run_of(staged.record("a", mfl_code="1"), staged.record("b", mfl_code="1"), staged.record("c")))
    assert (outcome.added, outcome.dead_letters) == (2, 1)


def test_values_that_the_vocabulary_does_not_hold_are_told(staged: Any, publish: Any) -> None:
    outcome = publish(staged.run_of(staged.record("a", services=("juggling",)), staged.record("b", point=Point(latitude=51.0, longitude=0.0)), staged.record("c")))
    assert (outcome.added, outcome.dead_letters) == (1, 2)
    errors = " ".join(row.error for row in staged.rows("SELECT error FROM staging.dead_letters"))
    assert "services" in errors
    assert "outside Kenya" in errors


# ------------------------------------------------------------------------------------------------------------------------ one work, many hands


def test_who_loses_the_race_for_a_facility_is_held_back_and_nothing_is_lost(staged: Any, database: Database, admin: Actor, settings: Settings) -> None:
    commit(database, settings, admin, staged.run_of(staged.record("a"), staged.record("b")))
    run_id = staged.run_of(staged.record("a", name="From the run"), staged.record("b", name="Also from the run"), name="edition 2")
    done = False

    def edit(_tally: Any) -> None:
        nonlocal done
        if not done:
            done = True
            with database.unit_of_work(admin) as conn:
                conn.execute(
                    text("UPDATE facilities SET facility_name = 'Edited', version = version + 1 WHERE facility_id = :f"), {"f": staged.facility_of("b")}
                )

    outcome = commit(database, settings.model_copy(update={"batch_size": 1}), admin, run_id, on_progress=edit)
    assert outcome.changed == 1
    assert held(outcome) == {Hold.CHANGED_MEANWHILE: 1}
    assert staged.rows("SELECT facility_name FROM facilities ORDER BY facility_id") == [("From the run",), ("Edited",)]


def test_progress_can_be_watched(staged: Any, database: Database, settings: Settings, admin: Actor) -> None:
    run_id = staged.run_of(*(staged.record(f"r{n}") for n in range(10)))
    seen = []
    commit(database, settings.model_copy(update={"batch_size": 4}), admin, run_id, on_progress=lambda _: seen.append(staged.rows("SELECT status, counts FROM commits")[0]))
    assert [row.counts["done"] for row in seen] == [4, 8, 10]
    assert {row.status for row in seen} == {"running"}
    last = staged.rows("SELECT status, counts, ended_at FROM commits")[0]
    assert last.status == "done"
    assert last.counts["added"] == 10
    assert last.ended_at is not None


# ------------------------------------------------------------------------------------------------------------------------ preview


def test_the_preview_says_what_the_commit_then_does(staged: Any, database: Database, settings: Settings, admin: Actor, publish: Any) -> None:
    publish(staged.run_of(staged.record("a"), staged.record("b")))
    run_id = staged.run_of(
        staged.record("a", name="Renamed", contacts=()), staged.record("b"), staged.record("c"), staged.record("s", facility_type="shelter", visibility=Visibility.WITHHELD),
        staged.record("w"), name="edition 2",
    )
    staged.put("w", state="to_review")
    audit = staged.audit_rows()
    told = preview(database, settings, admin, run_id)
    assert staged.audit_rows() == audit
    assert (told.added, told.changed, told.merged, told.unchanged) == (2, 1, 0, 1)
    assert [(item.hold, item.count) for item in told.held_back] == [(Hold.OPEN_QUESTION, 1)]
    assert told.becomes_public == 1
    kwale = next(county for county in told.counties if county.county == "Kwale")
    assert (kwale.before, kwale.after) == (2, 4)
    assert all(invariant.holds for invariant in told.invariants)
    cells = {cell.field_name: (cell.before, cell.after) for place in told.places if place.act == "changed" for cell in place.cells}
    assert cells["name"] == ("Place a", "Renamed")
    assert cells["contacts"][1] is None
    assert "***" in cells["contacts"][0]
    assert "+254700000" not in cells["contacts"][0]
    outcome = publish(run_id)
    assert (outcome.added, outcome.changed, outcome.merged, outcome.unchanged) == (told.added, told.changed, told.merged, told.unchanged)
    assert staged.one("SELECT count(*) FROM facilities f JOIN counties USING (county_id) WHERE county_name = 'Kwale' AND is_active") == kwale.after


def test_the_places_of_a_preview_come_page_by_page_each_once(staged: Any, database: Database, settings: Settings, admin: Actor, publish: Any) -> None:
    publish(staged.run_of(*(staged.record(key) for key in "abc")))
    run_id = staged.run_of(*(staged.record(key, name=f"Renamed {key}") for key in "abc"), *(staged.record(f"n{number}") for number in range(5)), name="edition 2")
    staged.together("n3", "n4")
    for act, everything in (("changed", 3), ("added", 4)):
        pages = [preview(database, settings, admin, run_id, limit=2, offsets={act: offset}) for offset in range(0, everything, 2)]
        named = [place.record_ids for page in pages for place in page.places if place.act == act]
        assert len(named) == len(set(named)) == everything == getattr(pages[0], act)
        assert {(page.added, page.changed, len(page.places) <= 4) for page in pages} == {(4, 3, True)}


def test_the_preview_lists_risky_acts(staged: Any, database: Database, settings: Settings, admin: Actor, publish: Any) -> None:
    run_id, _, _ = merged_pair(staged, publish)
    told = preview(database, settings, admin, run_id)
    assert [risk.risk.value for risk in told.risky] == ["merge"]
    assert "DIS-00001" in told.risky[0].detail
