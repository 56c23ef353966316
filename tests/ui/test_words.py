"""The catalogue of words: every key that code asks for exists, none lies unused, and data never becomes markup."""

from __future__ import annotations

import ast
import json
import re
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc.checks.catalogue import CATALOGUE
from gvrc.errors import ConfigError
from gvrc.reference.vocabularies import load_vocabularies
from gvrc.settings import PROJECT_DIR
from gvrc.ui import show, told
from gvrc.ui.catalogue import WORDS_DIR, escape_markdown, load_words, read_catalogue
from gvrc.ui.recognised import FAMILIES
from gvrc.views.records import IssueView

ENGLISH = read_catalogue("en")
SCRIPTS = sorted([*(PROJECT_DIR / "gvrc" / "ui").glob("*.py"), *(PROJECT_DIR / "pages").glob("*.py")])
ASKING = {"say", "words", "markdown", "or_plain", "template"}
PAGE_TEXTS = ("title", "lead")
KEY = re.compile(r"[a-z_]+(\.[a-z_]+)+")
FAMILY = re.compile(r"[a-z_]+\\\.")
GENERIC = {r"[a-z_]+\.title", r"[a-z_]+\.lead", r"[a-z_]+\.done"}  # completed by show.heading and questions.nothing_left, counted where these are called


def asked_keys(script: Path) -> tuple[set[str], set[str]]:
    """Keys that the script asks for by name, and patterns of keys that it completes with values."""
    whole: set[str] = set()
    patterns: set[str] = set()
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
        last = node.args[-1]
        if name == "heading" and isinstance(last, ast.Constant):
            whole |= {f"{last.value}.{text}" for text in PAGE_TEXTS}
        if name == "nothing_left" and isinstance(last, ast.Constant):
            whole.add(f"{last.value}.done")
        if name in ASKING:
            for argument in alternatives(node.args[0]):
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and KEY.fullmatch(argument.value):
                    whole.add(argument.value)
                elif isinstance(argument, ast.JoinedStr) and FAMILY.match(pattern_of(argument)):
                    patterns.add(pattern_of(argument))
    return whole, patterns


def alternatives(argument: ast.expr) -> list[ast.expr]:
    return [argument.body, argument.orelse] if isinstance(argument, ast.IfExp) else [argument]


def pattern_of(text: ast.JoinedStr) -> str:
    return "".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else "[a-z_]+" for part in text.values)


ALL_WHOLE = set().union(*(asked_keys(script)[0] for script in SCRIPTS))
ALL_PATTERNS = set().union(*(asked_keys(script)[1] for script in SCRIPTS)) - GENERIC | {rf"{family}\.[a-z_]+" for family in FAMILIES if family != "message"}


def completes(pattern: str, key: str) -> bool:
    return re.fullmatch(pattern, key) is not None


def test_every_key_that_a_screen_asks_for_has_words() -> None:
    assert sorted(ALL_WHOLE - set(ENGLISH)) == []


def test_every_family_of_keys_that_a_screen_completes_has_words() -> None:
    assert sorted(pattern for pattern in ALL_PATTERNS if not any(completes(pattern, key) for key in ENGLISH)) == []


def test_no_words_lie_unused() -> None:
    assert sorted(key for key in ENGLISH if key not in ALL_WHOLE and not any(completes(pattern, key) for pattern in ALL_PATTERNS)) == []


def test_a_key_stands_in_the_file_of_its_first_part() -> None:
    for path in sorted(WORDS_DIR.glob("*/*.json")):
        assert {key.partition(".")[0] for key in json.loads(path.read_text(encoding="utf-8"))} == {path.stem}, path.name


def test_every_text_can_be_filled() -> None:
    for key, texts in ENGLISH.items():
        for text in [texts] if isinstance(texts, str) else [texts["one"], texts["other"]]:
            assert text.strip(), key
            for _, name, spec, _ in string.Formatter().parse(text):
                assert name is None or name.isidentifier(), f"{key}: {name}"
                assert not spec or spec == ",", key


def test_a_language_without_words_is_refused() -> None:
    with pytest.raises(ConfigError):
        load_words("xx")
    with pytest.raises(ConfigError):
        load_words("../en")


def test_a_count_chooses_between_one_and_other() -> None:
    key = next(key for key, text in ENGLISH.items() if isinstance(text, dict) and set(names_in(text["other"])) == {"n"})
    words = load_words("en")
    assert words(key, n=1) != words(key, n=2)


