"""data-subject, purge, rotate-key"""

from __future__ import annotations

import getpass
import sys
from dataclasses import asdict

from gvrc import data_subjects
from gvrc.cli.context import Call
from gvrc.data_subjects import Found
from gvrc.errors import ConfigError
from gvrc.key_rotation import rotate_key as rotate


def rotate_key(call: Call) -> int:
    """A new master key; the former opens nothing any more."""
    done = rotate(call.db, call.settings, call.actor, note=call.note)
    call.answer(done, [
        f"The master key is now {done.key_id}: {done.values} values and {done.files} files wrapped anew, {done.former_keys_destroyed} former keys destroyed.",
        "Backups made before need the former key: keep a copy of it with them, away from this machine, or make a new backup now.",
    ])
    return 0


def data_subject(call: Call) -> int:
    """A person's right to know and to be forgotten. The value is never an argument: arguments stand in the history of the shell."""
    options = call.options
    value = sys.stdin.readline().strip() if options.value_stdin or not sys.stdin.isatty() else getpass.getpass("Phone number, e-mail address, address or name: ")
    if options.action == "erase" and not (options.yes or _is_sure()):
        raise ConfigError("Nothing was erased.", "Answer with the word erase, or say --yes.")
    acts = {"find": data_subjects.find_subject, "export": data_subjects.export_subject, "erase": data_subjects.erase_subject}
    found = acts[options.action](call.db, call.settings, call.actor, value, reason=options.reason)
    call.answer(asdict(found), _lines(found, options.action))
    return call.code(findings=options.action == "find" and found.total > 0)


def _is_sure() -> bool:
    return sys.stdin.isatty() and input("This cannot be taken back. Type erase to go on: ").strip() == "erase"


def _lines(found: Found, action: str) -> list[str]:
    done = {"find": "found", "export": "found", "erase": "erased"}[action]
    return [
        f"Request {found.request_id}: {found.total} {done}.", *(f"  {place}: {count}" for place, count in found.counts.items() if count),
        *(f"  {place['facility_code']} {place['facility_name']}: {place['what']}" for place in found.places), *(f"  kept as: {value}" for value in found.values),
        *(f"  row: {row['data']}" for row in found.rows),
    ]


def purge(call: Call) -> int:
    """What is kept no longer than the retention period."""
    found = data_subjects.purge(call.db, call.settings, call.actor)
    call.answer(asdict(found), [f"{found.counts['files']} files and {found.counts['staging.raw_data']} rows deleted."])
    return 0
