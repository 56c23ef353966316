"""One frozen `Settings`, built once at the entry point and handed down.

Defaults, then a YAML file (`--config` or GVRC_CONFIG), then the environment (`GVRC_...`, or `GVRC_..._FILE` naming a file that holds the
value), then `.env`; a value found earlier in the reverse order wins: environment over YAML over defaults.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, YamlConfigSettingsSource

from gvrc.errors import ConfigError

PROJECT_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = PROJECT_DIR / "data"

_SECRETS = ("GVRC_ENCRYPTION_KEY", "GVRC_DATABASE_URL", "GVRC_DATABASE_OWNER_URL")


def default_home() -> Path:
    """The data home when GVRC_HOME is not set: `data/home` beside the program, for root a folder of its own under /var/lib/gvrc."""
    if os.name == "posix" and os.geteuid() == 0:
        return Path("/var/lib/gvrc/home")
    return DATA_DIR / "home"


class Settings(BaseSettings):
    """Everything that can be set. Times in seconds, memory in megabytes, scores 0 to 100, match scores 0 to 1."""

    model_config = SettingsConfigDict(env_prefix="GVRC_", env_file=".env", env_file_encoding="utf-8", extra="forbid", frozen=True)

    home: Path = Field(default_factory=default_home, description="Data home: embedded database, raw files, keys, logs")
    database_url: str | None = Field(None, description="PostgreSQL server to use instead of the embedded one, as the application's role")
    database_owner_url: str | None = Field(None, description="The same server as the owner's role, for migrations")
    encryption_key: str | None = Field(None, description="Master key of the vault (base64, 32 bytes) instead of the key file in the data home", repr=False)
    environment: str = Field("development", description="Name shown in the log: development, staging or production")

    host: str = Field("127.0.0.1", description="Address the application listens on")
    port: int = Field(8501, ge=0, le=65535, description="Port the application listens on")
    language: str = Field("en", description="Language of the screens: a file of gvrc/ui/words")

    batch_size: int = Field(50, ge=1, le=50_000, description="Golden records per commit batch")
    retries: int = Field(3, ge=0, le=20, description="Tries after the first failure, with exponential backoff and jitter")
    query_timeout_seconds: int = Field(30, ge=1, description="Longest time one query of a screen may take")
    pool_size: int = Field(10, ge=1, le=100, description="Database connections kept open")
    pool_max: int = Field(20, ge=1, le=200, description="Database connections at most")
    chunk_size: int = Field(1000, ge=1, le=1000, description="Rows per chunk of a run")
    concurrent_files: int = Field(4, ge=1, le=64, description="Files read side by side")
    memory_limit_mb: int = Field(512, ge=64, description="Memory above which a run takes smaller chunks and then stops, resumable")
    max_upload_mb: int = Field(200, ge=1, description="Largest file that may be uploaded in the browser")
    heartbeat_seconds: float = Field(5.0, gt=0, description="How often a live run says that it lives")
    interrupted_after_seconds: float = Field(30.0, gt=0, description="Silence after which a run counts as interrupted")

    quality_threshold: float = Field(50, ge=0, le=100, description="Quality score below which a record is held")
    final_threshold: float = Field(80, ge=0, le=100, description="Quality score below which a record goes to review")
    match_threshold: float = Field(0.8, ge=0, le=1, description="Match score at or above which a pair counts as a match")
    review_threshold: float = Field(0.4, ge=0, le=1, description="Match score at or above which a pair is put before a steward")
    automatic_threshold: float = Field(0.98, ge=0, le=1, description="Match score at or above which a pair with two independent kinds of evidence is merged and marked")

    session_idle_minutes: int = Field(30, ge=1, description="A sign-in ends after this long without activity")
    session_hours: int = Field(12, ge=1, description="A sign-in ends after this long in any case")
    lockout_failures: int = Field(5, ge=1, description="Failed sign-ins after which an account is locked for a while")
    lockout_minutes: int = Field(15, ge=1, description="How long a locked account stays locked")
    claim_minutes: int = Field(10, ge=1, description="How long an open question belongs to the steward who opened it")
    stale_after_days: int = Field(365, ge=1, description="A record not verified for this long is stale")

    profiling: bool = Field(True, description="Keep a profile of every run")
    anonymisation: bool = Field(False, description="Leave every contact out of exports")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        yaml_file = os.environ.get("GVRC_CONFIG")
        yaml_source = (YamlConfigSettingsSource(settings_cls, yaml_file=yaml_file),) if yaml_file else ()
        return (init_settings, env_settings, dotenv_settings, *yaml_source)

    @property
    def raw_dir(self) -> Path:
        """Uploaded files as they came, content-addressed and encrypted."""
        return self.home / "raw"

    @property
    def logs_dir(self) -> Path:
        return self.home / "logs"


def load_settings(config_file: Path | None = None, **overrides: Any) -> Settings:
    """The settings of this process. Raises ConfigError naming each wrong setting, never its value."""
    if config_file is not None:
        if not config_file.is_file():
            raise ConfigError(f"The configuration file {config_file} does not exist.", "Name an existing YAML file after --config.")
        os.environ["GVRC_CONFIG"] = str(config_file)
    try:
        settings = Settings(**_secret_files(), **overrides)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise ConfigError(f"A setting is wrong: {wrong}.", "Mend it in the configuration file or the environment.") from None
    return settings.model_copy(update={"home": settings.home.expanduser().resolve()})


def _secret_files() -> dict[str, Any]:
    """Values of secrets that are mounted as files (`GVRC_..._FILE`)."""
    found: dict[str, Any] = {}
    for name in _SECRETS:
        path = os.environ.get(f"{name}_FILE")
        if path and name not in os.environ:
            try:
                found[name.removeprefix("GVRC_").lower()] = Path(path).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise ConfigError(f"The secret file named by {name}_FILE cannot be read.", "Check that it exists and that this user may read it.") from error
    return found
