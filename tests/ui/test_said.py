"""Every sentence of the program that can reach a screen stands in Kiswahili too: they are taken from the source, filled with sample values, and told.

A sentence is a text of the source that ends with a full stop, and whatever is raised as an error's detail or hint. Who adds one adds its text to
gvrc/ui/words/{en,sw}/{trouble,damage,machine,told,mapped}.json.
"""

from __future__ import annotations

import ast
import itertools
import os
import re
import string
from collections.abc import Iterable, Iterator, Mapping
from errno import EACCES, ENOENT, ENOSPC
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc import errors
from gvrc.checks.catalogue import CATALOGUE
from gvrc.commit import risks, units
from gvrc.commit import write as commit_write
from gvrc.matching import explain, memory
from gvrc.security.permissions import DEEDS, ROLE_LABELS
from gvrc.settings import PROJECT_DIR
from gvrc.sources import json_stream, mapping, strange_files
from gvrc.store import registry, session
from gvrc.ui import told
from gvrc.ui.catalogue import load_words
from gvrc.ui.recognised import MOST_SENTENCES, read, templates
from tests.sources import test_damaged_files

ENGLISH, KISWAHILI = load_words("en"), load_words("sw")
SAMPLE = "12"

UNSEEN = {
    "cli": "the command line's own", "api": "the answers of the API", "store/migrations": "told by gvrc upgrade", "docs.py": "makes pages of the documentation", "settings.py": "told at start",
    "setup.py": "told at start", "logs.py": "told at start", "ui/server.py": "told at start", "ui/catalogue.py": "told at start", "ui/oidc.py": "told in the log; the screen says its own",
    "data_subjects.py": "gvrc data-subject", "subject_text.py": "gvrc data-subject", "key_rotation.py": "gvrc rotate-key", "match_files.py": "gvrc match-files",
    "matching/columns.py": "faults of a caller in Python", "model": "faults of a caller in Python", "operations/metrics.py": "read by Prometheus",
    "checks/catalogue.py": "message.json, issue.json", "views/fhir.py": "FHIR", "views/reconcile.py": "OpenRefine",
}
"""Rooms whose sentences no screen shows, or shows by other keys, and why."""
UNSEEN_SENTENCES = {
    "chmod 600 '12'": "a command stands as it is",
    "The master key comes from GVRC_ENCRYPTION_KEY.": "gvrc rotate-key",
    "Write the key in use to 12 (mode 0600), set GVRC_ENCRYPTION_KEY to a new one, and run it again.": "gvrc rotate-key",
    "12 records in: 12 ready, 12 to review, 12 held, 12 set aside.": "the command line and the API; the receipt has texts of its own",
    "Sign in first.": "the bare answer to a program without a sign-in",
}
ERRORS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.GvrcError)} | {"CheckpointMoved"}
RAISED = ERRORS | {"Damage", "Check", "Breach", "Conflict", "Proposal", "KnownName", "BrokenText", "_ok", "_warning", "_nothing", "TemporaryFailure"}
SPOKEN = {"detail", "hint", "message", "sentence", "reason", "what"}


def rooms() -> Iterator[Path]:
    for path in sorted((PROJECT_DIR / "gvrc").rglob("*.py")):
        name = path.relative_to(PROJECT_DIR / "gvrc").as_posix()
        if not any(name == unseen or name.startswith(f"{unseen}/") for unseen in UNSEEN):
            yield path


def sentences_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    comments = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    within = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node) if part is not node}
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in comments | within]
    whole = {text.strip() for node in texts for text in filled(node) if is_sentence(text.strip())}
    raised = {text for node in ast.walk(tree) if isinstance(node, ast.Call) for argument in spoken(node) for text in filled(argument) if text.strip(SAMPLE + " ")}
    return whole | raised


def is_sentence(text: str) -> bool:
    return text.endswith(".") and " " in text and "\n" not in text and (text[:1].isupper() or text[:1] in f"“`{SAMPLE}") and not text.isupper()


def spoken(call: ast.Call) -> Iterator[ast.expr]:
    """What a call that tells something tells."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id if isinstance(call.func, ast.Name) else ""
    if name in RAISED:
        yield from call.args[:2] if name in ERRORS else call.args[1:3] if name in ("_ok", "_warning") else call.args[:1]
        yield from (keyword.value for keyword in call.keywords if keyword.arg in SPOKEN)


def filled(node: ast.expr) -> list[str]:
    """A text of the source with sample values in it; one for each way a choice within it may go."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.IfExp):
        return filled(node.body) + filled(node.orelse)
    if isinstance(node, ast.JoinedStr):
        return ["".join(parts) for parts in itertools.product(*(filled(part) or [SAMPLE] for part in node.values))]
    if isinstance(node, ast.FormattedValue):
        return (filled(node.value) or [SAMPLE]) if isinstance(node.value, ast.IfExp) else [SAMPLE]
    return []


