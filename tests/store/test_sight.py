"""Row-level security: what a query tells that forgot the read models, asked as the application's own role."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from gvrc.model.access import Actor, Role
from gvrc.store.session import Connection, Database

SHELTERS = {"withheld": "Zzwith House", "ward_only": "Zzward House", "office_line": "Zzline House"}
PARTS = (
    "facilities", "facility_contacts", "facility_services", "facility_coordinates", "facility_owners", "facility_gbv_categories", "facility_infrastructure",
    "facility_sources", "facility_relations", "facility_redirects", "audit_trail", "staging.normalized_data", "facilities_in_sight",
)


@pytest.fixture
def places(database: Database) -> dict[str, int]:
    """A public place and a shelter of each tier in Kwale (KE002), each with every part there is, and what ties them together."""
    with database.unit_of_work() as conn:
        ids = {tier: _plant(conn, tier, name, number) for number, (tier, name) in enumerate({"public": "Open Clinic", **SHELTERS}.items())}
        conn.execute(
            text("insert into facility_relations (facility_id, related_facility_id, relation, created_by) values (:a, :b, 'part_of', 't')"),
            {"a": ids["public"], "b": ids["withheld"]},
        )
        conn.execute(
            text("insert into facility_redirects (from_facility_id, to_facility_id, reason, merged_by) values (:a, :b, 'Zzreason', 't')"),
            {"a": ids["withheld"], "b": ids["public"]},
        )
    return ids


def _plant(conn: Connection, tier: str, name: str, number: int) -> int:
    ward = conn.execute(text("select w.ward_id, k.constituency_id, k.county_id from wards w join constituencies k using (constituency_id) join counties c using (county_id) where county_code = 'KE002' limit 1")).one()
    facility_id = int(conn.execute(
        text("""insert into facilities (facility_code, registration_number, facility_name, facility_type, county_id, constituency_id, ward_id, description, aliases,
            visibility, record_hash, created_by, updated_by) values (:code, :registration, :name, 'shelter', :county, :seat, :ward, :secret, array[:secret], :tier, 'h', 't', 't')
            returning facility_id"""),
        {"code": f"SHE-0000{number}", "registration": f"Zzreg-{tier}", "name": name, "county": ward.county_id, "seat": ward.constituency_id, "ward": ward.ward_id,
         "secret": f"Zzsecret {tier}", "tier": tier},
    ).scalar_one())
    vault_id = conn.execute(text("insert into vault (vault_id) values (gen_random_uuid()) returning vault_id")).scalar_one()
    for statement in (
        "insert into facility_contacts (facility_id, contact_type, contact_value, label) values (:id, 'phone', :v, 'Zzlabel')",
        "insert into facility_coordinates (facility_id, latitude, longitude, source) values (:id, -3.98712, 39.71234, 'Zzpoint')",
        "insert into facility_services (facility_id, service) values (:id, 'gbv_medical_care')",
        "insert into facility_owners (facility_id, owner_type, owner_name) values (:id, 'ngo', 'Zzowner')",
        "insert into facility_gbv_categories (facility_id, gbv_category) values (:id, 'legal')",
        "insert into facility_sources (facility_id, source, record_key, record_hash) values (:id, 'Zzsource', 'key' || :id, 'h')",
    ):
        conn.execute(text(statement), {"id": facility_id, "v": vault_id})
    return facility_id


def told(database: Database, actor: Actor, facility_id: int) -> dict[str, list[Any]]:
    """Every row about a place in every part, asked without any read model."""
    with database.read(actor) as conn:
        return {
            part: [dict(row._mapping) for row in conn.execute(text(
                f"select * from {part} t where coalesce(to_jsonb(t) ->> 'facility_id', '') = :id or :id in (to_jsonb(t) ->> 'related_facility_id', to_jsonb(t) ->> 'from_facility_id')"
            ), {"id": str(facility_id)})]
            for part in PARTS
        }


def someone(role: Role, *counties: str) -> Actor:
    return Actor(user_id=1, username="someone", role=role, counties=frozenset(counties))


@pytest.mark.parametrize("who", [someone(Role.VIEWER), someone(Role.DATA_ANALYST), someone(Role.VIEWER, "KE002")], ids=["viewer", "analyst", "viewer of the county"])
def test_a_forgetful_query_tells_nothing_of_a_withheld_place(database: Database, places: dict[str, int], who: Actor) -> None:
    assert not any(told(database, who, places["withheld"]).values())


@pytest.mark.parametrize("who", [someone(Role.DATA_ENGINEER), someone(Role.DATA_STEWARD, "KE001"), someone(Role.ADMIN, "KE047")], ids=["engineer", "steward elsewhere", "admin elsewhere"])
def test_who_may_know_that_it_exists_gets_a_row_without_anything_in_it(database: Database, places: dict[str, int], who: Actor) -> None:
    found = told(database, who, places["withheld"])
    row = found.pop("facilities_in_sight")[0]
    assert not any(found.values())
    assert "Zz" not in repr(row)
    assert (row["facility_type"], row["ward_id"], row["constituency_id"]) == ("shelter", None, None)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.DATA_ANALYST, Role.DATA_ENGINEER])
@pytest.mark.parametrize(("tier", "parts"), [("ward_only", {"facility_services"}), ("office_line", {"facility_contacts"})])
def test_a_place_shown_in_part_gives_a_forgetful_query_that_part_alone(database: Database, places: dict[str, int], role: Role, tier: str, parts: set[str]) -> None:
    found = told(database, someone(role), places[tier])
    row = found.pop("facilities_in_sight")[0]
    assert {part for part, rows in found.items() if rows} == parts
    assert [value for value in row.values() if "Zz" in str(value)] == [SHELTERS[tier]]
    assert (row["ward_id"] is None) == (row["facility_type"] is None) == (tier == "office_line")


@pytest.mark.parametrize("who", [someone(Role.DATA_STEWARD), someone(Role.APPROVER, "KE002", "KE001"), someone(Role.ADMIN)])
@pytest.mark.parametrize("tier", [*SHELTERS, "public"])
def test_who_may_see_it_sees_all_of_it(database: Database, places: dict[str, int], who: Actor, tier: str) -> None:
    found = told(database, who, places[tier])
    assert {part for part, rows in found.items() if not rows} <= {"facility_infrastructure", "facility_relations", "facility_redirects"}


def test_a_connection_that_says_nothing_sees_only_what_is_public(database: Database, places: dict[str, int]) -> None:
    with database.engine.connect() as conn:
        assert conn.execute(text("select facility_name from facilities")).scalars().all() == ["Open Clinic"]
        assert set(conn.execute(text("select facility_id from facility_contacts")).scalars()) == {places["public"], places["office_line"]}
        assert conn.execute(text("select count(*) from facility_redirects")).scalar_one() == 0
        assert conn.execute(text("select count(*) from facility_relations")).scalar_one() == 0


def test_what_was_said_for_one_reader_is_forgotten_by_the_next(database: Database, places: dict[str, int]) -> None:
    for actor, seen in ((someone(Role.ADMIN), 4), (someone(Role.VIEWER), 1), (None, 4), (someone(Role.VIEWER), 1)):
        with database.read(actor) as conn:
            assert conn.execute(text("select count(*) from facilities")).scalar_one() == seen


def test_the_applications_role_cannot_switch_it_off(database: Database) -> None:
    with database.engine.connect() as conn:
        rows = conn.execute(text("select relname from pg_class where relrowsecurity and relnamespace = 'public'::regnamespace")).scalars().all()
        assert {part for part in PARTS if part.startswith("facilit") and "sight" not in part} <= set(rows)
        role = conn.execute(text("select rolsuper or rolbypassrls or pg_has_role(current_user, relowner, 'member') from pg_roles, pg_class where rolname = current_user and relname = 'facilities'")).scalar_one()
        assert role is False


def test_every_view_over_the_registry_asks_as_its_reader(database: Database) -> None:
    """A view asks as its owner, whom row-level security lets through, unless it says otherwise."""
    with database.read() as conn:
        found = conn.execute(text("""
            select distinct v.relname from pg_class v join pg_rewrite r on r.ev_class = v.oid join pg_depend d on d.objid = r.oid
            join pg_class t on t.oid = d.refobjid
            where v.relkind in ('v', 'm') and t.relrowsecurity and not coalesce('security_invoker=true' = any (v.reloptions), false)""")).scalars().all()
    assert set(found) == {"facilities_in_full", "facilities_in_part", "facilities_out_of_sight", "search_in_full", "search_in_part", "counts_in_sight", "words_in_sight"}
