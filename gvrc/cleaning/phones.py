"""Telephone numbers in a text: which are there, which are broken, what stands around them.

A number may be written in any of the usual ways: `0722...`, `+254(0)722...`, `254...`, `+2540722...`, with spaces, dashes, dots or slashes
anywhere, several in one cell. A number counts only when Kenya's numbering plan (of the phonenumbers library) knows it; nothing is
completed or guessed: a shortened second number (`0722 000 111/222`) is told as a finding with what it may mean.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

from gvrc.model.quick import quick

LONGEST_NUMBER = 15
"""Digits of a telephone number (ITU-T E.164)."""
_LIKE_DIGITS = frozenset("OoIl")
MOST_CHUNKS = 400
"""Groups of digits of one text that are looked at."""

_KENYA = phonenumbers.PhoneMetadata.metadata_for_region("KE")


def _plan(*kinds: str) -> re.Pattern[str]:
    """Kenya's national numbers of these kinds."""
    return re.compile("|".join(f"(?:{getattr(_KENYA, kind).national_number_pattern})" for kind in kinds))


_VALID = _plan("mobile", "fixed_line", "toll_free", "premium_rate")
_MOBILE = _plan("mobile")
_TOLL_FREE = _plan("toll_free")

_TRUNK_ZERO = re.compile(r"\(\s?0\s?\)")
_DIGITS = re.compile(r"\+?\d{1,40}")
_SOFT = re.compile(r"[\s.\-\u2010-\u2015\u2212_()·']{0,6}")
_DASH = re.compile(r"[-\u2010-\u2015\u2212]")
_SLASH = re.compile(r"[\s()]{0,3}[/\\][\s()]{0,3}")
_COMMA = re.compile(r"[\s()]{0,3}[,;&][\s()]{0,3}")
_OR = re.compile(r"\s{1,3}(?:or|and|au|na)\s{1,3}", re.IGNORECASE)
_EXTENSION = re.compile(r"(?:\b|(?<=\d))(?:ext|extn|extension|x)\.?\s{0,2}$", re.IGNORECASE)
_IS_EXTENSION = re.compile(r"ext", re.IGNORECASE)
_CALLED = re.compile(r"\b(?:tel|telephone|phone|mobile|mob|cell|call|sms|whatsapp|contact|simu)s?\b\W{0,4}(?:no|number)?\W{0,4}$", re.IGNORECASE)
"""Words before a number that say it is one to call."""
_ZEROS = re.compile(r"(?<=\d)[Oo]+(?=[\dOo]*[ -]?\d)|(?<![^\W_])[Oo](?=\d{3})|(?<=\d[ .-])[Oo]{2,3}(?=[ .-]\d)")
_ONES = re.compile(r"(?<=\d)[lI](?=\d)|(?<=\d\s)[lI](?=\d)")
_MOSTLY_LETTERS = re.compile(r"(?<![^\W_])[0Oo][17lI](?:[ .-]?[0-9OoIl]){8}(?![^\W_])")
"""A whole number in which letters stand for most digits (`O7OO OOO 1O3`)."""
_AS_DIGITS = str.maketrans("OoIl", "0011")
_COUNTRY = frozenset({"254", "0254", "00254"})
_BEGINS_A_NUMBER = re.compile(r"(?:0[124-7]|254)\d{2}")


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneFind:
    """One thing found that looks like a number: `number` in E.164 when valid; `may_mean` is a completed second number of a pair
    such as `0722 000 111/222`. `start` and `end` are its place in the text."""

    start: int
    end: int
    text: str
    number: str | None = None
    may_mean: str | None = None
    is_kenyan: bool = True
    digits: str = ""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class _Chunk:
    digits: str
    start: int
    end: int
    joint: str  # how it hangs on the chunk before: soft, point, slash, comma, word, hard
    has_plus: bool
    is_dashed: bool = False  # a dash stands before it


def is_mobile(number: str) -> bool:
    """True for a Kenyan mobile number in E.164."""
    return number.startswith("+254") and _MOBILE.fullmatch(number[4:]) is not None


def is_toll_free(number: str) -> bool:
    """True for a Kenyan toll-free number in E.164."""
    return number.startswith("+254") and _TOLL_FREE.fullmatch(number[4:]) is not None


