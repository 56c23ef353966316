"""`python -m benchmarks.desk [--records 237,100000,1000000] [--rounds 5] [--only starts,pages,crowd,map,keyboard,axe] [--home FOLDER]`

Prints the table of the desk beside its bars, and under it every page and every act with its own figures, so that a slow one has a name: cold start, pages
and acts in a real browser at each number of staged records (237 stands for the sample lists), forty stewards at once by the protocol that browsers speak,
the map of a registry of 100,000, a steward with the keyboard alone, axe. A million records take some five minutes to stage; give `--home` to keep them.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.desk import acts, crowd, keyboard, maps, pages, staged
from benchmarks.homes import fresh_home, remove
from gvrc import pipeline, setup
from gvrc.settings import PROJECT_DIR, Settings
from gvrc.store import embedded
from gvrc.store.session import Database
from gvrc.ui.gate import SET_UP_PATH, SIGN_IN_PATH
from tests.e2e.conftest import Visitor
from tests.e2e.test_people import findings_by_page

SAMPLES = 237
BARS_MS = {SAMPLES: 300, 100_000: 500, 1_000_000: 800}
NEXT_MS, CROWD_MS, CROWD_MB = 300, 300, 1_500
COLD_SECONDS, FIRST_SECONDS = 4, 20
MAP_PLACES, MAP_MS, MAP_FRAMES = 100_000, 3_000, 5
MOST_ANSWERS_PER_100, LEAST_ACCEPTED = 20, 0.7
STEWARD = "steward.bench"
PARTS = ("starts", "pages", "crowd", "map", "keyboard", "axe")
Figures = dict[str, list[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of the table: what was measured, the figure, the bar, whether it is reached."""

    what: str
    figure: str
    bar: str
    is_reached: bool

    def __str__(self) -> str:
        return f"| {self.what} | {self.figure} | {self.bar} | {'' if self.is_reached else 'missed'} |"


@contextmanager
def home(records: int, kept: Path | None) -> Iterator[Settings]:
    """A data home with so many staged records; one of `kept` is made at the first call and used again."""
    folder = kept / str(records) if kept else Path(tempfile.mkdtemp(prefix="gvrc-desk-"))
    settings = Settings(home=folder, _env_file=None)  # type: ignore[call-arg]
    try:
        setup.init(settings, operator="bench")
        with Database.open(settings) as db:
            pages.person(db, STEWARD)
            if not _counts(db, "ops.etl_runs"):
                _fill(db, settings, records)
        yield settings
    finally:
        embedded.stop(settings)
        if kept is None:
            remove(settings)


def _counts(db: Database, table: str) -> int:
    with db.read() as conn:
        return int(conn.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())


def _fill(db: Database, settings: Settings, records: int) -> None:
    if records != SAMPLES:
        staged.stage(db, settings, records)
        return
    received = pipeline.receive(db, settings, staged.BENCHER, sorted((PROJECT_DIR / "data" / "sources").glob("*.json")))
    run_id = pipeline.start(db, settings, staged.BENCHER, [file.file_id for file in received if file.file_id is not None])
    pipeline.execute(db, settings, run_id)


def cold_start(settings: Settings) -> float:
    """Seconds from the process's start to the sign-in page; the database server is started with it."""
    embedded.stop(settings)
    started = time.perf_counter()
    with pages.served(settings) as server:
        httpx.get(f"{server.address}{SIGN_IN_PATH}").raise_for_status()
        return time.perf_counter() - started


def first_start() -> float:
    """Seconds of the first start ever: the database made, the official places loaded, the set-up page served."""
    with fresh_home("gvrc-desk-first-") as settings:
        started = time.perf_counter()
        with pages.served(settings) as server:
            httpx.get(f"{server.address}{SET_UP_PATH}").raise_for_status()
            return time.perf_counter() - started


