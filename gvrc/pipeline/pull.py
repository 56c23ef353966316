"""Pull a REST source: its pages are kept one by one, then received like a file and given to a run."""

from __future__ import annotations

import io
import re
import shutil
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import structlog

from gvrc.errors import DamagedFileError, PipelineError, RunBusy, SourceError
from gvrc.model.access import Actor
from gvrc.model.run import Stage
from gvrc.model.source import SourceKind
from gvrc.pipeline.control import start
from gvrc.pipeline.receive import ReceivedFile, receive
from gvrc.security.crypto import KeyRing, open_sealed, seal_file
from gvrc.security.permissions import Permission, require
from gvrc.settings import Settings, source_secret
from gvrc.sources.rest import Page, RestLimits, RestPages, require_web_address
from gvrc.store import rest_sources
from gvrc.store import runs as run_store
from gvrc.store.rest_sources import NO_RUN, PULL, RestSource
from gvrc.store.session import Database

log = structlog.get_logger("gvrc.pipeline")

NAME = re.compile(r"[a-z0-9][a-z0-9_]{0,59}")
SECRET_PARAMETERS = frozenset({"key", "api_key", "apikey", "api-key", "token", "access_token", "auth", "secret", "client_secret", "password"})
"""Parameters of an address that would carry a secret into the database and onto pages."""
HEADER = re.compile(r"[A-Za-z0-9-]{1,60}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PulledSource:
    """What a pull brought: the file it was received as, the run that is queued over it, and how many pages were read now and before."""

    run_id: int
    file: ReceivedFile
    pages: int
    pages_before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """A REST source as an engineer looks after it. `pages_waiting` are those a pull that broke off has left; the next one goes on behind them."""

    source: RestSource
    run_id: int | None = None
    pulled_at: datetime | None = None
    run_status: str | None = None
    pages_waiting: int = 0


def set_up_source(db: Database, actor: Actor, name: str, url: str, *, auth_header: str = "Authorization", requests_per_second: float = 5.0) -> None:
    """Set up a REST source, or change it. Raises SourceError when name, address or header are none.

    The secret is no part of it: it is the setting `GVRC_SOURCE_<NAME>_SECRET` (or `..._FILE`), sent in `auth_header`.
    """
    require(actor, Permission.MANAGE_SOURCES)
    check_source(name, url, auth_header, requests_per_second)
    with db.unit_of_work(actor, reason="set up source") as conn:
        rest_sources.save(conn, name=name, url=url, auth_header=auth_header, requests_per_second=requests_per_second, by=actor.username)


def check_source(name: str, url: str, auth_header: str, requests_per_second: float) -> None:
    """Raises SourceError when the name, address, header or pace of a REST source is none, or the address holds a secret."""
    if not NAME.fullmatch(name):
        raise SourceError("The name of a source is made of small letters, digits and underscores.", "For example kmhfr_facilities.")
    if not HEADER.fullmatch(auth_header) or not 0 < requests_per_second <= 100:
        raise SourceError("The header or the number of requests a second is none.", "Take Authorization and 5.")
    require_web_address(url)
    if SECRET_PARAMETERS.intersection(key.casefold() for key, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)):
        raise SourceError("The address of the source holds a secret.", "Leave it out; credentials are settings of their own.")


def rest_source_states(db: Database, actor: Actor) -> list[SourceState]:
    """Every REST source in use with its last run, and the pages that a pull which broke off has left."""
    require(actor, Permission.MANAGE_SOURCES)
    with db.read() as conn:
        runs = rest_sources.last_runs(conn)
        states = []
        for source in rest_sources.load_all(conn):
            run_id, pulled_at, status = runs.get(source.name, (None, None, None))
            pages, is_complete = rest_sources.pages_read(conn, source)
            waiting = 0 if is_complete else pages
            states.append(SourceState(source=source, run_id=run_id, pulled_at=pulled_at, run_status=status, pages_waiting=waiting))
    return states


def remove_source(db: Database, actor: Actor, name: str) -> None:
    """Take a REST source out of use; what it brought stays. Raises PipelineError when there is none of this name."""
    require(actor, Permission.MANAGE_SOURCES)
    with db.unit_of_work(actor, reason="remove source") as conn:
        if not rest_sources.remove(conn, name):
            raise _no_source(name)


def rest_source_list(db: Database, actor: Actor) -> list[RestSource]:
    """Every REST source in use."""
    require(actor, Permission.UPLOAD)
    with db.read() as conn:
        return rest_sources.load_all(conn)


