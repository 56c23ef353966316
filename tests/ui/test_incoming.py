"""Uploads on their way in."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path

import pytest

from gvrc.model.access import Actor, Role
from gvrc.settings import Settings
from gvrc.ui import incoming

AMINA = Actor(user_id=1, username="amina", role=Role.DATA_STEWARD)
OTIENO = Actor(user_id=2, username="otieno", role=Role.DATA_STEWARD)


class Upload(io.BytesIO):
    def __init__(self, name: str, content: bytes) -> None:
        super().__init__(content)
        self.name = name


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, _env_file=None)  # type: ignore[call-arg]


def test_uploads_are_found_again_with_their_bytes_and_the_names_of_their_sender(home: Settings) -> None:
    token = incoming.keep(home, AMINA, [Upload("a list.json", b"[1]"), Upload("../../etc/passwd", b"[2]")])
    batch = incoming.open_batch(home, AMINA, token)
    assert batch is not None
    assert [path.read_bytes() for path in batch.paths] == [b"[1]", b"[2]"]
    assert list(batch.names.values()) == ["a list.json", "../../etc/passwd"]
    assert all(path.parent == home.home / "incoming" / token for path in batch.paths)


def test_a_file_that_was_read_already_is_copied_from_its_beginning(home: Settings) -> None:
    upload = Upload("list.json", b"[1, 2, 3]")
    upload.read()
    batch = incoming.open_batch(home, AMINA, incoming.keep(home, AMINA, [upload]))
    assert batch is not None
    assert batch.paths[0].read_bytes() == b"[1, 2, 3]"


def test_only_its_sender_finds_a_batch(home: Settings) -> None:
    token = incoming.keep(home, AMINA, [Upload("list.json", b"[]")])
    assert incoming.open_batch(home, OTIENO, token) is None


@pytest.mark.parametrize("token", ["", "..", "../raw", "0" * 31, "0" * 33, "A" * 32, "/etc", "0" * 32])
def test_an_address_that_is_no_batch_leads_nowhere(home: Settings, token: str) -> None:
    assert incoming.open_batch(home, AMINA, token) is None
    incoming.put_away(home, token)
    assert home.home.is_dir()


def test_only_the_owner_of_the_process_may_read_what_waits(home: Settings) -> None:
    token = incoming.keep(home, AMINA, [Upload("list.json", b"[]")])
    assert (home.home / "incoming" / token).stat().st_mode & 0o077 == 0


def test_a_batch_put_away_is_gone_and_the_samples_stay(home: Settings) -> None:
    token = incoming.keep(home, AMINA, [Upload("list.json", b"[]")])
    incoming.put_away(home, token)
    assert incoming.open_batch(home, AMINA, token) is None
    incoming.put_away(home, incoming.SAMPLES)
    samples = incoming.open_batch(home, AMINA, incoming.SAMPLES)
    assert samples is not None
    assert len(samples.paths) == 7


def test_a_batch_nobody_came_back_for_is_swept_after_a_day(home: Settings) -> None:
    token = incoming.keep(home, AMINA, [Upload("list.json", b"[]")])
    yesterday = time.time() - incoming.KEPT_SECONDS - 60
    os.utime(home.home / "incoming" / token, (yesterday, yesterday))
    newer = incoming.keep(home, AMINA, [Upload("list.json", b"[]")])
    assert incoming.open_batch(home, AMINA, token) is None
    assert incoming.open_batch(home, AMINA, newer) is not None
