import pytest

from gvrc.cleaning.secrecy import is_to_be_hidden


@pytest.mark.parametrize("text", [
    "Confidential", "CONFIDENTIAL", "Undisclosed", "Location is confidential - call first", "Do not publish", "not to be published", "Confidential location, Nakuru",
    "Address withheld for security reasons", "Location not disclosed", "Mahali pa siri", "Strictly confidential (call first)",
])  # fmt: skip
def test_a_place_that_must_not_become_known_is_told(text: str) -> None:
    assert is_to_be_hidden({"description": text}, {})
    assert is_to_be_hidden({}, {"notes 2": text})


@pytest.mark.parametrize("text", [
    "Free and confidential counselling", "Confidential 24 hour support", "Next to the public library", "Visitors sign in for security reasons", "A secret garden clinic", "All cases are handled confidentially",
    "Office of the Director of Public Prosecutions", "Publishes a yearly report",
])  # fmt: skip
def test_confidential_care_is_no_secret_place(text: str) -> None:
    assert not is_to_be_hidden({"description": text, "location": text}, {"any": text})