PARTS: Mapping[str, Iterable[str]] = {
    "{}": [
        *json_stream._REASONS.values(), *(reason for _, reason in json_stream._KNOWN_MISTAKES), *explain._UNKNOWN.values(), *units.HOLD_WORDS.values(), *memory.ASPECTS.values(),
        *session._HINTS.values(), *commit_write.REFUSALS.values(), *risks.TIER_WORDS.values(), *registry._INVARIANTS,
    ],
    "The file is {}, not a list of records.": [what for _, what, *_ in (*strange_files._MAGIC, *strange_files._ZIPPED, *strange_files._LANGUAGES)],
    "its values are {}": [mapping._in_words(name) for name in ("ward", "phone", "latitude", "services", "contact", "opening_hours")],
    "/3 is {}, not a record.": [json_stream._kind_in_words(value) for value in (None, "Tiwi", True, 1, 0.5, [], object())],
    "The file breaks off near line 3: {}.": [
        "invalid control character at", "unterminated string starting at",
        *(f"the file ends in the middle of it, {where}" for where in ("behind a field name", "behind a value", "where a value should follow", "where a field name should follow")),
    ],
    "You {} at 10:12.": ["took the answer back", "answered this with Same"],
    "{} in common: Tiwi / Diani": ["Surroundings", "No surroundings"],
    "The text seems to hold {}.": ["a survivor", "a diagnosis"],
    "Your role (viewer) may not {}.": DEEDS.values(),
    "Your role ({}) may not commit.": [label.lower() for label in ROLE_LABELS.values()],
    "It could not be looked at: {}.": [os.strerror(number) for number in (EACCES, ENOENT, ENOSPC)],
}
"""Sentences and the parts of them that stand in tables of the program."""

COMPOSED = {
    "12 was changed meanwhile. 12": "HOS-000012 was changed meanwhile. amina changed name, kind of place, standing at 10:12 on 3 May.",
    "12 changed 12 at 12.": "amina changed nothing that shows at 10:12 on 3 May.",
    "There is no such 12.": "There is no such commit. There is no such place in the registry.",
    "This request was 12 already by 12.": "This request was applied already by amina. This request was declined already by amina. This request was withdrawn already by amina.",
    "12 does not stand any more12.": "HOS-000012 does not stand any more: it was merged into HOS-000013. HOS-000014 does not stand any more: it was retired.",
    "12 does not stand any more12. Un-merge it first.": "HOS-000012 does not stand any more: it was retired. Un-merge it first.",
    "It agrees with the administrative place chosen.": "Known to one record only. It agrees with the administrative place chosen.",
    "12 One role owns the tables and does the work.": "PostgreSQL 18.1, embedded. One role owns the tables and does the work.",
    "12 That was 12 days ago.": "9,120 rows in 12 links, unbroken. That was 3 days ago.",
    "12 Verified 12.": "9,120 rows in 12 links, unbroken. Verified 3 May, 10:12.",
    "12: 12. Places that stand there want a file of their own.": "Left out, for it does not read like a list of places: /a and /b. Places that stand there want a file of their own.",
    "Line 12 12.": "Line 12 holds no record. Line 13 is nested too deeply.",
    "12 after the end of the list, near line 12; it was not read.":
        "Zero bytes follow after the end of the list, near line 12; it was not read. Something else follows after the end of the list, near line 13; it was not read. "
        "A piece of a web page follows after the end of the list, near line 14; it was not read.",
    "12 is 12.": "/3 is nested too deeply. The only one is a text, not a record.",
    "12 with 12 of this kind were read.":
        "Behind the end of the list, from near line 7 on, 1 more document with 1 record of this kind were read. "
        "Behind the end of the list, from near line 7 on, 2 more documents with 3 records of this kind were read.",
    "Near line 12, 12.": "Near line 12, in record 4 (/a/St. Mary), “]” was expected, but the file ends there.",
    "Near line 12, 12; reading goes on near line 12.": "Near line 12, in record 4 (the only one), a comma or a closing bracket is missing; reading goes on near line 20.",
    "12 and upload it again: records already taken are recognised.":
        "Mend these places in the file and upload it again: records already taken are recognised. Ask for the complete file and upload it again: records already taken are recognised.",
    "12, whose centre is the nearest to its point.": "The record names Tiwi in Matuga, whose centre is the nearest to its point.",
    "12, 12 above all.": "Match score 0.91, the name above all.",
    "12; since then 12 changed.": "amina said Same on 3 May 2026; since then the name changed.",
    "12; since then the evidence changed.": "amina said Same on 3 May 2026; since then the evidence changed.",
}
"""Sentences that the source makes of parts, and whole examples of them."""

