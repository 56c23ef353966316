from __future__ import annotations

import base64
import io
import os
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc.errors import ConfigError, DamagedFileError
from gvrc.security.crypto import KeyRing, blind_index, decrypt, encrypt, is_sealed, new_key, open_sealed, seal_file
from gvrc.settings import Settings

CHUNK = 64 * 1024


@pytest.fixture
def keyring() -> KeyRing:
    return KeyRing.of(new_key())


def sealed_file(keyring: KeyRing, folder: Path, content: bytes) -> Path:
    target = folder / "stored"
    seal_file(keyring, io.BytesIO(content), target)
    return target


@given(st.binary(), st.binary())
def test_what_is_encrypted_comes_back_and_only_for_what_it_is_bound_to(plain: bytes, bound_to: bytes) -> None:
    key = new_key()
    sealed = encrypt(key, plain, bound_to)
    assert decrypt(key, sealed, bound_to) == plain
    with pytest.raises(DamagedFileError):
        decrypt(key, sealed, bound_to + b"!")
    with pytest.raises(DamagedFileError):
        decrypt(new_key(), sealed, bound_to)


def test_the_same_text_never_looks_the_same_twice(keyring: KeyRing) -> None:
    key = new_key()
    assert encrypt(key, b"+254700000001", b"") != encrypt(key, b"+254700000001", b"")


def test_the_blind_index_is_the_same_for_the_same_value_and_key_alone() -> None:
    key = new_key()
    assert blind_index(key, "a") == blind_index(key, "a")
    assert blind_index(key, "a") != blind_index(key, "b")
    assert blind_index(key, "a") != blind_index(new_key(), "a")


def test_a_former_key_still_opens_and_a_missing_one_is_named(keyring: KeyRing) -> None:
    wrapped = keyring.wrap(b"k" * 32, b"x")
    (old,) = keyring.keys.values()
    after_rotation = KeyRing.of(new_key(), old)
    assert after_rotation.unwrap(wrapped, keyring.key_id, b"x") == b"k" * 32
    with pytest.raises(ConfigError, match=keyring.key_id):
        KeyRing.of(new_key()).unwrap(wrapped, keyring.key_id, b"x")


def test_a_key_ring_never_shows_its_keys(keyring: KeyRing) -> None:
    (key,) = keyring.keys.values()
    assert repr(key)[2:-1] not in repr(keyring)
    assert base64.b64encode(key).decode() not in repr(keyring)


def test_the_key_file_is_made_once_for_all_and_for_one_reader(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", _env_file=None)  # type: ignore[call-arg]
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(KeyRing.load(settings).key_id)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    path = tmp_path / "home" / "keys" / "master.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == ["master.key"]


def test_a_key_from_the_environment_comes_before_the_file(tmp_path: Path) -> None:
    text = base64.b64encode(b"e" * 32).decode()
    ring = KeyRing.load(Settings(home=tmp_path, encryption_key=text, _env_file=None))  # type: ignore[call-arg]
    assert ring.keys[ring.key_id] == b"e" * 32
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize("text", ["short", "!" * 44, base64.b64encode(b"x" * 31).decode()])
def test_what_is_no_key_is_refused_without_showing_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as told:
        KeyRing.load(Settings(home=tmp_path, encryption_key=text, _env_file=None))  # type: ignore[call-arg]
    assert text not in str(told.value)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 17])
def test_a_sealed_file_comes_back_byte_for_byte(keyring: KeyRing, tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    stored = sealed_file(keyring, tmp_path, content)
    assert is_sealed(stored)
    with open_sealed(keyring, stored) as plain:
        assert plain.read() == content
    assert size < 32 or content[:32] not in stored.read_bytes()


@given(st.integers(0, 3 * CHUNK), st.integers(0, 2 * CHUNK))
def test_a_sealed_file_can_be_read_from_anywhere(tmp_path_factory: pytest.TempPathFactory, start: int, length: int) -> None:
    keyring, content = KeyRing.of(b"k" * 32), bytes(range(256)) * 600
    stored = sealed_file(keyring, tmp_path_factory.getbasetemp(), content)
    with open_sealed(keyring, stored) as plain:
        plain.seek(start)
        assert plain.read(length) == content[start : start + length]


@pytest.mark.parametrize("damage", ["cut in a chunk", "cut at a chunk's end", "one bit", "chunks swapped", "header", "empty", "something else", "appended"])
def test_a_damaged_sealed_file_never_passes(keyring: KeyRing, tmp_path: Path, damage: str) -> None:
    stored = sealed_file(keyring, tmp_path, os.urandom(3 * CHUNK + 100))
    sealed = bytearray(stored.read_bytes())
    header, step = len(sealed) - (3 * (CHUNK + 16) + 116), CHUNK + 16
    flipped = bytearray(sealed)
    flipped[header + step + 5] ^= 1
    damaged = {
        "cut in a chunk": sealed[:-7],
        "cut at a chunk's end": sealed[: header + 2 * step],
        "one bit": flipped,
        "chunks swapped": sealed[:header] + sealed[header + step : header + 2 * step] + sealed[header : header + step] + sealed[header + 2 * step :],
        "header": sealed[: header - 3],
        "empty": b"",
        "something else": b'{"facilities": []}' * 50,
        "appended": sealed + b"x",
    }[damage]
    stored.write_bytes(damaged)
    with pytest.raises(DamagedFileError), open_sealed(keyring, stored) as plain:
        plain.read()


def test_a_seal_that_breaks_off_leaves_no_file(keyring: KeyRing, tmp_path: Path) -> None:
    class Breaking(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        seal_file(keyring, Breaking(), tmp_path / "stored")
    assert list(tmp_path.iterdir()) == []