def kenyan_number(digits: str, *, allow_bare: bool) -> str | None:
    """Digits as a Kenyan number in E.164, or None. `allow_bare`: nine digits without a leading zero count too (spreadsheets drop it)."""
    national = _national(digits, allow_bare)
    return f"+254{national}" if national and _VALID.fullmatch(national) else None


def _national(digits: str, allow_bare: bool) -> str | None:
    digits = digits.removeprefix("00") if digits.startswith("00254") else digits
    digits = digits[1:] if digits.startswith("0254") else digits
    if digits.startswith("254") and len(digits) > 9:
        return digits[3:].removeprefix("0")
    if digits.startswith("0"):
        return digits[1:]
    return digits if allow_bare and len(digits) == 9 else None


@lru_cache(maxsize=4_096)
def foreign_number(digits: str) -> str | None:
    """Digits after a plus sign as a number of another country, in E.164, or None."""
    try:
        parsed = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) if phonenumbers.is_valid_number(parsed) else None


def find_phones(text: str, *, is_contact: bool) -> list[PhoneFind]:
    """Every number in a text, in order. `is_contact`: the text is a contact cell, so bare numbers count and broken ones are told;
    otherwise only what is unmistakably a Kenyan number is found."""
    text = _TRUNK_ZERO.sub(lambda found: " " * len(found[0]), text if text.isascii() else _in_plain_digits(text))
    if is_contact and not _LIKE_DIGITS.isdisjoint(text):
        text = _MOSTLY_LETTERS.sub(lambda found: found[0].translate(_AS_DIGITS), text)
        text = _ONES.sub("1", _ZEROS.sub(lambda found: "0" * len(found[0]), text))
    return list(_solve(text, list(_chunks(text, is_contact)), is_contact))


def _in_plain_digits(text: str) -> str:
    """The text with the digits of every script as 0 to 9, each in its place: `٠٧` is `07`."""
    return "".join(str(unicodedata.decimal(letter)) if letter.isdecimal() else letter for letter in text)


def _chunks(text: str, is_contact: bool) -> Iterator[_Chunk]:
    end = 0
    for count, found in enumerate(_DIGITS.finditer(text)):
        if count >= MOST_CHUNKS:
            return
        start, stop = found.span()
        between = text[end:start] if count else ""
        joint = _joint(between) if count else "hard"
        end = stop
        if not is_contact and _is_inside_word(text, start, stop):
            continue
        yield _Chunk(digits=found[0].lstrip("+"), start=start, end=stop, joint=joint, has_plus=found[0].startswith("+"), is_dashed=stop - start == 1 and _DASH.search(between) is not None)


