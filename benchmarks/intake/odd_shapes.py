"""A small list in each of the shapes that lists come in, so that every reader can be tried on changed ones. The places are real, all contacts are invented."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

PLACES: tuple[tuple[str, str, str, str, str, float, float], ...] = (
    ("Tiwi Rural Health Centre", "Kwale", "Matuga", "Tiwi", "+254 700 000 101", -4.24, 39.58),
    ("Diani Police Station", "Kwale", "Msambweni", "Ukunda", "0700 000 102", -4.29, 39.57),
    ("Kinango Sub County Hospital", "Kwale", "Kinango", "Kinango", "0700-000-103 / 0700 000 113", -4.14, 39.32),
    ("Mtwapa Police Station", "Kilifi", "Kilifi South", "Mtepeni", "0700000104", -3.95, 39.74),
    ("Malindi Sub County Hospital", "Kilifi", "Malindi", "Shella", "254700000105", -3.22, 40.12),
    ("Watamu Dispensary", "Kilifi", "Kilifi North", "Watamu", "0700 000 106", -3.35, 40.02),
)
FIELDS = ("name", "county", "constituency", "ward", "phone", "lat", "lng")
HEADINGS = ("Facility Name", "County", "Sub County", "Ward", "Phone", "Latitude", "Longitude")


def odd_trees() -> dict[str, Any]:
    """Lists as JSON documents, by what is odd about them."""
    records = [dict(zip(FIELDS, place, strict=True)) for place in PLACES]
    cells = [list(place) for place in PLACES]
    plain = [{"name": name, "county": county, "phone": phone} for name, county, _, _, phone, _, _ in PLACES]
    counties = {county: [record for record in records if record["county"] == county] for county in ("Kwale", "Kilifi")}
    return {
        "records": records,
        "page of a service": {"count": 6, "next": None, "previous": None, "results": records},
        "parents around": {"source": "a survey", "regions": [{"region": "Coast", "counties": [{"county": county, "facilities": inside} for county, inside in counties.items()]}], "year": 2024},
        "parents behind": {"counties": [{"facilities": inside, "county": county, "contact": {"email": "county@example.org"}} for county, inside in counties.items()]},
        "areas as keys": {"counties": {county: {"wards": {record["ward"]: [record] for record in inside}} for county, inside in counties.items()}},
        "names as keys": {"hospitals": {record["name"]: {key: value for key, value in record.items() if key != "name"} for record in records}},
        "kinds as keys": {"police_stations": plain[1:4], "hospitals": plain[4:], "Hotlines": [{"name": "Child Helpline", "phone": "116"}]},
        "rows under named fields": {"fields": [{"id": field, "type": "text"} for field in FIELDS], "records": cells},
        "rows under a heading": [list(HEADINGS), *cells],
        "rows of a sheet": {"table": {"cols": [{"label": heading} for heading in HEADINGS], "rows": [{"c": [{"v": cell} for cell in row]} for row in cells]}},
        "rows without names": {"police_stations": [[row[0], row[4]] for row in cells], "hospitals": [[row[0], row[1], row[4]] for row in cells]},
        "texts as rows": [", ".join(map(str, HEADINGS[:5])), *(", ".join(map(str, row[:4])) + ", 0700 000 110" for row in cells)],
        "sheets": [{"name": county.upper(), "data": [["Name", "Phone"], *([record["name"], record["phone"]] for record in inside)]} for county, inside in counties.items()],
        "sheets as keys": {county: [["Name", "Phone"], *([record["name"], record["phone"]] for record in inside)] for county, inside in counties.items()},
        "unnamed columns": [{"LIST OF STATIONS": heading[0], "__EMPTY": heading[1], "__EMPTY_1": heading[2]} for heading in [("Station", "County", "Phone"), *((row[0], row[1], row[4]) for row in cells)]],
        "columns": {field: [place[at] for place in PLACES] for at, field in enumerate(FIELDS)},
        "columns with keys": {field: {str(number): place[at] for number, place in enumerate(PLACES)} for at, field in enumerate(FIELDS)},
        "columns as lists": [[heading, *(place[at] for place in PLACES)] for at, heading in enumerate(HEADINGS)],
        "bare names": {"Kwale": ["Tiwi Police Station", "Diani Police Station"], "Kilifi": ["Mtwapa Police Station", "Watamu Police Post"]},
        "bare names beside objects": {"police": plain[1:4], "hospitals": ["Msambweni Hospital", "Port Reitz Hospital: 0700 000 120"]},
        "names with numbers": ["Tiwi Police Station: 0700 000 121", "1195 - National GBV hotline", "Diani Police Station - 0700 000 122", "Mtwapa Police Station (0700 000 123)"],
        "numbers by names": {"Childline": "116", "National GBV hotline": "1195", "Kwale Police": "0700 000 124", "Kilifi Police": ["0700 000 125", "0700 000 126"]},
        "headings among objects": [{"Station": "KWALE COUNTY", "Tel": ""}, *({"Station": record["name"], "Tel": record["phone"]} for record in counties["Kwale"]),
                                   {"Station": "KILIFI COUNTY", "Tel": ""}, *({"Station": record["name"], "Tel": record["phone"]} for record in counties["Kilifi"])],
        "map": {"type": "FeatureCollection", "features": [
            {"type": "Feature", "id": number, "properties": {key: record[key] for key in FIELDS[:5]}, "geometry": {"type": "Point", "coordinates": [record["lng"], record["lat"]]}} for number, record in enumerate(records)
        ]},
        "map with outlines": {"features": [{"attributes": record, "geometry": {"rings": [[[record["lng"], record["lat"]], [record["lng"] + 0.001, record["lat"]], [record["lng"], record["lat"] + 0.001]]]}} for record in records]},
        "map of volunteers": {"elements": [{"type": "node", "id": number, "lat": record["lat"], "lon": record["lng"], "tags": {"name": record["name"], "amenity": "clinic", "contact:phone": record["phone"], "addr:county": record["county"]}} for number, record in enumerate(records)]},
        "pieces of pages": [{"title": record["name"], "description": f"<b>County:</b> {record['county']}<br><b>Tel:</b> {record['phone']}<br>Ward: {record['ward']}"} for record in records],
        "health exchange": {"resourceType": "Bundle", "entry": [
            {"resource": {"resourceType": "Location", "id": f"l{number}", "name": record["name"], "telecom": [{"system": "phone", "value": record["phone"]}], "address": {"district": record["county"]}, "position": {"latitude": record["lat"], "longitude": record["lng"]}}} for number, record in enumerate(records)
        ]},
        "tables of a dump": [{"type": "header", "version": "5"}, {"type": "table", "name": "users", "data": [{"username": "admin", "password": "x", "email": "a@example.org"}]}, {"type": "table", "name": "stations", "columns": [*FIELDS], "data": records}],
        "models": [*({"model": "places.facility", "pk": number, "fields": record} for number, record in enumerate(records)), {"model": "auth.user", "pk": 1, "fields": {"username": "admin", "password": "x"}}],
        "units that point to each other": {"organisationUnits": [
            {"id": "ken", "name": "Kenya"}, {"id": "kwl", "name": "Kwale County", "parent": {"id": "ken"}}, {"id": "mtg", "name": "Matuga Sub County", "parent": {"id": "kwl"}},
            *({"id": f"f{number}", "name": record["name"], "parent": {"id": "mtg"}, "phoneNumber": record["phone"]} for number, record in enumerate(records)),
        ]},
        "a list inside a text": {"d": json.dumps(records)},
        "a table inside a text": {"status": "ok", "body": "name,county,phone\n" + "".join(f"{row[0]},{row[1]},0700 000 130\n" for row in cells)},
        "named values": [pair for number, record in enumerate(records) for pair in ({"facility_id": number, "key": key, "value": value} for key, value in record.items())],
        "values in lists": [{key: [value] for key, value in record.items()} for record in records],
        "typed values": {"results": {"bindings": [{key: {"type": "literal", "value": value} for key, value in record.items()} for record in records]}},
        "several places in a row": [{"County": record["county"], "Health Facility": f"{record['ward']} Hospital", "Hospital Contact": record["phone"], "Police Station": f"{record['ward']} Police Station", "OCS Tel": "0700 000 140"} for record in records],
        "posts of a station": [{"station_name": record["name"], "county": record["county"], "phone": record["phone"], "police_posts": [f"{record['ward']} Patrol Base", {"name": "Kituro Police Post"}]} for record in records],
        "offices": [{"organisation": "Example Legal Aid", "phone": "0700 000 150", "offices": [{"county": record["county"], "town": record["ward"], "phone": record["phone"]} for record in records]}],
    }  # fmt: skip


def odd_texts() -> dict[str, str]:
    """Lists as text, by what is odd about them."""
    rows = [list(map(str, place)) for place in PLACES]
    short = [[row[0], row[1], row[4]] for row in rows]
    tables = {
        f"divided by {name}": _table(delimiter, [list(HEADINGS), *rows])
        for name, delimiter in (("commas", ","), ("semicolons", ";"), ("tabs", "\t"), ("bars", "|"), ("carets", "^"), ("tildes", "~"), ("broken bars", "¦"))
    }
    records = [dict(zip(FIELDS, place, strict=True)) for place in PLACES]
    return tables | {
        "sections and a title": "GBV SERVICE PROVIDERS\nCounty GBV Hotline: 0800 000 160\nNo,Name,Phone\n1. KWALE,,\n" + "".join(f"{number},{row[0]},{row[4]}\n" for number, row in enumerate(rows)) + "POLICE STATIONS,,\n7,Vanga,0700 000 161\nTOTAL,7,\n",
        "merged cells": "County,Type,Name,Phone\nKwale,Hospital,Tiwi,0700 000 162\n,,Diani,0700 000 163\n,\",\",Ukunda,\nKilifi,Clinic,Watamu,0700 000 164\n,,Gongoni,\n,,Mida,\n",
        "rows that go on": "No,Name,County,Phone\n1,Tiwi,Kwale,0700 000 165\n,,,0700 000 166\n,,,a@example.org\n2,Diani,Kwale,0700 000 167\n,,,0700 000 168\n",
        "two rows of headings": "Name,County,Coordinates,\n,,Latitude,Longitude\n" + "".join(f"{row[0]},{row[1]},{row[5]},{row[6]}\n" for row in rows),
        "tables below each other": "Name,County,Phone\n" + "".join(",".join(row) + "\n" for row in short) + "\nHOTLINES\nOrganisation,Hotline\nChild Helpline,116\nExample Line,1195\n",
        "cells of several lines": _table(",", [["Name", "Location", "Contacts"], *([row[0], f"{row[3]} Ward\n{row[1]} County", f"Tel: {row[4]}\nEmail: office@example.org"] for row in rows)]),
        "cells with names inside": _table(",", [["Name", "Details"], *([row[0], f"County: {row[1]} Ward: {row[3]} Tel: {row[4]}"] for row in rows)]),
        "cells with JSON inside": _table(",", [["Name", "Details"], *([row[0], json.dumps({"county": row[1], "phone": row[4]})] for row in rows)]),
        "drawn with bars": "| Name | County | Phone |\n|------|:------:|-------|\n" + "".join(f"| {' | '.join(row)} |\n" for row in short),
        "no headings": "".join(",".join(row) + "\n" for row in short),
        "on its side": "\n".join(",".join([heading, *(row[at] for row in rows)]) for at, heading in enumerate(HEADINGS)) + "\n",
        "columns of fixed width": "".join(f"{row[0]:<34}{row[1]:<12}{row[4]:<30}{row[3]}\n" for row in [list(HEADINGS), *rows]),
        "lines with numbers": "### Police\n" + "".join(f"- {row[0]}: 0700 000 17{number}\n" for number, row in enumerate(rows)) + "1195 - National GBV hotline\n",
        "units that point to each other": "id,name,parent,phone\nken,Kenya,,\nkwl,Kwale County,ken,\nmtg,Matuga Sub County,kwl,\n" + "".join(f"f{number},{row[0]},mtg,0700 000 18{number}\n" for number, row in enumerate(rows)),
        "a value on each line": "".join(json.dumps(record) + "\n" for record in records),
        "several values on a line": " ".join(map(json.dumps, records)) + "\n" + json.dumps(records[0], indent=1) + "\n" + json.dumps(records[1]),
        "pages on each line": "".join(json.dumps({"count": 3, "results": part}) + "\n" for part in (records[:3], records[3:])),
        "rows on each line": "".join(json.dumps(row) + "\n" for row in [list(HEADINGS), *map(list, PLACES)]),
        "called by a page": f"show({json.dumps(records)});",
        "a value of a script": f"var places = {json.dumps({'facilities': records}, indent=2)};\n",
        "two documents": json.dumps(records[:3]) + "\n" + json.dumps(records[3:]),
        "commas before brackets": "[" + "".join(json.dumps(record)[:-1] + ",},\n" for record in records) + "]",
    }  # fmt: skip


def _table(delimiter: str, rows: list[list[str]]) -> str:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return stream.getvalue()
