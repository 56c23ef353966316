"""Data homes that benchmarks make and take away again."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gvrc.settings import Settings
from gvrc.store import embedded
from gvrc.store.embedded_place import place_of


@contextmanager
def fresh_home(prefix: str = "gvrc-bench-") -> Iterator[Settings]:
    """A data home on which nothing was ever started, taken away again with its database, which root's lies elsewhere."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    settings = Settings(home=folder, _env_file=None)  # type: ignore[call-arg]
    try:
        yield settings
    finally:
        remove(settings)


def remove(settings: Settings) -> None:
    """Stop the embedded database of a home and take both away."""
    embedded.stop(settings)
    for each in (place_of(settings).base, settings.home):
        shutil.rmtree(each, ignore_errors=True)
