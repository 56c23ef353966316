"""One frozen `Settings`, built once at the entry point and handed down.

Defaults, then a YAML file (`--config` or GVRC_CONFIG), then the environment (`GVRC_...`, or `GVRC_..._FILE` naming a file that holds the
value), then `.env`; a value found earlier in the reverse order wins: environment over YAML over defaults.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, YamlConfigSettingsSource

from gvrc.errors import ConfigError

PROJECT_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = PROJECT_DIR / "data"

_SECRETS = (
    "GVRC_ENCRYPTION_KEY", "GVRC_OIDC_CLIENT_SECRET", "GVRC_DATABASE_URL", "GVRC_DATABASE_OWNER_URL", "GVRC_METRICS_TOKEN", "GVRC_ALERT_CHANNELS",
)


def default_home() -> Path:
    """The data home when GVRC_HOME is not set: `data/home` beside the program, for root a folder of its own under /var/lib/gvrc."""
    if os.name == "posix" and os.geteuid() == 0:
        return Path("/var/lib/gvrc/home")
    return DATA_DIR / "home"


class AlertRule(BaseModel):
    """When to alert: `threshold` in the rule's own unit (docs/operations.md), looked at over a window, told again after the cool-down at the earliest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    threshold: float
    window_minutes: int = Field(60, ge=1)
    cooldown_minutes: int = Field(240, ge=1)
    severity: Literal["warning", "critical"] = "warning"
    is_enabled: bool = True


USUAL_RULES: dict[str, dict[str, Any]] = {
    "error_rate": {"threshold": 0.05, "window_minutes": 24 * 60},
    "quality_below": {"threshold": 70.0, "window_minutes": 24 * 60, "cooldown_minutes": 24 * 60},
    "run_failed": {"threshold": 1.0, "severity": "critical"},
    "breaker_open": {"threshold": 1.0, "window_minutes": 1, "cooldown_minutes": 30, "severity": "critical"},
    "backup_too_old": {"threshold": 48.0, "cooldown_minutes": 24 * 60},
    "audit_chain_broken": {"threshold": 1.0, "window_minutes": 24 * 60, "severity": "critical"},
    "unusual_access": {"threshold": 20.0},
}
"""Share of records set aside; quality score; failed runs; breakers that are open; hours; findings; refusals of one person."""


