"""The FHIR endpoints page by page: valid R4 bundles with what IHE mCSD requires, every facility once, every reference answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from starlette.testclient import TestClient

from gvrc.model.access import Role
from gvrc.model.record import Visibility

MCSD = "https://profiles.ihe.net/ITI/mCSD/CodeSystem/IHE.mCSD.Organization.Location.Types"
REQUIRED = {
    "Organization": {"identifier", "active", "type"}, "Location": {"identifier", "status", "mode", "type", "physicalType", "managingOrganization"},
    "HealthcareService": {"active", "type", "name", "providedBy", "location"},
}


@pytest.fixture
def places(staged: Any, publish: Callable[..., Any]) -> None:
    """Five public places in two counties and a shelter of each sensitive tier."""
    records = [staged.record(f"k{n}", f"Msambweni Clinic {n}", place=staged.kilifi if n == 4 else staged.kwale) for n in range(5)]
    tiers = [staged.record(tier.value, f"House {tier.value}", facility_type="shelter", visibility=tier) for tier in (Visibility.WARD_ONLY, Visibility.OFFICE_LINE, Visibility.WITHHELD)]
    publish(staged.run_of(*records, *tiers), confirm_risky=True)


def pages(client: TestClient, kind: str) -> Iterator[dict[str, Any]]:
    """Every page, by the links that the bundles give; each is what FHIR's own rules accept."""
    address = f"/fhir/{kind}?_count=3"
    while address:
        answer = client.get(address)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/fhir+json")
        Bundle.model_validate(answer.json())
        yield answer.json()
        address = next((link["url"] for link in answer.json()["link"] if link["relation"] == "next"), "")


def walked(client: TestClient, kind: str) -> tuple[list[dict[str, Any]], set[str]]:
    """The matches of all pages, and the references that some page answered."""
    matches, answered = [], set()
    for bundle in pages(client, kind):
        for entry in bundle.get("entry", ()):
            resource = entry["resource"]
            answered.add(f"{resource['resourceType']}/{resource['id']}")
            assert entry["fullUrl"].endswith(f"/{resource['resourceType']}/{resource['id']}")
            if entry["search"]["mode"] == "match":
                matches.append(resource)
    return matches, answered


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {found for name, item in value.items() for found in ({item} if name == "reference" else references(item))}
    return {found for item in value for found in references(item)} if isinstance(value, list) else set()


@pytest.mark.parametrize(("role", "shown"), [(Role.VIEWER, 7), (Role.ADMIN, 8)])
def test_every_page_carries_what_mcsd_requires_and_answers_what_it_refers_to(places: None, client_of: Callable[[Role], TestClient], role: Role, shown: int) -> None:
    client = client_of(role)
    found = {kind: walked(client, kind) for kind in REQUIRED}
    for kind, (matches, _answered) in found.items():
        assert all(REQUIRED[kind] <= set(resource) for resource in matches), kind
        assert all("name" in resource or "_name" in resource for resource in matches), kind
        assert len({resource["id"] for resource in matches}) == len(matches)
    for kind in ("Organization", "Location"):
        matches = found[kind][0]
        assert len(matches) == shown
        assert all({"system": MCSD, "code": "facility"} in resource["type"][0]["coding"] for resource in matches)
        assert all(f"IHE.mCSD.Facility{kind}" in resource["meta"]["profile"][0] for resource in matches)
    everything = set.union(*(answered for _matches, answered in found.values()))
    assert set.union(*(references(matches) for matches, _answered in found.values())) <= everything
    assert all(len(resource["type"]) >= 2 for resource in found["Location"][0])
    assert found["HealthcareService"][0]
