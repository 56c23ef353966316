"""The desk in a real browser: fifty questions with the keyboard alone, five undone out of order, two stewards at the same question."""

from __future__ import annotations

import csv
import itertools
import re
from pathlib import Path

import pytest
from sqlalchemy import text

from gvrc import accounts, pipeline, steward
from gvrc.errors import StaleItemError
from gvrc.model.access import Actor, Role
from gvrc.model.review import QuestionKind
from gvrc.settings import Settings
from gvrc.store.session import Database
from gvrc.views.questions import question_list

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

QUESTIONS = 50
STEWARD, COLLEAGUE, PASSWORD = "amina", "otieno", "a long sentence nobody guesses"
SYLLABLES = ("ba", "tu", "nee", "ka", "lo", "mi", "sa", "wa", "gi", "ru", "po", "che")
PLACES = (
    ("Kwale", "Msambweni"), ("Kilifi", "Malindi"), ("Kisumu", "Nyando"), ("Nakuru", "Naivasha"), ("Turkana", "Turkana Central"), ("Garissa", "Balambala"),
)
PAIRS = 85
"""The matcher merges about one in five of such pairs by itself."""


def pairs_to_ask(path: Path) -> Path:
    """A list with each place twice, one vowel apart and nothing else to tell by, so that a person must."""
    names = ["".join(found).title() for found in itertools.islice(itertools.permutations(SYLLABLES, 4), 0, None, 11880 // PAIRS)][:PAIRS]
    with path.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(("facility_name", "service_type", "county", "constituency"))
        for number, name in enumerate(names):
            for spelling in (name, name[:-1] + "o"):
                rows.writerow((f"{spelling} Dispensary", "Dispensary", *PLACES[number % len(PLACES)]))
    return path


@pytest.fixture
def run_id(database: Database, settings: Settings, tmp_path: Path) -> int:
    operator = Actor(user_id=0, username="tests", role=Role.ADMIN)
    accounts.add_user(database, operator, username=COLLEAGUE, role=Role.DATA_STEWARD, password=PASSWORD, display_name=COLLEAGUE.title())
    received = pipeline.receive(database, settings, operator, [pairs_to_ask(tmp_path / "places.csv")])
    run = pipeline.start(database, settings, operator, [file.file_id for file in received if file.file_id is not None])
    pipeline.execute(database, settings, run)
    return run


def test_fifty_questions_with_the_keyboard_alone_five_undone_out_of_order_and_the_database_as_expected(  # type: ignore[no-untyped-def]
    run_id: int, database: Database, settings: Settings, visitor, application
) -> None:
    colleague = accounts.session_actor(database, accounts.sign_in(database, COLLEAGUE, PASSWORD))
    assert colleague is not None
    waiting = len(question_list(database, colleague, run_id, kind=QuestionKind.DUPLICATE))
    assert waiting >= QUESTIONS
    set_up(visitor, application.code)
    visitor.open(f"/duplicates?run={run_id}")
    visitor.page.wait_for_timeout(1500)  # shortcuts register a moment after a first load

    two_at_the_same_question(visitor, database, settings, colleague, run_id)
    given = answer_by_keyboard(visitor, database, run_id)
    assert len(given) == QUESTIONS
    undone = undo_out_of_order(visitor, database, run_id)
    assert len(undone) == 5

    standing = {row.decision_id: row for row in answers(database, run_id) if row.replaced_at is None}
    assert sum(row.answer == "undone" for row in standing.values()) == 5
    assert sum(row.answer in given.values() for row in standing.values()) == QUESTIONS - 5
    assert {row.question_key: row.answer for row in standing.values() if row.answer != "undone"} == {key: answer for key, answer in given.items() if key not in undone}
    assert all(row.seconds_taken is not None and row.decided_by == STEWARD for row in standing.values() if row.answer != "undone")
    asked = {question.key for question in question_list(database, colleague, run_id, kind=QuestionKind.DUPLICATE)}
    assert undone <= asked
    assert not asked & (given.keys() - undone)
    parked = next(row for row in standing.values() if row.answer == "unsure")
    assert parked.note == "The records contradict each other. No sign at the gate"
    turned = next(row for row in standing.values() if row.answer == "related")
    assert turned.relation == "part_of"
    assert turned.record_keys == sorted(turned.record_keys, reverse=True)
    assert visitor.outside == []


def set_up(visitor, code: str) -> None:  # type: ignore[no-untyped-def]
    """The first administrator is the steward at this browser."""
    visitor.page.goto(visitor.address)
    for name, value in (("code", code), ("username", STEWARD), ("password", PASSWORD), ("password_again", PASSWORD)):
        visitor.page.fill(f"#{name}", value)
    visitor.page.keyboard.press("Enter")
    visitor.settle()


def answers(database: Database, run_id: int) -> list:  # type: ignore[type-arg]
    with database.read() as conn:
        return list(conn.execute(text("SELECT * FROM staging.decisions WHERE run_id = :run ORDER BY decision_id"), {"run": run_id}))


def two_at_the_same_question(visitor, database: Database, settings: Settings, colleague: Actor, run_id: int) -> None:  # type: ignore[no-untyped-def]
    """What stands on one steward's table is not given to another."""
    with database.read() as conn:
        mine = conn.execute(text("SELECT question_key FROM staging.claims WHERE claimed_by = :who"), {"who": STEWARD}).scalar_one()
    with pytest.raises(StaleItemError, match=STEWARD):
        steward.claim(database, settings, colleague, mine)
    free = question_list(database, colleague, run_id, kind=QuestionKind.DUPLICATE, free_for=COLLEAGUE, limit=100)
    assert mine not in {question.key for question in free}


def answer_by_keyboard(visitor, database: Database, run_id: int) -> dict[str, str]:  # type: ignore[no-untyped-def]
    """Mostly Different; one related and turned round, one parked with a reason and a comment, some Same; one answered twice by a double press."""
    for number in range(QUESTIONS):
        before = len(answers(database, run_id))
        visitor.page.wait_for_timeout(280)
        if number == 3:
            for key in ("l", "t", "1"):
                press(visitor, key)
        elif number == 5:
            for key in ("u", "2"):
                press(visitor, key)
            visitor.page.get_by_label("Comment, if there is more to say").focus()
            visitor.page.keyboard.type("No sign at the gate")
            visitor.page.keyboard.press("Enter")
        else:
            press_until_taken(visitor, database, run_id, "s" if number % 10 == 7 else "d")
        until_answered(visitor, database, run_id, before)
    return {row.question_key: row.answer for row in answers(database, run_id) if row.replaced_at is None}


def press(visitor, key: str) -> None:  # type: ignore[no-untyped-def]
    visitor.page.keyboard.press(key)
    visitor.page.wait_for_timeout(150)
    visitor.page.wait_for_function("() => document.querySelector('[data-testid=stApp]')?.getAttribute('data-test-script-state') === 'notRunning'")


def press_until_taken(visitor, database: Database, run_id: int, key: str) -> None:  # type: ignore[no-untyped-def]
    """On a busy machine a press may come before the question's keys are alive; then nothing happens, and a person presses again."""
    before = len(answers(database, run_id))
    for _ in range(4):
        press(visitor, key)
        for _ in range(40):
            if len(answers(database, run_id)) > before:
                return
            visitor.page.wait_for_timeout(50)


def until_answered(visitor, database: Database, run_id: int, before: int) -> None:  # type: ignore[no-untyped-def]
    for _ in range(100):
        if len(answers(database, run_id)) > before:
            break
        visitor.page.wait_for_timeout(50)
    assert len(answers(database, run_id)) == before + 1, visitor.text()
    visitor.page.wait_for_function("() => document.querySelector('[data-testid=stApp]')?.getAttribute('data-test-script-state') === 'notRunning'")


def undo_out_of_order(visitor, database: Database, run_id: int) -> set[str]:  # type: ignore[no-untyped-def]
    """Five of the last twenty decisions, neither the newest nor in a row, each taken back from the list beside the question."""
    newest_first = [row for row in reversed(answers(database, run_id)) if row.answer in ("different", "same")]
    chosen = [newest_first[place] for place in (9, 2, 14, 6, 11)]
    visitor.settle()
    for row in chosen:
        line = visitor.page.locator(f".st-key-decision_{row.decision_id} button:visible").first
        line.press("Enter")
        visitor.page.get_by_role("dialog").wait_for()
        visitor.settle()
        visitor.page.keyboard.press("Backspace")
        visitor.page.get_by_role("dialog").wait_for(state="hidden")
        visitor.settle()
    assert re.search(rf"{QUESTIONS - 5} of \d+", visitor.text())
    return {row.question_key for row in chosen}
