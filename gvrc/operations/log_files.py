"""Searching the log files, the newest line first, without reading more than the answer needs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from gvrc.model.access import Actor
from gvrc.security.permissions import Permission, require
from gvrc.settings import Settings

FOLDERS = ("etl", "processing", "errors")
LEVELS = ("debug", "info", "warning", "error", "critical")
_BLOCK_BYTES = 64 * 1024
_MOST_BYTES = 64 * 2**20
"""How much of the files one search reads; a page says when it stopped there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFilter:
    """Which lines; what is None does not filter. `level` is the lowest, `words` any part of the line, times are UTC."""

    level: str | None = None
    run_id: int | None = None
    words: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPage:
    """Lines, the newest first. `has_more`: there are further ones. `stopped_early`: so much was read that the search was ended; narrow the times."""

    lines: list[dict[str, Any]]
    has_more: bool
    stopped_early: bool


def search_logs(settings: Settings, actor: Actor, folder: str, chosen: LogFilter, *, limit: int = 100, offset: int = 0) -> LogPage:
    """A page of a folder's lines. Raises NotAllowedError."""
    require(actor, Permission.SEE_OPERATIONS)
    if folder not in FOLDERS:
        return LogPage(lines=[], has_more=False, stopped_early=False)
    reading = _Reading(chosen)
    found: list[dict[str, Any]] = []
    for line in reading.matching(_files(settings.logs_dir / folder, folder)):
        found.append(line)
        if len(found) > offset + limit:
            break
    return LogPage(lines=found[offset : offset + limit], has_more=len(found) > offset + limit, stopped_early=reading.read_bytes >= _MOST_BYTES)


def _files(folder: Path, name: str) -> list[Path]:
    """The current file, then the rotated ones from the newest to the oldest."""
    numbered = sorted((int(path.name.split(".")[1]), path) for path in folder.glob(f"{name}.*.jsonl") if path.name.split(".")[1].isdigit())
    return [path for path in (folder / f"{name}.jsonl", *(path for _, path in numbered)) if path.exists()]


class _Reading:
    """One search."""

    def __init__(self, chosen: LogFilter) -> None:
        self._chosen = chosen
        self._words = chosen.words.casefold() if chosen.words else None
        self._lowest = LEVELS.index(chosen.level) if chosen.level in LEVELS else 0
        self.read_bytes = 0

    def matching(self, files: list[Path]) -> Iterator[dict[str, Any]]:
        for path in files:
            for raw in self._backwards(path):
                line = _parsed(raw)
                if line is None:
                    continue
                if self._chosen.since is not None and (at := _moment(line)) is not None and at < self._chosen.since:
                    return
                if self._fits(line, raw):
                    yield line

    def _fits(self, line: dict[str, Any], raw: bytes) -> bool:
        if self._words is not None and self._words not in _readable(line, raw, self._words).casefold():
            return False
        if self._chosen.run_id is not None and line.get("run_id") != self._chosen.run_id:
            return False
        level = line.get("level")
        if (LEVELS.index(level) if level in LEVELS else 1) < self._lowest:
            return False
        at = _moment(line)
        return self._chosen.until is None or at is None or at <= self._chosen.until

    def _backwards(self, path: Path) -> Iterator[bytes]:
        """The lines of a file from its end."""
        with path.open("rb") as file:
            position = file.seek(0, os.SEEK_END)
            rest = b""
            while position > 0 and self.read_bytes < _MOST_BYTES:
                size = min(_BLOCK_BYTES, position)
                position -= size
                file.seek(position)
                self.read_bytes += size
                first, *lines = (file.read(size) + rest).split(b"\n")
                rest = first
                yield from reversed(lines)
            if position == 0 and rest:
                yield rest


def _parsed(raw: bytes) -> dict[str, Any] | None:
    try:
        line = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return line if isinstance(line, dict) else None


def _readable(line: dict[str, Any], raw: bytes, words: str) -> str:
    """The line's text. The files are written in ASCII; only for other letters it is put together anew."""
    return raw.decode("ascii", "replace") if words.isascii() else orjson.dumps(line).decode()


def _moment(line: dict[str, Any]) -> datetime | None:
    try:
        return datetime.fromisoformat(str(line.get("at", "")))
    except ValueError:
        return None
