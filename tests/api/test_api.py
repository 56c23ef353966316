from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from gvrc.api.records import DataPage, FacilitiesPage, WholeFacility
from gvrc.api.status import Health, Statistics
from gvrc.model.access import Role
from gvrc.model.place import Point
from gvrc.model.record import Contact, ContactType, Visibility
from gvrc.store import reads_search
from gvrc.store.session import Database

UNIFIED = {"id", "source", "source_id", "name", "value", "description", "created_at", "updated_at", "facility_id"}


@pytest.fixture
def places(staged: Any, publish: Callable[..., Any]) -> list[str]:
    """Seven public places, two of them of another source and county."""
    keys = [f"k{number}" for number in range(7)]
    records = [
        staged.record(key, f"Msambweni Clinic {key}", source="north" if key in ("k5", "k6") else "list", place=staged.kilifi if key in ("k5", "k6") else staged.kwale)
        for key in keys
    ]
    publish(staged.run_of(*records), confirm_risky=True)
    return keys


def walked(client: TestClient, **query: Any) -> list[int]:
    """The ids of every page, by cursor."""
    found: list[int] = []
    cursor: dict[str, str] = {}
    while True:
        page = client.get("/data", params=query | cursor).json()
        found += [row["id"] for row in page["data"]]
        if not page["has_more"]:
            assert page["next_cursor"] is None
            return found
        cursor = {"cursor": page["next_cursor"]}


def test_without_a_token_only_the_welcome_and_the_status_are_told(nobody: TestClient, api: FastAPI) -> None:
    assert nobody.get("/").status_code == 200
    assert set(nobody.get("/health").json()) == {"status"}
    for path in [*api.openapi()["paths"], "/openapi.json"]:
        if path not in ("/", "/health"):
            answer = nobody.get(path.replace("{facility}", "1"))
            assert answer.status_code == 401, path
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert set(answer.json()) == {"detail"}


def test_unified_records_come_by_page_and_by_cursor_in_the_same_order(client: TestClient, places: list[str]) -> None:
    whole = client.get("/data").json()
    assert set(whole) == {"data", "total", "page", "page_size", "has_more", "next_cursor"}
    assert (whole["total"], whole["page"], whole["page_size"], whole["has_more"]) == (7, 1, 100, False)
    assert all(set(row) == UNIFIED for row in whole["data"])
    ids = [row["id"] for row in whole["data"]]
    assert [row["updated_at"] for row in whole["data"]] == sorted(row["updated_at"] for row in whole["data"])
    assert walked(client, page_size=2) == ids
    by_number = [client.get("/data", params={"page": number, "page_size": 3}).json() for number in (1, 2, 3, 4)]
    assert [row["id"] for page in by_number for row in page["data"]] == ids
    assert [page["has_more"] for page in by_number] == [True, True, False, False]


def test_filters_narrow_by_place_kind_service_source_words_and_time(client: TestClient, places: list[str]) -> None:
    def total(**query: str) -> int:
        answer = client.get("/data", params=query)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["total"])

    assert total(source="north") == 2
    assert (total(county="Kilifi"), total(county="kilifi"), total(county="KE003"), total(county="Atlantis")) == (2, 2, 2, 0)
    assert (total(kind="dispensary"), total(kind="hospital")) == (7, 0)
    assert (total(service="gbv_medical_care"), total(service="nothing")) == (7, 0)
    assert (total(q="k3"), total(q="%"), total(q="'; drop table facilities; --"), total(q="<script>"), total(q="a\x00b")) == (1, 0, 0, 0, 0)
    newest = client.get("/data").json()["data"][-1]["updated_at"]
    assert total(updated_since=newest) >= 1
    assert total(updated_since="2999-01-01T00:00:00Z") == 0


@pytest.mark.parametrize("query", ["page=0", "page=101", "page=x", "page_size=0", "page_size=1001", "cursor=abc", "updated_since=yesterday", f"q={'x' * 201}", "cursor=1-1-1-" + "9" * 99])
def test_what_is_out_of_bounds_is_told_in_a_sentence(client: TestClient, query: str) -> None:
    answer = client.get(f"/data?{query}")
    assert answer.status_code == 422
    assert isinstance(answer.json()["detail"], str)
    assert answer.json()["detail"].startswith(query.partition("=")[0])


