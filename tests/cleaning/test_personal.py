import pytest

from gvrc.cleaning.personal import personal_words
from gvrc.reference.vocabularies import load_vocabularies


@pytest.mark.parametrize(
    "text", ["Ask for Jane Mfano, survivor and volunteer, national ID 00000000", "ID No. 00000000", "Contact person: J. Mfano", "Officer A. Mfano", "Mrs. Mfano is in charge", "Mtu wa kuwasiliana: J. Mfano"]
)
def test_signs_of_personal_data_are_seen(text: str) -> None:
    assert personal_words(text, load_vocabularies()) is not None


@pytest.mark.parametrize("text", ["Along the road to the market", "Open every day", "Opposite the chief's office", "Supports survivors of GBV", "Block ID 12", "Ask for the Gender Desk officer. Call us", "Ask for Sister In-charge", "ask for help"])
def test_plain_descriptions_pass(text: str) -> None:
    assert personal_words(text, load_vocabularies()) is None