def starts(settings: Settings) -> list[Row]:
    """The cold start, the median of three, and the first start ever."""
    cold, first = statistics.median(cold_start(settings) for _ in range(3)), first_start()
    return [
        Row(what="cold start to the sign-in page, s", figure=f"{cold:.1f}", bar=f"<= {COLD_SECONDS}", is_reached=cold <= COLD_SECONDS),
        Row(what="first start ever, s", figure=f"{first:.1f}", bar=f"<= {FIRST_SECONDS}", is_reached=first <= FIRST_SECONDS),
    ]


def pages_and_acts(settings: Settings, records: int, rounds: int) -> list[Row]:
    """Every page, every page after an answer that moved every count, every act. Prints each; the rows tell the slowest."""
    bar = BARS_MS.get(records, max(BARS_MS.values()))
    with pages.served(settings) as server, pages.browser(server.address, STEWARD) as page:
        pages.measure_pages(page, 1)  # the first visit of each page loads its code and counts for the first time
        usual = pages.measure_pages(page, rounds)
        moved = pages.measure_pages(page, max(3, rounds // 2), before=lambda: _answer_and_undo(page))
        after = {f"{name}, after an answer": values for name, values in moved.items()}
        _print_figures(f"{records:,} staged records, bar {bar} ms", usual | after, bar)  # at once: an act that fails must not cost these
        acts.measure_acts(page, 1)
        done = acts.measure_acts(page, rounds)
    _print_figures(f"Acts at {records:,} staged records, bar {bar} ms", done, bar)
    nexts = [value for name in acts.NEXT_QUESTION for value in done.get(name, [])]
    return [
        *(_slowest(f"{what} at {records:,}, slowest p95, ms", figures, bar) for what, figures in (("pages", usual), ("pages after an answer", after), ("acts", done))),
        *([_row_ms(f"next question after an answer at {records:,}, p95, ms", pages.p95(nexts), NEXT_MS)] if nexts else []),
    ]


def _answer_and_undo(page: pages.Page) -> None:
    pages.go(page, "review")
    acts.press(page, acts.answer(page))
    acts.press(page, "Backspace")


def _print_figures(title: str, figures: Figures, bar: float) -> None:
    print(f"\n### {title}\n\n| page or act | p50 ms | p95 ms | |\n| --- | ---: | ---: | --- |")
    for name, values in figures.items():
        slow = pages.p95(values)
        print(f"| {name} | {statistics.median(values):.0f} | {slow:.0f} | {'' if slow <= bar else 'over'} |", flush=True)


def _slowest(what: str, figures: Figures, bar: float) -> Row:
    name, slow = max(((name, pages.p95(values)) for name, values in figures.items()), key=lambda each: each[1])
    over = sum(pages.p95(values) > bar for values in figures.values())
    return Row(what=what, figure=f"{slow:,.0f} ({name}; {over} of {len(figures)} over)", bar=f"<= {bar}", is_reached=slow <= bar)


def _row_ms(what: str, figure: float, bar: float) -> Row:
    return Row(what=what, figure=f"{figure:,.0f}", bar=f"<= {bar:,}", is_reached=figure <= bar)


def many_at_once(settings: Settings, stewards: int, seconds: float) -> list[Row]:
    """What many stewards at once meet."""
    with pages.served(settings) as server:
        outcome = crowd.run(server, STEWARD, pages.PASSWORD, stewards=stewards, seconds=seconds)
    crowded = f"{stewards} stewards, {len(outcome.milliseconds):,} actions in {seconds:.0f} s"
    return [
        _row_ms(f"{crowded}, p95, ms", pages.p95(outcome.milliseconds), CROWD_MS),
        Row(what=f"{crowded}, errors", figure=str(outcome.errors), bar="0", is_reached=not outcome.errors),
        _row_ms(f"{crowded}, memory, MB", outcome.memory_mb, CROWD_MB),
    ]


def large_map(settings: Settings) -> list[Row]:
    """The map of a registry of 100,000 places, made of the run's records when there is none."""
    with Database.open(settings) as db:
        if not _counts(db, "facilities"):
            staged.publish(db, 1, MAP_PLACES)
        places = _counts(db, "facilities")
    figures = []
    for _ in range(3):
        with pages.served(settings) as server, pages.browser(server.address, STEWARD) as page:
            pages.go(page, "upload")
            figures.append(maps.measure_map(page))
    first, frames = statistics.median(each.first_ms for each in figures), statistics.median(each.frames for each in figures)
    has_counts = all(each.is_counts_first for each in figures)
    return [
        _row_ms(f"map of {places:,} places, first picture, ms", first, MAP_MS),
        Row(what="map, counts per county first", figure="yes" if has_counts else "no", bar="yes", is_reached=has_counts),
        Row(what="map, places of the whole country dragged, pictures a second", figure=f"{frames:.1f}", bar=f">= {MAP_FRAMES}", is_reached=frames >= MAP_FRAMES),
    ]


def by_keyboard() -> list[Row]:
    """A steward without a mouse, from the set-up to the commit, and the same lists again."""
    with fresh_home("gvrc-desk-keys-") as settings:
        morning = keyboard.work(settings)
    per_100, share = 100 * morning.answers / morning.records, morning.accepted / max(1, morning.answers)
    return [
        Row(what="keyboard alone, answers per 100 records", figure=f"{per_100:.1f} ({morning.answers} for {morning.records})", bar=f"<= {MOST_ANSWERS_PER_100}", is_reached=per_100 <= MOST_ANSWERS_PER_100),
        Row(what="one key for what was suggested and right", figure=f"{share:.0%}", bar=f">= {LEAST_ACCEPTED:.0%}", is_reached=share >= LEAST_ACCEPTED),
        Row(what="places committed by keyboard", figure=str(morning.published), bar="> 0", is_reached=morning.published > 0),
        _row_ms("keyboard alone, next question, p95, ms", pages.p95(morning.milliseconds), NEXT_MS),
        Row(what="questions of the same lists again", figure=str(morning.asked_again), bar="0", is_reached=morning.asked_again == 0),
    ]


def accessibility(settings: Settings) -> list[Row]:
    """What axe finds serious or critical on every page, without Streamlit's own navigation."""
    with pages.served(settings) as server, pages.browser(server.address, STEWARD) as page:
        found = findings_by_page(Visitor(page=page, address=server.address))
    for name, findings in found.items():
        print(f"{name}: {findings}")
    count = sum(len(each) for each in found.values())
    return [Row(what="axe: serious or critical on all pages", figure=str(count), bar="0", is_reached=not count)]


def main() -> int:
    """Measure and print; 1 when a bar is missed."""
    given = _options()
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f}", flush=True)
    rows: list[Row] = []
    sizes = [int(text) for text in given.records.split(",")]
    for records in sizes:
        with home(records, given.home) as settings:
            for part, measure in _parts(settings, records, given).items():
                if part in given.only:
                    rows += _told(measure())
    if "keyboard" in given.only:
        rows += _told(by_keyboard())
    print(f"\nload {os.getloadavg()[0]:.1f}\n\n| what | measured | bar | |\n| --- | --- | --- | --- |")
    print(*rows, sep="\n")
    return 0 if all(row.is_reached for row in rows) else 1


def _told(rows: list[Row]) -> list[Row]:
    """The rows, printed as soon as they are measured: the whole takes a while."""
    print("", *rows, sep="\n", flush=True)
    return rows


def _parts(settings: Settings, records: int, given: argparse.Namespace) -> dict[str, Callable[[], list[Row]]]:
    """What is measured at this number of records: starts, crowd and axe with the sample lists, the map where there are records enough."""
    parts: dict[str, Callable[[], list[Row]]] = {"pages": lambda: pages_and_acts(settings, records, given.rounds)}
    if records == SAMPLES:
        samples: dict[str, Callable[[], list[Row]]] = {
            "starts": lambda: starts(settings), "crowd": lambda: many_at_once(settings, given.stewards, given.seconds), "axe": lambda: accessibility(settings),
        }  # fmt: skip
        return samples | parts
    return parts | ({"map": lambda: large_map(settings)} if records == MAP_PLACES else {})


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", default="237,100000")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--stewards", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--only", type=lambda words: words.split(","), default=list(PARTS), help=f"some of: {', '.join(PARTS)}")
    parser.add_argument("--home", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
