import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc.cleaning.text import LONGEST_TEXT, clean_text, is_missing
from gvrc.reference.vocabularies import load_vocabularies


@pytest.mark.parametrize(
    "value",
    [
        None, "", "   ", "-", "--", "...", "?", "N/A", "n/a", "NA", "NIL", "nil.", "None", "Unknown", "UNKNOWN ", "NOT IN LIST", "TO BE VERIFIED", "(unknown)",
        "Not  Applicable", "null", "TBD", "#N/A", float("nan"), float("inf"), [], {}, ["N/A", ""], {"phone": "-", "email": None},
    ],
)  # fmt: skip
def test_placeholders_are_missing(value: object) -> None:
    assert is_missing(value)
    assert clean_text(value) is None


@pytest.mark.parametrize("placeholder", sorted(load_vocabularies().placeholders))
def test_every_placeholder_is_missing_however_it_is_written(placeholder: str) -> None:
    assert all(map(is_missing, (placeholder, placeholder.upper(), placeholder.title(), f"({placeholder})", f" {placeholder.replace(' ', '  ')}. ")))


@pytest.mark.parametrize("value", ["Kwale", "0", 0, 1.5, False, "Nairobi", "Nila", "Nana Clinic", ["N/A", "Kwale"], {"phone": "0"}])
def test_values_are_not_missing(value: object) -> None:
    assert not is_missing(value)


@pytest.mark.parametrize(
    ("value", "clean"),
    [
        ("  Diani   Police\nStation\t", "Diani Police Station"),
        ("Murangâ€™a", "Murang'a"),
        ("Kwale\u200b\xa0County", "Kwale County"),
        (20074.0, "20074"),
        (20074, "20074"),
        (["Kwale", "N/A", "Kwale", "Lamu"], "Kwale; Lamu"),
        ("Café", "Café"),
    ],
)
def test_text_is_made_plain(value: object, clean: str) -> None:
    assert clean_text(value) == clean


def test_a_huge_text_is_cut() -> None:
    text = clean_text("a" * 10_000_000)
    assert text is not None
    assert len(text) <= LONGEST_TEXT


@given(st.text())
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    once = clean_text(text)
    assert once is None or clean_text(once) == once
    assert once is None or "  " not in once


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("<b>Meru Teaching &amp; Referral Hospital</b>", "Meru Teaching & Referral Hospital"), ("Maua Hospital&nbsp;", "Maua Hospital"), ("Legal&notary; AT&T", "Legal&notary; AT&T"),
        ("0700 000 111<br/>0700 000 112", "0700 000 111 0700 000 112"), ("&lt;script&gt;alert(1)&lt;/script&gt;", "alert(1)"), ("fewer than <5 beds & more", "fewer than <5 beds & more"),
    ],
)
def test_what_a_cell_brought_along_from_a_page_goes(text: str, plain: str) -> None:
    assert clean_text(text) == plain
