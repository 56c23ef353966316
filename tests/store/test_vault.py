from __future__ import annotations

import threading
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from gvrc.errors import ConfigError, DamagedFileError
from gvrc.security.crypto import KeyRing, new_key
from gvrc.store import vault
from gvrc.store.session import Database


@pytest.fixture
def keyring(database: Database) -> KeyRing:
    return KeyRing.load(database.settings)


def test_a_value_has_one_id_whoever_seals_it_and_comes_back(database: Database, keyring: KeyRing) -> None:
    values = ["+254700000001", "amina@example.org", "P.O. Box 1, Kwale", "+254700000001", ""]
    with database.unit_of_work() as connection:
        first = vault.seal_values(connection, keyring, values)
    with database.unit_of_work() as connection:
        second = vault.seal_values(connection, keyring, [*values, "new"])
        opened = vault.open_values(connection, keyring, second.values())
    assert first.items() <= second.items()
    assert len({*second.values()}) == 5
    assert {opened[vault_id] for vault_id in second.values()} == {*values, "new"}


def test_nothing_readable_lies_in_the_database(database: Database, keyring: KeyRing) -> None:
    with database.unit_of_work() as connection:
        vault.seal_values(connection, keyring, ["marker-value"])
        stored = connection.execute(text("select string_agg(v::text, '') || (select string_agg(k::text, '') from vault_keys k) from vault v")).scalar_one()
    assert b"marker-value".hex() not in stored
    (key,) = keyring.keys.values()
    assert key.hex() not in stored


def test_a_value_is_found_by_equality_alone(database: Database, keyring: KeyRing) -> None:
    with database.unit_of_work() as connection:
        assert vault.find(connection, keyring, "+254700000001") is None
        sealed = vault.seal_values(connection, keyring, ["+254700000001"])
        assert vault.find(connection, keyring, "+254700000001") == sealed["+254700000001"]
        assert vault.find(connection, keyring, "+254700000002") is None


def test_an_erased_value_is_gone_everywhere_and_can_come_anew(database: Database, keyring: KeyRing) -> None:
    with database.unit_of_work() as connection:
        old = vault.seal_values(connection, keyring, ["+254700000001"])["+254700000001"]
        assert vault.erase(connection, [old]) == 1
        assert vault.open_values(connection, keyring, [old]) == {}
        assert vault.find(connection, keyring, "+254700000001") is None
        assert vault.seal_values(connection, keyring, ["+254700000001"])["+254700000001"] != old
        audited = connection.execute(text("select new_values from audit_trail where table_name = 'vault'")).scalars().all()
    assert [set(values) for values in audited] == [{"erased_at", "ciphertext", "blind_index"}]


def test_swapped_and_changed_rows_do_not_open(database: Database, keyring: KeyRing) -> None:
    with database.unit_of_work() as connection:
        ids = list(vault.seal_values(connection, keyring, ["a", "b"]).values())
        connection.execute(
            text("update vault set ciphertext = (select v.ciphertext from vault v where v.vault_id = :other), wrapped_key = (select v.wrapped_key from vault v where v.vault_id = :other) where vault_id = :one"),
            {"one": ids[0], "other": ids[1]},
        )
        with pytest.raises(DamagedFileError):
            vault.open_values(connection, keyring, [ids[0]])


def test_another_master_key_is_told_and_makes_no_second_index(database: Database, keyring: KeyRing) -> None:
    with database.unit_of_work() as connection:
        vault.seal_values(connection, keyring, ["a"])
    with pytest.raises(ConfigError, match=keyring.key_id), database.unit_of_work() as connection:
        vault.seal_values(connection, KeyRing.of(new_key()), ["a"])


def test_two_who_seal_the_same_values_at_once_get_the_same_ids(database: Database, keyring: KeyRing) -> None:
    values = [f"+2547000{number:05d}" for number in range(300)]
    found: list[dict[str, uuid.UUID]] = []

    def seal(order: list[str]) -> None:
        with database.unit_of_work() as connection:
            found.append(vault.seal_values(connection, keyring, order))

    threads = [threading.Thread(target=seal, args=(order,)) for order in (values, values[::-1], values[100:] + values[:100])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 3
    assert found[0] == found[1] == found[2]


@given(st.uuids())
def test_a_reference_leads_back_to_its_id(vault_id: uuid.UUID) -> None:
    assert vault.id_in(vault.reference_to(vault_id)) == vault_id


@pytest.mark.parametrize("value", [None, "", "vault:", "vault:x", "+254700000001"])
def test_what_is_no_reference_leads_nowhere(value: str | None) -> None:
    assert vault.id_in(value) is None
