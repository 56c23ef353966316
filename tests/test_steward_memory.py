"""Asked nothing twice: the same list again, one phone changed, places that are in the registry already; on PostgreSQL."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from gvrc import commit, pipeline, steward
from gvrc.model.access import Actor
from gvrc.model.review import Answer, QuestionKind
from gvrc.settings import Settings
from gvrc.steward import AnswerIn
from gvrc.store.session import Database
from gvrc.views.questions import QuestionView, question_list

PAIRS = (("Katuneelo", "Kwale", "Msambweni"), ("Rusamiwa", "Kilifi", "Malindi"), ("Chelopoka", "Kisumu", "Nyando"))
HEADER = ("facility_name", "service_type", "county", "constituency", "contact", "operational_status")


def rows() -> list[list[str]]:
    """Each place twice, one vowel apart; each row has a phone of its own."""
    found = []
    for number, (name, county, constituency) in enumerate(PAIRS):
        for side, spelling in enumerate((name, name[:-1] + "u")):
            found.append([f"{spelling} Dispensary", "Dispensary", county, constituency, f"+254 700 000 {number}{side}1", "Operational"])
    return found


class Desk:
    """A database with lists that are uploaded one after the other."""

    def __init__(self, db: Database, settings: Settings, actor: Actor, folder: Path) -> None:
        self.db, self.settings, self.actor, self.folder = db, settings, actor, folder
        self.uploads = 0

    def upload(self, content: list[list[str]], name: str = "places.csv") -> int:
        """Receive a list and run it; the run."""
        self.uploads += 1
        path = self.folder / str(self.uploads) / name
        path.parent.mkdir()
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([HEADER, *content])
        received = pipeline.receive(self.db, self.settings, self.actor, [path])
        run_id = pipeline.start(self.db, self.settings, self.actor, [file.file_id for file in received if file.file_id is not None])
        pipeline.execute(self.db, self.settings, run_id)
        return run_id

    def asked(self, run_id: int) -> list[QuestionView]:
        """The pairs of a run that wait."""
        return list(question_list(self.db, self.actor, run_id, kind=QuestionKind.DUPLICATE))

    def answer_all(self, run_id: int, answer: Answer) -> int:
        """Give every pair the same answer; how many there were."""
        given = [AnswerIn(key=question.key, answer=answer, seen_decision=question.seen_decision) for question in self.asked(run_id)]
        outcome = steward.decide(self.db, self.settings, self.actor, run_id, given)
        assert outcome.refused == ()
        return outcome.applied


@pytest.fixture
def desk(database: Database, settings: Settings, admin: Actor, tmp_path: Path) -> Desk:
    return Desk(database, settings, admin, tmp_path)


def test_the_same_list_asks_nothing_and_one_phone_changed_asks_only_its_pair_with_what_changed(desk: Desk) -> None:
    first = desk.upload(rows())
    assert desk.answer_all(first, Answer.DIFFERENT) == len(PAIRS)
    assert desk.asked(desk.upload(rows())) == []

    changed = rows()
    changed[0][4] = "+254 700 000 999"
    again = desk.asked(desk.upload(changed))
    assert [{record.name for record in question.records} for question in again] == [{"Katuneelo Dispensary", "Katuneelu Dispensary"}]
    assert again[0].asked == "changed"
    assert "said Different" in (again[0].previous_decision or "")
    assert "the contacts changed" in (again[0].previous_decision or "")


def test_a_new_list_of_places_that_are_in_the_registry_asks_only_what_is_doubtful(desk: Desk) -> None:
    clear = [["Diani Health Centre", "Health centre", "Kwale", "Msambweni", "+254 700 000 501", "Operational"]]
    first = desk.upload([*rows(), *clear])
    desk.answer_all(first, Answer.SAME)
    commit.commit(desk.db, desk.settings, desk.actor, first, confirm_risky=True)

    assert desk.asked(desk.upload(clear, name="another_list.csv")) == []

    doubtful = [[*row[:4], "", row[5]] for row in rows()[:1]]
    asked = desk.asked(desk.upload([*clear, *doubtful], name="third_list.csv"))
    assert len(asked) == 1
    assert {record.source for record in asked[0].records} >= {"registry"}
    assert all("Katune" in (record.name or "") for record in asked[0].records)
