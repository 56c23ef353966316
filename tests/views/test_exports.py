"""The four forms of an export: what each must hold, and that none holds more than its reader may see."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import orjson
import pytest
from fhir.resources.R4B.bundle import Bundle
from openpyxl import load_workbook

from gvrc import views
from gvrc.cli import main
from gvrc.errors import NotAllowedError
from gvrc.model.access import Actor, Role
from gvrc.model.export import ExportFormat
from gvrc.model.record import Visibility
from gvrc.store.session import Database
from gvrc.views import fhir

MCSD_TYPES = "https://profiles.ihe.net/ITI/mCSD/CodeSystem/IHE.mCSD.Organization.Location.Types"


@pytest.fixture
def registry(staged: Any, publish: Callable[..., Any]) -> Any:
    """A hospital with everything, a shelter of each tier, and a name that would like to be a formula."""
    publish(
        staged.run_of(
            staged.record(
                "whole", name="Nuru Hospital", facility_type="hospital", mfl_code="99123", fid_code="FID-47-109123-4", keph_level="4", address="Hospital Road 1",
                officer="Amina Example", last_verified_at=date(2026, 5, 12), aliases=("Nuru",),
            ),
            staged.record("trap", name="=cmd|' /C calc'!A0", description="\x01-1+2"),
            staged.record("area", name="Area House", facility_type="shelter", visibility=Visibility.WARD_ONLY, address="Area Lane"),
            staged.record("line", name="Line House", facility_type="shelter", visibility=Visibility.OFFICE_LINE),
            staged.record("gone", name="Gone House", facility_type="shelter", visibility=Visibility.WITHHELD),
        ),
        confirm_risky=True,
    )
    return staged


def exported(db: Database, actor: Actor, file_format: ExportFormat, **options: Any) -> bytes:
    stream = io.BytesIO()
    views.export(db, actor, stream, file_format=file_format, **options)
    return stream.getvalue()


def bundle_of(db: Database, actor: Actor, **options: Any) -> dict[str, dict[str, Any]]:
    """The resources of a bundle by reference, after FHIR's own rules accepted it."""
    found = orjson.loads(exported(db, actor, ExportFormat.FHIR, **options))
    Bundle.model_validate(found)
    return {f"{e['resource']['resourceType']}/{e['resource']['id']}": e["resource"] for e in found["entry"]}


def has_type(resource: dict[str, Any], code: str, system: str = MCSD_TYPES) -> bool:
    return any({"system": system, "code": code} == {k: c.get(k) for k in ("system", "code")} for t in resource["type"] for c in t.get("coding", ()))


@pytest.mark.parametrize("role", list(Role)[1:])
def test_a_bundle_carries_what_mcsd_requires_for_every_role(registry: Any, database: Database, actor_of: Any, role: Role) -> None:
    found = bundle_of(database, actor_of(role))
    for reference, resource in found.items():
        kind = resource["resourceType"]
        assert resource.get("name") or resource["_name"]["extension"][0]["valueCode"] == "masked", reference
        if kind == "HealthcareService":
            assert resource["type"]
            assert {resource["providedBy"]["reference"], resource["location"][0]["reference"]} <= set(found)
            continue
        is_facility = "Facility" in resource["meta"]["profile"][0]
        assert len(resource["type"]) >= 2
        assert has_type(resource, "facility" if is_facility else "jurisdiction")
        if kind == "Location":
            assert resource["status"] in ("active", "suspended", "inactive")
            assert resource["managingOrganization"]["reference"] in found
            assert "partOf" not in resource or resource["partOf"]["reference"] in found
        if is_facility:
            assert {f"Organization/{resource['id']}", f"Location/{resource['id']}"} <= set(found)
            assert resource["meta"]["security"]


def test_a_whole_place_in_fhir_keeps_its_codes_address_level_and_point(registry: Any, database: Database, admin: Actor) -> None:
    found = bundle_of(database, admin)
    organization = next(r for r in found.values() if r.get("name") == "Nuru Hospital" and r["resourceType"] == "Organization")
    location = found[f"Location/{organization['id']}"]
    assert {i["value"] for i in organization["identifier"]} >= {organization["id"], "99123", "FID-47-109123-4"}
    kwale = registry.kwale
    address = location["address"]
    assert (address["district"], address["city"], address["state"], address["line"]) == (kwale.county, kwale.constituency, kwale.ward, ["Hospital Road 1"])
    assert location["position"] == {"longitude": 39.48, "latitude": -4.47}
    assert location["partOf"]["reference"] == f"Location/{kwale.ward_code}"
    assert has_type(location, "HOSP", "http://terminology.hl7.org/CodeSystem/v3-RoleCode")
    assert organization["extension"][0]["valueCodeableConcept"]["coding"][0]["code"] == "LEVEL-4"
    assert organization["telecom"][0]["value"].startswith("+254")
    assert [r["type"][0]["coding"][0]["code"] for r in found.values() if r["resourceType"] == "HealthcareService" and r["id"].startswith(organization["id"])] == ["gbv_medical_care"]
    ward, seat = found[f"Location/{kwale.ward_code}"], found[f"Location/{kwale.constituency_code}"]
    assert (ward["partOf"]["reference"], seat["partOf"]["reference"]) == (f"Location/{kwale.constituency_code}", f"Location/{kwale.county_code}")


