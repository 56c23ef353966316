"""A new master key, on a real vault and real files, killed half way too."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from gvrc.cli import main
from gvrc.errors import ConfigError, NotAllowedError
from gvrc.key_rotation import rotate_key
from gvrc.model.access import Actor, Role
from gvrc.security.crypto import KeyRing, open_sealed, seal_file
from gvrc.settings import Settings
from gvrc.store import vault
from gvrc.store.session import Database

VALUES = [f"+2547000{number:05d}" for number in range(2500)]


@pytest.fixture
def sealed(database: Database, settings: Settings, tmp_path: Path) -> dict[str, object]:
    """A vault of 2,500 values and a raw file of several chunks."""
    plain = tmp_path / "list.json"
    plain.write_bytes(os.urandom(200_000))
    target = settings.raw_dir / "ab" / "abcd"
    target.parent.mkdir(parents=True)
    seal_file(KeyRing.load(settings), plain, target)
    with database.unit_of_work() as connection:
        return {"ids": vault.seal_values(connection, KeyRing.load(settings), VALUES), "plain": plain.read_bytes(), "file": target}


def master(settings: Settings) -> str:
    return (settings.home / "keys" / "master.key").read_text(encoding="ascii")


def test_everything_opens_with_the_new_key_and_nothing_with_the_old(database: Database, settings: Settings, admin: Actor, sealed: dict[str, object]) -> None:
    old = KeyRing.load(settings)
    done = rotate_key(database, settings, admin)
    new = KeyRing.load(settings)
    assert (done.values, done.files, done.former_keys_destroyed, done.key_id) == (2500, 1, 1, new.key_id)
    assert list(new.keys) == [new.key_id] != [old.key_id]
    with database.unit_of_work() as connection:
        assert set(vault.open_values(connection, new, list(sealed["ids"].values())).values()) == set(VALUES)  # type: ignore[attr-defined]
        assert vault.seal_values(connection, new, VALUES[:3]) == {value: sealed["ids"][value] for value in VALUES[:3]}  # type: ignore[index]
        with pytest.raises(ConfigError):
            vault.open_values(connection, old, list(sealed["ids"].values())[:1])  # type: ignore[attr-defined]
        with pytest.raises(ConfigError):
            vault.seal_values(connection, old, ["+254700099999"])
    assert open_sealed(new, sealed["file"]).read() == sealed["plain"]  # type: ignore[arg-type]
    with pytest.raises(ConfigError):
        open_sealed(old, sealed["file"])  # type: ignore[arg-type]


def test_who_seals_with_a_key_that_was_changed_meanwhile_keeps_nothing(database: Database, settings: Settings, admin: Actor, sealed: dict[str, object]) -> None:
    old = KeyRing.load(settings)
    rotate_key(database, settings, admin)
    both = KeyRing(old.key_id, {**KeyRing.load(settings).keys, **old.keys})
    with pytest.raises(ConfigError), database.unit_of_work() as connection:
        vault.seal_values(connection, both, ["+254700099998"])


KILLED = """
import sys
from gvrc import key_rotation
from gvrc.model.access import Actor, Role
from gvrc.settings import load_settings
from gvrc.store.session import Database
key_rotation.BATCH = 100
settings = load_settings()
with Database.open(settings) as db:
    key_rotation.rotate_key(db, settings, Actor(user_id=1, username="admin", role=Role.ADMIN), note=lambda line: print(line, flush=True))
"""


@pytest.mark.parametrize("batches", [0, 1, 12])
def test_a_rotation_that_was_killed_is_finished_by_the_next(
    database: Database, settings: Settings, admin: Actor, sealed: dict[str, object], monkeypatch: pytest.MonkeyPatch, batches: int,
) -> None:
    environment = os.environ | {
        "GVRC_HOME": str(settings.home), "GVRC_DATABASE_URL": settings.database_url or "", "GVRC_DATABASE_OWNER_URL": settings.database_owner_url or "",
    }
    process = subprocess.Popen([sys.executable, "-c", KILLED], env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    if batches == 0:
        while not (settings.home / "keys" / "next.key").exists() and process.poll() is None and not (settings.home / "keys" / "former").exists():
            time.sleep(0.001)
    for _ in range(batches):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with database.unit_of_work() as connection:  # in between everything still opens
        assert set(vault.open_values(connection, KeyRing.load(settings), list(sealed["ids"].values())).values()) == set(VALUES)  # type: ignore[attr-defined]
    rotate_key(database, settings, admin)
    with database.unit_of_work() as connection:
        ring = KeyRing.load(settings)
        assert len(ring.keys) == 1
        assert set(vault.open_values(connection, ring, list(sealed["ids"].values())).values()) == set(VALUES)  # type: ignore[attr-defined]
        assert connection.execute(text("select count(*) from vault_keys where retired_at is null")).scalar_one() == 1
    assert open_sealed(ring, sealed["file"]).read() == sealed["plain"]  # type: ignore[arg-type]


def test_a_key_of_the_settings_is_rotated_when_its_former_lies_beside(database: Database, settings: Settings, admin: Actor, sealed: dict[str, object]) -> None:
    import base64

    theirs = settings.model_copy(update={"encryption_key": base64.b64encode(os.urandom(32)).decode()})
    with pytest.raises(ConfigError, match="GVRC_ENCRYPTION_KEY"):
        rotate_key(database, theirs, admin)
    former = settings.home / "keys" / "former" / "old.key"
    former.parent.mkdir()
    former.write_text(master(settings), encoding="ascii")
    assert rotate_key(database, theirs, admin).values == 2500
    with database.unit_of_work() as connection:
        assert len(vault.open_values(connection, KeyRing.load(theirs), list(sealed["ids"].values()))) == 2500  # type: ignore[attr-defined]


def test_only_who_manages_backups_rotates_and_the_command_names_no_key(
    database: Database, settings: Settings, admin: Actor, sealed: dict[str, object], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(NotAllowedError):
        rotate_key(database, settings, Actor(user_id=1, username="s", role=Role.DATA_STEWARD))
    monkeypatch.setenv("GVRC_DATABASE_URL", settings.database_url or "")
    monkeypatch.setenv("GVRC_HOME", str(settings.home))
    before = master(settings)
    assert main(["rotate-key", "--as", "admin"]) == 0
    said = capsys.readouterr()
    assert before.strip() not in said.out + said.err
    assert master(settings).strip() not in said.out + said.err
    assert "2500" in said.out
