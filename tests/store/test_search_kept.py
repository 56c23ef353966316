"""What is kept beside the registry for searching and counting it: always what counting anew gives, closed like the places themselves."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from gvrc.model.access import Actor, Role
from gvrc.store.session import Database

KEPT = (
    "select * from facility_search order by facility_id",
    "select * from facility_counts where n <> 0 order by to_jsonb(facility_counts)::text",
    "select * from registry_words where (open_n, withheld_n) <> (0, 0) order by word",
)
ACTS = (
    """insert into facilities (facility_code, registration_number, facility_name, facility_type, county_id, visibility, quality_score, aliases, record_hash, created_by, updated_by)
        select 'DIS-000' || n, 'R' || n, 'Kinondo Dispensary ' || n, 'dispensary', 1 + n % 2, (array['public', 'ward_only', 'office_line', 'withheld'])[1 + n % 4], 40 + 10 * n,
            case n when 1 then array['St. Mary''s', 'call vault:00000000-0000-0000-0000-000000000000'] else '{}' end, 'h', 't', 't' from generate_series(1, 6) n""",
    "insert into facility_services (facility_id, service) select facility_id, code from facilities, service_categories where facility_code < 'DIS-0004'",
    "update facilities set facility_name = 'Diani Clinic', quality_score = null where facility_code = 'DIS-0001'",
    "update facilities set visibility = 'public' where visibility = 'withheld'",
    "update facilities set visibility = 'withheld' where facility_code in ('DIS-0001', 'DIS-0005')",
    "update facilities set is_active = false, county_id = null where facility_code = 'DIS-0002'",
    "delete from facility_services where service = (select min(code) from service_categories)",
    "update facility_services set facility_id = (select max(facility_id) from facilities) where facility_id = (select min(facility_id) from facility_services)",
    "update facilities set facility_id = facility_id + 1000 where facility_code = 'DIS-0006' and not exists (select 1 from facility_services s where s.facility_id = facilities.facility_id)",
    "update facilities set opening_hours = 'always'",
    """with came as (insert into facilities (facility_code, registration_number, facility_name, facility_type, record_hash, created_by, updated_by)
        select 'DIS-001' || n, 'S' || n, 'Ukunda Clinic ' || n, 'dispensary', 'h', 't', 't' from generate_series(1, 3) n returning facility_id)
        insert into facility_services (facility_id, service) select facility_id, (select max(code) from service_categories) from came""",
    """insert into facilities (facility_id, facility_code, registration_number, facility_name, facility_type, record_hash, created_by, updated_by)
        select facility_id, facility_code, registration_number, 'Again ' || facility_name, facility_type, 'h', 't', 't' from facilities where facility_code < 'DIS-0011'
        union all select 4000, 'DIS-4000', 'S4000', 'Once Again', 'dispensary', 'h', 't', 't'
        on conflict (facility_id) do update set facility_name = excluded.facility_name, aliases = array[facilities.facility_name], visibility = 'public'""",
    "with gone as (delete from facility_services where facility_id = 4000) update facility_services set service = (select min(code) from service_categories) where facility_id in (select facility_id from facilities where facility_code >= 'DIS-0011')",
    "delete from facilities where not exists (select from facility_services s where s.facility_id = facilities.facility_id)",
)


def kept(database: Database) -> list[list[Any]]:
    with database.read() as conn:
        return [[tuple(row) for row in conn.execute(text(query))] for query in KEPT]


def counted_anew(database: Database) -> list[list[Any]]:
    """What would be kept if everything were counted from the places themselves; nothing is changed."""
    with database.owner_engine.connect() as conn:  # without a commit
        conn.execute(text("select set_config('gvrc.sight', 'whole', true), count_search_anew()"))
        return [[tuple(row) for row in conn.execute(text(query))] for query in KEPT]


def test_after_every_change_it_is_what_counting_anew_gives(database: Database) -> None:
    sizes = []
    for act in ACTS:
        with database.owner_unit_of_work() as conn:
            conn.execute(text(act))
        found = kept(database)
        assert found == counted_anew(database), act
        assert all(n >= 0 for *_, n in found[1])
        sizes.append(len(found[0]))
    assert sizes == [*[6] * 10, 9, 10, 10, 6]


def test_personal_values_in_a_name_and_points_of_writing_are_no_words(database: Database) -> None:
    with database.read() as conn:
        words = conn.execute(text("select search_words('St. Mary’s (Msambweni), call vault:00000000-0000-0000-0000-000000000000 Écolé école')")).scalar_one()
    assert words == ["st", "marys", "msambweni", "call", "ecole"]


@pytest.mark.parametrize(("who", "seen"), [
    (Actor(user_id=1, username="v", role=Role.VIEWER), {"public"}), (Actor(user_id=1, username="e", role=Role.DATA_ENGINEER), {"public"}),
    (Actor(user_id=1, username="s", role=Role.DATA_STEWARD, counties=frozenset({"KE047"})), {"public"}),
    (Actor(user_id=1, username="s", role=Role.DATA_STEWARD), {"public", "ward_only", "office_line", "withheld"}),
], ids=["viewer", "engineer", "steward elsewhere", "steward"])
def test_a_forgetful_query_finds_and_counts_only_what_is_in_sight(database: Database, who: Actor, seen: set[str]) -> None:
    with database.unit_of_work() as conn:
        conn.execute(text(ACTS[0]))
    with database.read(who) as conn:
        for table in ("facility_search", "facility_counts"):
            assert set(conn.execute(text(f"select visibility from {table}")).scalars()) == seen, table
        assert bool(conn.execute(text("select count(*) from registry_words")).scalar_one()) == ("withheld" in seen)


def test_the_applications_role_writes_none_of_it(database: Database) -> None:
    with database.engine.connect() as conn:
        rights = conn.execute(text("""select has_table_privilege(name, 'insert, update, delete, truncate') from unnest(array['facility_search', 'facility_counts', 'registry_words']) name""")).scalars()
        assert not any(rights)
        assert not conn.execute(text("select has_function_privilege('count_search_anew()', 'execute') or has_function_privilege('search_of_new_places()', 'execute')")).scalar_one()
