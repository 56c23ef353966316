"""Logs: JSON lines under `logs/etl`, `logs/errors` and `logs/processing` of the data home, and on stderr. No secret, no personal value.

`structlog.get_logger("gvrc.pipeline").info("stage done", run_id=3, stage="extract")` writes one line. What the engine says (pipeline, stages,
worker) goes to `etl`, everything else to `processing`, every error to `errors` too. Several processes write the same files and rotate them.
"""

from __future__ import annotations

import fcntl
import logging
import logging.handlers
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from gvrc.errors import ConfigError
from gvrc.settings import Settings

ETL_LOGGERS = ("gvrc.pipeline", "gvrc.stages", "gvrc.worker", "gvrc.commit")
_ROTATE_BYTES = 10 * 2**20
_KEPT_FILES = 10
_REDACTED = "[hidden]"
_SECRET_NAME = re.compile(r"password|passwd|secret|token|cookie|authorization|api_?key|encryption_key|master_key|database_(owner_)?url|set_?up_code", re.IGNORECASE)
_HIDDEN_PARTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(://[^\s:/@]{1,200}):[^\s@/]{1,500}@"), rf"\1:{_REDACTED}@"),
    (re.compile(r"\bvault:[0-9a-f-]{36}"), f"vault:{_REDACTED}"),
    (re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"), _REDACTED),
    # Kenyan numbers: +254 7.., 254 7.., 07.. with the usual separators.
    (re.compile(r"(?<![\w/-])(?:\+?254|0)[ .-]?[17]\d{1,2}[ .-]?\d{3}[ .-]?\d{3}(?!\w)"), _REDACTED),
)
_LONGEST_TEXT = 10_000


def configure_logs(settings: Settings, *, to_stderr: bool = True) -> None:
    """Sets up logging for this process, once per process; calling again replaces the earlier set-up. Raises ConfigError when the log
    folders cannot be written."""
    structlog.configure(
        processors=[*_shared_processors(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if getattr(handler, "is_gvrc", False)]:
        root.removeHandler(handler)
        handler.close()
    for handler in _handlers(settings, to_stderr):
        handler.setFormatter(_formatter(settings))
        handler.is_gvrc = True  # type: ignore[attr-defined]
        root.addHandler(handler)
    logging.getLogger("gvrc").setLevel(logging.INFO)


def configure_terminal() -> None:
    """Until a process has set its files up: JSON lines on stderr, with as little in them as in the files. (What structlog does unasked shows
    the local variables of a call that broke, passwords and telephone numbers among them.)"""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars, structlog.processors.add_log_level, structlog.processors.format_exc_info, redact,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=lambda *_names: structlog.PrintLogger(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=False,
    )  # fmt: skip


def bind(**values: Any) -> None:
    """Puts values (run_id, stage, user, request_id) on every following line of this task or thread."""
    structlog.contextvars.bind_contextvars(**values)


def unbind(*names: str) -> None:
    """Takes them off again."""
    structlog.contextvars.unbind_contextvars(*names)


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Hides secrets by name, and passwords in addresses, e-mail addresses and telephone numbers by shape."""
    return {name: _REDACTED if _SECRET_NAME.search(name) else _without_personal(value) for name, value in event.items()}


def _without_personal(value: Any) -> Any:
    if isinstance(value, str):
        return _hidden(value[:_LONGEST_TEXT])
    if isinstance(value, dict):
        return {name: _REDACTED if _SECRET_NAME.search(str(name)) else _without_personal(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_without_personal(item) for item in value]
    return value if isinstance(value, int | float | bool | None) else _hidden(str(value)[:_LONGEST_TEXT])


def _hidden(text: str) -> str:
    for pattern, replacement in _HIDDEN_PARTS:
        text = pattern.sub(replacement, text)
    return text


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]


def _formatter(settings: Settings) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*_shared_processors(), structlog.stdlib.PositionalArgumentsFormatter()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _environment(settings.environment),
            redact,
            structlog.processors.JSONRenderer(),  # ASCII only: no letter of an uploaded text can end a line
        ],
    )


def _environment(name: str) -> Processor:
    def add(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {**event, "environment": name, "process": os.getpid()}

    return add


def _handlers(settings: Settings, to_stderr: bool) -> list[logging.Handler]:
    found: list[logging.Handler] = []
    for name, level, lets_through in _FILES:
        handler = SharedRotatingHandler(_log_file(settings.logs_dir, name))
        handler.setLevel(level)
        handler.addFilter(lets_through)
        found.append(handler)
    if to_stderr:
        terminal = logging.StreamHandler(sys.stderr)
        terminal.setLevel(logging.INFO)
        found.append(terminal)
    return found


def _is_etl(record: logging.LogRecord) -> bool:
    return record.name.startswith(ETL_LOGGERS)


_FILES: tuple[tuple[str, int, Callable[[logging.LogRecord], bool]], ...] = (
    ("etl", logging.INFO, _is_etl),
    ("processing", logging.INFO, lambda record: not _is_etl(record)),
    ("errors", logging.ERROR, lambda _record: True),
)


def _log_file(logs_dir: Path, name: str) -> Path:
    folder = logs_dir / name
    try:
        logs_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"The log folder {folder} cannot be made: {error.strerror or error}.", "Check that this user may write to the data home (GVRC_HOME).") from error
    return folder / f"{name}.jsonl"


class SharedRotatingHandler(logging.handlers.WatchedFileHandler):
    """A log file that several processes append to. Whoever finds it full renames it under a lock; the others notice and open the new one."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, encoding="utf-8", delay=True)
        self._path = path

    def emit(self, record: logging.LogRecord) -> None:
        """Writes one line, after moving a full file out of the way."""
        try:
            self._rotate_when_full()
        except OSError:
            self.handleError(record)
        super().emit(record)

    def _rotate_when_full(self) -> None:
        if not self._is_full():
            return
        with self._path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._is_full():
                for number in range(_KEPT_FILES - 1, 0, -1):
                    older = self._numbered(number)
                    if older.exists():
                        older.replace(self._numbered(number + 1))
                self._path.replace(self._numbered(1))

    def _is_full(self) -> bool:
        try:
            return self._path.stat().st_size >= _ROTATE_BYTES
        except FileNotFoundError:
            return False

    def _numbered(self, number: int) -> Path:
        return self._path.with_suffix(f".{number}.jsonl")
