"""What to do next: the acts that gain most quality per minute of a person's work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from gvrc.reference.vocabularies import reference_rows


class Act(StrEnum):
    """What a person does about a kind of issue."""

    ACCEPT_ALIKE = "accept_alike"
    ANSWER = "answer"
    DUPLICATES = "duplicates"
    ASK_SOURCE = "ask_source"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWork:
    """The open issues of one kind: how many ask a person, how many of these have a suggestion, how many different suggestions there are, how many
    ask nobody (only the source can fill them), and the points that mending each part would add to the quality scores."""

    code: str
    asking: int = 0
    suggested: int = 0
    groups: int = 0
    silent: int = 0
    points_suggested: float = 0.0
    points_unsuggested: float = 0.0
    points_silent: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """One act: what it is about (`code`; None: duplicates), on how many records, the points it gains and the minutes it takes."""

    act: Act
    code: str | None
    records: int
    points: float
    minutes: float

    @property
    def points_per_minute(self) -> float:
        return self.points / self.minutes if self.minutes else 0.0


@lru_cache(maxsize=1)
def work_seconds() -> Mapping[str, float]:
    """Seconds that acts take, from work_seconds.csv in data/reference. Raises ReferenceDataError when it is missing."""
    return {row["name"]: float(row["seconds"]) for row in reference_rows("work_seconds.csv", "name", "seconds")}


def recommendations(work: Iterable[OpenWork], duplicates: int, duplicate_points: float, pace: Mapping[str, float]) -> list[Recommendation]:
    """The acts worth most per minute first. `duplicates` questions are open, with `duplicate_points` to gain. `pace` holds the seconds that people here
    really took per answer (`issue`, `duplicate`), where enough answers tell; else what work_seconds.csv says is taken."""
    seconds = {**work_seconds(), **{f"answer_{kind}": value for kind, value in pace.items()}}
    found = [each for item in work for each in _acts(item, seconds)]
    if duplicates:
        minutes = duplicates * seconds["answer_duplicate"] / 60
        found.append(Recommendation(act=Act.DUPLICATES, code=None, records=duplicates, points=duplicate_points, minutes=minutes))
    return sorted((each for each in found if each.points > 0), key=lambda each: (-each.points_per_minute, -each.points, each.code or ""))


def _acts(item: OpenWork, seconds: Mapping[str, float]) -> Iterable[Recommendation]:
    unsuggested = item.asking - item.suggested
    if item.suggested:
        # a group of alike suggestions is looked through once and accepted at once
        minutes = item.groups * seconds["accept_group"] / 60
        yield Recommendation(act=Act.ACCEPT_ALIKE, code=item.code, records=item.suggested, points=item.points_suggested, minutes=minutes)
    if unsuggested:
        minutes = unsuggested * seconds["answer_issue"] / 60
        yield Recommendation(act=Act.ANSWER, code=item.code, records=unsuggested, points=item.points_unsuggested, minutes=minutes)
    if item.silent:
        minutes = (seconds["write_to_source"] + item.silent * seconds["source_row"]) / 60
        yield Recommendation(act=Act.ASK_SOURCE, code=item.code, records=item.silent, points=item.points_silent, minutes=minutes)
