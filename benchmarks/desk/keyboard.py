"""A scripted steward without a mouse: the sample lists from the set-up to the commit, in a real browser, then the same lists again.

The steward knows the truth about the sample lists (`tests/truth`) and answers by it: a suggestion that is right is accepted with one key, another is
answered otherwise. Counted are the answers, how many of them one key accepting what was suggested and right, and the questions the same lists ask again.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page
from sqlalchemy import text

from benchmarks.desk import pages
from gvrc import accounts
from gvrc.model.access import Actor
from gvrc.model.review import QuestionKind
from gvrc.reference.vocabularies import load_vocabularies
from gvrc.settings import PROJECT_DIR, Settings
from gvrc.store.session import Database
from gvrc.views.questions import QuestionView, question, question_list

STEWARD = "steward.keys"
MOST_TABS = 120
MOST_QUESTIONS = 400
RUN_MS = 240_000
TURN_TO_KEYS_MS = 600
NUMBER_OF = {"part_of": "1", "located_in": "2", "branch_of": "3", "successor_of": "4"}
Place = tuple[str | None, str | None]


@dataclass(slots=True, kw_only=True)
class Morning:
    """What the steward did: the answers, those of them one key for what was suggested and right, the milliseconds to each next question, the places
    published, the questions of the same lists again."""

    records: int = 0
    answers: int = 0
    accepted: int = 0
    milliseconds: list[float] = field(default_factory=list)
    published: int = 0
    asked_again: int = -1


class Truth:
    """What a careful person would say of the sample lists."""

    def __init__(self) -> None:
        told = json.loads((PROJECT_DIR / "tests" / "truth" / "sample_truth.json").read_text(encoding="utf-8"))
        self._records = {_place(record): record for record in told["records"]}
        self._same = {frozenset(map(_place, pair)) for pair in told["same"]}
        self._related = {frozenset((_place(each["left"]), _place(each["right"]))): each for each in told["related"]}

    def keys(self, view: QuestionView) -> tuple[str, ...]:
        """The keys that answer a question rightly; `("a",)` or, for two that are one place, `("s",)` where that is what is suggested."""
        if view.kind == QuestionKind.ISSUE:
            return ("a",) if self._is_right(view) else ("x",)
        pair = frozenset((record.file_name, record.pointer) for record in view.records)
        if pair in self._same:
            return ("s",)
        if pair not in self._related:
            return ("d",)
        relation = self._related[pair]["relation"]
        return ("a",) if view.relation == relation else ("l", NUMBER_OF[relation])

    def _is_right(self, view: QuestionView) -> bool:
        """Whether what is suggested is what the truth says, or leaves out what it says must not stand."""
        suggestion = view.suggestion
        if suggestion is None:
            return False
        truth = self._records[(view.records[0].file_name, view.records[0].pointer)]
        return all(_agrees(name, value, suggestion.shown, truth) for name, value in suggestion.values.items())


def _agrees(name: str, value: Any, shown: str, truth: dict[str, Any]) -> bool:
    dirty = truth["dirty"]
    if name == "facility_type":
        return bool(load_vocabularies().facility_types.label(truth["kind"]) == value)
    if name in ("latitude", "longitude", "accuracy_level"):
        return dirty.get("coordinates") is None and truth["ward"] in shown
    if name in ("contact", "contacts"):
        return value in dirty.get("phones", ()) if value else not dirty.get("phones")
    if name == "description":
        return dirty.get("notes") == value
    if name == "operational_status":  # the truth tells no status, only that a person must
        return "status" in truth["asks"]
    return dirty.get(name, truth.get(name)) == value


def _place(told: dict[str, Any]) -> Place:
    return told["file"], told["pointer"]


def work(settings: Settings) -> Morning:
    """The whole morning on a data home on which nobody ever worked."""
    with pages.served(settings) as server, Database.open(settings) as db, pages.window() as page:
        _set_up(page, server.address, accounts.first_start_code(db) or "")
        actor = accounts.local_operator(db, STEWARD)
        morning = Morning()
        run_id = _run_samples(page, db)
        morning.records = _one(db, "SELECT count(*) FROM staging.records")
        for kind, link in ((QuestionKind.ISSUE, "Flagged values"), (QuestionKind.DUPLICATE, "Duplicates")):
            _enter(page, "a", link)
            _answer_all(page, db, actor, run_id, kind, morning)
        _commit(page)
        morning.published = _one(db, "SELECT count(*) FROM facilities")
        again = _run_samples(page, db)
        morning.asked_again = len(question_list(db, actor, again, limit=MOST_QUESTIONS))
        return morning


def _set_up(page: Page, address: str, code: str) -> None:
    page.goto(address)
    for name, value in (("code", code), ("username", STEWARD), ("password", pages.PASSWORD), ("password_again", pages.PASSWORD)):
        _tab_to(page, f"element => element.id === '{name}'")
        page.keyboard.type(value)
    page.keyboard.press("Enter")
    pages.painted(page)


def _run_samples(page: Page, db: Database) -> int:
    """Upload and run the sample lists; the run's number."""
    before = _one(db, "SELECT coalesce(max(run_id), 0) FROM ops.etl_runs")
    _enter(page, "a", "Upload")
    _enter(page, "button", "Load the sample lists")
    page.get_by_text("7 files recognised.").wait_for(timeout=RUN_MS)
    _enter(page, "button", "Run all stages")
    page.get_by_role("heading", name="Receipt").wait_for(timeout=RUN_MS)
    after = _one(db, "SELECT max(run_id) FROM ops.etl_runs")
    if after == before:
        raise RuntimeError("The sample lists were not run.")
    return after


