import pytest

from gvrc.cleaning import secrecy
from gvrc.cleaning.secrecy import is_to_be_hidden


@pytest.mark.parametrize("text", ["Confidential", "CONFIDENTIAL", "Undisclosed", "Strictly confidential (call first)", "Not disclosed", "(hidden)"])
def test_what_stands_in_the_place_of_an_address_may_say_that_it_is_secret(text: str) -> None:
    assert is_to_be_hidden({"location": text}, {"where": text})
    assert not is_to_be_hidden({"phone": text}, {"income": text})


@pytest.mark.parametrize("text", [
    "Location is confidential - call first", "Do not publish", "not to be published", "Confidential location, Nakuru", "Address withheld for security reasons", "Location not disclosed", "Mahali pa siri", "Withheld for safety",
    "do NOT share location", "Not to be made public", "Anwani ni ya siri", "Location: [withheld]", "Location given on referral only", "Address known only to police", "Protected address", "Kept secret", "Do not share the physical address",
    "Location must not be public", "never put on the map", "must not be put on map", "The address cannot be revealed", "Address given after referral", "via referral only, ask for the location", "Never share the address",
    "Call for whereabouts", "Not shown for safety", "do  not\nshare   directions", "site: siri",
])  # fmt: skip
def test_a_place_that_must_not_become_known_is_told_anywhere_in_its_row(text: str) -> None:
    assert is_to_be_hidden({"description": text}, {"remarks": text})
    assert is_to_be_hidden({}, {"notes 2": text})


@pytest.mark.parametrize("text", [
    "Free and confidential counselling", "Confidential 24 hour support", "Next to the public library", "Visitors sign in for security reasons", "A secret garden clinic", "All cases are handled confidentially",
    "Office of the Director of Public Prosecutions", "Publishes a yearly report", "Address not given", "Not listed", "Not public",
    "Client records are kept confidential", "Child protection services", "Restricted visiting hours", "Available on referral",
])  # fmt: skip
def test_confidential_care_and_missing_values_are_no_secret_place(text: str) -> None:
    assert not is_to_be_hidden({"description": text, "location": text}, {"any": text})


@pytest.mark.parametrize(("field", "said", "is_hidden"), [("location_type", "Undisclosed", True), ("access", "restricted", True), ("remarks", "Contact hotline for location", True), ("records", "restricted", False)])
def test_what_a_field_nobody_knows_says_of_the_place_counts(field: str, said: str, is_hidden: bool) -> None:
    assert is_to_be_hidden({}, {field: said}) is is_hidden


def test_a_secret_told_within_an_object_counts() -> None:
    assert is_to_be_hidden({}, {"meta": {"flags": ["ok", {"said": "Do not publish"}]}})


def test_no_row_that_may_say_so_is_passed_over() -> None:
    assert [words for words in secrecy._MAY_SAY_SO if not any(part in words for part in secrecy._BEGINS_SO)] == []


@pytest.mark.parametrize("number", [1, 40])
def test_a_secret_is_found_among_many_long_texts(number: int) -> None:
    others = [f"Open for the public on weekday {each}, and referral for those who ask" for each in range(number)]
    assert not is_to_be_hidden({}, {"remarks": others})
    assert is_to_be_hidden({}, {"remarks": [*others, "Do not share the location"]})
