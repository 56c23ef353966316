"""Values that a person gave a live facility: they hold against what its lists say later, until a person changes them again.

A pin of a single value is that value; of what is a list, it is per element whether it stays or goes, so that what the lists add later still shows.
Every pin tells who, when and why.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

LISTED: frozenset[str] = frozenset({"contacts", "services", "gbv_categories", "aliases"})
"""Fields of which elements are pinned one by one."""

Pins = Mapping[str, Any]


def pinned(state: Mapping[str, Any], changed: Mapping[str, Any], username: str, reason: str) -> dict[str, Any]:
    """The pins of a facility once these values are given. `state` is what it says before, with its pins."""
    said = {"by": username, "on": datetime.now(UTC).date().isoformat(), "reason": reason}
    pins = dict(state["pins"])
    for name, value in changed.items():
        if name not in LISTED:
            pins[name] = {"value": value} | said
            continue
        before, after = _by_key(name, state[name]), _by_key(name, value)
        moved = {key: {"value": element, "stays": True} | said for key, element in after.items() if before.get(key) != element}
        gone = {key: {"value": element, "stays": False} | said for key, element in before.items() if key not in after}
        pins[name] = pins.get(name, {}) | moved | gone
    return pins


def with_pins(said: Mapping[str, Any], pins: Pins) -> dict[str, Any]:
    """What a facility says, with what people gave it."""
    told = dict(said)
    for name, pin in pins.items():
        if name not in LISTED:
            told[name] = pin["value"]
            continue
        elements = _by_key(name, told[name])
        for key, element in pin.items():
            if element["stays"]:
                elements[key] = element["value"]
            else:
                elements.pop(key, None)
        told[name] = [elements[key] for key in sorted(elements)]
    told["aliases"] = [alias for alias in told["aliases"] if alias != told["name"]]
    return told


def origins_of_pins(pins: Pins) -> dict[str, Any]:
    """Where a value that a person gave comes from, as the facility's page tells it."""
    told = {}
    for name, pin in pins.items():
        last = max(pin.values(), key=lambda element: str(element["on"])) if name in LISTED else pin
        because = f": {last['reason']}" if last.get("reason") else ""
        field_name = "place" if name in ("county", "constituency", "ward") else name
        told[field_name] = {"record_key": "", "rule": "steward", "reason": f"Given by {last['by']} on {last['on']}{because}."}
    return told


def _by_key(name: str, elements: list[Any]) -> dict[str, Any]:
    """Elements of a list under what tells them apart."""
    return {f"{element[0]} {element[1]}" if name == "contacts" else str(element): element for element in elements}
