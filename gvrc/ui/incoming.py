"""Uploads on their way in: copied to the data home and freed from the server's memory, so that a refresh of the page finds them again.

A batch is a folder with an unguessable name and a note of whose it is and how the files were called. It is removed once its run has
started or it was put away, and swept after a day in any case; the bytes themselves are kept by the pipeline, encrypted.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from gvrc.model.access import Actor
from gvrc.settings import DATA_DIR, Settings

SAMPLES = "samples"
SAMPLES_DIR = DATA_DIR / "sources"
KEPT_SECONDS = 86_400
_NOTE = "batch.json"
_TOKEN = re.compile(r"[0-9a-f]{32}")


class Upload(Protocol):
    """What Streamlit hands over for an uploaded file."""

    name: str

    def seek(self, offset: int, /) -> int: ...
    def read(self, size: int = -1, /) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Files waiting to be received: where they are and what their sender called them."""

    paths: tuple[Path, ...]
    names: Mapping[Path, str]


def keep(settings: Settings, actor: Actor, uploads: Sequence[Upload]) -> str:
    """Copy uploads to the data home; returns the token of the batch."""
    sweep(settings)
    token = secrets.token_hex(16)
    folder = _home(settings) / token
    folder.mkdir(parents=True, mode=0o700)
    for number, upload in enumerate(uploads):
        upload.seek(0)
        with (folder / f"{number:04d}").open("xb") as target:
            shutil.copyfileobj(_reader(upload), target, 1 << 20)
    note = {"username": actor.username, "names": [upload.name[:500] for upload in uploads]}
    (folder / _NOTE).write_text(json.dumps(note), encoding="utf-8")
    return token


def open_batch(settings: Settings, actor: Actor, token: str) -> Batch | None:
    """The files of a batch, the sample lists for the token `samples`, or None: gone, or somebody else's."""
    if token == SAMPLES:
        paths = tuple(sorted(SAMPLES_DIR.glob("*.json")))
        return Batch(paths=paths, names={path: path.name for path in paths})
    folder = _folder(settings, token)
    if folder is None or not (folder / _NOTE).is_file():
        return None
    note = json.loads((folder / _NOTE).read_text(encoding="utf-8"))
    if note["username"] != actor.username:
        return None
    names = {folder / f"{number:04d}": name for number, name in enumerate(note["names"])}
    return Batch(paths=tuple(names), names=names)


def put_away(settings: Settings, token: str) -> None:
    """Remove a batch; the sample lists stay."""
    folder = _folder(settings, token) if token != SAMPLES else None
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(settings: Settings) -> None:
    """Remove batches that nobody came back for within a day."""
    for folder in _home(settings).glob("*"):
        with suppress(OSError):
            if folder.stat().st_mtime < time.time() - KEPT_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def free_memory() -> None:
    """Let Streamlit forget this session's uploads; it keeps them until the session ends otherwise. Its own way to do so is private, so
    its absence is no failure: the memory is then freed when the session ends."""
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx()
    with suppress(AttributeError):
        if context is not None:
            context.uploaded_file_mgr.remove_session_files(context.session_id)


def _home(settings: Settings) -> Path:
    return settings.home / "incoming"


def _folder(settings: Settings, token: str) -> Path | None:
    """The folder of a batch; None for what is no token, so that no address leads anywhere else."""
    return _home(settings) / token if _TOKEN.fullmatch(token) else None


def _reader(upload: Upload) -> IO[bytes]:
    return upload  # type: ignore[return-value]  # has the read() that copyfileobj wants