def test_the_total_is_as_many_rows_as_the_role_is_given_whatever_is_hidden_or_gone(staged: Any, client_of: Any, places: list[str]) -> None:
    staged.say("UPDATE facilities SET is_active = false WHERE facility_id = :f", f=staged.facility_of("k0"))
    for key, tier in (("k1", "withheld"), ("k2", "ward_only"), ("k3", "office_line")):
        staged.say("UPDATE facilities SET visibility = :t WHERE facility_id = :f", t=tier, f=staged.facility_of(key))
    for role, expected in ((Role.VIEWER, 3), (Role.DATA_ENGINEER, 3), (Role.DATA_STEWARD, 6)):
        client = client_of(role)
        assert len(walked(client, page_size=2)) == client.get("/data").json()["total"] == client.get("/data", params={"updated_since": "2000-01-01T00:00:00Z"}).json()["total"] == expected


def test_what_is_sent_is_what_the_description_says(client_of: Any, shelter: int) -> None:
    client = client_of(Role.ADMIN)
    for path, model in (("/data", DataPage), ("/facilities", FacilitiesPage), (f"/facilities/{shelter}", WholeFacility), ("/stats", Statistics), ("/health", Health)):
        body = client.get(path)
        told = model.model_validate_json(body.content, strict=True)
        assert json.loads(told.model_dump_json()) == body.json(), path
    assert list(client.get("/data").json()["data"][0]) == ["id", "source", "source_id", "name", "value", "description", "created_at", "updated_at", "facility_id"]


def test_a_facility_is_found_by_number_and_code_and_a_merged_one_leads_to_its_survivor(staged: Any, client: TestClient, places: list[str]) -> None:
    first, second = staged.facility_of("k0"), staged.facility_of("k1")
    found = client.get(f"/facilities/{first}").json()
    assert client.get(f"/facilities/{found['facility_code']}").json() == found
    assert found["name"] == "Msambweni Clinic k0"
    assert found["sources"][0]["source"] == "list"
    assert all("*" in contact["value"] for contact in found["contacts"])
    staged.say("UPDATE facilities SET is_active = false WHERE facility_id = :f", f=second)
    staged.say("INSERT INTO facility_redirects (from_facility_id, to_facility_id, merged_by) VALUES (:a, :b, 'tests')", a=second, b=first)
    gone = client.get(f"/facilities/{second}")
    assert (gone.status_code, gone.headers["location"]) == (307, f"/facilities/{first}")
    assert client.get("/facilities/999999").status_code == 404
    assert client.get("/facilities/1%20or%201=1").status_code == 422
    assert [client.get("/facilities", params={"county": named}).json()["total"] for named in ("KE003", "Kilifi", "kilifi", "Atlantis")] == [2, 2, 2, 0]
    ward = found["ward"]
    assert client.get("/facilities", params={"county": "Kwale", "ward": ward}).json()["total"] == 4
    assert client.get("/facilities", params={"county": "Kilifi", "ward": ward}).json()["total"] == 0
    several = client.get("/facilities", params={"ward": "Township"})
    assert several.status_code == 422
    assert several.json()["detail"].startswith("ward: Several are called so")


@pytest.mark.parametrize("odd", ["\x00", "a\x00b", "\x1b\U000c65d7", "&|!:*", "\\", "%_", "\ufffe"])
def test_letters_that_no_database_takes_find_nothing_anywhere(client: TestClient, places: list[str], odd: str) -> None:
    batch = {odd: {"query": odd, "type": odd, "properties": [{"pid": name, "v": odd} for name in ("county", "mfl_code", "facility_code", odd)]}}
    asked = [*((f"/{where}", {name: odd}) for where in ("data", "facilities") for name in ("q", "county", "constituency", "ward", "kind", "service")), ("/data", {"source": odd})]
    asked += [("/reconcile", {"queries": json.dumps(batch)}), *((f"/reconcile/suggest/{what}", {"prefix": odd}) for what in ("entity", "type", "property"))]
    assert {path: status for path, given in asked if (status := client.get(path, params=given).status_code) != 200} == {}
    assert client.post("/reconcile", json=batch).status_code == 200


