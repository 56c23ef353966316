"""Dirt with known truth: ways in which lists write telephone numbers, points, place names and headings, each with what it should become.

Names of units are the official ones; every contact is invented (`+254 700 000 nnn`, `+254 20 2000 nnn`, `@example.org`).
"""

from __future__ import annotations

import random
from collections.abc import Callable

TYPOS: tuple[Callable[[str, random.Random], str], ...] = (
    lambda text, chance: _without(text, chance.randrange(1, max(2, len(text)))),
    lambda text, chance: _doubled(text, chance.randrange(1, max(2, len(text)))),
    lambda text, chance: _turned(text, chance.randrange(1, max(2, len(text) - 1))),
    lambda text, chance: _other_vowel(text, chance),
)


def _without(text: str, at: int) -> str:
    return text[:at] + text[at + 1 :]


def _doubled(text: str, at: int) -> str:
    return text[:at] + text[at - 1] + text[at:]


def _turned(text: str, at: int) -> str:
    return text[:at] + text[at + 1 : at + 2] + text[at] + text[at + 2 :] if at + 1 < len(text) else text


def _other_vowel(text: str, chance: random.Random) -> str:
    vowels = [index for index, letter in enumerate(text) if letter in "aeiou" and index]
    if not vowels:
        return text
    at = chance.choice(vowels)
    return text[:at] + chance.choice("aeiou") + text[at + 1 :]


def misspelt(text: str, chance: random.Random) -> str:
    """The text with one slip of the hand; its first letter stays."""
    return chance.choice(TYPOS)(text, chance) if len(text) > 4 else text


def mobile(number: int) -> str:
    """An invented mobile number in E.164."""
    return f"+254700{number % 1_000_000:06d}"


def landline(number: int) -> str:
    """An invented Nairobi number in E.164."""
    return f"+25420200{number % 10_000:04d}"


MOBILE_FORMS: tuple[str, ...] = (
    "0{n}", "0{a} {b} {c}", "0{a}-{b}-{c}", "0{a}.{b}.{c}", "0{a} {b}{c}", "0{a}-{b}{c}", "0{a}/{b}{c}", "+254{n}", "+254 {a} {b} {c}", "+254-{a}-{b}-{c}", "254{n}", "254 {a} {b} {c}",
    "{n}", "{a} {b} {c}", "+254(0){n}", "+254 (0) {a} {b} {c}", "+2540{n}", "00254{n}", "(+254) {n}", "+(254){n}", "+ 254 {n}", "(0{a}) {b} {c}", "Tel: 0{n}", "Tel.0{n}", "Mob 0{n}", "Cell: 0{a} {b} {c}",
    "tel:+254{n}", "0{n}.", "'0{n}", "{n}.0", "254{n}.0", "0{a}\u00a0{b}\u00a0{c}", "0{a}–{b}–{c}", "+254\u2011{a}\u2011{b}{c}", "0{a}_{b}_{c}", "0{a},{b},{c}", "O{n}", "07OO{c6}", "0{n} (OCS)", "OCS-0{n}", "0{n}/WhatsApp",
    "0{n} call or sms", "Phone 1: 0{n}", "[0{n}]", "0{n}ext12", "\t0{n}\n", "07 00 {c2}",
)  # fmt: skip
"""Ways to write one mobile number in a contact cell; `{n}` are its nine national digits, `{a}{b}{c}` the same in threes."""

LANDLINE_FORMS: tuple[str, ...] = ("020 {l}", "020-{l}", "(020) {l}", "+254 20 {l}", "+254-20-{l}", "254 20 {l}", "020{l}", "020/{l}", "020-{l} ext 45", "020 {l} Ext. 4501", "Office: 020-{l}")
TOLL_FREE_FORMS: tuple[str, ...] = ("0800 720 {t}", "0800720{t}", "0800-720-{t}", "Toll free 0800 720 {t}", "+254 800 720 {t}")
TEXT_FORMS: tuple[str, ...] = (
    "0{n}", "0{a} {b} {c}", "0{a}-{b}-{c}", "+254{n}", "+254 {a} {b} {c}", "254{n}", "+254(0){n}", "(0{a}) {b} {c}", "0{a}.{b}.{c}", "+2540{n}", "Tel {n}", "0{a}–{b}–{c}", "+254 (0) {a} {b} {c}",
)  # fmt: skip
"""Ways in which a number stands in a name, address or remark."""
JOINTS: tuple[str, ...] = (" / ", "/", ", ", ",", "; ", " or ", " and ", " & ", " | ", "\n", " ", " - ", "  ", "&", ";")