class Settings(BaseSettings):
    """Everything that can be set. Times in seconds, memory in megabytes, scores 0 to 100, match scores 0 to 1."""

    model_config = SettingsConfigDict(env_prefix="GVRC_", env_file=".env", env_file_encoding="utf-8", extra="forbid", frozen=True)

    home: Path = Field(default_factory=default_home, description="Data home: embedded database, raw files, keys, logs")
    database_url: str | None = Field(None, description="PostgreSQL server to use instead of the embedded one, as the application's role", repr=False)
    database_owner_url: str | None = Field(None, description="The same server as the owner's role, for migrations", repr=False)
    encryption_key: str | None = Field(None, description="Master key of the vault (base64, 32 bytes) instead of the key file in the data home", repr=False)
    environment: str = Field("development", description="Name shown in the log: development, staging or production")

    host: str = Field("127.0.0.1", description="Address the application listens on")
    port: int = Field(8501, ge=0, le=65535, description="Port the application listens on")
    api_host: str = Field("127.0.0.1", description="Address the API alone (`gvrc serve`) listens on")
    api_port: int = Field(8080, ge=0, le=65535, description="Port the API alone (`gvrc serve`) listens on")
    api_workers: int = Field(0, ge=0, le=64, description="Processes of the API alone (`gvrc serve`); 0: one for each core, at most eight")
    api_head_seconds: float = Field(10.0, ge=1, description="How long the head of a request, and a small body (a batch, a form), may take to arrive at the API or the application")
    api_read_seconds: float = Field(15.0, ge=1, description="How long a client of either may read nothing of an answer that waits for it; then it is cut off")
    api_connections: int = Field(2000, ge=1, le=15_000, description="Connections that one process of either keeps at once; further ones are told 503")
    api_rate_limit: str = Field("1200/minute", description="Requests that one token, or one address without a token, may make")
    api_failed_tokens_limit: str = Field("60/minute", description="Wrong tokens that one address may show before it is told to wait")
    api_cors_origins: str = Field("", description="Web pages (origins, separated by spaces) whose scripts may call the API; empty: none")
    api_proxies: str = Field("127.0.0.1", description="Proxies (addresses, separated by commas) whose word about the caller's address is taken")
    metrics_token: str | None = Field(None, description="Token with which Prometheus may read `/metrics` and nothing else", repr=False)
    otlp_endpoint: str | None = Field(None, description="OTLP/HTTP collector for traces, such as http://127.0.0.1:4318; not set: no traces")
    alert_channels: str | None = Field(
        None, description="Where alerts go: apprise addresses (mailto://.., slack://.., json://..), separated by spaces or lines", repr=False,
    )
    alert_rules: dict[str, AlertRule] = Field(
        default_factory=dict, validate_default=True,
        description="Changes of the alert rules, by name: threshold, window_minutes, cooldown_minutes, severity, is_enabled",
    )
    alert_seconds: float = Field(15.0, gt=0, le=60, description="How often the scheduler looks for alerts and due sources")
    timezone: ZoneInfo = Field(ZoneInfo("Africa/Nairobi"), description="Time zone in which times are told (schedules stay in UTC)")
    language: str = Field("en", description="Language of the screens: a folder of gvrc/ui/words")

    batch_size: int = Field(50, ge=1, le=50_000, description="Golden records per commit batch")
    retries: int = Field(3, ge=0, le=20, description="Tries after the first failure, with exponential backoff and jitter")
    timeout_seconds: int = Field(300, ge=1, description="Longest time one chunk of a run may take; then the run stops, resumable")
    query_timeout_seconds: int = Field(30, ge=1, description="Longest time one query of a screen may take")
    pool_size: int = Field(10, ge=1, le=100, description="Database connections kept open")
    pool_max: int = Field(20, ge=1, le=200, description="Database connections at most")
    chunk_size: int = Field(1000, ge=1, le=1000, description="Rows per chunk of a run")
    concurrent_files: int = Field(4, ge=1, le=64, description="Files read side by side")
    run_processes: int = Field(0, ge=0, le=32, description="Processes that work on the rows of a large list; 0: one per processor and 250 MB of the memory limit, four at most")
    memory_limit_mb: int = Field(512, ge=64, description="Memory of its process above which a run takes smaller chunks and then stops, resumable; looking at all its records together may take 4 kB a record more")
    max_upload_mb: int = Field(200, ge=1, description="Largest file that may be uploaded in the browser")
    heartbeat_seconds: float = Field(5.0, gt=0, description="How often a live run says that it lives")
    interrupted_after_seconds: float = Field(30.0, gt=0, description="Silence after which a run counts as interrupted")

    quality_threshold: float = Field(50, ge=0, le=100, description="Quality score below which a record is held")
    final_threshold: float = Field(80, ge=0, le=100, description="Quality score below which a record goes to review")
    match_threshold: float = Field(0.8, ge=0, le=1, description="Match score at or above which a pair counts as a match")
    review_threshold: float = Field(0.55, ge=0, le=1, description="Match score at or above which a pair is put before a steward")
    dask_scheduler: str | None = Field(None, description="Address of a Dask scheduler whose workers compare names, as tcp://host:8786; none: this machine does")
    automatic_threshold: float = Field(0.98, ge=0, le=1, description="Match score at or above which a pair with two independent kinds of evidence is merged and marked")

    session_idle_minutes: int = Field(30, ge=1, description="A sign-in ends after this long without activity")
    session_hours: int = Field(12, ge=1, description="A sign-in ends after this long in any case")
    lockout_failures: int = Field(5, ge=1, description="Failed sign-ins after which an account is locked for a while")
    lockout_minutes: int = Field(15, ge=1, description="How long a locked account stays locked")
    oidc_issuer: str | None = Field(None, description="Sign-in by your organisation (OpenID Connect): the issuer's address; see operations.md")
    oidc_client_id: str | None = Field(None, description="What the organisation's sign-in calls this application")
    oidc_client_secret: str | None = Field(None, description="The application's secret there; none for a public client", repr=False)
    oidc_redirect_url: str | None = Field(None, description="This application's address for the way back, ending in /auth/oidc/callback")
    oidc_name: str = Field("your organisation", description="Name on the button of the sign-in page")
    oidc_role_claim: str = Field("groups", description="Claim of the identity token that names the groups of a person")
    oidc_roles: dict[str, str] = Field(default_factory=dict, description="Group of that claim to role, as JSON; empty: roles are given here, by an administrator")
    oidc_create_accounts: bool = Field(False, description="Make an account for a person with a mapped group who has none yet")
    claim_minutes: int = Field(10, ge=1, description="How long an open question belongs to the steward who opened it")
    stale_after_days: int = Field(365, ge=1, description="A record not verified for this long is stale")

    raw_retention_days: int = Field(365, ge=1, description="Rows and files as they came may be purged after this many days (`gvrc purge`)")

    profiling: bool = Field(True, description="Keep a profile of every run")
    anomaly_detection: bool = Field(True, description="Tell what is unusual about a source against its earlier runs")
    anonymisation: bool = Field(False, description="Leave contacts, officers, addresses and free text out of every export")

    fhir_base: str = Field("https://gvrc.example.org/fhir", description="Address under which FHIR resources of this registry are known")
    fhir_type_system: str = Field(
        "https://profiles.ihe.net/ITI/mCSD/CodeSystem/IHE.mCSD.Organization.Location.Types",
        description="Code system of mCSD's types; `urn:ietf:rfc:3986` for servers that want the codes of 2019",
    )
    fhir_mfl_system: str = Field("https://fhir.dha.go.ke/erx/NamingSystem/ns-facility-code", description="Identifier system of MFL codes in FHIR")
    fhir_fid_system: str | None = Field(None, description="Identifier system of FID codes in FHIR (default: one under `fhir_base`)")

    @field_validator("alert_rules", mode="before")
    @classmethod
    def _over_the_usual_rules(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        unknown = sorted(set(given) - set(USUAL_RULES))
        if unknown:
            raise ValueError(f"there is no alert rule {', '.join(map(repr, unknown))}; there are {', '.join(USUAL_RULES)}")
        changes = {name: rule.model_dump(exclude_unset=True) if isinstance(rule, AlertRule) else rule for name, rule in given.items()}
        return {name: usual | changes.get(name, {}) for name, usual in USUAL_RULES.items()}

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
    def reports_dir(self) -> Path:
        """What each run came to, as files: `quality` and `statistics`."""
        return self.home / "reports"

    @property
    def logs_dir(self) -> Path:
        return self.home / "logs"


def load_settings(config_file: Path | None = None, **overrides: Any) -> Settings:
    """The settings of this process, which from now on lives in their time zone. Raises ConfigError naming each wrong setting, never its value."""
    if config_file is not None:
        if not config_file.is_file():
            raise ConfigError(f"The configuration file {config_file} does not exist.", "Name an existing YAML file after --config.")
        os.environ["GVRC_CONFIG"] = str(config_file)
    try:
        settings = Settings(**_secret_files(), **overrides)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise ConfigError(f"A setting is wrong: {wrong}.", "Mend it in the configuration file or the environment.") from None
    os.environ["TZ"] = str(settings.timezone)  # for this process and those it starts: a server's clock is in UTC, the people are in Kenya
    time.tzset()
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


def source_secret_variable(name: str) -> str:
    """The variable that holds the secret of a REST source; with `_FILE` behind it, the file that does."""
    return f"GVRC_SOURCE_{name.upper()}_SECRET"


def has_source_secret(name: str) -> bool:
    """Whether a secret is set for a REST source; never which."""
    variable = source_secret_variable(name)
    return bool(os.environ.get(variable) or os.environ.get(f"{variable}_FILE"))


def source_secret(name: str) -> str | None:
    """What a REST source wants in its header, from `GVRC_SOURCE_<NAME>_SECRET` or the file that `GVRC_SOURCE_<NAME>_SECRET_FILE` names."""
    variable = source_secret_variable(name)
    if value := os.environ.get(variable):
        return value
    path = os.environ.get(f"{variable}_FILE")
    try:
        return Path(path).read_text(encoding="utf-8").strip() if path else None
    except OSError as error:
        raise ConfigError(f"The secret file named by {variable}_FILE cannot be read.", "Check that it exists and that this user may read it.") from error