def pull(db: Database, settings: Settings, actor: Actor, name: str, *, stop_after: Stage | None = None, limits: RestLimits | None = None) -> PulledSource:
    """Read every page of a REST source, receive them as one list, and queue a run over it; `execute` does the work of the run.

    A pull that broke off goes on behind its last whole page. Raises PipelineError when there is no such source, RunBusy when another process
    pulls it, SourceError when it cannot be read.
    """
    require(actor, Permission.UPLOAD)
    require(actor, Permission.RUN)
    with db.read() as conn:
        source = rest_sources.load(conn, name)
    if source is None:
        raise _no_source(name)
    with db.hold_lock(f"pull:{name}") as is_ours:
        if not is_ours:
            raise RunBusy(f"The source {name} is being pulled by another process.", "Wait until it ends.")
        return _Pull(db, settings, actor, source, limits).bring(stop_after)


def _no_source(name: str) -> PipelineError:
    return PipelineError(f"There is no REST source “{name[:60]}”.", "Set it up first, or list the sources there are.")


class _Pull:
    """One pull: pages in a folder of the data home, encrypted, until the whole list was received."""

    def __init__(self, db: Database, settings: Settings, actor: Actor, source: RestSource, limits: RestLimits | None) -> None:
        self._db, self._settings, self._actor, self._source = db, settings, actor, source
        self._folder = settings.home / "pulls" / source.name
        self._keys = KeyRing.load(settings)
        self._limits = limits or RestLimits(retries=settings.retries, timeout_seconds=settings.query_timeout_seconds)
        self._limits = replace(self._limits, requests_per_second=source.requests_per_second)

    def bring(self, stop_after: Stage | None) -> PulledSource:
        before, next_url = self._kept()
        pages = before
        try:
            for page in self._pages(next_url):
                self._keep(pages, page)
                pages += 1
        except SourceError:
            log.warning("pull broke off", source=self._source.name, pages=pages)
            raise
        file = self._receive(pages)
        run_id = start(self._db, self._settings, self._actor, [file.file_id] if file.file_id is not None else [], stop_after=stop_after)
        log.info("source pulled", source=self._source.name, pages=pages, run_id=run_id)
        return PulledSource(run_id=run_id, file=file, pages=pages, pages_before=before)

    def _pages(self, next_url: str | None) -> RestPages | list[Page]:
        if next_url is None and self._kept()[0]:
            return []
        secret = source_secret(self._source.name)
        headers = {self._source.auth_header: secret} if secret else {}
        return RestPages(next_url or self._source.url, headers=headers, limits=self._limits)

    def _kept(self) -> tuple[int, str | None]:
        """How many pages an earlier pull of the same address left here, and the address of the next one (None: nothing, or all of them)."""
        try:
            with open_sealed(self._keys, self._folder / "state") as sealed:
                state = orjson.loads(sealed.read())
        except (OSError, ValueError, DamagedFileError):
            state = {}
        if state.get("url") != self._source.url:
            shutil.rmtree(self._folder, ignore_errors=True)
            return 0, None
        return int(state["pages"]), state["next_url"]

    def _keep(self, number: int, page: Page) -> None:
        """Keep a page, then say that it is kept: a pull that is killed between the two reads it again."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._seal(f"page-{number:06}", page.content)
        self._seal("state", {"url": self._source.url, "pages": number + 1, "next_url": page.next_url})
        self._note(number + 1, is_complete=page.next_url is None)

    def _seal(self, name: str, content: Any) -> None:
        seal_file(self._keys, io.BytesIO(orjson.dumps(content)), self._folder / name)

    def _note(self, pages: int, *, is_complete: bool) -> None:
        with self._db.unit_of_work(self._actor, reason="pull") as conn:
            run_store.save_checkpoint(
                conn, NO_RUN, self._source.source_id, PULL, source=self._source.name, last=pages, total=pages if is_complete else None, is_complete=is_complete,
            )

    def _receive(self, pages: int) -> ReceivedFile:
        path = self._folder / "list.json"
        try:
            self._write_list(path, pages)
            name = f"{self._source.name}.json"
            received = receive(self._db, self._settings, self._actor, [path], source=self._source.name, names={path: name}, kind=SourceKind.API)[0]
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
        if received.problem is not None:
            raise SourceError(f"What the source gave could not be read. {received.problem}", received.hint or "")
        return received

    def _write_list(self, path: Path, pages: int) -> None:
        """All pages as one list; a page that is a bare list stands under `results`, so that every record has one kind of path."""
        with path.open("wb") as stream:
            for number in range(pages):
                stream.write(b"[" if not number else b",\n")
                with open_sealed(self._keys, self._folder / f"page-{number:06}") as sealed:
                    content = sealed.read()
                stream.write(b'{"results":' + content + b"}" if content.startswith(b"[") else content)
            stream.write(b"]" if pages else b"[]")