def test_inside_the_application_every_address_it_gives_leads_back_to_it(staged: Any, api: FastAPI, token_of: Any, places: list[str]) -> None:
    inside = TestClient(Starlette(routes=[Mount("/api", api)]), headers={"authorization": f"Bearer {token_of(Role.VIEWER)}"}, follow_redirects=False)
    first, second = staged.facility_of("k0"), staged.facility_of("k1")
    staged.say("UPDATE facilities SET is_active = false WHERE facility_id = :f", f=second)
    staged.say("INSERT INTO facility_redirects (from_facility_id, to_facility_id, merged_by) VALUES (:a, :b, 'tests')", a=second, b=first)
    assert inside.get(f"/api/facilities/{second}").headers["location"] == f"/api/facilities/{first}"
    bundle = inside.get("/api/fhir/Location?_count=2").json()
    assert {link["url"].partition("?")[0] for link in bundle["link"]} == {"http://testserver/api/fhir/Location"}
    following = next(link["url"] for link in bundle["link"] if link["relation"] == "next")
    assert inside.get(following).json()["entry"]
    manifest = inside.get("/api/reconcile").json()
    assert manifest["identifierSpace"] == "http://testserver/api/facilities/"
    suggest = manifest["suggest"]["entity"]
    assert inside.get(f"{suggest['service_url']}{suggest['service_path']}", params={"prefix": "Msambweni"}).json()["result"]
    assert inside.get("/api/openapi.json").json()["servers"] == [{"url": "/api"}]
    welcome = inside.get("/api/").json()
    assert {path: status for path in [welcome["openapi"], *welcome["links"].values()] if (status := inside.get(path).status_code) != 200} == {"/api/metrics": 403}


