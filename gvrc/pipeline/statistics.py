"""What a run leaves behind about its sources: profiles, what was unusual, quality for trends, and the same as files under `reports/`."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from gvrc.model.quality import Finding, FindingType, SourceStatistics
from gvrc.model.record import Record, Visibility
from gvrc.quality.anomalies import anomalies
from gvrc.quality.drift import drift
from gvrc.quality.gathering import SourceGathering, gather
from gvrc.quality.profile import RunProfile
from gvrc.settings import Settings
from gvrc.store import quality as quality_store
from gvrc.store import staged
from gvrc.store.session import Connection

if TYPE_CHECKING:
    from gvrc.pipeline.execute import RunContext

log = structlog.get_logger("gvrc.pipeline")

EVERYONE, FULL_SIGHT = "public", "all"
"""Audiences: what is told from public records alone, and what is told to who sees every record."""
EARLIER_RUNS = 20
"""Earlier runs of a source that a run is compared with."""


@dataclass(slots=True)
class _Source:
    profile: RunProfile = field(default_factory=RunProfile)
    gatherings: dict[str, SourceGathering] = field(default_factory=lambda: {EVERYONE: SourceGathering(), FULL_SIGHT: SourceGathering()})


class SourceGatherings:
    """Gathers the sources of a run record by record, as far as the settings want to know them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.sources: dict[str, _Source] = {}

    def add(self, records: Iterable[tuple[int, Record]]) -> None:
        """Takes records in (id, record with its personal texts sealed)."""
        settings = self._settings
        if not settings.profiling and not settings.anomaly_detection:
            return
        of_source: dict[str, list[tuple[int, Record]]] = {}
        for item in records:
            of_source.setdefault(item[1].source, []).append(item)
        for name, found in of_source.items():
            source = self.sources.get(name)
            if source is None:  # a source is dear to make: dozens of counters
                source = self.sources[name] = _Source()
            if settings.profiling:
                source.profile.add([record for _, record in found])
            if settings.anomaly_detection:
                _gather(source, found)

    def merge(self, other: SourceGatherings) -> None:
        """Takes in what was gathered of other records of the run."""
        for name, theirs in other.sources.items():
            source = self.sources.setdefault(name, theirs)
            if source is not theirs:
                source.profile.merge(theirs.profile)
                for audience, gathering in theirs.gatherings.items():
                    source.gatherings[audience].merge(gathering)


def _gather(source: _Source, found: Iterable[tuple[int, Record]]) -> None:
    everyone, full_sight = (source.gatherings[EVERYONE], source.gatherings[FULL_SIGHT]), (source.gatherings[FULL_SIGHT],)
    for record_id, record in found:
        gather(record_id, record, everyone if record.visibility is Visibility.PUBLIC else full_sight)


class Shapes:
    """The shapes of the sources of a run (`gvrc.store.quality.shape`). They depend on what was read alone: PostgreSQL tells them in a thread of their own
    while this process looks for duplicates."""

    def __init__(self, pool: Executor, context: RunContext, sources: Iterable[str]) -> None:
        self._asked = {source: pool.submit(self._told, context, source) for source in sources}

    def of(self, conn: Connection, run_id: int, source: str) -> tuple[dict[str, dict[str, int]], int]:
        """The shape of a source; asked for anew where it could not be told before."""
        asked = self._asked.get(source)
        return asked.result() if asked is not None and asked.exception() is None else quality_store.shape(conn, run_id, source)

    @staticmethod
    def _told(context: RunContext, source: str) -> tuple[dict[str, dict[str, int]], int]:
        with context.db.read() as conn:
            return quality_store.shape(conn, context.run_id, source)


class RunStatistics:
    """Keeps what later runs and people want to know of the sources of a run."""

    def __init__(self, context: RunContext, gatherings: SourceGatherings, shapes: Shapes) -> None:
        self._context = context
        self._sources = gatherings.sources
        self._shapes = shapes

    def keep(self) -> None:
        """Writes it all into `ops`, and the report files beside it."""
        run_id = self._context.run_id
        with self._context.db.unit_of_work(run_id=run_id, reason="run") as conn:
            quality_store.save_snapshots(conn, run_id)
            findings: dict[str, list[Finding]] = {EVERYONE: [], FULL_SIGHT: []}
            profiles = {}
            for name, source in self._sources.items():
                profiles[name] = self._keep_source(conn, name, source, findings)
            quality_store.replace_findings(conn, run_id, findings)
            snapshots = quality_store.load_snapshots(conn, run_id)
            staged.tidy(conn, run_id)
        self._write_reports(profiles, findings[EVERYONE], snapshots)

    def _keep_source(self, conn: Connection, name: str, source: _Source, findings: Mapping[str, list[Finding]]) -> dict[str, Any]:
        fields = [asdict(each) for each in source.profile.result()] if self._context.settings.profiling else []
        kept: dict[str, Any] = {"fields": fields}
        if self._context.settings.anomaly_detection:
            statistics = self._compare(conn, name, source, findings)
            kept["statistics"] = {audience: asdict(each) for audience, each in statistics.items()}
        quality_store.save_profile(conn, self._context.run_id, name, kept)
        return kept

    def _compare(self, conn: Connection, name: str, source: _Source, findings: Mapping[str, list[Finding]]) -> dict[str, SourceStatistics]:
        """What the source came to for each audience; what is unusual about it goes to `findings`."""
        shape, rows = self._shapes.of(conn, self._context.run_id, name)
        statistics = {}
        for audience, gathering in source.gatherings.items():
            now = statistics[audience] = gathering.statistics(shape, rows)
            earlier = quality_store.earlier_statistics(conn, self._context.run_id, name, audience, limit=EARLIER_RUNS)
            findings[audience] += [*anomalies(name, now, earlier), *drift(name, now, earlier[0] if earlier else None), *_outliers(name, gathering)]
        return statistics

    def _write_reports(self, profiles: Mapping[str, Any], findings: Iterable[Finding], snapshots: list[dict[str, Any]]) -> None:
        """The report files, told from public records alone. A disk that is full must not undo a run: it is logged."""
        run_id, reports = self._context.run_id, self._context.settings.reports_dir
        quality = {"run_id": run_id, "quality": snapshots, "findings": [asdict(each) for each in findings]}
        statistics = {"run_id": run_id, "sources": {name: _public(kept) for name, kept in profiles.items()}}
        try:
            _write(reports / "quality" / f"run-{run_id}.json", quality)
            _write(reports / "statistics" / f"run-{run_id}.json", statistics)
        except OSError as error:
            log.warning("report files were not written", why=error.strerror)


def _outliers(source: str, gathering: SourceGathering) -> list[Finding]:
    return [
        Finding(source=source, finding_type=FindingType.OUTLYING_POINTS, subject=county, value=len(ids), record_ids=ids)
        for county, ids in gathering.outliers().items()
    ]


def _public(kept: Mapping[str, Any]) -> dict[str, Any]:
    """A profile as a file may hold it: the statistics of public records, and how fields are filled without their values."""
    fields = [{name: value for name, value in each.items() if name not in ("most_common", "patterns")} for each in kept["fields"]]
    return {"fields": fields, "statistics": kept.get("statistics", {}).get(EVERYONE)}


def _write(path: Path, content: Mapping[str, Any]) -> None:
    """Write a file whole or not at all, for the owner's eyes."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(content, stream, ensure_ascii=False, indent=1, default=str)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