def written_mobile(number: int, form: str) -> str:
    """A number of `mobile` as a list writes it."""
    n = mobile(number)[4:]
    return form.format(n=n, a=n[:3], b=n[3:6], c=n[6:], c2=f"{n[3:5]} {n[5:7]} {n[7:]}"[0:8], c6=n[3:])


def written_landline(number: int, form: str) -> str:
    return form.format(l=landline(number)[6:])


EMAIL_FORMS: tuple[tuple[str, bool], ...] = (
    ("{u}@example.org", True), ("{U}@EXAMPLE.ORG", True), ("Email: {u}@example.org", True), ("<{u}@example.org>", True), ("{u} @example.org", True), ("{u}@ example.org", True), ("mailto:{u}@example.org", True),
    ("{u}(at)example.org", True), ("{u} [at] example.org", True), ("{u}@@example.org", True), ("{u}@example.org;", True), ("{u}(at)example(dot)org", True), ("{u}[at]example[dot]org", True), ("{u} at example dot org", True),
    ("{u}@example,org", False), ("{u}@example..org", False), ("{u}@example org", False),
)  # fmt: skip
"""Ways to write an e-mail address, and whether it can be read at once; the others can only be suggested."""


def point_forms(latitude: float, longitude: float, chance: random.Random) -> dict[str, object]:
    """One way to write a point, as raw canonical values."""
    lat, lon = f"{latitude:.5f}", f"{longitude:.5f}"
    dms_lat, dms_lon = _dms(latitude, "NS"), _dms(longitude, "EW")
    forms: tuple[dict[str, object], ...] = (
        {"latitude": latitude, "longitude": longitude}, {"latitude": lat, "longitude": lon}, {"latitude": lon, "longitude": lat}, {"latitude": lat.replace(".", ","), "longitude": lon.replace(".", ",")},
        {"coordinates": f"{lat}, {lon}"}, {"coordinates": f"{lat} {lon}"}, {"coordinates": f"{lat};{lon}"}, {"coordinates": f"({lat}, {lon})"}, {"coordinates": f"POINT({lon} {lat})"}, {"coordinates": f"POINT ({lon} {lat})"},
        {"coordinates": [longitude, latitude]}, {"coordinates": {"type": "Point", "coordinates": [longitude, latitude]}}, {"coordinates": {"lat": latitude, "lng": longitude}}, {"coordinates": f"{lon}, {lat}"},
        {"coordinates": f"Lat: {lat}, Long: {lon}"}, {"coordinates": f"{lat.replace('.', ',')} {lon.replace('.', ',')}"}, {"coordinates": f"geo:{lat},{lon}"}, {"coordinates": f"https://maps.google.com/?q={lat},{lon}"},
        {"coordinates": f"https://www.google.com/maps/@{lat},{lon},15z"}, {"coordinates": f"{lat},{lon},1650"}, {"coordinates": f"{dms_lat} {dms_lon}"}, {"coordinates": f"{dms_lat}, {dms_lon}"},
        {"latitude": dms_lat, "longitude": dms_lon}, {"latitude": dms_lat.replace("°", " ").replace("'", " ").replace('"', ""), "longitude": dms_lon.replace("°", " ").replace("'", " ").replace('"', "")},
        {"coordinates": f"{abs(latitude):.5f}° {'S' if latitude < 0 else 'N'}, {lon}° E"}, {"coordinates": f"{'S' if latitude < 0 else 'N'} {abs(latitude):.5f} E {lon}"}, {"latitude": f"{abs(latitude):.5f}{'S' if latitude < 0 else 'N'}", "longitude": f"{lon}E"},
        {"latitude": f"{lat}°", "longitude": f"{lon}°"}, {"latitude": f" {lat} ", "longitude": f"{lon} "}, {"latitude": lat.replace("-", "−"), "longitude": lon}, {"latitude": lat.replace("-", "- "), "longitude": lon},
        {"latitude": f"{lat}, {lon}", "longitude": ""}, {"latitude": f"{lat}, {lon}", "longitude": f"{lat}, {lon}"}, {"coordinates": f"[{lon}, {lat}]"}, {"latitude": lat, "longitude": f"{longitude / 10:.7f}E+01"},
    )  # fmt: skip
    return chance.choice(forms)


def _dms(degrees: float, letters: str) -> str:
    """Degrees, minutes and seconds to a tenth (about three metres)."""
    whole, rest = divmod(abs(degrees), 1)
    minutes, part = divmod(rest * 60, 1)
    return f"{int(whole)}°{int(minutes)}'{part * 60:.1f}\"{letters[degrees < 0]}"
