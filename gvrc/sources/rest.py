"""Pages of a REST source, one after another: retried, slowed down, never led away to another server, never without an end."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import orjson
import pybreaker
import stamina

from gvrc.errors import SourceError

if TYPE_CHECKING:
    import httpx  # loaded where it is needed: most runs read files, and it takes as long to load as a list to read

LARGEST_PAGE_BYTES = 64 * 1024 * 1024
MOST_PAGES = 100_000
MOST_REDIRECTS = 5
LONGEST_WAIT_SECONDS = 300.0
"""Longest that a server's `Retry-After` is obeyed."""
BREAKER_FAILURES, BREAKER_SECONDS = 5, 60
_NEXT_KEYS = ("next", "nextpage", "nextlink", "next_page_url", "next_url", "nexturl", "@odata.nextlink", "nextrecordsurl")
_CURSOR_KEYS = {"next_cursor": "cursor", "nextcursor": "cursor", "nextpagetoken": "pageToken", "next_page_token": "page_token"}
_HOLDERS = ("links", "_links", "meta", "metadata", "pagination", "paging", "pager", "page_info", "pageinfo", "response_metadata", "link")
_PAGE_KEYS, _LAST_KEYS = ("page", "current_page", "currentpage", "page_number"), ("pages", "total_pages", "totalpages", "last_page", "lastpage", "pagecount", "page_count")


@dataclass(frozen=True, slots=True, kw_only=True)
class RestLimits:
    """How a source is asked: tries after a failure, seconds for one answer, requests a second, bytes of all pages together."""

    retries: int = 3
    timeout_seconds: float = 30.0
    requests_per_second: float = 5.0
    total_bytes: int = 2 * 1024**3
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page as it came, decoded, and where the next one is (None: it was the last)."""

    url: str
    content: Any
    size_bytes: int
    next_url: str | None


class TemporaryFailure(Exception):
    """The server may answer better a little later. Stays inside this room."""

    def __init__(self, what: str, wait_seconds: float | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.wait_seconds = wait_seconds


@lru_cache(maxsize=256)
def breaker_for(origin: str) -> pybreaker.CircuitBreaker:
    """The circuit breaker of one server: after five failures it is left alone for a minute, then tried once."""
    return pybreaker.CircuitBreaker(fail_max=BREAKER_FAILURES, reset_timeout=BREAKER_SECONDS, exclude=[lambda error: not isinstance(error, TemporaryFailure)])


@dataclass(slots=True)
class RestPages:
    """Yields the pages of a source from `url` on. Raises SourceError; the pages yielded before stay good, and reading can go on later from the
    `next_url` of the last one. `headers` may hold a secret: it is never told in an error, and sent to the source's own server only.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    limits: RestLimits = field(default_factory=RestLimits)
    pause: Callable[[float], None] = time.sleep
    _asked_at: float = 0.0
    _received: int = 0

    def __iter__(self) -> Iterator[Page]:
        import httpx

        require_web_address(self.url)
        seen: set[str] = set()
        url: str | None = self.url
        last: Any = None
        with httpx.Client(timeout=self.limits.timeout_seconds, follow_redirects=False, headers={"accept": "application/json"}) as client:
            while url is not None:
                if url in seen or len(seen) >= MOST_PAGES:
                    raise SourceError(f"The source never ends: page {len(seen) + 1:,} is one that was read before.", "Ask its owner to mend the paging.")
                seen.add(url)
                page = self._page(client, url)
                if page.next_url is not None and page.content == last:
                    raise SourceError(f"The source gives the same page again and again (page {len(seen):,}).", "Ask its owner to mend the paging.")
                last = page.content
                yield page
                url = page.next_url

    def _page(self, client: httpx.Client, url: str) -> Page:
        """One page, tried again after failures that may pass."""
        breaker = breaker_for(origin_of(self.url))
        limits = self.limits
        try:
            for attempt in stamina.retry_context(
                on=_wait_or_stop, attempts=limits.retries + 1, timeout=None, wait_initial=limits.first_wait_seconds, wait_max=limits.longest_wait_seconds,
                wait_jitter=limits.first_wait_seconds,
            ):  # fmt: skip
                with attempt:
                    body, headers = breaker.call(self._ask, client, url)
        except pybreaker.CircuitBreakerError:
            raise SourceError(
                f"The source failed {BREAKER_FAILURES} times in a row and is left alone for a minute.", "What was read is kept; pull it again later and it goes on."
            ) from None
        except TemporaryFailure as failure:
            raise SourceError(
                f"The source could not be read after {limits.retries + 1} tries: {failure.what}.", "What was read is kept; pull it again later and it goes on."
            ) from None
        content, link = body
        next_url = next_page(url, content, link)
        if next_url is not None and origin_of(next_url) != origin_of(self.url):
            raise SourceError("The source names another server for its next page; it is not followed there.", "Set the other server up as a source if that is meant.")
        return Page(url=url, content=content, size_bytes=headers, next_url=next_url)

    def _ask(self, client: httpx.Client, url: str) -> tuple[tuple[Any, str | None], int]:
        for _ in range(MOST_REDIRECTS):
            self._keep_pace()
            answer, data = self._receive(client, url)
            if not answer.is_redirect:
                return self._decoded(answer, data), len(data)
            url = _address_behind(url, answer.headers.get("location", ""))
            if origin_of(url) != origin_of(self.url):
                raise SourceError("The source sends to another server; it is not followed there.", "Set the other server up as a source if that is meant.")
        raise SourceError("The source sends from one address to the next without end.", "Ask its owner to mend it.")

    def _keep_pace(self) -> None:
        wait = self._asked_at + 1 / self.limits.requests_per_second - time.monotonic()
        if wait > 0:
            self.pause(wait)
        self._asked_at = time.monotonic()

    def _receive(self, client: httpx.Client, url: str) -> tuple[httpx.Response, bytes]:
        """Headers and body of an answer, the body no longer than a page may be and no slower than the time limit."""
        import httpx

        data = bytearray()
        deadline = time.monotonic() + self.limits.timeout_seconds
        try:
            with client.stream("GET", url, headers=dict(self.headers)) as answer:
                for block in answer.iter_bytes():
                    data += block
                    if len(data) > LARGEST_PAGE_BYTES or self._received + len(data) > self.limits.total_bytes:
                        raise SourceError("The source sends more than is taken in from one source.", "Ask for smaller pages, or for the list as a file.")
                    if time.monotonic() > deadline:
                        raise TemporaryFailure("it answers too slowly")
        except httpx.TimeoutException:
            raise TemporaryFailure("it does not answer in time") from None
        except httpx.TransportError:
            raise TemporaryFailure("the connection failed or was cut") from None
        except (httpx.DecodingError, httpx.InvalidURL, UnicodeError):
            raise SourceError("The answer of the source cannot be understood.", "Check its address.") from None
        return answer, bytes(data)

    def _decoded(self, answer: httpx.Response, data: bytes) -> tuple[Any, str | None]:
        status = answer.status_code
        if status in (408, 425, 429) or status >= 500:
            raise TemporaryFailure(f"it answers with status {status}", _retry_after(answer.headers.get("retry-after")))
        if status in (401, 403):
            raise SourceError(f"The source refuses access (status {status}).", "Check the credentials that are set for it.")
        if status != 200:
            raise SourceError(f"The source answers with status {status}.", "Check its address.")
        try:
            content = orjson.loads(data)
        except orjson.JSONDecodeError:
            raise TemporaryFailure("its answer is no whole JSON") from None
        if not isinstance(content, dict | list):
            raise SourceError("The source gives a single value, not a list.", "Check its address.")
        self._received += len(data)
        return content, answer.links.get("next", {}).get("url")


