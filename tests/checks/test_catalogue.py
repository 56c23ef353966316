import re
from pathlib import Path

import pytest

import gvrc
from gvrc.checks.catalogue import CATALOGUE, asks, message
from gvrc.checks.places import PLACE_ISSUES
from gvrc.model.issue import Issue, Severity
from gvrc.model.run import STAGES

ROOM = Path(gvrc.__file__).parent


def test_every_issue_type_of_places_is_in_the_catalogue() -> None:
    assert {issue_type.code for issue_type in PLACE_ISSUES} <= set(CATALOGUE)


def test_every_code_used_anywhere_is_in_the_catalogue_and_the_other_way_round() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for room in ("cleaning", "checks", "stages") for path in (ROOM / room).glob("*.py") if path.name != "catalogue.py")
    used = set(re.findall(r'"((?:row|name|kind|owner|status|keph|service|visibility|code|contact|verified|text)\.[a-z_]+)"', text))
    own = {code for code in CATALOGUE if not code.startswith(("place.", "point."))}
    assert used == own


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_every_type_is_told_in_whole_sentences(code: str) -> None:
    issue_type = CATALOGUE[code]
    assert issue_type.title
    assert issue_type.template.rstrip().endswith((".", "?", "”"))
    assert issue_type.description.rstrip().endswith((".", "”"))
    assert issue_type.stage in STAGES


def test_a_message_is_filled_from_the_issue() -> None:
    issue = Issue(code="name.two_places", field_name="name", value="A,B", detail={"parts": 2})
    assert message(issue) == "“A,B” names 2 places."


def test_a_message_never_fails_for_what_an_issue_does_not_tell() -> None:
    for code in CATALOGUE:
        assert message(Issue(code=code, field_name="name"))


def test_braces_in_a_value_are_only_text() -> None:
    assert "{0.__class__}" in message(Issue(code="name.too_short", field_name="name", value="{0.__class__}"))


def test_a_question_is_never_only_a_note() -> None:
    assert all(issue_type.severity is not Severity.INFO for issue_type in CATALOGUE.values() if issue_type.asks)


def test_asks_is_true_for_one_question_among_notes() -> None:
    assert asks([Issue(code="name.one_case", field_name="name"), Issue(code="name.missing", field_name="name")])
    assert not asks([Issue(code="name.one_case", field_name="name")])