def test_fhir_says_what_it_hides_and_never_gives_a_masked_number(registry: Any, database: Database, actor_of: Any) -> None:
    text = exported(database, actor_of(Role.DATA_ENGINEER), ExportFormat.FHIR).decode()
    found = bundle_of(database, actor_of(Role.DATA_ENGINEER))
    assert "***" not in text
    assert not any(name in text for name in ("Area Lane", "Gone House", "Amina"))
    by_name = {r.get("name"): r for r in found.values() if r["resourceType"] == "Location" and "Facility" in r["meta"]["profile"][0]}
    codes = {name: {label["code"] for label in place["meta"]["security"]} for name, place in by_name.items()}
    assert codes["Nuru Hospital"] == {"N", "public", "MASKED"}
    assert codes["Area House"] == codes["Line House"] == codes[None] == {"R", "REDACTED"}
    assert "position" not in by_name["Area House"]
    assert by_name["Nuru Hospital"]["telecom"][0]["_value"]["extension"][0]["valueCode"] == "masked"


def test_the_code_system_of_types_is_a_setting(registry: Any, database: Database, admin: Actor) -> None:
    database.settings = database.settings.model_copy(update={"fhir_type_system": "urn:ietf:rfc:3986"})
    location = next(r for r in bundle_of(database, admin).values() if r.get("name") == "Nuru Hospital" and r["resourceType"] == "Location")
    assert has_type(location, "urn:ihe:iti:mcsd:2019:facility", "urn:ietf:rfc:3986")


def test_a_workbook_has_typed_cells_and_no_formula(registry: Any, database: Database, admin: Actor) -> None:
    sheet = load_workbook(io.BytesIO(exported(database, admin, ExportFormat.XLSX)))["registry"]
    heading, *rows = list(sheet.iter_rows())
    names = [cell.value for cell in heading]
    assert names == list(views.exports.CSV_COLUMNS)
    whole = dict(zip(names, rows[0], strict=True))
    assert (whole["latitude"].value, whole["latitude"].data_type) == (-4.47, "n")
    assert whole["last_verified_at"].value.date() == date(2026, 5, 12)
    assert {cell.data_type for row in rows for cell in row} <= {"n", "s", "d"}
    assert rows[1][1].value == "'=cmd|' /C calc'!A0"


def test_geojson_puts_longitude_first_and_places_nobody_without_a_point(registry: Any, database: Database, actor_of: Any) -> None:
    found = orjson.loads(exported(database, actor_of(Role.DATA_ANALYST), ExportFormat.GEOJSON))
    by_name = {f["properties"]["name"]: f for f in found["features"]}
    assert by_name["Nuru Hospital"]["geometry"] == {"type": "Point", "coordinates": [39.48, -4.47]}
    assert by_name["Area House"]["geometry"] is None
    assert by_name["Line House"]["geometry"] is None
    assert "Gone House" not in by_name


@pytest.mark.parametrize("file_format", list(ExportFormat))
def test_an_anonymous_file_names_no_person_whoever_makes_it(registry: Any, database: Database, admin: Actor, file_format: ExportFormat) -> None:
    data = exported(database, admin, file_format, is_anonymous=True)
    text = data.decode("utf-8", "replace") if file_format is not ExportFormat.XLSX else repr([c.value for r in load_workbook(io.BytesIO(data))["registry"].iter_rows() for c in r])
    assert "Nuru Hospital" in text
    assert not any(mark in text for mark in ("254", "Amina", "Hospital Road", "Gone House"))


def test_every_export_and_every_refused_one_is_in_the_access_log(registry: Any, database: Database, admin: Actor, actor_of: Any) -> None:
    viewer = actor_of(Role.VIEWER)
    with pytest.raises(NotAllowedError):
        exported(database, viewer, ExportFormat.FHIR)
    exported(database, admin, ExportFormat.FHIR)
    rows = [(r.username, r.action, r.resource, r.result) for r in registry.rows("SELECT * FROM ops.access_log ORDER BY access_id")]
    assert (viewer.username, "export", "registry as viewer, fhir", "refused") in rows
    assert (admin.username, "export", "registry as admin, fhir", "allowed") in rows
    assert [row[2] for row in rows if row[1] == "look"] == ["facility SHE-00003"]


def test_the_command_line_writes_each_form(
    registry: Any, database: Database, admin: Actor, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("GVRC_DATABASE_URL", database.settings.database_url or "")
    monkeypatch.setenv("GVRC_HOME", str(database.settings.home))
    for file_format, start in {"csv": b"facility_code", "xlsx": b"PK", "geojson": b'{"type":"Feature', "fhir": b'{"resourceType":"Bundle"'}.items():
        target = tmp_path / file_format
        assert main(["export", "--format", file_format, "--role", "viewer", "--output", str(target), "--as", "admin"]) == 0
        assert target.read_bytes().startswith(start)
        assert b"Gone House" not in target.read_bytes()
    assert main(["export", "--format", "csv", "--kind", "hospital", "--output", str(tmp_path / "few"), "--as", "admin"]) == 0
    assert "1 facilities" in capsys.readouterr().err


def test_a_server_can_answer_for_every_jurisdiction_it_names(database: Database) -> None:
    units = list(fhir.all_jurisdictions(fhir.Systems.of(database.settings)))
    assert len(units) == 2 * (47 + 290 + 1450)
    known = {f"{unit['resourceType']}/{unit['id']}" for unit in units}
    assert {unit["partOf"]["reference"] for unit in units if "partOf" in unit} <= known
