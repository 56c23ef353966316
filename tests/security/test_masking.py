from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc.model.record import ContactType
from gvrc.security.masking import mask_contact, mask_email, mask_name, mask_phone


@pytest.mark.parametrize(
    ("value", "masked"),
    [("+254700000678", "+254***678"), ("0700000678", "070***678"), ("116", "116"), ("1195", "1195"), ("0700 12", "***"), ("", "***"), ("call us", "***")],
)
def test_a_phone_keeps_its_ends_and_a_public_short_code_stays(value: str, masked: str) -> None:
    assert mask_phone(value) == masked


@pytest.mark.parametrize(("value", "masked"), [("achieng.z@example.org", "a***z@example.org"), ("ab@example.org", "***@example.org"), ("none", "***"), ("@x", "***")])
def test_an_address_keeps_its_domain(value: str, masked: str) -> None:
    assert mask_email(value) == masked


def test_a_name_becomes_its_initials() -> None:
    assert mask_name("Jane Wanjiku Doe") == "J. W. D."
    assert mask_name("(0700)") == "***"


@given(st.from_regex(r"\+254[17][0-9]{8}", fullmatch=True))
def test_a_masked_phone_hides_the_middle(phone: str) -> None:
    assert mask_contact(ContactType.PHONE, phone) == f"+254***{phone[-3:]}"


@given(st.sampled_from(ContactType), st.text(min_size=6))
def test_masking_never_returns_what_it_was_given(kind: ContactType, value: str) -> None:
    assert mask_contact(kind, value) != value
