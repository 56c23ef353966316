"""The one open database of a server process: opened at the first use and again after it was away, so that a server can be started before its
database and comes back by itself."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

from gvrc.errors import StoreError
from gvrc.settings import Settings
from gvrc.store import embedded
from gvrc.store.session import Database

REOPEN_SECONDS = 4.0


@dataclass(slots=True, kw_only=True)
class DatabaseKeeper:
    """Shared by all threads of a process."""

    settings: Settings
    application_name: str = "gvrc"
    _database: Database | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _reopened_at: float = float("-inf")

    def database(self) -> Database:
        """The open database. Raises DatabaseUnavailable or SchemaOutdatedError; call again later."""
        with self._lock:
            if self._database is None:
                self._database = Database.open(self.settings, application_name=self.application_name)
            return self._database

    def look_again(self) -> None:
        """After a failure: open the database anew, at most every few seconds; the embedded server is started again when it died, and left alone when it was
        stopped on purpose or its folder is away. Raises StoreError while it stays away."""
        with self._lock:
            if time.monotonic() - self._reopened_at < REOPEN_SECONDS:
                return
            self._reopened_at = time.monotonic()
            if not self.settings.database_url:
                embedded.revive(self.settings)
            fresh = Database.open(self.settings, application_name=self.application_name)
            stale, self._database = self._database, fresh
        if stale is not None:
            stale.close()

    def look_again_quietly(self) -> None:
        """The same where the trouble is already being told."""
        with suppress(StoreError):
            self.look_again()
