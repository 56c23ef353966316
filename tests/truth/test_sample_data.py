"""The sample sources and their truth agree with each other and with the official places."""

import json
import re
import sqlite3
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import phonenumbers
import pytest

TRUTH_FOLDER = Path(__file__).resolve().parent
SOURCES = TRUTH_FOLDER.parents[1] / "data" / "sources"
TRUTH = json.loads((TRUTH_FOLDER / "sample_truth.json").read_text(encoding="utf-8"))

RECORDS_PER_FILE = {
    "regional.json": 50,
    "other_services.json": 30,
    "kps_stations.json": 100,
    "category_A.json": 25,
    "category_B.json": 20,
    "equity_afya.json": 12,
    "gbv_support_organizations.json": 0,
}
KINDS = {
    "hospital", "health_centre", "dispensary", "clinic", "gbv_recovery_centre", "police_station", "police_post",
    "gender_desk", "support_organisation", "legal_aid", "counselling_centre", "shelter", "hotline",
    "government_office", "other",
}  # fmt: skip
RELATIONS = {"part_of", "located_in", "branch_of", "successor_of"}
SHORT_CODES = {"999", "112", "116", "1195"}
INVENTED_PHONE = re.compile(r"\+254700000\d{3}")
CONTACT_KEYS = {"contact", "contacts", "phone"}
NAME_KEYS = ("name", "facility_name", "station_name", "organization_name")
# Digits with the signs people put between them; a slash, a comma or a word parts two numbers.
PHONE_LIKE = re.compile(r"\+?(?:\(\d+\) ?)?\d[\d ().-]*\d")


def document(file: str) -> Any:
    return json.loads((SOURCES / file).read_text(encoding="utf-8"))


def pointers(file: str) -> list[str]:
    """The JSON pointer of each record of a file, in order."""
    content = document(file)
    if file == "regional.json":
        return [
            f"/regions/{i}/counties/{j}/facilities/{k}"
            for i, region in enumerate(content["regions"])
            for j, county in enumerate(region["counties"])
            for k, _ in enumerate(county["facilities"])
        ]
    if file == "kps_stations.json":
        return [f"/police_stations/{county}/{i}" for county, stations in content["police_stations"].items() for i, _ in enumerate(stations)]
    if file == "other_services.json":
        return [f"/{i}" for i, _ in enumerate(content)]
    key = {"c": "data", "e": "facilities", "g": "organizations"}[file[0]]
    return [f"/{key}/{i}" for i, _ in enumerate(content[key])]


def resolve(file: str, pointer: str) -> Any:
    value = document(file)
    for token in pointer.split("/")[1:]:
        token = token.replace("~1", "/").replace("~0", "~")
        value = value[int(token)] if isinstance(value, list) else value[token]
    return value


def strings(value: Any) -> Iterator[str]:
    """Every text inside a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def name_of(record: dict[str, Any]) -> str:
    return str(next(record[key] for key in NAME_KEYS if key in record))


def phone_texts(record: dict[str, Any]) -> Iterator[str]:
    """Whatever looks like a telephone number in a record's contacts and name."""
    texts = [name_of(record), *(text for key in CONTACT_KEYS & record.keys() for text in strings(record[key]))]
    for text in texts:
        for match in PHONE_LIKE.finditer(text):
            if len(re.sub(r"\D", "", match[0])) > 2:
                yield match[0].strip()


def normalised(phone: str) -> str | None:
    digits = phone.replace("(0)", "")
    if digits in SHORT_CODES:
        return digits
    if digits.startswith("254"):
        digits = "+" + digits
    try:
        number = phonenumbers.parse(digits, "KE")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def all_references() -> Iterator[dict[str, str]]:
    yield from TRUTH["records"]
    for left, right in TRUTH["same"] + TRUTH["different"]:
        yield left
        yield right
    for pair in TRUTH["related"]:
        yield pair["left"]
        yield pair["right"]


def key(reference: dict[str, str]) -> tuple[str, str]:
    return reference["file"], reference["pointer"]


@pytest.fixture(scope="module")
def official_places() -> dict[str, set[tuple[str, ...]]]:
    """Counties, (county, constituency) and (county, constituency, ward) of the reference package."""
    with sqlite3.connect(str(files("kenya_data").joinpath("kenya.db"))) as connection:
        wards = set(
            connection.execute(
                "select c.name, k.name, w.name from wards w"
                " join constituencies k on w.constituency_id = k.id join counties c on k.county_id = c.id"
            )
        )
    return {
        "county": {row[:1] for row in wards},
        "constituency": {row[:2] for row in wards},
        "ward": wards,
    }


@pytest.mark.parametrize(("file", "count"), RECORDS_PER_FILE.items())
def test_each_sample_file_has_its_number_of_records(file: str, count: int) -> None:
    assert len(pointers(file)) == count


def test_the_truth_knows_every_record_once_and_in_order() -> None:
    known = [key(record) for record in TRUTH["records"]]
    assert known == [(file, pointer) for file in RECORDS_PER_FILE for pointer in pointers(file)]


