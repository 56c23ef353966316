"""The row stages in their order, for one chunk: validate, transform, geomap, enrich. Pure; the caller keeps the time and the results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from gvrc.errors import GvrcError
from gvrc.model.issue import Issue
from gvrc.model.record import Record
from gvrc.model.run import Stage, StageResult
from gvrc.model.source import SourceRow
from gvrc.reference.corrections import Corrections
from gvrc.reference.gazetteer import Gazetteer, load_gazetteer
from gvrc.reference.vocabularies import Vocabularies, taught_vocabularies
from gvrc.stages.enrich import enrich
from gvrc.stages.geomap import geomap
from gvrc.stages.transform import NO_PLACE_CODES, transform
from gvrc.stages.validate import validate

ROW_STAGES: tuple[Stage, ...] = (Stage.VALIDATE, Stage.TRANSFORM, Stage.GEOMAP, Stage.ENRICH)

Watch = Callable[[Stage], AbstractContextManager[Any]]


def unwatched(_stage: Stage) -> AbstractContextManager[None]:
    """For who does not measure."""
    return nullcontext()


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What the row stages look things up in."""

    gazetteer: Gazetteer
    vocabularies: Vocabularies
    corrections: Corrections


@dataclass(frozen=True, slots=True, kw_only=True)
class Standardised:
    """A chunk after the row stages: one record per row, and what each stage found."""

    records: Sequence[Record]
    issues: Mapping[Stage, Sequence[Issue]] = field(default_factory=dict)

    def issues_by_key(self) -> dict[str, list[Issue]]:
        """Every issue under the key of its record."""
        found: dict[str, list[Issue]] = {}
        for issues in self.issues.values():
            for issue in issues:
                found.setdefault(issue.record_key or "", []).append(issue)
        return found


def load_knowledge(corrections: Corrections) -> Knowledge:
    """The reference data of this program with these known corrections; those for every source teach the vocabularies too, so that a spelling is known
    inside a cell with several services as well."""
    return Knowledge(gazetteer=load_gazetteer(), vocabularies=taught_vocabularies(corrections.spellings()), corrections=corrections)


def standardise(
    rows: Sequence[SourceRow], knowledge: Knowledge, overrides: Mapping[str, Mapping[str, Any]], *, up_to: Stage = Stage.ENRICH,
    watch: Watch = unwatched,
) -> Standardised:
    """Rows through the row stages, not further than `up_to`.

    The records of a chunk are always made (transform runs in any case), so that each row stands in the database whatever stage was asked
    for; stages beyond `up_to` leave no trace. Of rows that are no place (headings, totals, notes) nothing more is told. `watch(stage)` wraps each stage, for whoever measures.
    """
    issues: dict[Stage, Sequence[Issue]] = {}
    with watch(Stage.VALIDATE):
        issues[Stage.VALIDATE] = validate(rows, knowledge.vocabularies).issues
    with watch(Stage.TRANSFORM):
        result = transform(rows, knowledge.vocabularies, knowledge.corrections, overrides)
    issues[Stage.TRANSFORM] = result.issues
    no_places = {issue.record_key for issue in result.issues if issue.code in NO_PLACE_CODES}
    for stage, run in _later_stages(knowledge):
        if ROW_STAGES.index(stage) > ROW_STAGES.index(up_to):
            break
        with watch(stage):
            result = run(result.records)
        issues[stage] = [issue for issue in result.issues if issue.record_key not in no_places] if no_places else result.issues
    if up_to is Stage.VALIDATE:
        issues[Stage.TRANSFORM] = ()
    return Standardised(records=result.records, issues=issues)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenRow:
    """A row that a stage could not take, which is a fault of the stage: rows are dirty, never wrong. `error` is for the log alone, it may hold values."""

    row: SourceRow
    stage: Stage
    error: Exception


def standardise_apart(
    rows: Sequence[SourceRow], knowledge: Knowledge, overrides: Mapping[str, Mapping[str, Any]], *, up_to: Stage = Stage.ENRICH,
    watch: Watch = unwatched,
) -> tuple[Standardised, list[BrokenRow]]:
    """As `standardise`; rows that break a stage are found by halving and told apart, so that one of them does not keep its list from being processed.

    Raises what the stage raised when the other rows cannot be taken without them either.
    """
    try:
        return standardise(rows, knowledge, overrides, up_to=up_to, watch=watch), []
    except (GvrcError, MemoryError):
        raise
    except Exception:
        broken = list(_broken(rows, knowledge, overrides, up_to))
    guilty = {each.row.pointer for each in broken}
    return standardise([row for row in rows if row.pointer not in guilty], knowledge, overrides, up_to=up_to, watch=watch), broken


def _broken(rows: Sequence[SourceRow], knowledge: Knowledge, overrides: Mapping[str, Mapping[str, Any]], up_to: Stage) -> Iterator[BrokenRow]:
    reached = Stage.VALIDATE

    def note(stage: Stage) -> AbstractContextManager[None]:
        nonlocal reached
        reached = stage
        return nullcontext()

    try:
        standardise(rows, knowledge, overrides, up_to=up_to, watch=note)
    except (GvrcError, MemoryError):
        raise
    except Exception as error:
        if len(rows) == 1:
            error.__context__ = None  # the same of every half before
            yield BrokenRow(row=rows[0], stage=reached, error=error)
            return
        half = len(rows) // 2
        yield from _broken(rows[:half], knowledge, overrides, up_to)
        yield from _broken(rows[half:], knowledge, overrides, up_to)


def _later_stages(knowledge: Knowledge) -> tuple[tuple[Stage, Callable[[Sequence[Record]], StageResult]], ...]:
    return (
        (Stage.GEOMAP, lambda records: geomap(records, knowledge.gazetteer)),
        (Stage.ENRICH, lambda records: enrich(records, knowledge.vocabularies)),
    )
