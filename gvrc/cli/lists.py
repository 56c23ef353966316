"""Which files a call names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gvrc.errors import ConfigError

LIST_SUFFIXES = frozenset({".json", ".jsonl", ".ndjson", ".geojson", ".csv", ".tsv"})


def passed_over(paths: Sequence[Path]) -> list[Path]:
    """What stands in the folders named and is read as no list, for it is called like none."""
    return sorted(
        item for path in paths if path.is_dir() for item in path.rglob("*")
        if item.is_file() and item.suffix.lower() not in LIST_SUFFIXES and item.name[0] != "." and item.stem.upper() not in _OF_FOLDERS
    )  # fmt: skip


_OF_FOLDERS = frozenset({"README", "LICENSE", "LICENCE", "NOTICE", "CHANGELOG"})
"""Files that tell of a folder."""


def find_lists(paths: Sequence[Path]) -> list[Path]:
    """The files named, and every list in the folders named. Raises ConfigError when there is nothing."""
    if not paths:
        raise ConfigError("Name at least one file or folder.", "For example: gvrc run data/sources")
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(item for item in path.rglob("*") if item.is_file() and item.suffix.lower() in LIST_SUFFIXES and item.name[0] != ".")
        elif path.exists():
            found.append(path)
        else:
            raise ConfigError(f"There is no file or folder {path}.", "Check the path.")
    if not found:
        raise ConfigError("The folder holds no lists.", f"Lists end in {', '.join(sorted(LIST_SUFFIXES))}.")
    return found
