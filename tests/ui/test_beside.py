"""Long work beside the pages: begun once, told when it is done, its failure raised where it is asked for, and then forgotten."""

from __future__ import annotations

import threading

import pytest

from gvrc.errors import CommitError
from gvrc.ui import beside


def until_done(key: str) -> None:
    for thread in threading.enumerate():
        if thread.name == "beside":
            thread.join(10)
    assert beside.is_done(key)


def test_the_work_is_begun_once_and_its_outcome_kept() -> None:
    done: list[int] = []
    may_end = threading.Event()

    def work(_is_moot: threading.Event) -> int:
        may_end.wait(10)
        done.append(1)
        return 7

    assert [beside.outcome("once", work) for _ in range(3)] == [None, None, None]
    assert not beside.is_done("once")
    assert beside.seconds("once") >= 0
    may_end.set()
    until_done("once")
    assert beside.outcome("once", work) == 7
    assert done == [1]


def test_a_failure_is_raised_where_it_is_asked_for_and_the_next_one_begins_anew() -> None:
    may_end = threading.Event()

    def fails(_is_moot: threading.Event) -> int:
        may_end.wait(10)
        raise CommitError("No.", "Later.")

    assert beside.outcome("fails", fails) is None
    may_end.set()
    until_done("fails")
    with pytest.raises(CommitError):
        beside.outcome("fails", fails)
    assert beside.seconds("fails") == 0.0
    beside.outcome("fails", lambda _is_moot: 1)
    until_done("fails")
    assert beside.outcome("fails", lambda _is_moot: 2) == 1


def test_only_the_last_outcomes_are_kept() -> None:
    for number in range(beside.MOST + 1):
        beside.outcome(f"kept {number}", lambda _is_moot: 1)
    assert beside.is_done("kept 0")
    assert beside.seconds("kept 0") == 0.0


def test_what_something_moved_under_is_given_up_for_the_same_asked_anew() -> None:
    given_up = threading.Event()

    def until_moot(is_moot: threading.Event) -> int:
        if is_moot.wait(10):
            given_up.set()
        return 1

    assert beside.outcome("before", until_moot, about="a run") is None
    assert beside.outcome("of another", until_moot, about="another run") is None
    assert beside.outcome("now", lambda _is_moot: 2, about="a run") in (None, 2)
    assert given_up.wait(10)
    assert beside.is_done("before")
    assert beside.seconds("before") == 0.0
    assert not beside.is_done("of another")
    assert beside.outcome("of another, now", lambda _is_moot: 3, about="another run") in (None, 3)
    until_done("of another, now")
    until_done("now")
    assert beside.outcome("now", lambda _is_moot: 4, about="a run") == 2


def test_who_left_the_page_wants_its_outcome_no_more_and_who_comes_back_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    may_look = threading.Event()

    def if_wanted(_is_moot: threading.Event) -> int | None:
        may_look.wait(10)
        return 5 if beside.is_wanted("left") else None

    assert beside.outcome("left", if_wanted) is None
    assert beside.is_wanted("left")
    monkeypatch.setattr(beside, "WANTED_SECONDS", 0.0)
    assert not beside.is_wanted("left")
    may_look.set()
    until_done("left")
    assert beside.outcome("left", if_wanted) is None
    monkeypatch.undo()
    assert not beside.is_wanted("left")
    assert beside.outcome("left", if_wanted) is None
    until_done("left")
    assert beside.outcome("left", if_wanted) == 5
