"""The configuration files that ship are read, and say what they are for."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gvrc.errors import ConfigError
from gvrc.settings import PROJECT_DIR, Settings, load_settings

SHIPPED = sorted((PROJECT_DIR / "config").glob("*.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_file_is_read_and_names_its_environment(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GVRC_CONFIG", "")  # put back afterwards: reading a file names it there for the processes a command starts
    monkeypatch.delenv("GVRC_ENVIRONMENT", raising=False)
    settings = load_settings(path)
    assert settings.environment == path.stem
    assert not {"encryption_key", "database_url", "database_owner_url"} & {line.partition(":")[0] for line in path.read_text().splitlines()}


def test_the_environment_goes_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GVRC_CONFIG", "")
    monkeypatch.setenv("GVRC_BATCH_SIZE", "7")
    assert load_settings(PROJECT_DIR / "config" / "production.yaml").batch_size == 7
    assert Settings.model_fields["batch_size"].default == 50


def test_the_three_environments_ship() -> None:
    assert [path.stem for path in SHIPPED] == ["development", "production", "staging"]


def test_times_are_told_in_the_zone_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    noon = datetime(2026, 11, 25, 12, tzinfo=UTC)
    load_settings(timezone="America/Lima")
    assert f"{noon.astimezone():%H:%M}" == "07:00"
    load_settings()
    assert f"{noon.astimezone():%H:%M}" == "15:00"
    with pytest.raises(ConfigError, match="timezone"):
        load_settings(timezone="Nowhere/Here")