def _answer_all(page: Page, db: Database, actor: Actor, run_id: int, kind: QuestionKind, morning: Morning) -> None:
    truth = Truth()
    page.get_by_role("button", name="Skip").or_(page.get_by_text(re.compile("waits? any more|No (pair|flagged value) waits"))).first.wait_for(timeout=60_000)
    for _ in range(MOST_QUESTIONS):
        view = _on_the_table(db, actor, run_id, kind)
        if view is None:
            return
        keys = truth.keys(view)
        for key in keys:
            page.wait_for_timeout(TURN_TO_KEYS_MS)
            milliseconds = pages.timed(page, lambda key=key: page.keyboard.press(key))  # type: ignore[misc]
        morning.milliseconds.append(milliseconds)
        morning.answers += 1
        morning.accepted += keys in (("a",), ("s",))
    raise RuntimeError("The questions did not come to an end.")


def _on_the_table(db: Database, actor: Actor, run_id: int, kind: QuestionKind) -> QuestionView | None:
    """The question of this kind that the steward has open."""
    with db.read() as conn:
        keys = conn.execute(text("SELECT question_key FROM staging.claims WHERE claimed_by = :who ORDER BY claimed_at DESC"), {"who": STEWARD}).scalars().all()
    views = (question(db, actor, run_id, key) for key in keys)
    return next((view for view in views if view is not None and view.is_open and view.kind == kind), None)


def _commit(page: Page) -> None:
    _enter(page, "a", "Commit")
    page.get_by_text("Held back").first.wait_for(timeout=60_000)
    _tab_to(page, r"element => element.tagName === 'BUTTON' && /Commit [\d,]+ place/.test(element.innerText)")
    page.keyboard.press("Enter")
    page.get_by_text(re.compile(r"Commit \d+ landed")).wait_for(timeout=RUN_MS)


def _enter(page: Page, tag: str, words: str) -> None:
    """Go to a link or button with the Tab key and press Enter."""
    _tab_to(page, f"element => element.tagName === '{tag.upper()}' && element.innerText.trim().endsWith({json.dumps(words)})")
    pages.timed(page, lambda: page.keyboard.press("Enter"))


def _tab_to(page: Page, is_it: str) -> None:
    for _ in range(MOST_TABS):
        if page.evaluate(f"() => ({is_it})(document.activeElement)"):
            return
        page.keyboard.press("Tab")
    raise RuntimeError(f"The Tab key does not lead there: {is_it}")


def _one(db: Database, query: str) -> int:
    with db.read() as conn:
        return int(conn.execute(text(query)).scalar_one())

