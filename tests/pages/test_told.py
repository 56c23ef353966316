"""What the machine says in sentences of its own stands in the language of the screens, values and all; in English as it always did."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import text as sql

from gvrc.commit.units import HOLD_WORDS
from gvrc.matching import explain
from gvrc.matching.memory import ASPECTS
from gvrc.model.access import Actor, Role
from gvrc.store.session import Database
from gvrc.ui import told
from gvrc.ui.catalogue import load_words
from gvrc.views.golden import golden_preview
from gvrc.views.questions import question_list

ENGLISH, KISWAHILI = load_words("en"), load_words("sw")


def said_about(database: Database, actor: Actor, run_id: int) -> Iterator[str]:
    """Every sentence that a run left: of issues, of pairs, of golden records, of scores and states."""
    with database.read() as conn:
        rows = conn.execute(sql("SELECT suggestion ->> 'reason' FROM staging.issues WHERE suggestion IS NOT NULL")).scalars().all()
        states = conn.execute(sql("SELECT state_reason, quality_parts FROM staging.records WHERE state_reason IS NOT NULL")).all()
    yield from rows
    for state, parts in states:
        yield state
        yield from (reason for part in parts for reason in part["reasons"])
    for view in question_list(database, actor, run_id, kind="duplicate"):
        yield view.reason or ""
        yield from (feature.detail for feature in view.match.features) if view.match else ()
        yield from (field.reason for field in golden_preview(database, actor, list(view.record_ids), {}).fields if field.reason)


def test_every_sentence_that_the_sample_lists_bring_about_stands_in_both_languages(
    sign_in_as: Callable[[Role], Actor], run_of: Callable[..., int], database: Database
) -> None:
    actor = sign_in_as(Role.DATA_STEWARD)
    said = set(said_about(database, actor, run_of(actor)))
    assert len(said) > 100
    assert [each for each in sorted(said) if told.told(ENGLISH, each) != each] == []
    assert [each for each in sorted(said) if told.told(KISWAHILI, each) == each] == []


@pytest.mark.parametrize("sentence", sorted({*explain._UNKNOWN.values(), *HOLD_WORDS.values(), *ASPECTS.values()}))
def test_what_the_machine_says_of_nothing_known_of_what_is_held_and_of_what_moved_is_told(sentence: str) -> None:
    assert told.told(KISWAHILI, sentence) != sentence


@pytest.mark.parametrize(("sentence", "expected"), [
    ("Same kind of place: Police Station", "Aina ile ile ya mahali: Kituo cha Polisi"),
    ("Kinds that exclude each other: Police Station / unknown", "Aina zisizoweza kuwa pamoja: Kituo cha Polisi / haijulikani"),
    ("The names differ in one consonant and begin differently", "Majina yanatofautiana kwa konsonanti moja na yanaanza tofauti"),
    ("The ward Tiwi and “Diani and Sons” in its name lie in Kwale.", "Wadi ya Tiwi na “Diani and Sons” katika jina lake ziko katika Kwale."),
    ("Answered before; since then the name and the point changed.", "Ilijibiwa awali; tangu hapo jina na nukta vimebadilika."),
    ("amina said Different on 3 May 2026.", "amina alijibu Tofauti tarehe 3 May 2026."),
    ("Same contact, ending 123", "Mawasiliano yale yale, yanayoishia na 123"),
    ("Something that no text of the catalogue makes", "Something that no text of the catalogue makes"),
])  # fmt: skip
def test_values_are_said_in_the_language_too_where_they_are_terms_and_stand_as_they_are_where_they_are_data(sentence: str, expected: str) -> None:
    assert told.told(KISWAHILI, sentence) == expected
    assert told.told(ENGLISH, sentence) == sentence


@pytest.mark.parametrize(("field_name", "shown", "expected"), [
    ("facility_type", "Police Station", "Kituo cha Polisi"), ("phone", "leave it out", "iache"), ("name", "Hospital", "Hospital"), ("county", None, "–"),
])  # fmt: skip
def test_what_is_suggested_is_a_term_an_act_or_data(field_name: str, shown: str | None, expected: str) -> None:
    assert told.suggested(KISWAHILI, field_name, shown) == expected


def test_the_parts_of_a_score_keep_all_but_their_reasons() -> None:
    part: dict[str, Any] = {"dimension": "completeness", "value": 40.0, "reasons": ["Missing: the ward, a contact."]}
    assert told.parts(KISWAHILI, [part]) == [part | {"reasons": ["Havipo: wadi, mawasiliano."]}]