def names_in(text: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(text) if name]


@given(st.text(max_size=200))
def test_text_that_was_escaped_starts_no_markup(text: str) -> None:
    escaped = escape_markdown(text)
    assert "\n" not in escaped
    assert "<" not in escaped
    for character in "[]*_`$#|~":
        position = -1
        while (position := escaped.find(character, position + 1)) >= 0:
            assert escaped[position - 1] == "\\"


def test_values_are_escaped_where_markdown_is_read_and_left_alone_where_it_is_not() -> None:
    words = load_words("en")
    key = next(key for key, text in ENGLISH.items() if isinstance(text, str) and names_in(text) == ["name"])
    assert "[x](http" in words(key, name="[x](https://example.org)")
    assert "[x](http" not in words.markdown(key, name="[x](https://example.org)")


LANGUAGES = sorted(folder.name for folder in WORDS_DIR.iterdir() if folder.is_dir())


def forms(text: object) -> dict[str, str]:
    return {"": text} if isinstance(text, str) else dict(text)  # type: ignore[call-overload]


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_a_language_says_what_english_says_with_the_same_values(language: str) -> None:
    texts = read_catalogue(language)
    assert set(texts) <= set(ENGLISH)
    for key, text in texts.items():
        assert forms(text).keys() == forms(ENGLISH[key]).keys(), key
        for form, words in forms(text).items():
            assert placeholders(words) == placeholders(forms(ENGLISH[key])[form]), key
            assert words.strip(), key


def placeholders(text: str) -> set[tuple[str, str]]:
    return {(name, how or "") for _, name, how, _ in string.Formatter().parse(text) if name is not None}


def test_every_text_is_there_in_kiswahili_with_the_same_values_in_it() -> None:
    kiswahili = read_catalogue("sw")
    assert set(kiswahili) == set(ENGLISH)
    values = {key: (values_in(ENGLISH[key]), values_in(kiswahili[key])) for key in ENGLISH}
    assert {key: told for key, told in values.items() if told[0] != told[1]} == {}


def values_in(text: object) -> set[str]:
    """The names of the values that a text, or all its forms of number together, takes in."""
    forms = text.values() if isinstance(text, dict) else [text]
    return {name for form in forms for _, name, _, _ in string.Formatter().parse(str(form)) if name}


@pytest.mark.parametrize(("family", "names"), [("kind", ("facility_types",)), ("service", ("services",)), ("status", ("operational_statuses",)), ("owner", ("owners", "owner_types")), ("visibility", ("visibilities",)), ("category", ("gbv_categories",))])
def test_the_terms_of_the_lists_are_called_as_there(family: str, names: tuple[str, ...]) -> None:
    lists = [getattr(load_vocabularies(), name) for name in names]
    assert words_of(family) == {code: each.label(code) for each in lists for code in each.terms}


def words_of(family: str) -> dict[str, object]:
    return {key.removeprefix(f"{family}."): text for key, text in ENGLISH.items() if key.startswith(f"{family}.")}


def test_the_message_of_an_issue_is_that_of_the_catalogue_of_checks_and_tells_the_same_in_kiswahili() -> None:
    assert words_of("message") == {code: kind.template for code, kind in CATALOGUE.items()}
    issue = IssueView(
        code="row.too_long", title="", severity="info", field_name="description", value=None, message="The description is 4000 characters long.", suggestion=None, state="open", told={"length": 4000, "longest": 2000}
    )
    english, kiswahili = (told.issue_message(load_words(code), issue) for code in ("en", "sw"))
    assert english == issue.message
    assert "herufi 4000" in kiswahili
    assert load_words("sw")("field.description") in kiswahili


def test_what_was_added_to_a_list_is_called_as_there() -> None:
    assert show.kind_word(load_words("sw"), "a_kind_of_tomorrow") == "a_kind_of_tomorrow"
    assert show.kind_word(load_words("sw"), "hospital") == "Hospitali"
    assert show.kind_word(load_words("sw"), None) == show.ABSENT


def test_the_kinds_of_issue_are_called_as_in_the_catalogue_of_checks() -> None:
    assert {key.removeprefix("issue."): text for key, text in ENGLISH.items() if key.startswith("issue.")} == {code: kind.title for code, kind in CATALOGUE.items()}