def test_a_search_that_finds_very_many_places_says_that_there_are_more(client: TestClient, places: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    whole = client.get("/facilities", params={"q": "clinic"}).json()
    assert (whole["total"] > 2, whole["total_is_least"]) == (True, False)
    monkeypatch.setattr(reads_search, "WIDE", 1)
    monkeypatch.setattr(reads_search, "MOST_FOUND", 2)
    wide = client.get("/facilities", params={"q": "clinics", "county": "KE002"}).json()
    assert (wide["total"], len(wide["data"]), wide["total_is_least"], wide["has_more"]) == (2, 2, True, False)


MARKS = ("Zzyzx", "Qwxk Lane", "700000963", "3.98712", "39.71234", "hidden_list", "zzyzx-1")


@pytest.fixture
def shelter(staged: Any, publish: Callable[..., Any]) -> int:
    """A withheld shelter with marks all over it, beside a public place."""
    hidden = staged.record(
        "hidden", "Zzyzx Haven", source="hidden_list", source_id="zzyzx-1", facility_type="shelter", visibility=Visibility.WITHHELD, address="Qwxk Lane 77",
        point=Point(latitude=-3.987123, longitude=39.712345), contacts=(Contact(contact_type=ContactType.PHONE, value="+254700000963", is_primary=True),),
        description="Zzyzx, call +254700000963",
    )
    publish(staged.run_of(hidden, staged.record("open", "Kwale Clinic")), confirm_risky=True)
    found: int = staged.facility_of("hidden")
    return found


def everything(client: TestClient, facility_id: int, code: str) -> dict[str, str]:
    paths = [
        "/data", "/data?source=hidden_list", "/data?kind=shelter", "/data?q=Zzyzx", "/facilities", "/facilities?q=Zzyzx", "/facilities?kind=shelter",
        f"/facilities/{facility_id}", f"/facilities/{code}", "/stats", "/health", '/reconcile?queries={"a":{"query":"Zzyzx Haven"}}',
        "/reconcile/suggest/entity?prefix=Zzyzx", "/fhir/Organization", "/fhir/Location", "/fhir/HealthcareService", "/metrics",
    ]
    return {path: client.get(path).text for path in paths}


@pytest.mark.parametrize("role", [Role.VIEWER, Role.DATA_ANALYST, Role.DATA_ENGINEER])
def test_no_mark_of_a_withheld_shelter_leaves_by_any_endpoint(staged: Any, client_of: Any, shelter: int, role: Role) -> None:
    code = staged.one("SELECT facility_code FROM facilities WHERE facility_id = :f", f=shelter)
    client = client_of(role)
    told = everything(client, shelter, code)
    assert {(path, mark) for path, text in told.items() for mark in MARKS if mark in text and mark not in path} == set()
    assert client.get("/data").json()["total"] == 1
    if role is not Role.DATA_ENGINEER:
        assert all(code not in text for path, text in told.items())


def test_who_may_see_it_does_and_each_look_is_written_down(staged: Any, client_of: Any, shelter: int) -> None:
    client = client_of(Role.DATA_STEWARD)
    assert "Zzyzx" in client.get("/data").text
    assert "+254700000963" in client.get(f"/facilities/{shelter}").text
    assert len(staged.rows("SELECT 1 FROM ops.access_log WHERE username LIKE 'token:%' AND action = 'look'")) >= 2


def test_a_token_that_is_revoked_or_made_up_opens_nothing(staged: Any, api: FastAPI, token_of: Any) -> None:
    token = token_of(Role.VIEWER)
    client = TestClient(api, headers={"authorization": f"Bearer {token}"})
    assert client.get("/stats").status_code == 200
    staged.say("UPDATE api_tokens SET revoked_at = now()")
    api.state.office._callers.clear()
    assert client.get("/stats").status_code == 401
    for wrong in ("Bearer x", "Bearer ", "Basic eDp5", "Bearer " + "z" * 5000, "Bearer \xff\xfe", "nonsense"):
        assert TestClient(api).get("/stats", headers={"authorization": wrong.encode("latin-1")}).status_code == 401, wrong


def test_floods_and_guessing_are_told_to_wait(settings: Any, database: Database, token_of: Any) -> None:
    from gvrc.api import create_api
    from gvrc.store.keeper import DatabaseKeeper

    slow = settings.model_copy(update={"api_rate_limit": "5/minute", "api_failed_tokens_limit": "3/minute"})
    api = create_api(slow, DatabaseKeeper(settings=slow, _database=database))
    good = TestClient(api, headers={"authorization": f"Bearer {token_of(Role.VIEWER)}"})
    answers = [good.get("/stats") for _ in range(7)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    bad = TestClient(api, headers={"authorization": "Bearer gvrc_guess"})
    assert [bad.get("/stats").status_code for _ in range(5)] == [401] * 3 + [429] * 2


def test_every_answer_has_a_request_id_and_keeps_a_decent_one(client: TestClient) -> None:
    assert client.get("/data", headers={"x-request-id": "my-id.1"}).headers["x-request-id"] == "my-id.1"
    assert client.get("/data", headers={"x-request-id": "a b\tc"}).headers["x-request-id"] not in ("", "a b\tc")
    assert client.get("/nothing").json() == {"detail": "Not Found"}
    assert client.post("/data").status_code == 405


def test_other_web_pages_may_call_only_when_configured(settings: Any, database: Database) -> None:
    from gvrc.api import create_api
    from gvrc.store.keeper import DatabaseKeeper

    allowed = settings.model_copy(update={"api_cors_origins": "https://refine.example.org"})
    with_cors = TestClient(create_api(allowed, DatabaseKeeper(settings=allowed, _database=database)))
    asks = {"origin": "https://refine.example.org", "access-control-request-method": "GET", "access-control-request-headers": "authorization"}
    assert with_cors.options("/data", headers=asks).headers["access-control-allow-origin"] == "https://refine.example.org"
    assert "access-control-allow-origin" not in with_cors.options("/data", headers=asks | {"origin": "https://evil.example.org"}).headers
    closed = TestClient(create_api(settings, DatabaseKeeper(settings=settings, _database=database)))
    assert "access-control-allow-origin" not in closed.get("/", headers={"origin": "https://refine.example.org"}).headers


def test_the_statistics_follow_success_failure_interruption_and_resume(staged: Any, client: TestClient) -> None:
    assert client.get("/stats").json() == {
        "total_records_processed": 0, "total_duration_seconds": 0.0, "last_success": None, "last_failure": None, "last_failure_reason": None, "run_count": 0,
    }
    staged.say("""INSERT INTO ops.etl_runs (run_id, status, started_by, started_at, ended_at, records_processed, failed_at, failure) OVERRIDING SYSTEM VALUE VALUES
        (901, 'done', 't', now(), now() - interval '3 hours', 100, NULL, NULL), (902, 'failed', 't', now(), now() - interval '2 hours', 0, now() - interval '2 hours', 'It broke. Mend it.'),
        (903, 'interrupted', 't', now(), now() - interval '1 hour', 0, now() - interval '1 hour', 'It ended unexpectedly. Resume it.'), (904, 'queued', 't', NULL, NULL, 0, NULL, NULL)""")
    staged.say("""INSERT INTO ops.stage_reports (run_id, stage, rows_in, seconds) VALUES (901, 'extract', 100, 1.5), (901, 'validate', 100, 2),
        (902, 'validate', 30, 0.5), (903, 'validate', 10, 1)""")
    told = client.get("/stats").json()
    assert (told["run_count"], told["total_records_processed"], told["total_duration_seconds"]) == (3, 140, 5.0)
    assert told["last_failure_reason"] == "It ended unexpectedly. Resume it."
    assert told["last_success"] < told["last_failure"]
    staged.say("UPDATE ops.etl_runs SET status = 'done', records_processed = 50, ended_at = now() WHERE run_id = 903")
    resumed = client.get("/stats").json()
    assert (resumed["total_records_processed"], resumed["last_failure"], resumed["last_failure_reason"]) == (180, told["last_failure"], told["last_failure_reason"])
    assert resumed["last_success"] > resumed["last_failure"]


def test_a_database_that_is_away_is_said_and_unhealthy(settings: Any, tmp_path: Any) -> None:
    from gvrc.api import create_api
    from gvrc.store.keeper import DatabaseKeeper

    away = settings.model_copy(update={"database_url": "postgresql://nobody:marker@127.0.0.1:9/none", "database_owner_url": None})
    client = TestClient(create_api(away, DatabaseKeeper(settings=away)), raise_server_exceptions=False)
    answer = client.get("/health")
    assert (answer.status_code, answer.json()) == (503, {"status": "unhealthy"})
    answer = client.get("/stats", headers={"authorization": "Bearer gvrc_x"})
    assert answer.status_code == 503
    assert "marker" not in answer.text


def test_the_health_of_the_service_is_told_in_detail_to_who_runs_it(client_of: Any) -> None:
    told = client_of(Role.ADMIN).get("/health").json()
    assert set(told) == {"status", "db_connected", "last_etl_run", "etl_status", "overall_status", "checks", "timestamp"}
    assert {"database", "disk", "memory", "pipeline", "migrations", "audit chain", "backup age", "clock", "keys", "reference data"} == set(told["checks"])
    assert "No backup yet" in told["checks"]["backup age"]["detail"]
    assert all(check["hint"] for check in told["checks"].values() if check["status"] != "ok")
    assert all(set(check) == {"name", "status"} for check in client_of(Role.VIEWER).get("/health").json()["checks"].values())


def test_measurements_are_for_the_scraper_and_who_runs_the_machine(settings: Any, database: Database, client_of: Any, token_of: Any) -> None:
    from gvrc.api import create_api
    from gvrc.store.keeper import DatabaseKeeper

    assert client_of(Role.VIEWER).get("/metrics").status_code == 403
    text = client_of(Role.DATA_ENGINEER).get("/metrics").text
    for name in ("gvrc_api_request_seconds_bucket", "gvrc_stage_rows_total", "gvrc_queue_length", "gvrc_pool_connections", "gvrc_breaker_state 0.0", "process_resident_memory_bytes"):
        assert name in text
    given = settings.model_copy(update={"metrics_token": "scrape-me"})
    scraper = TestClient(create_api(given, DatabaseKeeper(settings=given, _database=database)), headers={"authorization": "Bearer scrape-me"})
    assert scraper.get("/metrics").status_code == 200
    assert scraper.get("/data").status_code == 401