OF_THE_CHECKS = {text for kind in CATALOGUE.values() for text in (kind.template, kind.title, kind.description)}
FROM_SOURCE = set().union(*map(sentences_of, rooms()))
SAID = sorted(
    FROM_SOURCE - {*UNSEEN_SENTENCES, *COMPOSED, *OF_THE_CHECKS} | set(COMPOSED.values()) | {whole.format(part) for whole, parts in PARTS.items() for part in parts}
)


def test_every_sentence_that_can_reach_a_screen_stands_in_kiswahili_and_in_english_as_it_is() -> None:
    assert [each for each in SAID if told.told(KISWAHILI, each) == each] == []
    assert [each for each in SAID if told.told(ENGLISH, each) != each] == []


def test_no_part_of_a_sentence_stays_english_within_it() -> None:
    within = [part for whole, parts in PARTS.items() for part in parts if whole != "{}" and not part.isupper() and re.search(rf"(?<!\w){re.escape(part)}(?!\w)", told.told(KISWAHILI, whole.format(part)))]
    assert within == []


def test_what_is_left_out_is_there() -> None:
    assert [name for name in UNSEEN if not (PROJECT_DIR / "gvrc" / name).exists()] == []
    assert sorted({*UNSEEN_SENTENCES, *COMPOSED} - FROM_SOURCE) == []


def test_no_text_lies_unused() -> None:
    """Each is found in a sentence of the source, or what it says by itself stands there."""
    source = " ".join(path.read_text(encoding="utf-8") for path in (PROJECT_DIR / "gvrc").rglob("*.py"))
    used = {key for each in SAID for key in keys_in(each)}
    assert [key for key in templates() if key not in used and longest_literal(templates()[key]) not in source] == []


def keys_in(text: str) -> Iterator[str]:
    for key, values in read(text):
        yield key
        yield from (inner for value in values.values() for inner in keys_in(value))


def longest_literal(text: str) -> str:
    return max((literal for literal, *_ in string.Formatter().parse(text)), key=len).strip(" :;,.()")


HOSTILE = st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=40) | st.sampled_from([
    "Nothing would change.", "St. Mary. Nothing would change.", "{n}", "{reason}", "%s {0} {who}", "a) and (b", "it was retired", "<b>Kwale</b>", "[x](http://example.org)", "the file ends there",
])  # fmt: skip


@given(HOSTILE)
def test_data_within_a_sentence_stands_as_it_is(value: str) -> None:
    for sentence in ("There is no REST source “{}”.", "“{}” is known to mean “Kwale”.", "The list {} came out at quality 40; the target is 60."):
        text = sentence.format(value)
        assert value in told.told(KISWAHILI, text)
        assert told.told(ENGLISH, text) == text


@pytest.mark.parametrize(("sentence", "expected"), [
    ("Run 7 failed. The embedded database was stopped.", "Mzunguko 7 umeshindwa. Hifadhidata iliyomo ndani ilisimamishwa."),
    ("Nothing tells what kind of place this is. Nearest kinds: Police Station, none.", "Hakuna kinachoonyesha mahali hapa ni pa aina gani. Aina za karibu: Kituo cha Polisi, hakuna."),
    ("Run 7 failed. Something nobody wrote down.", "Mzunguko 7 umeshindwa. Something nobody wrote down."),
    ("Nothing would change. Something nobody wrote down.", "Nothing would change. Something nobody wrote down."),
    ("Your role (data analyst) may not see contacts.", "Jukumu lako (mchambuzi wa data) haliruhusu kuona mawasiliano bila kufichwa."),
    ("With these values something else would stand: heading, not a place, no county.", None),
    ("The file is damaged: Near line 4, in record 2 (/1), the file ends there.", "Faili imeharibika: Karibu na mstari 4, katika rekodi 2 (/1), faili inaishia hapo."),
])  # fmt: skip
def test_sentences_are_told_one_by_one_and_all_or_none(sentence: str, expected: str | None) -> None:
    said = told.told(KISWAHILI, sentence)
    assert said == expected if expected is not None else "heading" not in said


def test_what_is_wrong_with_each_damaged_file_is_told_whole(tmp_path: Path) -> None:
    assert [each for name, case in test_damaged_files.CASES.items() for each in said_of(tmp_path / name, case.content) if told.told(KISWAHILI, each) == each] == []


def said_of(path: Path, content: bytes) -> list[str]:
    path.write_bytes(content)
    try:
        _, damage = test_damaged_files.read(path)
    except errors.GvrcError as error:
        return [error.detail, error.hint]
    return [text for item in damage for text in (item.detail, item.hint)]


def test_a_text_of_very_many_sentences_stands_as_it_is() -> None:
    text = " ".join(["Nothing would change."] * (MOST_SENTENCES + 2))
    assert told.told(KISWAHILI, text) == text
