"""The reconciliation service answers as version 0.2 of the specification wants it (its schemas, as far as they bind this service)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from starlette.testclient import TestClient

NAMED = {"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"}, "description": {"type": "string"}}, "required": ["id", "name"]}
KIND = {"oneOf": [{"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"}}, "required": ["id"]}, {"type": "string"}]}
MANIFEST = {
    "type": "object", "required": ["versions", "name", "identifierSpace", "schemaSpace"],
    "properties": {
        "versions": {"type": "array", "items": {"type": "string"}, "contains": {"enum": ["0.2"]}}, "name": {"type": "string"}, "identifierSpace": {"type": "string"},
        "schemaSpace": {"type": "string"}, "serviceVersion": {"type": "string"}, "defaultTypes": {"type": "array", "items": NAMED, "uniqueItems": True},
        "view": {"type": "object", "properties": {"url": {"type": "string", "pattern": r".*\{\{id\}\}.*"}}, "required": ["url"]},
        "suggest": {"type": "object", "additionalProperties": {"type": "object", "properties": {"service_url": {"type": "string"}, "service_path": {"type": "string"}}}},
        # a security scheme of OpenAPI 2, as the schema refers to
        "authentication": {"type": "object", "required": ["type", "name", "in"], "properties": {"type": {"enum": ["apiKey"]}, "in": {"enum": ["header", "query"]}}},
    },
}
CANDIDATE = {
    "type": "object", "required": ["id", "name", "score"],
    "properties": {
        "id": {"type": "string"}, "name": {"type": "string"}, "description": {"type": "string"}, "score": {"type": "number"}, "match": {"type": "boolean"},
        "features": {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "string"}, "value": {"oneOf": [{"type": "boolean"}, {"type": "number"}]}}}},
        "type": {"type": "array", "items": KIND},
    },
}
RESULTS = {"type": "object", "patternProperties": {"^.*$": {"type": "object", "required": ["result"], "properties": {"result": {"type": "array", "items": CANDIDATE}}}}}
SUGGESTIONS = {"type": "object", "required": ["result"], "properties": {"result": {"type": "array", "items": NAMED}}}

# the specification's own examples: several values, values that are entities, several types, every type_strict, numbers, no query string
EXAMPLES: list[dict[str, Any]] = [
    {"q0": {"query": "Christel Hanewinckel", "type": "DifferentiatedPerson", "limit": 5, "type_strict": "should", "properties": [
        {"pid": "professionOrOccupation", "v": ["Politik*", {"id": "wissenschaftler", "name": "Wissenschaftler(in)"}]}]}},
    {"q0": {"query": "Hans-Eberhard Urbaniak"}, "q1": {"query": "Ernst Schwanhold", "type": ["a", "b"], "type_strict": "any"}},
    {"q1": {"properties": [{"pid": "county", "v": "Kwale"}, {"pid": "year", "v": 1999}, {"pid": "open", "v": True}]}},
    {},
]
REFUSED: list[Any] = [{"q1": {"limit": 1}}, {"q1": {"properties": []}}, [], "x", {"q1": {"query": "x", "unknown": 1}}, {"q1": {"query": 5}}, {"q1": {"query": "x", "type_strict": "maybe"}}, {"q1": {"query": "x", "limit": 0}}]


@pytest.fixture
def places(staged: Any, publish: Callable[..., Any]) -> None:
    publish(staged.run_of(
        staged.record("a", "Msambweni Sub-County Hospital", facility_type="hospital"), staged.record("b", "Kinango Health Centre", facility_type="health_centre"),
        staged.record("c", "Msambweni Police Station", facility_type="police_station", place=staged.kilifi),
    ), confirm_risky=True)


def test_the_manifest_is_one(client: TestClient, places: None) -> None:
    manifest = client.get("/reconcile").json()
    jsonschema.validate(manifest, MANIFEST)
    assert {kind["id"] for kind in manifest["defaultTypes"]} >= {"hospital", "police_station"}


@pytest.mark.parametrize("batch", EXAMPLES)
def test_the_examples_are_answered_by_get_form_and_json_alike(client: TestClient, places: None, batch: dict[str, Any]) -> None:
    sent = json.dumps(batch)
    answers = [client.get("/reconcile", params={"queries": sent}), client.post("/reconcile", data={"queries": sent}), client.post("/reconcile", json=batch)]
    assert [answer.status_code for answer in answers] == [200] * 3, answers[0].text
    assert answers[0].json() == answers[1].json() == answers[2].json()
    jsonschema.validate(answers[0].json(), RESULTS)
    assert set(answers[0].json()) == set(batch)


@pytest.mark.parametrize("batch", REFUSED)
def test_what_is_no_batch_is_refused_in_a_sentence(client: TestClient, batch: Any) -> None:
    answer = client.post("/reconcile", json=batch)
    assert answer.status_code == 422
    assert isinstance(answer.json()["detail"], str)
    assert client.get("/reconcile", params={"queries": json.dumps(batch)}).status_code == 422


def test_a_row_finds_its_place_and_what_is_known_besides_decides(client: TestClient, places: None) -> None:
    asked = {
        "same": {"query": "MSAMBWENI SUB COUNTY HOSPITAL"}, "kind": {"query": "Msambweni", "type": "police_station"},
        "place": {"query": "Msambweni Station", "properties": [{"pid": "county", "v": "Kilifi"}]}, "none": {"query": "Xyzzy Plugh"},
    }
    found = {name: answer["result"] for name, answer in client.post("/reconcile", json=asked).json().items()}
    assert (found["same"][0]["name"], found["same"][0]["match"]) == ("Msambweni Sub-County Hospital", True)
    assert [item["type"][0]["id"] for item in found["kind"]] == ["police_station"]
    assert found["place"][0]["name"] == "Msambweni Police Station"
    assert {"id": "county", "value": True} in found["place"][0]["features"]
    assert found["none"] == []


def test_suggestions_are_offered_for_places_kinds_and_properties(client: TestClient, places: None) -> None:
    for what, prefix, first in (("entity", "Kinango", "Kinango Health Centre"), ("type", "police st", "Police station"), ("property", "coun", "County")):
        answer = client.get(f"/reconcile/suggest/{what}", params={"prefix": prefix}).json()
        jsonschema.validate(answer, SUGGESTIONS)
        assert answer["result"][0]["name"].casefold() == first.casefold()


def test_a_huge_or_strange_body_is_refused(client: TestClient) -> None:
    assert client.post("/reconcile", content=b"{" + b" " * 1_100_000 + b"}", headers={"content-type": "application/json"}).status_code == 422
    assert client.post("/reconcile", json={f"q{n}": {"query": "x"} for n in range(51)}).status_code == 422
    assert client.post("/reconcile", content=b"\xff\xfe", headers={"content-type": "application/json"}).status_code == 422
    assert client.post("/reconcile", content=b"x", headers={"content-type": "text/plain"}).status_code == 415
