"""What one server process has once: settings, words and the database.

The settings come from the entry point (`install`). The database is opened at the first use and again after it was away, so that the
server can be started before its database and comes back by itself.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass

from gvrc.settings import Settings, load_settings
from gvrc.store.keeper import DatabaseKeeper
from gvrc.store.session import Database
from gvrc.ui.catalogue import Words, languages, load_words

_spoken: ContextVar[str | None] = ContextVar("spoken language", default=None)
"""The language of the page that this thread or request is at work on; None: that of the settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Shared by all sessions of this process; holds nothing of any one user."""

    settings: Settings
    languages: Mapping[str, Words]
    keeper: DatabaseKeeper

    @property
    def words(self) -> Words:
        """The words of the language spoken here and now (`speak`)."""
        return self.languages[self.language]

    @property
    def language(self) -> str:
        """The code of that language."""
        spoken = _spoken.get()
        return spoken if spoken is not None and spoken in self.languages else self.settings.language

    def database(self) -> Database:
        """The open database. Raises DatabaseUnavailable or SchemaOutdatedError; call again later."""
        return self.keeper.database()

    def look_again(self) -> None:
        """After a failure: open the database anew. Raises StoreError while it stays away."""
        self.keeper.look_again()

    def look_again_quietly(self) -> None:
        """The same where a page about the trouble is already on its way."""
        self.keeper.look_again_quietly()


def speak(language: str | None) -> None:
    """Whose words come from now on in this thread or request: those of a language there is, else those of the settings."""
    _spoken.set(language)


_house: House | None = None
_house_lock = threading.Lock()


def install(settings: Settings, database: Database | None = None) -> House:
    """Make `settings` (and, where it is open already, the database) those of this process."""
    global _house
    with _house_lock:
        keeper = DatabaseKeeper(settings=settings, _database=database)
        _house = House(settings=settings, languages={code: load_words(code) for code in {*languages(), settings.language}}, keeper=keeper)
        return _house


def current() -> House:
    """The house of this process, built from the environment when nobody installed one (`streamlit run app.py`)."""
    return _house if _house is not None else install(load_settings())
