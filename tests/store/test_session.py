from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from gvrc.errors import ConfigError, DatabaseUnavailable, SchemaOutdatedError, StoreError
from gvrc.model.access import Actor
from gvrc.settings import Settings
from gvrc.store.bulk import FEW, incoming_rows
from gvrc.store.jsonb import dump_json, storable_text
from gvrc.store.session import POLITE, Database, is_transient, try_lock
from gvrc.store.urls import given_urls

NOWHERE = "postgresql://nobody:marker-password@127.0.0.1:9/none"


def settings_for(url: str) -> Settings:
    return Settings(database_url=url, _env_file=None)  # type: ignore[call-arg]


def corrections(db: Database) -> list[str]:
    with db.read() as connection:
        return list(connection.execute(text("select bad_value from staging.corrections order by 1")).scalars())


def add_correction(db: Database, bad_value: str) -> None:
    with db.unit_of_work() as connection:
        connection.execute(
            text("insert into staging.corrections (field_name, bad_value, right_value, created_by) values ('name', :bad, 'right', 'tests')"), {"bad": bad_value}
        )


def test_a_unit_of_work_is_committed_when_it_succeeds_and_rolled_back_when_it_fails(database: Database) -> None:
    add_correction(database, "first")

    def fail() -> None:
        with database.unit_of_work() as connection:
            connection.execute(text("insert into staging.corrections (field_name, bad_value, right_value, created_by) values ('name', 'second', 'x', 'tests')"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert corrections(database) == ["first"]


def test_a_unit_of_work_says_who_acts_and_only_for_itself(database: Database, admin: Actor) -> None:
    asked = text("select current_setting('gvrc.user', true), current_setting('gvrc.run', true), current_setting('gvrc.session', true)")
    with database.unit_of_work(admin, run_id=7) as connection:
        assert tuple(connection.execute(asked).one()) == ("admin", "7", admin.session_id)
    with database.unit_of_work() as connection:
        assert tuple(connection.execute(asked).one()) == ("", "", "")


def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError, match="read-only"), database.read() as connection:
        connection.execute(text("delete from staging.corrections"))


def test_a_question_that_takes_too_long_is_told_in_words(database: Database) -> None:
    with pytest.raises(StoreError, match="longer than allowed"), database.read(timeout_seconds=0.05) as connection:
        connection.execute(text("select pg_sleep(5)"))


def test_a_broken_constraint_stays_what_it_is(database: Database) -> None:
    with pytest.raises(IntegrityError), database.unit_of_work() as connection:
        connection.execute(text("insert into facilities (facility_code) values ('not a code')"))


def test_a_database_that_is_away_is_told_without_its_password() -> None:
    with pytest.raises(DatabaseUnavailable) as told:
        Database.open(settings_for(NOWHERE))
    assert "marker-password" not in str(told.value)
    assert "GVRC_DATABASE_URL" in told.value.hint


@pytest.mark.parametrize("url", ["mysql://a:b@c/d", "not a url", "postgresql://host-only"])
def test_a_wrong_url_is_a_matter_of_configuration(url: str) -> None:
    with pytest.raises(ConfigError):
        Database.open(settings_for(url))


def test_after_five_lost_connections_nobody_waits_for_a_sixth(database: Database) -> None:
    lost = Database(settings_for(NOWHERE), type(database.urls)(app=NOWHERE.replace("postgresql:", "postgresql+psycopg:"), owner=database.urls.owner))
    for _ in range(6):
        with pytest.raises(DatabaseUnavailable), lost.read():
            pass
    assert lost.breaker_state == "open"
    with pytest.raises(DatabaseUnavailable, match="several times"), lost.read():
        pass


def test_refused_statements_do_not_open_the_breaker(database: Database) -> None:
    for _ in range(8):
        with pytest.raises(ProgrammingError), database.read() as connection:
            connection.execute(text("select * from no_such_table"))
    assert database.breaker_state == "closed"


def test_a_deadlock_is_done_again(database: Database) -> None:
    with database.unit_of_work() as connection:
        connection.execute(text("insert into staging.claims (question_key, claimed_by, expires_at) values ('a', 'amina', now()), ('b', 'amina', now())"))
    both_hold_one, done = threading.Barrier(2, timeout=20), []

    def work(first: str, second: str) -> None:
        tries = 0

        def cross() -> None:
            nonlocal tries
            tries += 1
            with database.unit_of_work() as connection:
                touch = text("update staging.claims set claimed_by = claimed_by || '!' where question_key = :bad")
                connection.execute(touch, {"bad": first})
                if tries == 1:
                    both_hold_one.wait()
                connection.execute(touch, {"bad": second})

        database.retrying(cross)
        done.append(tries)

    threads = [threading.Thread(target=work, args=pair) for pair in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(done) == [1, 2]
    with database.read() as connection:
        assert set(connection.execute(text("select claimed_by from staging.claims")).scalars()) == {"amina!!"}
        assert connection.execute(text("select name, total from ops.counters")).all() == [("database retries", 1)]


def test_what_is_simply_wrong_is_not_done_again(database: Database) -> None:
    tries = []

    def wrong() -> None:
        tries.append(1)
        with database.unit_of_work() as connection:
            connection.execute(text("select 1/0"))

    with pytest.raises(Exception, match="division") as told:
        database.retrying(wrong)
    assert len(tries) == 1
    assert not is_transient(told.value)


def test_a_lock_is_held_by_one_and_given_back(database: Database, settings: Settings) -> None:
    with Database.open(settings) as other:
        with database.hold_lock("run 1") as is_ours, other.hold_lock("run 1") as is_theirs, other.hold_lock("run 2") as is_another:
            assert (is_ours, is_theirs, is_another) == (True, False, True)
        with other.hold_lock("run 1") as is_theirs:
            assert is_theirs


def test_a_lock_of_a_transaction_ends_with_it(database: Database) -> None:
    with database.unit_of_work() as mine, database.unit_of_work() as theirs:
        assert try_lock(mine, "batch")
        assert not try_lock(theirs, "batch")
    with database.unit_of_work() as theirs:
        assert try_lock(theirs, "batch")


def test_rows_are_copied_with_every_kind_of_value(database: Database) -> None:
    nasty = "quote ' tab \t newline \n back\\slash \\N nul \x00 half \ud800 emoji 😀"
    rows = [(uuid.uuid4(), nasty, {"text": nasty, "list": [1, None, {"big": 10**30}]}, ["a", "b,c"], None), (uuid.uuid4(), "", [], [], 3)]
    with database.unit_of_work() as connection:
        connection.execute(text("create temporary table loading (id uuid, words text, doc jsonb, list text[], n int) on commit drop"))
        assert database.copy_rows(connection, "loading", ["id", "words", "doc", "list", "n"], rows) == 2
        found = connection.execute(text("select id, words, doc, list, n from loading order by n nulls first")).all()
    assert found[0].words == nasty.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")
    assert found[0].doc["list"] == [1, None, {"big": 10**30}]
    assert (found[1].doc, found[1].list, found[1].n) == ([], [], 3)


def test_a_copy_that_breaks_a_rule_is_an_integrity_error(database: Database) -> None:
    with pytest.raises(IntegrityError), database.unit_of_work() as connection:
        database.copy_rows(connection, "ops.access_log", ["username", "action", "resource", "result"], [(None, "a", "b", "c")])


@given(st.text())
def test_any_text_becomes_storable_and_stays_itself_when_it_was(value: str) -> None:
    stored = storable_text(value)
    assert "\x00" not in stored
    assert stored.encode("utf-8").decode("utf-8") == stored
    assert stored == value or "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8))
def test_any_json_becomes_storable(value: object) -> None:
    dumped = dump_json(value)
    dumped.decode("utf-8")
    assert "\x00" not in json.dumps(json.loads(dumped), ensure_ascii=False)


@pytest.mark.parametrize("count", [2, FEW + 1])
def test_few_rows_and_many_arrive_as_the_same(database: Database, count: int) -> None:
    nasty = "quote ' \" tab \t newline \n back\\slash \\N :name %s nul \x00 half \ud800 emoji 😀"
    row = (7, nasty, 0.1 + 0.2, None, {"text": nasty, "list": [1, None, {"big": 10**30}]}, [], "not known")
    columns = ("record_id", "name", "latitude", "longitude", "data", "changes", "state_reason")
    with database.unit_of_work() as connection:
        incoming = incoming_rows(connection, "staging.records", columns, [row] * count)
        found = connection.execute(text(f"select {', '.join(columns)} from {incoming.source}"), incoming.values).all()
    stored = nasty.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")
    assert [tuple(each) for each in found] == [(7, stored, 0.1 + 0.2, None, row[4] | {"text": stored}, [], "not known")] * count


def test_tables_of_another_version_are_told(new_settings: Callable[[], Settings]) -> None:
    with Database.open(new_settings()) as db:
        db.check_schema()
        with db.owner_unit_of_work() as connection:
            connection.execute(text("update alembic_version set version_num = '0000'"))
        with pytest.raises(SchemaOutdatedError):
            db.check_schema()


def test_the_application_owns_nothing(database: Database) -> None:
    with database.read() as connection:
        owned = connection.execute(text("select count(*) from pg_class where relowner = current_user::regrole and relpersistence <> 't'")).scalar_one()
    assert owned == 0


def test_what_is_counted_beside_the_pages_stands_back_for_them(settings: Settings) -> None:
    urls = given_urls(settings.database_url or "", settings.database_owner_url)
    with Database(settings, urls, is_embedded=True) as database, database.read() as usual, database.read(is_beside=True) as beside:
        usual_pid, beside_pid = (connection.execute(text("select pg_backend_pid()")).scalar_one() for connection in (usual, beside))
        assert psutil.Process(beside_pid).nice() == POLITE
        assert psutil.Process(usual_pid).nice() < POLITE


def broken_off(database: Database, settings: Settings) -> None:
    """The server lets go of every idle connection of this database, as it does when it is restarted."""
    with Database.open(settings, application_name="breaker") as other, other.read() as connection:
        gone = text("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and application_name = 'gvrc'")
        assert connection.execute(gone).scalars().all()


def test_connections_that_broke_while_idle_are_replaced_before_anything_is_done(database: Database, settings: Settings, admin: Actor) -> None:
    with database.read(), database.read(), database.unit_of_work():
        pass  # three connections lie idle now
    broken_off(database, settings)
    assert corrections(database) == []
    broken_off(database, settings)
    add_correction(database, "written once")
    broken_off(database, settings)
    with database.hold_lock("a run") as is_ours:
        assert is_ours
    broken_off(database, settings)
    assert database.rows_at_once(admin, "select bad_value from staging.corrections", {}, keep_plan=False) == [("written once",)]
    assert database.breaker_state == "closed"


def test_a_connection_that_breaks_at_work_is_told_and_its_work_undone(database: Database, settings: Settings) -> None:
    def work() -> None:
        with database.unit_of_work() as connection:
            connection.execute(text("insert into staging.corrections (field_name, bad_value, right_value, created_by) values ('name', 'lost', 'x', 'tests')"))
            broken_off(database, settings)
            connection.execute(text("select 1"))

    with pytest.raises(DatabaseUnavailable):
        work()
    assert corrections(database) == []


def test_a_transaction_that_cannot_begin_leaves_its_connection_usable(database: Database) -> None:
    for _ in range(database.settings.pool_max + 1):
        with pytest.raises(DBAPIError), database.read(timeout_seconds=-1):
            pass
    assert corrections(database) == []
