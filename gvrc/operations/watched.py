"""A value that is looked at again in the background, so that who asks for it under load does not wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Watched(Generic[T]):
    """The last answer of `look`. From `renew_seconds` of age on the next reader has it renewed in a thread and takes the old one; from
    `old_seconds` on it is looked at while the reader waits. `look` must not raise where the old answer would be a lie: it answers for itself."""

    def __init__(self, look: Callable[[], T], *, renew_seconds: float, old_seconds: float) -> None:
        self._look, self._renew_seconds, self._old_seconds = look, renew_seconds, old_seconds
        self._kept: tuple[T, float] | None = None
        self._looking = threading.Lock()

    def known(self) -> T | None:
        """The answer when it is young enough, at once; None when `looked` must be called."""
        kept = self._kept
        if kept is None or self._age(kept) >= self._old_seconds:
            return None
        if self._age(kept) >= self._renew_seconds and self._looking.acquire(blocking=False):
            threading.Thread(target=self._renew, name="watch", daemon=True).start()
        return kept[0]

    def looked(self) -> T:
        """A young answer; looks itself when there is none. Many at once share one look."""
        with self._looking:
            kept = self._kept
            if kept is not None and self._age(kept) < self._renew_seconds:
                return kept[0]
            return self._keep(self._look())

    def now(self) -> T:
        """The one or the other, for who may wait."""
        known = self.known()
        return self.looked() if known is None else known

    def _renew(self) -> None:
        try:
            self._keep(self._look())
        except Exception:  # noqa: S110 (the old answer ages, and the next reader meets the error itself)
            pass
        finally:
            self._looking.release()

    def _keep(self, value: T) -> T:
        self._kept = (value, time.monotonic())
        return value

    @staticmethod
    def _age(kept: tuple[T, float]) -> float:
        return time.monotonic() - kept[1]