def _wait_or_stop(error: Exception) -> bool | float:
    """Whether to try again, or after how many seconds the server asked to."""
    if not isinstance(error, TemporaryFailure):
        return False
    return True if error.wait_seconds is None else min(error.wait_seconds, LONGEST_WAIT_SECONDS)


def _retry_after(text: str | None) -> float | None:
    """Seconds of a `Retry-After` header (RFC 9110): a number, or a date."""
    if not text:
        return None
    if re.fullmatch(r"\d{1,6}", text.strip()):
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _address_behind(url: str, told: str) -> str:
    """The address that a source names. Raises SourceError when it is none (`http://[`, a port that there is not)."""
    try:
        address = urljoin(url, told)
        origin_of(address)
    except ValueError:
        raise SourceError("The answer of the source cannot be understood.", "Check its address.") from None
    return address


def origin_of(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port: what must stay the same. Raises ValueError for what is no address."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def require_web_address(url: str) -> None:
    """Raises SourceError when an address is none, or carries a password."""
    try:
        parts, (scheme, server, _) = urlsplit(url), origin_of(url)
    except ValueError:
        scheme, server = "", ""
    if scheme not in ("http", "https") or not server:
        raise SourceError("The address of the source is no web address.", "It begins with https:// and names a server.")
    if parts.username or parts.password:
        raise SourceError("The address of the source holds a password.", "Leave it out; credentials are settings of their own.")


# ---------------------------------------------------------------- where the next page is

def next_page(url: str, content: Any, link: str | None = None) -> str | None:
    """The address of the page after this one: by `Link` header, by a link in the page, by cursor, by page number; None at the end. Raises SourceError when
    what the page says makes no address."""
    import httpx

    told = link or _next_link(content)
    if told:
        return _address_behind(url, told)
    found = _next_parameter(content)
    try:
        return str(httpx.URL(url).copy_merge_params({found[0]: found[1]})) if found else None
    except (httpx.InvalidURL, UnicodeError):
        raise SourceError("The answer of the source cannot be understood.", "Check its address.") from None


def _next_link(content: Any) -> str | None:
    for holder in _holders(content):
        if isinstance(holder, list):
            found = next((item.get("url") or item.get("href") for item in holder if isinstance(item, dict) and "next" in (item.get("relation"), item.get("rel"))), None)
        else:
            value = next((value for key, value in holder.items() if key.casefold() in _NEXT_KEYS and value), None)
            found = value.get("href") or value.get("url") if isinstance(value, dict) else value
        if isinstance(found, str) and (found.startswith(("http://", "https://", "/", "?")) or "?" in found):
            return found
    return None


def _next_parameter(content: Any) -> tuple[str, str] | None:
    for holder in _holders(content):
        if not isinstance(holder, dict):
            continue
        lower = {key.casefold(): value for key, value in holder.items()}
        for key, parameter in _CURSOR_KEYS.items():
            if isinstance(lower.get(key), str | int) and lower[key] not in ("", 0, False):
                return parameter, str(lower[key])
        page = next((lower[key] for key in _PAGE_KEYS if type(lower.get(key)) is int), None)
        last = next((lower[key] for key in _LAST_KEYS if type(lower.get(key)) is int), None)
        if page is not None and last is not None:
            return ("page", str(page + 1)) if page < last else None
    return None


def _holders(content: Any) -> Iterator[Any]:
    """Where a page may speak of paging: at its top, and in the objects kept for that."""
    if isinstance(content, dict):
        yield content
        yield from (value for key, value in content.items() if key.casefold() in _HOLDERS and isinstance(value, dict | list))
