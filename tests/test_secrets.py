"""Secrets that were planted in the environment: in no message, no log and no description of the settings, whatever goes wrong."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from gvrc import logs
from gvrc.cli import main
from gvrc.settings import load_settings

SECRETS = {
    "GVRC_DATABASE_URL": "postgresql://gvrc_app:zq-app-password@127.0.0.1:9/nowhere", "GVRC_DATABASE_OWNER_URL": "postgresql://gvrc_owner:zq-owner-password@127.0.0.1:9/nowhere",
    "GVRC_ENCRYPTION_KEY": "enEtc2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXE=", "GVRC_OIDC_CLIENT_SECRET": "zq-client-secret", "GVRC_METRICS_TOKEN": "zq-metrics-token",
    "GVRC_ALERT_CHANNELS": "json://alert:zq-channel-password@127.0.0.1:9/",
}
MARKS = ("zq-", "enEtc2VjcmV0")


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data home, and an environment full of secrets whose database is away."""
    monkeypatch.setenv("GVRC_HOME", str(tmp_path / "home"))
    for variable, secret in SECRETS.items():
        monkeypatch.setenv(variable, secret)
    return tmp_path / "home"


def leaks(*told: str) -> list[tuple[str, str]]:
    return [(mark, text) for text in told for mark in MARKS if mark in text]


@pytest.mark.usefixtures("planted")
def test_the_settings_do_not_tell_their_secrets() -> None:
    settings = load_settings()
    assert "zq-app-password" in (settings.database_url or "")  # they are really there
    assert leaks(repr(settings), str(settings), f"{settings}") == []


def test_a_database_that_is_away_is_told_without_its_password(planted: Path, capfd: pytest.CaptureFixture[str]) -> None:
    main(["doctor"])
    assert main(["runs", "--as", "admin"]) != 0
    said = capfd.readouterr()
    assert "cannot be reached" in said.out
    assert leaks(said.out, said.err, *(path.read_text(encoding="utf-8") for path in planted.rglob("*.log*") if path.is_file())) == []


def test_a_wrong_address_of_a_database_is_told_without_its_password(planted: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    for wrong in ("postgresql://gvrc_app:zq-app-password@", "zq-password", "postgresql://gvrc_app:zq-pass word@host:port/x", "mysql://a:zq-password@host/x"):
        monkeypatch.setenv("GVRC_DATABASE_URL", wrong)
        assert main(["runs", "--as", "admin"]) != 0
    said = capfd.readouterr()
    assert leaks(said.out, said.err, *(path.read_text(encoding="utf-8") for path in planted.rglob("*") if path.is_file() and "log" in path.name)) == []


def test_settings_that_are_logged_are_logged_without_their_secrets(planted: Path, capfd: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("some.library").warning("started with %r", load_settings())
    event = logs.redact(None, "", {"event": "started", "settings": repr(load_settings()), "database_url": SECRETS["GVRC_DATABASE_URL"]})
    said = capfd.readouterr()
    assert leaks(said.out, said.err, str(event)) == []
