import pytest

from gvrc.cleaning.codes import clean_codes


@pytest.mark.parametrize("value", [20074, "20074", 20074.0, " 20074 ", "MFL 20074", "MFL-20074", "20074.0", "20,074"])
def test_an_official_code_is_a_plain_number(value: object) -> None:
    assert clean_codes({"mfl_code": value}).codes == {"mfl_code": "20074"}


def test_a_plain_number_given_as_facility_code_is_the_official_code() -> None:
    result = clean_codes({"facility_code": 20074})
    assert result.codes == {"mfl_code": "20074"}
    assert [change.rule for change in result.changes] == ["code-is-mfl"]


def test_letters_that_look_like_digits_are_suggested_and_not_kept() -> None:
    result = clean_codes({"mfl_code": "9O231"})
    assert result.codes == {}
    (issue,) = result.issues
    assert issue.code == "code.mfl_format"
    assert issue.suggestion is not None
    assert issue.suggestion.values == {"mfl_code": "90231"}


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [("facility_code", "X1", "code.facility_format"), ("fid_code", "FID-1", "code.fid_format"), ("registration_number", "pending", "code.registration_format"), ("mfl_code", "0", "code.mfl_format")],
)
def test_what_is_not_well_formed_is_left_out_and_told(name: str, value: str, code: str) -> None:
    result = clean_codes({name: value})
    assert result.codes == {}
    assert [issue.code for issue in result.issues] == [code]


def test_well_formed_codes_are_kept() -> None:
    values = {"facility_code": "hos-000123", "fid_code": "FID-01-000001-1", "registration_number": "001877/19"}
    assert clean_codes(values).codes == {"facility_code": "HOS-000123", "fid_code": "FID-01-000001-1", "registration_number": "001877/19"}


@pytest.mark.parametrize("value", ["N/A", "", None, "nil"])
def test_a_missing_code_is_no_issue(value: object) -> None:
    result = clean_codes({"mfl_code": value, "registration_number": value})
    assert (result.codes, result.issues) == ({}, ())


def test_an_identifier_of_a_system_with_a_name_of_its_own_is_no_official_code() -> None:
    told = [{"system": "FID", "value": "FID-47-000001-1"}, {"system": "ExampleCode", "value": "5885"}]
    assert clean_codes({"mfl_code": told}).codes == {"fid_code": "FID-47-000001-1"}
    for system in ("code", "http://example.org/facility-codes", "MFL"):
        assert clean_codes({"mfl_code": [{"system": system, "value": "11885"}]}).codes == {"mfl_code": "11885"}
