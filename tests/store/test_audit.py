"""The audit, attacked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from gvrc.model.access import Actor
from gvrc.store import audit
from gvrc.store.session import Database

INSERT = (
    "insert into facilities (facility_code, registration_number, facility_name, facility_type, record_hash, created_by, updated_by)"
    " select 'HOS-' || lpad(n::text, 4, '0'), 'R' || n, 'Hospital ' || n, 'hospital', repeat('0', 64), 'tests', 'tests' from generate_series(cast(:first as int), cast(:last as int)) n"
)


def add_facilities(db: Database, first: int, last: int, actor: Actor | None = None, **said: Any) -> None:
    with db.unit_of_work(actor, **said) as connection:
        connection.execute(text(INSERT), {"first": first, "last": last})


def trail(db: Database, table: str = "facilities") -> list[Any]:
    with db.read() as connection:
        return list(connection.execute(text("select * from audit_trail where table_name = :table order by audit_id"), {"table": table}))


def verdict(db: Database, head: Path | None = None) -> audit.AuditVerdict:
    with db.read() as connection:
        return audit.verify(connection, head)


def kinds(db: Database, head: Path | None = None) -> set[str]:
    return {finding.kind for finding in verdict(db, head).findings}


@pytest.fixture
def forge(database: Database) -> Iterator[Any]:
    """Changes the audit as somebody can who owns the tables and switches the guard off."""

    def change(statement: str) -> None:
        with database.owner_unit_of_work() as connection:
            for table in ("audit_trail", "audit_chain"):
                connection.execute(text(f"alter table {table} disable trigger user"))
            connection.execute(text(statement))
            for table in ("audit_trail", "audit_chain"):
                connection.execute(text(f"alter table {table} enable trigger user"))

    return change


def test_every_change_is_recorded_with_who_when_why(database: Database, admin: Actor) -> None:
    add_facilities(database, 1, 2, admin, run_id=31, reason="commit 4")
    with database.unit_of_work(admin, reason="phone corrected") as connection:
        connection.execute(text("update facilities set facility_name = 'Renamed', version = 2 where facility_code = 'HOS-0001'"))
    rows = trail(database)
    assert [row.operation for row in rows] == ["INSERT", "INSERT", "UPDATE"]
    assert (rows[0].changed_by, rows[0].run_id, rows[0].reason, rows[0].session_id) == ("admin", 31, "commit 4", admin.session_id)
    assert rows[0].new_values["facility_name"] == "Hospital 1"
    assert rows[0].facility_id == rows[2].facility_id == int(rows[0].record_id)
    assert (rows[2].old_values, rows[2].new_values) == ({"facility_name": "Hospital 1", "version": 1}, {"facility_name": "Renamed", "version": 2})
    assert verdict(database).is_intact


def test_an_update_that_changes_nothing_leaves_no_row_and_no_link(database: Database) -> None:
    add_facilities(database, 1, 3)
    before = verdict(database)
    with database.unit_of_work() as connection:
        connection.execute(text("update facilities set facility_name = facility_name"))
        connection.execute(text("update facilities set facility_name = 'x' where false"))
    assert verdict(database) == before


def test_a_deletion_and_a_changed_key_are_recorded(database: Database) -> None:
    add_facilities(database, 1, 2)
    with database.owner_unit_of_work() as connection:
        connection.execute(text("update facilities set facility_id = facility_id + 1000000 where facility_code = 'HOS-0001'"))
        connection.execute(text("delete from facilities where facility_code = 'HOS-0002'"))
    assert sorted(row.operation for row in trail(database)[2:]) == ["DELETE", "DELETE", "INSERT"]
    assert trail(database)[-1].old_values["facility_name"] == "Hospital 2"
    assert verdict(database).is_intact


def test_one_statement_makes_one_link_however_many_rows(database: Database) -> None:
    before = verdict(database)
    add_facilities(database, 1, 500)
    after = verdict(database)
    assert (after.rows - before.rows, after.links - before.links) == (500, 1)
    assert after.is_intact


def test_passwords_and_tokens_never_reach_the_audit(database: Database, admin: Actor) -> None:
    with database.unit_of_work(admin) as connection:
        connection.execute(text("update users set password_hash = 'marker-hash', email = 'marker@example.org' where username = 'admin'"))
        connection.execute(text("insert into api_tokens (token_hash, label, role, created_by, expires_at) values ('\\x6d61726b6572', 'partner', 'viewer', 'admin', now())"))
        connection.execute(text("update users set failed_sign_ins = 3, last_sign_in_at = now() where username = 'admin'"))
    rows = trail(database, "users") + trail(database, "api_tokens")
    assert "marker" not in str(rows)
    assert "6d61726b6572" not in str(rows)
    assert rows[-2].new_values == {"password_hash": "concealed", "email": "concealed"}


@pytest.mark.parametrize("table", ["audit_trail", "audit_chain"])
@pytest.mark.parametrize("deed", ["update {} set {}", "delete from {}", "truncate {}"])
def test_nobody_changes_the_audit(database: Database, table: str, deed: str) -> None:
    column = {"audit_trail": "reason = 'x'", "audit_chain": "row_count = 0"}[table]
    for unit_of_work in (database.unit_of_work, database.owner_unit_of_work):
        with pytest.raises(ProgrammingError, match=r"permission denied|only ever added to"), unit_of_work() as connection:
            connection.execute(text(deed.format(table, column)))


def test_the_application_role_cannot_write_the_audit_by_itself(database: Database) -> None:
    for statement in (
        "insert into audit_trail (table_name, record_id, operation, changed_by, row_hash) values ('facilities', '1', 'INSERT', 'somebody else', '')",
        "insert into audit_chain (first_audit_id, last_audit_id, row_count, rows_hash, previous_hash, chain_hash) values (1, 1, 1, '', '', '')",
        "alter table facilities disable trigger audit_update",
        "drop trigger audit_update on facilities",
        "set session_replication_role = replica",
    ):
        with pytest.raises(ProgrammingError), database.unit_of_work() as connection:
            connection.execute(text(statement))


def test_the_trigger_cannot_be_hung_on_a_table_of_ones_own(database: Database) -> None:
    hang = text(
        "create trigger forged after insert on pg_temp.facilities referencing new table as new_rows for each statement"
        " execute function audit_change('{facility_id}', 'facility_id', '{}', '{}')"
    )
    with database.engine.connect() as connection:
        connection.execute(text("create temporary table facilities (facility_id int)"))
        with pytest.raises(ProgrammingError, match="permission denied"):
            connection.execute(hang)


def test_tables_of_the_registry_are_not_truncated(database: Database) -> None:
    with pytest.raises(ProgrammingError, match="not truncated"), database.owner_unit_of_work() as connection:
        connection.execute(text("truncate facilities cascade"))


def test_every_table_of_the_registry_is_audited(database: Database) -> None:
    """All of `public` but what is itself the audit or a history written beside it, secrets that are only ever sealed, sessions, and what is kept for search."""
    query = text(
        "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' and c.relkind = 'r'"
        " and (select count(*) from pg_trigger t where t.tgrelid = c.oid and t.tgname in ('audit_insert', 'audit_update', 'audit_delete')) < 3"
    )
    with database.read() as connection:
        without = set(connection.execute(query).scalars())
    assert without == {"alembic_version", "audit_trail", "audit_chain", "vault", "vault_keys", "user_sessions", "setup_codes", "facility_versions", "facility_search", "facility_counts", "registry_words"}


def test_a_forged_row_is_found(database: Database, forge: Any) -> None:
    add_facilities(database, 1, 3)
    forge("update audit_trail set changed_by = 'somebody else' where audit_id = (select max(audit_id) - 1 from audit_trail)")
    assert "changed_row" in kinds(database)


def test_a_row_forged_with_its_hash_is_found(database: Database, forge: Any) -> None:
    add_facilities(database, 1, 3)
    forge(
        "update audit_trail set reason = 'x', row_hash = audit_row_hash(audit_id, table_name, record_id, operation, old_values, new_values, changed_by,"
        " changed_at, session_id, run_id, 'x', facility_id) where audit_id = (select max(audit_id) - 1 from audit_trail)"
    )
    assert kinds(database) == {"changed_link"}


def test_a_removed_row_is_found(database: Database, forge: Any) -> None:
    add_facilities(database, 1, 3)
    forge("delete from audit_trail where audit_id = (select max(audit_id) - 1 from audit_trail)")
    assert "missing_row" in kinds(database)


def test_a_row_slipped_in_is_found(database: Database, forge: Any) -> None:
    add_facilities(database, 1, 3)
    forge(
        "insert into audit_trail (audit_id, table_name, record_id, operation, changed_by, row_hash, changed_at)"
        " select 999999, 'facilities', '1', 'UPDATE', 'x', audit_row_hash(999999, 'facilities', '1', 'UPDATE', null, null, 'x', now(), null, null, null, null), now()"
    )
    assert kinds(database) == {"added_row"}


def test_a_whole_statement_removed_from_the_middle_is_found(database: Database, forge: Any) -> None:
    add_facilities(database, 1, 3)
    add_facilities(database, 4, 6)
    forge(
        "with gone as (delete from audit_chain where chain_id = (select max(chain_id) - 1 from audit_chain) returning first_audit_id, last_audit_id)"
        " delete from audit_trail using gone where audit_id between first_audit_id and last_audit_id"
    )
    assert kinds(database) == {"broken_chain"}


def test_a_cut_tail_is_found_by_the_head_outside(database: Database, forge: Any, tmp_path: Path) -> None:
    head = tmp_path / "audit" / "head.jsonl"
    add_facilities(database, 1, 3)
    with database.read() as connection:
        audit.write_head(connection, head)
        audit.write_head(connection, head)
    assert len(audit.read_heads(head)) == 1
    assert verdict(database, head).is_intact
    forge(
        "with gone as (delete from audit_chain where chain_id = (select max(chain_id) from audit_chain) returning first_audit_id, last_audit_id)"
        " delete from audit_trail using gone where audit_id between first_audit_id and last_audit_id"
    )
    assert kinds(database) == set()
    assert kinds(database, head) == {"cut_tail"}


def test_writers_at_once_leave_one_unbroken_chain_and_never_wait_crosswise(database: Database) -> None:
    add_facilities(database, 1, 20)
    failures: list[BaseException] = []

    def write(number: int) -> None:
        codes = [f"HOS-{1 + (number * 7 + step * 3) % 20:04d}" for step in range(10)]
        try:
            with database.unit_of_work() as connection:
                for code in codes:
                    connection.execute(text("update facilities set version = version + 1 where facility_code = :code"), {"code": code})
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    found = verdict(database)
    assert found.is_intact
    with database.read() as connection:
        assert connection.execute(text("select sum(version) from facilities")).scalar_one() == 20 + 60


def test_a_rolled_back_change_leaves_no_trace_and_no_gap(database: Database) -> None:
    before = verdict(database)
    with database.unit_of_work() as connection:
        connection.execute(text(INSERT), {"first": 1, "last": 3})
        connection.get_transaction().rollback()
    assert verdict(database) == before
    add_facilities(database, 1, 3)
    assert verdict(database).is_intact


def test_the_registry_is_not_written_under_an_old_snapshot(database: Database) -> None:
    with database.engine.connect() as connection:
        old = connection.execution_options(isolation_level="REPEATABLE READ")
        with pytest.raises(DBAPIError, match="read committed"):
            old.execute(text(INSERT), {"first": 1, "last": 1})


def test_hashes_do_not_depend_on_the_session_that_reads_them(database: Database) -> None:
    add_facilities(database, 1, 2)
    with database.read() as connection:
        connection.execute(text("set local timezone = 'Africa/Nairobi'"))
        connection.execute(text("set local datestyle = 'German'"))
        connection.execute(text("set local bytea_output = 'escape'"))
        assert audit.verify(connection).is_intact