def _is_inside_word(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    return before.isalpha() or (after.isalpha() and not _IS_EXTENSION.match(text, end)) or (before == "_" and not text[start - 2 : start - 1].isdigit())


def _joint(between: str) -> str:
    if _SOFT.fullmatch(between):
        return "point" if between == "." else "soft"
    if _SLASH.fullmatch(between):
        return "slash"
    if _COMMA.fullmatch(between):
        return "comma"
    return "word" if _OR.fullmatch(between) else "hard"


def _solve(text: str, chunks: Sequence[_Chunk], is_contact: bool) -> Iterator[PhoneFind]:
    position = 0
    last: PhoneFind | None = None
    while position < len(chunks):
        if not is_contact and _is_decimal(chunks, position):
            position += 2
            continue
        if chunks[position].start and _EXTENSION.search(text[max(0, chunks[position].start - 14) : chunks[position].start]):
            position += 1
            continue
        allow_bare = is_contact or _CALLED.search(text[max(0, chunks[position].start - 24) : chunks[position].start]) is not None
        length, numbers = _number_at(chunks, position, allow_bare)
        if not numbers and is_contact:
            length, numbers = _number_at(chunks, position, allow_bare, with_commas=True)
        if not numbers:
            length = 1 if not is_contact else _broken_length(chunks, position)
        first, final = chunks[position], chunks[position + length - 1]
        position += length
        for number in numbers:
            last = PhoneFind(start=first.start, end=final.end, text=text[first.start : final.end], number=number, is_kenyan=number.startswith("+254"))
            yield last
        if not numbers and is_contact:
            digits = "".join(chunk.digits for chunk in chunks[position - length : position])
            meant = _completed(last, digits) if first.joint in ("slash", "comma", "word") or first.is_dashed else None
            yield PhoneFind(start=first.start, end=final.end, text=text[first.start : final.end], may_mean=meant, digits=digits)


def _is_decimal(chunks: Sequence[_Chunk], position: int) -> bool:
    """`0.722000111` and `36.0722000111` are measures, not numbers to call."""
    whole = chunks[position].digits
    after = chunks[position + 1] if position + 1 < len(chunks) else None
    return after is not None and after.joint == "point" and len(after.digits) > 4 and whole != "254" and (whole == "0" or not whole.startswith("0"))


def _number_at(chunks: Sequence[_Chunk], position: int, allow_bare: bool, *, with_commas: bool = False) -> tuple[int, tuple[str, ...]]:
    """The longest number that begins at `position`: how many chunks it takes and the number, or several when they are glued together.
    `with_commas`: commas may stand inside it (`0722,000,123`)."""
    first = chunks[position]
    best: tuple[int, tuple[str, ...]] = (0, ())
    digits = ""
    for length, chunk in enumerate(chunks[position : position + 9], start=1):
        if best[1] and chunk.is_dashed:
            break  # `052-32001 - 3` is the number, and how another one ends
        if length > 1 and not (_may_join(chunk, bool(best[1]), with_commas) and not _begins_another(chunk, digits)):
            break
        digits += chunk.digits
        if len(digits) > LONGEST_NUMBER:
            break
        if number := _valid(digits, first.has_plus, allow_bare):
            best = (length, (number,))
    return best if best[1] else (1, _glued(first.digits))


def _begins_another(chunk: _Chunk, digits: str) -> bool:
    """True for a chunk that begins a number of its own behind digits that are none: the `0700-000-111` of `45 / 0700-000-111`."""
    if digits in _COUNTRY or not _BEGINS_A_NUMBER.match(chunk.digits) or len(chunk.digits) < 4:
        return False
    return chunk.joint == "slash" or not digits.startswith("0")


def _may_join(chunk: _Chunk, has_number: bool, with_commas: bool) -> bool:
    if with_commas and chunk.joint == "comma":
        return not has_number and not chunk.has_plus and not _BEGINS_A_NUMBER.match(chunk.digits)
    if chunk.has_plus or chunk.joint in ("hard", "comma", "word"):
        return False
    if not has_number:
        return True
    return chunk.joint != "slash" and not (chunk.digits.startswith(("0", "254")) and len(chunk.digits) >= 3)


def _valid(digits: str, has_plus: bool, allow_bare: bool) -> str | None:
    if has_plus and not digits.startswith(("254", "0")):
        return foreign_number(digits) if len(digits) > 7 else None
    return kenyan_number(digits, allow_bare=allow_bare)


def _glued(digits: str) -> tuple[str, ...]:
    """Two or more numbers without anything between them, or none."""
    for size in (10, 12):
        if len(digits) >= 2 * size and len(digits) % size == 0:
            parts = [kenyan_number(digits[at : at + size], allow_bare=False) for at in range(0, len(digits), size)]
            if all(parts):
                return tuple(part for part in parts if part)
    return ()


def _broken_length(chunks: Sequence[_Chunk], position: int) -> int:
    """How many chunks from `position` belong to one broken number."""
    length = 1
    while position + length < len(chunks) and chunks[position + length].joint in ("soft", "point"):
        if _number_at(chunks, position + length, allow_bare=False)[1]:
            break
        length += 1
    return length


CUT_SHORT = 5
"""Digits from which on those that begin with a zero are no ending of the number before."""


def _completed(last: PhoneFind | None, ending: str) -> str | None:
    """The number before with its last digits replaced by `ending`, when that is a Kenyan number and another one. `0700 001` is a number of its own that was cut."""
    if last is None or last.number is None or not 1 <= len(ending) <= 7 or not last.is_kenyan or (len(ending) >= CUT_SHORT and ending.startswith("0")):
        return None
    number = last.number[: -len(ending)] + ending
    return number if number != last.number and _VALID.fullmatch(number[4:]) else None
