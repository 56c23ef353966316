"""Encryption of personal values and of files at rest.

AES-256-GCM throughout. Each value and each file has a data key of its own, wrapped by the master key, so that changing the master key rewraps
keys and never touches what they protect, and destroying one wrapped key destroys one value. Equality is answered by a blind index,
HMAC-SHA256 under an index key that survives the change of the master key.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import io
import os
import shutil
import struct
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gvrc.errors import ConfigError, DamagedFileError
from gvrc.settings import Settings

KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
_WRAPPED_BYTES = _NONCE_BYTES + KEY_BYTES + _TAG_BYTES


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The master key in use, named `key_id`, and former ones that can still open what they sealed."""

    key_id: str
    keys: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def load(cls, settings: Settings) -> KeyRing:
        """The keys of this installation: GVRC_ENCRYPTION_KEY, else the key file of the data home, made at the first call (mode 0600).

        Former keys lie in `keys/former`. Raises ConfigError when a key cannot be read or is no key.
        """
        folder = settings.home / "keys"
        current = _decode(settings.encryption_key, "GVRC_ENCRYPTION_KEY") if settings.encryption_key else _key_file(folder / "master.key")
        former = [_decode(path.read_text(encoding="ascii"), path.name) for path in sorted((folder / "former").glob("*.key"))]
        return cls.of(current, *former)

    @classmethod
    def of(cls, current: bytes, *former: bytes) -> KeyRing:
        """A ring of these keys, the first in use."""
        return cls(key_name(current), {key_name(key): key for key in (current, *former)})

    def wrap(self, data_key: bytes, bound_to: bytes) -> bytes:
        """A data key as it may be kept: sealed by the master key in use and bound to what it belongs to."""
        return encrypt(self.keys[self.key_id], data_key, bound_to)

    def seal(self, texts: Iterable[tuple[str, bytes]]) -> Iterator[tuple[bytes, bytes]]:
        """Each text as it may be kept, with its data key wrapped: what `encrypt` under a new key and `wrap` give, both bound to the bytes behind the text."""
        master, size = AESGCM(self.keys[self.key_id]), KEY_BYTES + 2 * _NONCE_BYTES
        told = list(texts)
        all_drawn = os.urandom(size * len(told))  # once for all
        for begin, (text, bound_to) in zip(range(0, len(all_drawn), size), told, strict=True):
            drawn = all_drawn[begin : begin + size]
            data_key, nonce, outer = drawn[:KEY_BYTES], drawn[KEY_BYTES:-_NONCE_BYTES], drawn[-_NONCE_BYTES:]
            yield nonce + AESGCM(data_key).encrypt(nonce, text.encode("utf-8"), bound_to), outer + master.encrypt(outer, data_key, bound_to)

    def unwrap(self, wrapped: bytes, key_id: str, bound_to: bytes) -> bytes:
        """The data key again. Raises ConfigError when the master key is not on the ring, DamagedFileError when the bytes were changed."""
        master = self.keys.get(key_id)
        if master is None:
            raise ConfigError(f"The master key {key_id} is missing.", "Bring back the key file of the data home, or set GVRC_ENCRYPTION_KEY to that key.")
        return decrypt(master, wrapped, bound_to)


def begin_rotation(settings: Settings) -> KeyRing | None:
    """The ring of the next master key before it is in use: the new key first, the one in use second. Begun before, it goes on with the same
    new key. None when the key of the settings (GVRC_ENCRYPTION_KEY) has been changed already and its former lies in `keys/former`.

    Raises ConfigError when the key in use comes from the settings and no former key is there to rotate from.
    """
    folder = settings.home / "keys"
    if settings.encryption_key:
        if not list((folder / "former").glob("*.key")):
            raise ConfigError(
                "The master key comes from GVRC_ENCRYPTION_KEY.",
                f"Write the key in use to {folder / 'former' / 'old.key'} (mode 0600), set GVRC_ENCRYPTION_KEY to a new one, and run it again.",
            )
        return None
    current = KeyRing.load(settings)
    if not (folder / "next.key").exists() and len(current.keys) > 1:
        return None  # the new key is in use already, and the former one not yet done with
    fresh = _key_file(folder / "next.key")
    return KeyRing.of(fresh, *current.keys.values())


