"""A quick class is a frozen dataclass in everything but the time it takes to build."""

from __future__ import annotations

import copy
import inspect
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvrc.model.quick import quick
from gvrc.model.record import Contact, ContactType, FieldChange, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    key: str
    number: int = 3
    parts: dict[str, str] = field(default_factory=dict)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Quick:
    key: str
    number: int = 3
    parts: dict[str, str] = field(default_factory=dict)


@given(st.text(), st.integers(), st.dictionaries(st.text(), st.text()))
def test_it_holds_what_the_plain_one_holds(key: str, number: int, parts: dict[str, str]) -> None:
    one, other = Quick(key=key, number=number, parts=parts), Plain(key=key, number=number, parts=parts)
    assert [getattr(one, each.name) for each in fields(one)] == [getattr(other, each.name) for each in fields(other)]
    assert one == Quick(key=key, number=number, parts=parts)
    assert type(one) is Quick


def test_it_is_frozen_and_takes_only_its_own_fields_by_name() -> None:
    one = Quick(key="a")
    with pytest.raises(FrozenInstanceError):
        one.key = "b"  # type: ignore[misc]
    for wrong in (lambda: Quick("a"), lambda: Quick(key="a", other=1), lambda: Quick()):  # type: ignore[misc, call-arg]
        with pytest.raises(TypeError):
            wrong()
    assert inspect.signature(Quick).parameters.keys() == inspect.signature(Plain).parameters.keys()


def test_defaults_are_made_anew_for_each() -> None:
    assert Quick(key="a").parts is not Quick(key="a").parts
    assert Quick(key="a").number == 3


def test_it_can_be_replaced_copied_and_sent_to_another_process() -> None:
    contact = Contact(contact_type=ContactType.PHONE, value="+254700000111")
    change = FieldChange(field_name="name", before="x", after="y", stage="transform", rule="name-case")
    record = Record(record_key="a", source="b", pointer="/0", contacts=(contact,), changes=(change,))
    assert replace(record, name="Kisumu").name == "Kisumu"
    assert pickle.loads(pickle.dumps(record)) == record == copy.deepcopy(record)
    assert hash(contact) == hash(Contact(contact_type=ContactType.PHONE, value="+254700000111"))


def test_a_class_that_checks_itself_is_refused() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Checked:
        key: str

        def __post_init__(self) -> None:
            raise ValueError

    with pytest.raises(TypeError):
        quick(Checked)
