from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from sqlalchemy import CheckConstraint, text

from gvrc import setup
from gvrc.errors import ConfigError, SchemaOutdatedError
from gvrc.settings import Settings
from gvrc.store import migrate
from gvrc.store.session import Database
from gvrc.store.tables import Base

PARTITIONS = {"raw_json_data", "raw_api_data", "raw_csv_data", "alembic_version"}


def concerns_a_table_of_ours(difference: object) -> bool:
    """Partitions and Alembic's own table are in the database and not in the metadata."""
    return not any(name in str(difference) for name in PARTITIONS)


def test_the_migrations_make_exactly_the_tables_of_the_program(database: Database) -> None:
    with database.owner_unit_of_work() as connection:
        found = compare_metadata(migrate.migration_context(connection), Base.metadata)
    assert [difference for difference in found if concerns_a_table_of_ours(difference)] == []


def test_checks_and_column_defaults_are_those_of_the_program(database: Database) -> None:
    """What Alembic's comparison leaves out."""
    with database.owner_unit_of_work() as connection:
        found = {
            (row.nspname, row.relname, row.conname)
            for row in connection.execute(
                text(
                    "select n.nspname, c.relname, k.conname from pg_constraint k join pg_class c on c.oid = k.conrelid"
                    " join pg_namespace n on n.oid = c.relnamespace where k.contype = 'c' and n.nspname in ('public', 'staging', 'ops')"
                )
            )
        }
        defaults = {
            (row.table_schema, row.table_name, row.column_name)
            for row in connection.execute(
                text("select table_schema, table_name, column_name from information_schema.columns where column_default is not null")
            )
            if row.table_name not in PARTITIONS
        }
    checks = {
        (table.schema or "public", table.name, f"ck_{table.name}_{constraint.name}".replace(f"ck_{table.name}_ck_", "ck_"))
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }
    wanted = {(table.schema or "public", table.name, column.name) for table in Base.metadata.tables.values() for column in table.columns if column.server_default is not None}
    identities = {(table.schema or "public", table.name, column.name) for table in Base.metadata.tables.values() for column in table.columns if column.identity or column.computed}
    assert found == checks
    assert defaults == wanted - identities


def test_a_set_up_done_twice_at_once_and_once_more_changes_nothing_the_second_time(empty_settings: Settings) -> None:
    with ThreadPoolExecutor(2) as pool:
        outcomes = [future.result() for future in [pool.submit(setup.init, empty_settings, "tester") for _ in range(2)]]
    assert sorted(outcome.migrated for outcome in outcomes) == [False, True]
    assert sorted(outcome.reference_rows > 0 for outcome in outcomes) == [False, True]
    before = audited(empty_settings)
    again = setup.upgrade(empty_settings)
    assert (again.migrated, again.reference_rows) == (False, 0)
    assert audited(empty_settings) == before


def test_an_application_without_a_role_of_its_own_works_as_the_owner(empty_settings: Settings) -> None:
    alone = empty_settings.model_copy(update={"database_url": empty_settings.database_owner_url, "database_owner_url": None})
    setup.init(alone, "tester")
    assert audited(alone) > 0


def test_a_database_newer_than_the_program_is_left_alone(database: Database) -> None:
    with database.owner_unit_of_work() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(SchemaOutdatedError, match="newer"):
        setup.prepare(database, None)


def test_an_owner_that_may_make_nothing_is_told_in_words(empty_settings: Settings) -> None:
    poor = empty_settings.model_copy(update={"database_owner_url": empty_settings.database_url})
    with pytest.raises(ConfigError, match="owner"):
        setup.init(poor, "tester")


def audited(settings: Settings) -> int:
    with Database.open(settings) as db, db.read() as connection:
        return int(connection.execute(text("select count(*) from audit_trail")).scalar_one())


def test_the_official_places_and_vocabularies_are_loaded(database: Database) -> None:
    with database.read() as connection:
        counts = connection.execute(text("select (select count(*) from counties), (select count(*) from constituencies), (select count(*) from wards)")).one()
        orphans = connection.execute(
            text("select count(*) from wards w join constituencies c using (constituency_id) join counties k using (county_id) where left(c.constituency_code, 5) <> k.county_code")
        ).scalar_one()
        centres = connection.execute(text("select count(*) from wards where latitude is not null")).scalar_one()
        kinds = set(connection.execute(text("select code from contact_types")).scalars())
    assert tuple(counts) == (47, 290, 1450)
    assert orphans == 0
    assert centres == 1442
    assert {"phone", "email", "hotline", "website", "postal"} <= kinds
    with database.read() as connection:
        for table in ("operational_statuses", "service_categories", "owner_types", "gbv_categories", "infrastructure_types", "condition_statuses", "facility_types"):
            assert connection.execute(text(f"select count(*) from {table}")).scalar_one() > 0, table


def test_raw_rows_land_in_the_partition_of_their_kind(database: Database) -> None:
    columns = ["source_kind", "file_id", "row_number", "pointer", "source", "record_key", "data", "content_hash"]
    rows = [(kind, 1, number, f"/{number}", "s", f"k{number}", {"n": number}, "0" * 64) for number, kind in enumerate(("json", "csv", "api"))]
    with database.unit_of_work() as connection:
        database.copy_rows(connection, "staging.raw_data", columns, rows)
    with database.read() as connection:
        for kind in ("json", "csv", "api"):
            assert connection.execute(text(f"select count(*) from staging.raw_{kind}_data")).scalar_one() == 1


def test_the_newest_migration_is_the_head() -> None:
    assert migrate.head_revision() == migrate._scripts().get_current_head()