def test_every_pointer_of_the_truth_leads_to_a_record() -> None:
    for reference in all_references():
        assert name_of(resolve(*key(reference)))


def test_every_phone_is_invented_or_a_short_code_or_declared_invalid() -> None:
    for truth in TRUTH["records"]:
        for phone in phone_texts(resolve(*key(truth))):
            right = normalised(phone)
            if right is None:
                assert "invalid_phone" in truth["dirt"] or not truth["is_place"], (key(truth), phone)
            else:
                assert right in SHORT_CODES or INVENTED_PHONE.fullmatch(right), (key(truth), phone)


def test_no_other_telephone_number_hides_anywhere_in_the_files() -> None:
    for file in RECORDS_PER_FILE:
        for text in strings(document(file)):
            for match in phonenumbers.PhoneNumberMatcher(text, "KE"):
                right = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
                assert INVENTED_PHONE.fullmatch(right), (file, text)


def test_the_right_phones_are_the_ones_in_the_file() -> None:
    for truth in TRUTH["records"]:
        found = {normalised(phone) for phone in phone_texts(resolve(*key(truth)))} - {None}
        assert set(truth["dirty"].get("phones", [])) <= found, key(truth)


def test_a_phone_that_is_not_in_its_normal_form_is_declared() -> None:
    for truth in TRUTH["records"]:
        record = resolve(*key(truth))
        written = [text for text in phone_texts(record) if not text.isdigit() or text not in SHORT_CODES]
        if any(text != normalised(text) for text in written) and truth["is_place"]:
            assert "phones" in truth["dirty"], key(truth)


def test_every_email_address_is_at_example_org() -> None:
    for file in RECORDS_PER_FILE:
        for text in strings(document(file)):
            for sign in re.finditer(r"@+|\(at\)", text):
                assert re.match(r"example\.org(?![\w.-])", text[sign.end() :]), (file, text)


def test_every_place_of_the_truth_is_official_and_lies_where_it_is_said_to(
    official_places: dict[str, set[tuple[str, ...]]],
) -> None:
    for truth in TRUTH["records"]:
        place = truth["county"], truth["constituency"], truth["ward"]
        assert place[0] or not place[1], key(truth)
        assert place[1] or not place[2], key(truth)
        for depth, level in enumerate(("county", "constituency", "ward"), start=1):
            if place[depth - 1]:
                assert place[:depth] in official_places[level], key(truth)


def test_a_dirty_place_has_the_same_right_value_as_the_record() -> None:
    for truth in TRUTH["records"]:
        for field in ("name", "kind", "county", "constituency", "ward"):
            if field in truth["dirty"]:
                assert truth["dirty"][field] == truth[field], key(truth)


def test_the_right_coordinates_lie_in_kenya() -> None:
    for truth in TRUTH["records"]:
        if truth["dirty"].get("coordinates"):
            latitude, longitude = truth["dirty"]["coordinates"]
            assert -5 < latitude < 6, key(truth)
            assert 33 < longitude < 42, key(truth)


def test_every_kind_and_relation_is_a_known_one() -> None:
    assert {truth["kind"] for truth in TRUTH["records"]} <= KINDS
    assert {pair["relation"] for pair in TRUTH["related"]} <= RELATIONS


def test_what_is_dirty_has_a_label_and_a_question_has_dirt() -> None:
    for truth in TRUTH["records"]:
        assert truth["dirt"] or not (truth["dirty"] or truth["asks"]), key(truth)


def test_headings_have_no_place_and_take_part_in_no_pair() -> None:
    headings = {key(truth) for truth in TRUTH["records"] if not truth["is_place"]}
    pairs = TRUTH["same"] + TRUTH["different"] + [[pair["left"], pair["right"]] for pair in TRUTH["related"]]
    assert headings
    assert not headings & {key(reference) for pair in pairs for reference in pair}


def test_no_pair_is_both_the_same_and_something_else() -> None:
    same = {frozenset(map(key, pair)) for pair in TRUTH["same"]}
    other = {frozenset(map(key, pair)) for pair in TRUTH["different"]}
    other |= {frozenset((key(pair["left"]), key(pair["right"]))) for pair in TRUTH["related"]}
    assert len(same) == len(TRUTH["same"])
    assert not same & other


def test_what_is_the_same_is_transitive() -> None:
    same = {frozenset(map(key, pair)) for pair in TRUTH["same"]}
    for one in same:
        for two in same:
            if len(one & two) == 1:
                assert one ^ two in same


def test_the_same_places_lie_in_one_county() -> None:
    county = {key(truth): truth["county"] for truth in TRUTH["records"]}
    for left, right in TRUTH["same"]:
        assert county[key(left)] == county[key(right)]


def test_a_steward_need_not_give_more_than_twenty_answers_per_hundred_records() -> None:
    questions = len(TRUTH["same"]) + sum(len(truth["asks"]) for truth in TRUTH["records"])
    assert questions <= 0.2 * len(TRUTH["records"])
