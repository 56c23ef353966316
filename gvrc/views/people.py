"""Personal values on their way to a screen: opened in bulk, masked for those who may not see them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gvrc.model.record import PERSONAL_FIELDS, ContactType
from gvrc.security.crypto import KeyRing
from gvrc.security.masking import HIDDEN, mask_contact, mask_email, mask_name, mask_phone
from gvrc.store import vault
from gvrc.store.codec import VAULT_PREFIX, is_sealed, replace_texts
from gvrc.store.session import Connection, Database

_TOKEN = re.compile(r"\{?(vault:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\}?")
_NUMBER = re.compile(r"\+?\d(?:[ \-()/.]{0,3}\d){8,14}")
"""A run of nine to fifteen digits as people write telephone numbers. Each digit follows the last within three characters."""
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_LONGEST_SCANNED = 20_000
"""Characters of one text that are searched for personal data; of a longer text only as much is shown."""


class Opened:
    """Vault values opened for one answer."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def value(self, reference: str) -> str:
        """The value behind `vault:<id>`; a text that is none comes back, an erased value is empty."""
        return self._values.get(reference, "") if is_sealed(reference) else reference

    def contact(self, contact_type: str, reference: str, *, is_clear: bool) -> str:
        """A contact, masked unless `is_clear`."""
        value = self.value(reference)
        return value if is_clear else mask_contact(ContactType(contact_type), value)

    def text(self, text: str | None, field_name: str, *, is_clear: bool) -> str | None:
        """Any text: vault ids in it opened; personal data in it masked unless `is_clear`."""
        if text is None:
            return None
        if VAULT_PREFIX in text:
            hide = _mask_of(field_name)
            text = _TOKEN.sub(lambda found: self._token(found.group(1), hide, is_clear=is_clear), text)
        return text if is_clear else masked_text(text)

    def _token(self, reference: str, hide: Callable[[str], str], *, is_clear: bool) -> str:
        value = self.value(reference)
        return value if is_clear else hide(value)

    def anything(self, value: Any, field_name: str, *, is_clear: bool) -> Any:
        """A JSON value with every text in it treated as `text` does."""
        return replace_texts(value, lambda text: self.text(text, field_name, is_clear=is_clear) or "")


def open_all(conn: Connection, db: Database, values: Iterable[Any]) -> Opened:
    """Open every vault id found anywhere in these JSON values, in one query."""
    references: set[str] = set()
    for value in values:
        replace_texts(value, lambda text: _collect(text, references))
    ids = {identity: reference for reference in references if (identity := vault.id_in(reference)) is not None}
    if not ids:
        return Opened({})
    found = vault.open_values(conn, KeyRing.load(db.settings), ids.keys())
    return Opened({ids[identity]: value for identity, value in found.items()})


def _collect(text: str, references: set[str]) -> str:
    if "vault:" in text:
        references.update(_TOKEN.findall(text))
    return text


def masked_text(text: str) -> str:
    """Free text with telephone numbers and e-mail addresses in it masked."""
    shown = text[:_LONGEST_SCANNED]
    shown = _ADDRESS.sub(lambda found: mask_email(found.group()), shown) if "@" in shown else shown
    return _NUMBER.sub(lambda found: mask_phone(found.group()), shown)


def _mask_of(field_name: str) -> Callable[[str], str]:
    if field_name == "officer":
        return mask_name
    return _mask_any if field_name in PERSONAL_FIELDS - {"address"} else _hidden


def _mask_any(value: str) -> str:
    if "@" in value:
        return mask_email(value)
    return mask_phone(value) if any(char.isdigit() for char in value) else HIDDEN


def _hidden(_value: str) -> str:
    return HIDDEN
