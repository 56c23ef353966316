"""Personal values as they are shown to those who may not see them."""

from __future__ import annotations

import re

from gvrc.model.record import ContactType

HIDDEN = "***"
_SHORT_CODE_DIGITS = 5
"""Hotlines up to this length (116, 1195, 999) are numbers of the public, not of a person."""


def mask_contact(contact_type: ContactType, value: str) -> str:
    """A contact, masked by its kind. Public short codes stay readable."""
    if contact_type is ContactType.EMAIL:
        return mask_email(value)
    if contact_type in (ContactType.PHONE, ContactType.HOTLINE):
        return mask_phone(value)
    return HIDDEN


def mask_phone(value: str) -> str:
    """`+254712345678` as `+254***678`; a number too short to hide anything in is hidden whole."""
    digits = re.sub(r"\D", "", value)
    if value.strip() == digits and 0 < len(digits) <= _SHORT_CODE_DIGITS:
        return digits
    if len(digits) < 9:
        return HIDDEN
    return f"{'+' if value.lstrip().startswith('+') else ''}{digits[:3]}{HIDDEN}{digits[-3:]}"


def mask_email(value: str) -> str:
    """`achieng.z@example.org` as `a***z@example.org`; one letter before the @ is hidden too."""
    name, at, domain = value.strip().rpartition("@")
    if not at or not name or not domain:
        return HIDDEN
    return f"{name[0]}{HIDDEN}{name[-1]}@{domain}" if len(name) > 2 else f"{HIDDEN}@{domain}"


def mask_name(value: str) -> str:
    """`Jane Wanjiku Doe` as `J. W. D.`"""
    return " ".join(f"{word[0].upper()}." for word in value.split() if word[0].isalpha()) or HIDDEN
