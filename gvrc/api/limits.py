"""How often one token or address may call: counted in this process, or in a file that several workers share."""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from gvrc.errors import ConfigError
from gvrc.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`requests` of one token or address without a token, `failures`: wrong tokens of one address."""

    requests: RateLimitItem
    failures: RateLimitItem
    counter: SlidingWindowCounterRateLimiter

    @classmethod
    def of(cls, settings: Settings, shared: Path | None = None) -> Limits:
        """`shared` is the folder of workers that count together. Raises ConfigError when a limit cannot be read."""
        storage = SharedCounts(None if shared is None else shared / "counts")
        try:
            requests, failures = parse(settings.api_rate_limit), parse(settings.api_failed_tokens_limit)
        except ValueError as error:
            raise ConfigError("A rate limit of the API cannot be read.", "Write it as 1200/minute or 20/second.") from error
        return cls(requests=requests, failures=failures, counter=SlidingWindowCounterRateLimiter(storage))

    def wait_seconds(self, name: str) -> int:
        """Counts a request; 0 when it may go on, else how long to wait."""
        return self._hit(self.requests, name)

    def wait_after_failure(self, address: str) -> int:
        """Counts a wrong token of an address; 0 while it may try another at once."""
        return self._hit(self.failures, f"failed {address}")

    def _hit(self, item: RateLimitItem, name: str) -> int:
        if self.counter.hit(item, name):
            return 0
        return max(1, round(self.counter.get_window_stats(item, name).reset_time - time.time()))


_SLOT = struct.Struct("<8sqII")
_SLOTS, _BUCKET = 8192, 8


class SharedCounts(MemoryStorage):
    """The sliding window counters of `limits` in a memory-mapped table under a file lock, since none of its own storages is shared by the
    processes of one machine without another server; its memory does not grow with the names that a flood comes under.

    A name has one of the eight slots of its bucket: digest, number of the current window, counts of the previous and of the current window. Where
    eight busy names meet in a bucket, the one that was quiet longest is forgotten. Called from one thread of each process.
    """

    def __init__(self, path: Path | None) -> None:
        """Counts in this file; in memory of this process alone without one."""
        super().__init__()
        self._file = os.memfd_create("counts") if path is None else os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.ftruncate(self._file, _SLOTS * _SLOT.size)
        self._table = mmap.mmap(self._file, _SLOTS * _SLOT.size)

    def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Counts when there is room; see `limits.storage.base.SlidingWindowCounterSupport`."""
        now = time.time()
        with self._locked():
            offset, previous, current = self._look(key, expiry, now)
            if int(previous * _left(now, expiry) + current) + amount > limit:
                return False
            _SLOT.pack_into(self._table, offset, _digest(key), int(now // expiry), previous, current + amount)
            return True

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """Previous count and seconds until it counts no more, current count and seconds until it is the previous one's past."""
        now = time.time()
        with self._locked():
            _, previous, current = self._look(key, expiry, now)
        left = _left(now, expiry) * expiry
        return previous, left if previous else 0.0, current, left + expiry if current else 0.0

    def _look(self, key: str, expiry: int, now: float) -> tuple[int, int, int]:
        """Where the name's slot is, or the slot that it may have, and its counts as of this window."""
        digest, window = _digest(key), int(now // expiry)
        first = int.from_bytes(digest, "little") % (_SLOTS // _BUCKET) * _BUCKET
        quietest, quietest_window = first, window + 1
        for slot in range(first, first + _BUCKET):
            known, its_window, previous, current = _SLOT.unpack_from(self._table, slot * _SLOT.size)
            if known == digest:
                counts = (previous, current) if its_window == window else (current, 0) if its_window == window - 1 else (0, 0)
                return slot * _SLOT.size, *counts
            if its_window < quietest_window:
                quietest, quietest_window = slot, its_window
        return quietest * _SLOT.size, 0, 0

    def __del__(self) -> None:
        os.close(self._file)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        fcntl.lockf(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN)


def _digest(key: str) -> bytes:
    return hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=8).digest()


def _left(now: float, expiry: int) -> float:
    """Which share of the current window is still to come."""
    return 1 - (now % expiry) / expiry
