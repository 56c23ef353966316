from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from gvrc.operations.health import CheckStatus, doctor, overall
from gvrc.security.crypto import KeyRing, new_key
from gvrc.settings import Settings
from gvrc.store import vault
from gvrc.store.embedded_place import left_behind
from gvrc.store.session import Database


def found(settings: Settings) -> dict[str, CheckStatus]:
    return {check.name: check.status for check in doctor(settings)}


def test_a_sound_installation_is_called_sound(settings: Settings, database: Database) -> None:
    KeyRing.load(settings)
    checks = doctor(settings)
    assert {check.name: check.status for check in checks if check.name not in ("disk", "memory", "left databases")} == dict.fromkeys(
        ["configuration", "keys", "database", "server version", "migrations", "reference data", "vault", "audit chain", "clock", "pipeline", "backup age"], CheckStatus.OK
    )
    assert all(check.hint for check in checks if check.status is not CheckStatus.OK)


def test_a_database_that_is_away_is_a_finding(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, database_url="postgresql://nobody:marker@127.0.0.1:9/none", _env_file=None)  # type: ignore[call-arg]
    checks = doctor(settings)
    assert overall(checks) is CheckStatus.FAILED
    (broken,) = [check for check in checks if check.name == "database"]
    assert broken.status is CheckStatus.FAILED
    assert broken.hint
    assert "marker" not in str(checks)


def test_missing_places_old_tables_and_an_open_key_are_findings(new_settings: Callable[[], Settings]) -> None:
    settings = new_settings()
    KeyRing.load(settings)
    (settings.home / "keys" / "master.key").chmod(0o644)
    with Database.open(settings) as db, db.owner_unit_of_work() as connection:
        connection.execute(text("delete from wards where ward_id = 1"))
        connection.execute(text("update alembic_version set version_num = '0000'"))
    status = found(settings)
    assert (status["reference data"], status["migrations"], status["keys"]) == (CheckStatus.FAILED,) * 3
    assert status["audit chain"] is CheckStatus.OK


def test_a_forged_audit_is_a_finding(settings: Settings, database: Database) -> None:
    with database.owner_unit_of_work() as connection:
        connection.execute(text("alter table audit_trail disable trigger user"))
        connection.execute(text("update audit_trail set changed_by = 'x' where audit_id = 5"))
    assert found(settings)["audit chain"] is CheckStatus.FAILED


def test_a_lost_master_key_is_a_finding(settings: Settings, database: Database) -> None:
    with database.unit_of_work() as connection:
        vault.seal_values(connection, KeyRing.of(new_key()), ["+254700000001"])
    KeyRing.load(settings)
    assert found(settings)["vault"] is CheckStatus.FAILED


def test_thresholds_out_of_order_are_a_warning(settings: Settings) -> None:
    assert found(settings.model_copy(update={"match_threshold": 0.1}))["configuration"] is CheckStatus.WARNING


def test_an_empty_database_is_a_finding_and_breaks_no_check(empty_settings: Settings) -> None:
    status = found(empty_settings)
    assert (status["database"], status["clock"]) == (CheckStatus.OK, CheckStatus.OK)
    assert (status["migrations"], status["reference data"], status["vault"], status["audit chain"]) == (CheckStatus.FAILED,) * 4


def test_databases_of_homes_that_are_gone_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The benchmarks of one week left 78 GB in databases whose homes had been removed, and nothing told of them."""
    monkeypatch.setattr("os.geteuid", lambda: 0)
    for name, home in (("kept", tmp_path), ("gone", tmp_path / "removed")):
        (tmp_path / "clusters" / name).mkdir(parents=True)
        (tmp_path / "clusters" / name / "home").write_text(f"{home}\n")
    (tmp_path / "clusters" / "older").mkdir()  # from before it was written down whose it is
    (left,) = left_behind(tmp_path / "clusters")
    assert (left.base.name, left.home) == ("gone", tmp_path / "removed")
    monkeypatch.setattr("gvrc.operations.health.left_behind", lambda: [left])
    (check,) = [check for check in doctor(Settings(home=tmp_path, database_url="postgresql://nobody@127.0.0.1:9/none", _env_file=None)) if check.name == "left databases"]  # type: ignore[call-arg]
    assert check.status is CheckStatus.WARNING
    assert str(left.home) in check.detail
    assert "mount it" in check.hint
