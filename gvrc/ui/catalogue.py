"""The words of the screens: one catalogue per language, a folder beside this module in `words/` with a JSON file for each first part of a key.

A text is looked up by its key and filled with values. A text that depends on a number is an object with the keys `one` and `other`, chosen
by the value called `n`. Dates and numbers are written as the language writes them in the text itself (`{n:,}`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gvrc.errors import ConfigError

WORDS_DIR = Path(__file__).parent / "words"

LANGUAGES: Mapping[str, str] = {"en": "English", "sw": "Kiswahili"}
"""The languages a person may choose, each by its own name."""

# What could start a Markdown construct, a Streamlit directive (:red[..]), an icon (:material/..), LaTeX ($) or HTML.
_MARKDOWN = "\\`*_{}[]()<>#+-.!|~:$&="
_ESCAPES = str.maketrans({character: f"\\{character}" for character in _MARKDOWN} | {"\n": " ", "\r": " ", "\t": " ", "&": "&amp;", "<": "&lt;", ">": "&gt;"})
# Emoji and icon codes and bare addresses are found after the escapes are resolved, so a word joiner (invisible, no width) breaks them.
_LATE_MARKUP = re.compile(r"(:)(?=[A-Za-z+/])|(www)(?=\.)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of one language, completed by those of English for keys it does not have yet."""

    texts: Mapping[str, str | Mapping[str, str]]
    language: str = "en"

    def __call__(self, key: str, /, **values: Any) -> str:
        """The text for `key` with its values. For places that show text as it is: st.text, table cells, options."""
        return self._template(key, values).format(**values)

    def markdown(self, key: str, /, **values: Any) -> str:
        """The same for places that read Markdown (labels, captions, messages): every value is escaped, so that data stays text."""
        return self._template(key, values).format(**{name: escape_markdown(value) if isinstance(value, str) else value for name, value in values.items()})

    def __contains__(self, key: str) -> bool:
        return key in self.texts

    def or_plain(self, key: str, plain: str) -> str:
        """The text for `key` where there is one, else `plain`: for codes that data may extend (a new kind of place, a new issue)."""
        return self(key) if key in self.texts else plain

    def template(self, key: str, plain: str) -> str:
        """The text for `key` as it stands, its values not filled in, or `plain` where there is none."""
        text = self.texts.get(key, plain)
        return text if isinstance(text, str) else text["other"]

    def _template(self, key: str, values: Mapping[str, Any]) -> str:
        text = self.texts[key]
        if isinstance(text, str):
            return text
        return text["one"] if values.get("n") == 1 else text["other"]


def escape_markdown(text: str) -> str:
    """Text that Markdown shows as it is, on one line: no link, image, badge, formula, heading or HTML can come out of it."""
    return _LATE_MARKUP.sub("\\g<0>\u2060", text).translate(_ESCAPES)


def languages() -> list[str]:
    """The codes of the languages there are texts in."""
    return [code for code in LANGUAGES if (WORDS_DIR / code).is_dir()]


def load_words(language: str) -> Words:
    """The catalogue of `language`. Raises ConfigError when there is no such folder."""
    if not language.isalpha() or not (WORDS_DIR / language).is_dir():
        raise ConfigError(f"There are no screen texts for the language {language!r}.", "Set GVRC_LANGUAGE to a folder of gvrc/ui/words.")
    return Words({**read_catalogue("en"), **read_catalogue(language)}, language)


def read_catalogue(language: str) -> dict[str, str | Mapping[str, str]]:
    """Every text of one language, from the files of its folder."""
    texts: dict[str, str | Mapping[str, str]] = {}
    for path in sorted((WORDS_DIR / language).glob("*.json")):
        texts |= json.loads(path.read_text(encoding="utf-8"))
    return texts