def adopt_next_key(settings: Settings) -> None:
    """Put the next master key in use; the former stays in `keys/former` until `forget_former_keys`. Safe at any moment of a crash."""
    folder = settings.home / "keys"
    following = folder / "next.key"
    if not following.exists():
        return
    former = folder / "former" / f"{key_name(_key_file(folder / 'master.key'))}.key"
    former.parent.mkdir(mode=0o700, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.link(folder / "master.key", former)
    os.replace(following, folder / "master.key")


def forget_former_keys(settings: Settings) -> int:
    """Destroy the former master keys: from now on nothing opens with them. Returns how many there were."""
    former = list((settings.home / "keys" / "former").glob("*.key"))
    for path in former:
        path.unlink()
    return len(former)


def key_name(key: bytes) -> str:
    """The public name of a key: it tells keys apart and nothing about them."""
    return hashlib.sha256(b"gvrc key name" + key).hexdigest()[:16]


def new_key() -> bytes:
    """Thirty-two random bytes."""
    return os.urandom(KEY_BYTES)


def encrypt(key: bytes, plain: bytes, bound_to: bytes) -> bytes:
    """Nonce, ciphertext and tag in one. `bound_to` must be the same when decrypting."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to)


def decrypt(key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    """The plain bytes. Raises DamagedFileError when anything was changed, cut or swapped."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to)
    except (InvalidTag, ValueError):
        raise DamagedFileError("An encrypted value was changed or belongs to another key.", "Restore it from a backup.") from None


def blind_index(index_key: bytes, value: str) -> bytes:
    """The same thirty-two bytes for the same value, worth nothing without the index key."""
    return hmac.digest(index_key, value.encode("utf-8"), "sha256")


def blind_indexes(index_key: bytes, values: Iterable[str]) -> dict[str, bytes]:
    """The blind index of each value. The key is taken in once for all."""
    keyed = hmac.new(index_key, digestmod="sha256")
    found: dict[str, bytes] = {}
    for value in values:
        one = keyed.copy()
        one.update(value.encode("utf-8"))
        found[value] = one.digest()
    return found


def _decode(text: str, named: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigError(f"{named} is no master key.", "It is 32 random bytes in base64: `openssl rand -base64 32`.")
    return key


def _key_file(path: Path) -> bytes:
    """The key in this file, made when missing; when two processes make it at once, both get the same."""
    try:
        if not path.exists():
            _write_key(path)
        return _decode(path.read_text(encoding="ascii"), str(path))
    except OSError as error:
        raise ConfigError(f"The key file {path} cannot be used: {error.strerror or error}.", "Check that this user may read and write the data home.") from error


def _write_key(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, partial = tempfile.mkstemp(dir=path.parent, prefix=".master")  # mode 0600
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(base64.b64encode(new_key()).decode() + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(partial, path)  # fails when another process was first, and never overwrites
    except FileExistsError:
        pass
    finally:
        os.unlink(partial)


# ------------------------------------------------------------------------------------------------------------------ files

_MAGIC = b"GVRCF\x01"
_CHUNK_BYTES = 64 * 1024
_PREFIX_BYTES = 7
_KEY_NAME_BYTES = 16
_HEADER_BYTES = len(_MAGIC) + _KEY_NAME_BYTES + _WRAPPED_BYTES + _PREFIX_BYTES
_COUNTER = struct.Struct(">IB")
"""Chunk number and whether it is the last one, the rest of each nonce: chunks can be neither swapped nor cut off
(the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015)."""


def is_sealed(path: Path) -> bool:
    """Whether a file was written by `seal_file`."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def rewrap_file(keyring: KeyRing, path: Path) -> bool:
    """Wrap a file's own key anew by the master key in use, whole or not at all; what it protects stays as it is. False when there is nothing
    to do. Raises what `open_sealed` raises."""
    with path.open("rb") as raw:
        header = raw.read(_HEADER_BYTES)
        named, wrapped = _named_key(header)
        key_id = named[len(_MAGIC) :].decode("ascii", "replace")
        if key_id == keyring.key_id:
            return False
        fresh = _MAGIC + keyring.key_id.encode("ascii")
        rewrapped = fresh + keyring.wrap(keyring.unwrap(wrapped, key_id, named), fresh) + header[-_PREFIX_BYTES:]
        _replace(path, lambda file: _copy_after(raw, file, rewrapped))
    return True


def _copy_after(raw: BinaryIO, file: BinaryIO, header: bytes) -> None:
    file.write(header)
    shutil.copyfileobj(raw, file, 1 << 20)


def _named_key(header: bytes) -> tuple[bytes, bytes]:
    """What names the master key at the beginning of a sealed file, and the wrapped key after it."""
    if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
        raise DamagedFileError("The stored file is not one that was encrypted here, or it was cut off.", "Upload the file again.")
    named = header[: len(_MAGIC) + _KEY_NAME_BYTES]
    return named, header[len(named) : len(named) + _WRAPPED_BYTES]


def seal_file(keyring: KeyRing, source: Path | BinaryIO, target: Path) -> None:
    """Writes the content of `source` encrypted to `target`, whole or not at all. Takes 64 KB of memory whatever the size."""
    if isinstance(source, Path):
        with source.open("rb") as plain:
            return seal_file(keyring, plain, target)
    target.parent.mkdir(parents=True, exist_ok=True)
    _replace(target, lambda sealed: _seal(keyring, source, sealed))
    return None


def _replace(target: Path, write: Callable[[BinaryIO], None]) -> None:
    """Write a file beside the target and put it in the target's place when it is whole and on disk."""
    descriptor, partial = tempfile.mkstemp(dir=target.parent, prefix=".sealing-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, target)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise


def open_sealed(keyring: KeyRing, path: Path) -> BinaryIO:
    """A readable, seekable stream of the plain content.

    Raises DamagedFileError at once when the file is no sealed file or was cut short, and on reading a chunk that was changed; ConfigError
    when its master key is missing.
    """
    raw = path.open("rb")
    try:
        return io.BufferedReader(_Unsealing(keyring, raw), buffer_size=_CHUNK_BYTES)
    except BaseException:
        raw.close()
        raise


def _seal(keyring: KeyRing, plain: BinaryIO, sealed: BinaryIO) -> None:
    data_key, prefix = new_key(), os.urandom(_PREFIX_BYTES)
    header = _MAGIC + keyring.key_id.encode("ascii")
    sealed.write(header + keyring.wrap(data_key, header) + prefix)
    cipher, number, chunk = AESGCM(data_key), 0, _read_chunk(plain)
    while True:
        following = _read_chunk(plain) if len(chunk) == _CHUNK_BYTES else b""
        is_last = not following
        sealed.write(cipher.encrypt(prefix + _COUNTER.pack(number, is_last), chunk, None))
        if is_last:
            return
        number, chunk = number + 1, following


def _read_chunk(file: BinaryIO) -> bytes:
    """A whole chunk, however small the pieces the stream gives."""
    parts, missing = [], _CHUNK_BYTES
    while missing and (part := file.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


class _Unsealing(io.RawIOBase):
    """Decrypts chunk by chunk; keeps one chunk."""

    def __init__(self, keyring: KeyRing, raw: BinaryIO) -> None:
        self._raw = raw
        header = raw.read(_HEADER_BYTES)
        named, wrapped = _named_key(header)
        self._cipher = AESGCM(keyring.unwrap(wrapped, named[len(_MAGIC) :].decode("ascii", "replace"), named))
        self._prefix = header[-_PREFIX_BYTES:]
        body = raw.seek(0, io.SEEK_END) - _HEADER_BYTES
        self._chunks = max(1, -(-body // (_CHUNK_BYTES + _TAG_BYTES)))
        self._number, self._chunk = -1, b""
        self._position = 0
        # The last chunk says that it is the last: a file cut at a chunk's end is found out here and not after everything was read.
        self._size = (self._chunks - 1) * _CHUNK_BYTES + len(self._load(self._chunks - 1))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._position >= self._size:
            return 0
        number, offset = divmod(self._position, _CHUNK_BYTES)
        part = self._load(number)[offset : offset + len(buffer)]
        buffer[: len(part)] = part
        self._position += len(part)
        return len(part)

    def close(self) -> None:
        self._raw.close()
        super().close()

    def _load(self, number: int) -> bytes:
        if number != self._number:
            self._raw.seek(_HEADER_BYTES + number * (_CHUNK_BYTES + _TAG_BYTES))
            sealed = self._raw.read(_CHUNK_BYTES + _TAG_BYTES)
            nonce = self._prefix + _COUNTER.pack(number, number == self._chunks - 1)
            try:
                self._chunk, self._number = self._cipher.decrypt(nonce, sealed, None), number
            except (InvalidTag, ValueError):
                raise DamagedFileError("The stored file was changed or cut off.", "Upload the file again, or restore it from a backup.") from None
        return self._chunk
