"""What one server process has once: settings, words and the database.

The settings come from the entry point (`install`). The database is opened at the first use and again after it was away, so that the
server can be started before its database and comes back by itself.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

from gvrc.errors import StoreError
from gvrc.settings import Settings, load_settings
from gvrc.store.session import Database
from gvrc.ui.catalogue import Words, load_words

REOPEN_SECONDS = 4.0


@dataclass(slots=True, kw_only=True)
class House:
    """Shared by all sessions of this process; holds nothing of any one user."""

    settings: Settings
    words: Words
    _database: Database | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _reopened_at: float = float("-inf")

    def database(self) -> Database:
        """The open database. Raises DatabaseUnavailable or SchemaOutdatedError; call again later."""
        with self._lock:
            if self._database is None:
                self._database = Database.open(self.settings)
            return self._database

    def look_again(self) -> None:
        """After a failure: open the database anew (the embedded server is started again when it died), at most every few seconds.
        Raises StoreError while it stays away."""
        with self._lock:
            if time.monotonic() - self._reopened_at < REOPEN_SECONDS:
                return
            self._reopened_at = time.monotonic()
            fresh = Database.open(self.settings)
            stale, self._database = self._database, fresh
        if stale is not None:
            stale.close()

    def look_again_quietly(self) -> None:
        """The same where a page about the trouble is already on its way."""
        with suppress(StoreError):
            self.look_again()


_house: House | None = None
_house_lock = threading.Lock()


def install(settings: Settings, database: Database | None = None) -> House:
    """Make `settings` (and, where it is open already, the database) those of this process."""
    global _house
    with _house_lock:
        _house = House(settings=settings, words=load_words(settings.language), _database=database)
        return _house


def current() -> House:
    """The house of this process, built from the environment when nobody installed one (`streamlit run app.py`)."""
    return _house if _house is not None else install(load_settings())
