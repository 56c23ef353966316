"""The bar on telephone numbers: every way of writing them, in cells, between other words, several in one cell; none invented.

    python -m benchmarks.intake.phones
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.intake.dirt import (
    JOINTS,
    LANDLINE_FORMS,
    MOBILE_FORMS,
    TEXT_FORMS,
    TOLL_FREE_FORMS,
    landline,
    mobile,
    written_landline,
    written_mobile,
)
from benchmarks.intake.rows import Row, at_least, at_most, show
from gvrc.cleaning.contacts import contacts_in_text, parse_contacts
from gvrc.model.record import Contact, ContactType

SENTENCES = ("Located behind the market, {} at night", "{} Tumaini Centre", "TUMAINI CENTRE {}", "P.O. Box 12-00100 Nairobi, {}", "Open 8am to 5pm Mon-Fri. Ask for the desk: {}", "Plot 45, Moi Avenue ({})")
NO_NUMBERS = (
    "P.O. Box 722000111", "Plot LR 12345/67", "-1.28333, 36.81667", "Reg. No 0722000111234", "12/03/2021", "ID 22334455", "07", "0722 00", "254", "1,200,000", "KES 700,000", "Level 4", "2019-2023", "0.722000111", "ISBN 9780700000",
)  # fmt: skip
ROUNDS = 40


def cells(chance: random.Random) -> Iterator[tuple[str, set[str]]]:
    """Contact cells with the numbers in them."""
    for _ in range(ROUNDS):
        for form in MOBILE_FORMS:
            number = chance.randint(0, 999)
            yield written_mobile(number, form), {mobile(number)}
        for form in LANDLINE_FORMS:
            number = chance.randint(0, 999)
            yield written_landline(number, form), {landline(number)}
        for form in TOLL_FREE_FORMS:
            number = chance.randint(100, 999)
            yield form.format(t=number), {f"+254800720{number}"}
        for joint in JOINTS:
            one, other = chance.sample(range(1000), 2)
            forms = chance.choices(MOBILE_FORMS[:13], k=2)
            yield joint.join((written_mobile(one, forms[0]), written_mobile(other, forms[1]))), {mobile(one), mobile(other)}


def texts(chance: random.Random) -> Iterator[tuple[str, set[str]]]:
    """Sentences with the numbers in them."""
    for _ in range(ROUNDS // 4):
        for form in TEXT_FORMS:
            for sentence in SENTENCES:
                number = chance.randint(0, 999)
                yield sentence.format(written_mobile(number, form)), {mobile(number)}


def numbers(contacts: tuple[Contact, ...]) -> set[str]:
    return {contact.value for contact in contacts if contact.contact_type is ContactType.PHONE}


def rows(seed: int = 11) -> list[Row]:
    """The figures of this module."""
    in_cells = [(numbers(parse_contacts({"contact": text}).contacts), wanted) for text, wanted in cells(random.Random(seed))]
    in_texts = [(numbers(contacts_in_text(text, "description").contacts), wanted) for text, wanted in texts(random.Random(seed))]
    every = in_cells + in_texts
    invented = sum(bool(found - wanted) for found, wanted in every) + sum(bool(numbers(contacts_in_text(text, "description").contacts)) for text in NO_NUMBERS)
    return [
        at_least("phones in contact cells found", sum(len(found & wanted) for found, wanted in in_cells), sum(len(wanted) for _, wanted in in_cells), 0.99),
        at_least("phones in names, addresses and remarks found", sum(len(found & wanted) for found, wanted in in_texts), sum(len(wanted) for _, wanted in in_texts), 0.99),
        at_most("texts with a number that is none of theirs", invented, len(every) + len(NO_NUMBERS), 0.0),
    ]


if __name__ == "__main__":
    show(rows())
