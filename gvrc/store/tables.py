"""Every table of GVRC, typed. Four schemas: public (the registry), staging, ops; `warehouse` is built later from these.

Constraints live here, not only in Python. Times are `timestamptz`. What a person or a run writes carries who and when.
"""


import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Sequence,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy import Table as SqlTable
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The one metadata of GVRC."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy's own idiom)
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB(none_as_null=True),
        list[Any]: JSONB(none_as_null=True),
        list[str]: ARRAY(Text),
        int: BigInteger,
        str: Text,
        uuid.UUID: UUID(as_uuid=True),
    }


def _key() -> Mapped[int]:
    return mapped_column(BigInteger, Identity(), primary_key=True)


QUALITY_DIMENSIONS = ("completeness", "accuracy", "consistency", "timeliness", "uniqueness")


def _now() -> Mapped[datetime]:
    return mapped_column(server_default=func.now())


# --------------------------------------------------------------------------------------------------------- public: places and lookups


class County(Base):
    __tablename__ = "counties"
    county_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    county_code: Mapped[str] = mapped_column(String(10), unique=True)
    county_name: Mapped[str] = mapped_column(String(100), unique=True)
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(10, 8))
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(11, 8))


class Constituency(Base):
    __tablename__ = "constituencies"
    constituency_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    constituency_code: Mapped[str] = mapped_column(String(12), unique=True)
    constituency_name: Mapped[str] = mapped_column(String(100))
    county_id: Mapped[int] = mapped_column(Integer, ForeignKey("counties.county_id"), index=True)
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(10, 8))
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(11, 8))


class WardRow(Base):
    __tablename__ = "wards"
    ward_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    ward_code: Mapped[str] = mapped_column(String(12), unique=True)
    ward_name: Mapped[str] = mapped_column(String(100))
    constituency_id: Mapped[int] = mapped_column(Integer, ForeignKey("constituencies.constituency_id"), index=True)
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(10, 8))
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(11, 8))


class _Lookup:
    """Columns of a lookup: a stable code, a label, and the spellings that mean it."""

    code: Mapped[str] = mapped_column(String(50), unique=True)
    label: Mapped[str] = mapped_column(String(150))
    aliases: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))


class OperationalStatus(_Lookup, Base):
    __tablename__ = "operational_statuses"
    operational_status_id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)


class ContactTypeRow(_Lookup, Base):
    __tablename__ = "contact_types"
    contact_type_id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)


class ServiceCategory(_Lookup, Base):
    __tablename__ = "service_categories"
    service_category_id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)


class OwnerType(_Lookup, Base):
    __tablename__ = "owner_types"
    owner_type_id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)


class GbvCategory(_Lookup, Base):
    __tablename__ = "gbv_categories"
    gbv_category_id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)


class InfrastructureType(_Lookup, Base):
    __tablename__ = "infrastructure_types"
    infrastructure_type_id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)


class ConditionStatus(_Lookup, Base):
    __tablename__ = "condition_statuses"
    condition_status_id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)


class FacilityType(_Lookup, Base):
    __tablename__ = "facility_types"
    facility_type_id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    group_code: Mapped[str] = mapped_column(String(30))
    code_prefix: Mapped[str] = mapped_column(String(4))
    last_number: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    __table_args__ = (CheckConstraint("code_prefix ~ '^[A-Z]{2,4}$'", name="prefix"),)


# --------------------------------------------------------------------------------------------------------- public: the registry


class Vault(Base):
    """Every personal value once. `blind_index` is a keyed hash for equality; destroying `wrapped_key` erases the value everywhere."""

    __tablename__ = "vault"
    vault_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    blind_index: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    ciphertext: Mapped[bytes | None] = mapped_column(LargeBinary)
    wrapped_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    key_id: Mapped[str | None] = mapped_column(String(40), index=True)
    created_at: Mapped[datetime] = _now()
    erased_at: Mapped[datetime | None]


class VaultKey(Base):
    """The index key of the vault, wrapped by the master key named `key_id`."""

    __tablename__ = "vault_keys"
    key_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    wrapped_index_key: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = _now()
    retired_at: Mapped[datetime | None]


class Facility(Base):
    __tablename__ = "facilities"
    facility_id: Mapped[int] = _key()
    facility_code: Mapped[str] = mapped_column(String(50), unique=True)
    registration_number: Mapped[str] = mapped_column(String(100), unique=True)
    facility_name: Mapped[str] = mapped_column(String(255))
    facility_type: Mapped[str] = mapped_column(String(50), ForeignKey("facility_types.code"), index=True)
    operational_status_id: Mapped[int | None] = mapped_column(Integer, ForeignKey("operational_statuses.operational_status_id"), index=True)
    county_id: Mapped[int | None] = mapped_column(Integer, ForeignKey("counties.county_id"), index=True)
    constituency_id: Mapped[int | None] = mapped_column(Integer, ForeignKey("constituencies.constituency_id"), index=True)
    ward_id: Mapped[int | None] = mapped_column(Integer, ForeignKey("wards.ward_id"), index=True)
    mfl_code: Mapped[str | None] = mapped_column(String(20), unique=True)
    fid_code: Mapped[str | None] = mapped_column(String(30), unique=True)
    keph_level: Mapped[str | None] = mapped_column(String(10))
    address: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("vault.vault_id"))
    officer_in_charge: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("vault.vault_id"))
    opening_hours: Mapped[str | None]
    description: Mapped[str | None]
    aliases: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    visibility: Mapped[str] = mapped_column(String(20), server_default=text("'public'"))
    quality_score: Mapped[float | None] = mapped_column(Float)
    quality_parts: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    last_verified_at: Mapped[date | None]
    last_verified_by: Mapped[str | None]
    origins: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    record_hash: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    is_active: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    created_by: Mapped[str]
    updated_by: Mapped[str]
    created_at: Mapped[datetime] = _now()
    updated_at: Mapped[datetime] = _now()
    retired_as: Mapped[str | None] = mapped_column(String(20))
    pins: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    __table_args__ = (
        CheckConstraint("retired_as in ('retired', 'merged', 'rolled_back')", name="retired_as"),
        CheckConstraint(r"facility_code ~ '^[A-Z]{2,4}-\d{3,6}$'", name="code"),
        CheckConstraint("length(facility_name) between 1 and 255", name="name"),
        CheckConstraint("visibility in ('public', 'ward_only', 'office_line', 'withheld')", name="visibility"),
        Index("ix_facilities_ward_status", "ward_id", "operational_status_id"),
        Index("ix_facilities_created_updated", "created_at", "updated_at"),
        Index("ix_facilities_updated", "updated_at", "facility_id"),
        Index("ix_facilities_active", "facility_id", postgresql_where=text("is_active")),
        Index("ix_facilities_retired", "facility_id", postgresql_where=text("NOT is_active")),
        Index("ix_facilities_hidden", "facility_id", postgresql_include=["visibility", "county_id"], postgresql_where=text("visibility <> 'public'")),
        Index("ix_facilities_name_trgm", "facility_name", postgresql_using="gin", postgresql_ops={"facility_name": "gin_trgm_ops"}),
    )


class _Child:
    """Part of a facility. Each has a unique index that begins with the facility, so none needs another."""

    facility_id: Mapped[int] = mapped_column(ForeignKey("facilities.facility_id"))


class FacilityContact(_Child, Base):
    __tablename__ = "facility_contacts"
    contact_id: Mapped[int] = _key()
    contact_type: Mapped[str] = mapped_column(String(50), ForeignKey("contact_types.code"))
    contact_value: Mapped[uuid.UUID] = mapped_column(ForeignKey("vault.vault_id"), index=True)
    label: Mapped[str | None]
    is_primary: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    __table_args__ = (UniqueConstraint("facility_id", "contact_type", "contact_value"),)


class FacilityService(_Child, Base):
    __tablename__ = "facility_services"
    facility_service_id: Mapped[int] = _key()
    service: Mapped[str] = mapped_column(String(50), ForeignKey("service_categories.code"))
    __table_args__ = (UniqueConstraint("facility_id", "service"),)


class FacilityCoordinate(_Child, Base):
    __tablename__ = "facility_coordinates"
    coordinate_id: Mapped[int] = _key()
    latitude: Mapped[Decimal] = mapped_column(Numeric(10, 8))
    longitude: Mapped[Decimal] = mapped_column(Numeric(11, 8))
    accuracy_level: Mapped[str] = mapped_column(String(30), server_default=text("'stated'"))
    source: Mapped[str | None]
    method: Mapped[str | None]
    collected_on: Mapped[date | None]
    __table_args__ = (
        UniqueConstraint("facility_id"),
        CheckConstraint("latitude between -5.5 and 6.0 and longitude between 33.0 and 43.0", name="kenya"),
    )


class FacilityOwner(_Child, Base):
    __tablename__ = "facility_owners"
    facility_owner_id: Mapped[int] = _key()
    owner_type: Mapped[str] = mapped_column(String(50), ForeignKey("owner_types.code"))
    owner_name: Mapped[str | None]
    __table_args__ = (UniqueConstraint("facility_id", "owner_type"),)


class FacilityInfrastructure(_Child, Base):
    __tablename__ = "facility_infrastructure"
    facility_infrastructure_id: Mapped[int] = _key()
    infrastructure_type: Mapped[str] = mapped_column(String(50), ForeignKey("infrastructure_types.code"))
    condition: Mapped[str | None] = mapped_column(String(50), ForeignKey("condition_statuses.code"))
    quantity: Mapped[int | None] = mapped_column(Integer)
    __table_args__ = (UniqueConstraint("facility_id", "infrastructure_type"),)


class FacilityGbvCategory(_Child, Base):
    __tablename__ = "facility_gbv_categories"
    facility_gbv_category_id: Mapped[int] = _key()
    gbv_category: Mapped[str] = mapped_column(String(50), ForeignKey("gbv_categories.code"))
    __table_args__ = (UniqueConstraint("facility_id", "gbv_category"),)


class FacilityRedirect(Base):
    """A merged-away facility and who survived it. Never deleted."""

    __tablename__ = "facility_redirects"
    redirect_id: Mapped[int] = _key()
    from_facility_id: Mapped[int] = mapped_column(ForeignKey("facilities.facility_id"), index=True)
    to_facility_id: Mapped[int] = mapped_column(ForeignKey("facilities.facility_id"), index=True)
    reason: Mapped[str | None]
    decision_id: Mapped[int | None]
    merged_by: Mapped[str]
    merged_at: Mapped[datetime] = _now()
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None]
    commit_id: Mapped[int | None] = mapped_column(index=True)
    undone_commit_id: Mapped[int | None]
    moved_keys: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    __table_args__ = (
        CheckConstraint("from_facility_id <> to_facility_id", name="not_itself"),
        Index("uq_facility_redirects_live", "from_facility_id", unique=True, postgresql_where=text("undone_at is null")),
    )


class FacilityRelation(Base):
    __tablename__ = "facility_relations"
    relation_id: Mapped[int] = _key()
    facility_id: Mapped[int] = mapped_column(ForeignKey("facilities.facility_id"), index=True)
    related_facility_id: Mapped[int] = mapped_column(ForeignKey("facilities.facility_id"), index=True)
    relation: Mapped[str] = mapped_column(String(20))
    decision_id: Mapped[int | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime] = _now()
    __table_args__ = (
        UniqueConstraint("facility_id", "related_facility_id", "relation"),
        CheckConstraint("relation in ('part_of', 'located_in', 'branch_of', 'successor_of')", name="relation"),
    )


class FacilitySource(Base):
    """Which source record feeds which facility."""

    __tablename__ = "facility_sources"
    facility_source_id: Mapped[int] = _key()
    facility_id: Mapped[int] = mapped_column(ForeignKey("facilities.facility_id"), index=True)
    source: Mapped[str]
    record_key: Mapped[str] = mapped_column(Text, unique=True)
    source_id: Mapped[str | None]
    record_hash: Mapped[str] = mapped_column(String(64))
    first_seen: Mapped[datetime] = _now()
    last_seen: Mapped[datetime] = _now()
    __table_args__ = (Index("ix_facility_sources_source", "source", "facility_id"),)


class FacilitySearch(Base):
    """What is searched and counted of a facility, in one narrow row; kept by triggers. The first `named` of its words are its name's, the others its aliases'."""

    __tablename__ = "facility_search"
    facility_id: Mapped[int] = mapped_column(autoincrement=False)
    words: Mapped[list[str]] = mapped_column(ARRAY(Text))
    named: Mapped[int] = mapped_column(SmallInteger)
    visibility: Mapped[str] = mapped_column(String(20))
    is_active: Mapped[bool] = mapped_column(Boolean)
    county_id: Mapped[int | None] = mapped_column(Integer)
    constituency_id: Mapped[int | None] = mapped_column(Integer)
    ward_id: Mapped[int | None] = mapped_column(Integer)
    facility_type: Mapped[str | None] = mapped_column(String(50))
    operational_status_id: Mapped[int | None] = mapped_column(Integer)
    quality_band: Mapped[str] = mapped_column(String(10))
    services: Mapped[list[str]] = mapped_column(ARRAY(Text))
    __table_args__ = (
        PrimaryKeyConstraint("facility_id", postgresql_include=["is_active", "visibility", "county_id"]),
        Index("ix_facility_search_words", "words", postgresql_using="gin"),
        Index(
            "ix_facility_search_words_in_part", text("(words[1:named])"), postgresql_using="gin",
            postgresql_where=text("visibility IN ('ward_only', 'office_line')"),
        ),
        Index("ix_facility_search_county", "county_id", "facility_id"),
        Index(
            "ix_facility_search_area", "county_id", "constituency_id", "ward_id", "facility_id", postgresql_include=["visibility", "is_active", "facility_type"],
        ),
        Index("ix_facility_search_sorts", "facility_type", "operational_status_id", "quality_band", "facility_id"),
        Index("ix_facility_search_hidden", "visibility", "facility_id", postgresql_where=text("visibility <> 'public'")),
    )


FACILITY_COUNTS = SqlTable(
    "facility_counts", Base.metadata,
    Column("visibility", String(20), nullable=False), Column("is_active", Boolean, nullable=False), Column("county_id", Integer), Column("facility_type", String(50)),
    Column("operational_status_id", Integer), Column("quality_band", String(10), nullable=False), Column("service", String(50)), Column("n", Integer, nullable=False),
    Index(
        "uq_facility_counts", "visibility", "is_active", "county_id", "facility_type", "operational_status_id", "quality_band", "service",
        unique=True, postgresql_nulls_not_distinct=True,
    ),
)  # fmt: skip
"""How many facilities there are of each sort (`service` null), and how many of them offer a service; kept by triggers."""


class RegistryWord(Base):
    """Every word of the facilities' names, with how many have it, withheld ones apart; kept by triggers."""

    __tablename__ = "registry_words"
    word: Mapped[str] = mapped_column(primary_key=True)
    open_n: Mapped[int] = mapped_column(Integer)
    withheld_n: Mapped[int] = mapped_column(Integer)
    __table_args__ = (Index("ix_registry_words_trgm", "word", postgresql_using="gin", postgresql_ops={"word": "gin_trgm_ops"}),)


class AuditTrail(Base):
    """Written by database triggers only; update and delete are refused to everyone."""

    __tablename__ = "audit_trail"
    audit_id: Mapped[int] = _key()
    table_name: Mapped[str] = mapped_column(String(63))
    record_id: Mapped[str]
    operation: Mapped[str] = mapped_column(String(6))
    old_values: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    new_values: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    changed_by: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    session_id: Mapped[str | None]
    run_id: Mapped[int | None]
    reason: Mapped[str | None]
    facility_id: Mapped[int | None]
    row_hash: Mapped[bytes] = mapped_column(LargeBinary)
    __table_args__ = (
        Index("ix_audit_trail_record", "table_name", "record_id"),
        Index("ix_audit_trail_facility", "facility_id", "audit_id"),
        Index("ix_audit_trail_run", "run_id"),
    )


class AuditChain(Base):
    """The hash chain over the audit trail, one link per batch of rows that one statement wrote."""

    __tablename__ = "audit_chain"
    chain_id: Mapped[int] = _key()
    first_audit_id: Mapped[int]
    last_audit_id: Mapped[int]
    row_count: Mapped[int]
    rows_hash: Mapped[bytes] = mapped_column(LargeBinary)
    previous_hash: Mapped[bytes] = mapped_column(LargeBinary)
    chain_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class Commit(Base):
    """One passage through the only door to the registry."""

    __tablename__ = "commits"
    commit_id: Mapped[int] = _key()
    run_id: Mapped[int | None] = mapped_column(index=True)
    commit_kind: Mapped[str] = mapped_column(String(20), server_default=text("'commit'"))
    status: Mapped[str] = mapped_column(String(20), server_default=text("'running'"))
    committed_by: Mapped[str]
    started_at: Mapped[datetime] = _now()
    ended_at: Mapped[datetime | None]
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    reason: Mapped[str | None]
    reverts: Mapped[int | None]


class FacilityVersion(Base):
    """What a facility said after a commit, personal values as vault ids. Written once; `undoes` names versions of the same facility that it takes
    back, `absorbed` the facilities merged into it, `released` those that an un-merge gave back."""

    __tablename__ = "facility_versions"
    facility_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    commit_id: Mapped[int | None] = mapped_column(index=True)
    act: Mapped[str] = mapped_column(String(20))
    undoes: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default=text("'{}'"))
    absorbed: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default=text("'{}'"))
    released: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default=text("'{}'"))
    state: Mapped[dict[str, Any]]
    written_by: Mapped[str]
    written_at: Mapped[datetime] = _now()


class ChangeRequest(Base):
    """An act on live facilities that waits for a second person, or did. `versions` are the versions that who asked had before his eyes."""

    __tablename__ = "change_requests"
    request_id: Mapped[int] = _key()
    act: Mapped[str] = mapped_column(String(20))
    facility_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default=text("'{}'"))
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    versions: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    risks: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    reason: Mapped[str | None]
    state: Mapped[str] = mapped_column(String(20), server_default=text("'waiting'"))
    asked_by: Mapped[str]
    asked_at: Mapped[datetime] = _now()
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    note: Mapped[str | None]
    commit_id: Mapped[int | None]
    __table_args__ = (
        CheckConstraint("state in ('waiting', 'applied', 'declined', 'withdrawn', 'stale')", name="state"),
        Index("ix_change_requests_waiting", "request_id", postgresql_where=text("state = 'waiting'")),
    )


class CommitJob(Base):
    """A commit that a process of its own carries out, so that a closed tab stops nothing."""

    __tablename__ = "commit_jobs"
    job_id: Mapped[int] = _key()
    run_id: Mapped[int | None] = mapped_column(index=True)
    request_id: Mapped[int | None]
    asked_by: Mapped[str]
    is_signed: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    state: Mapped[str] = mapped_column(String(20), server_default=text("'queued'"))
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    outcome: Mapped[dict[str, Any] | None]
    error: Mapped[str | None]
    hint: Mapped[str | None]
    asked_at: Mapped[datetime] = _now()
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("state in ('queued', 'running', 'done', 'failed', 'interrupted')", name="state"),
        {"schema": "ops"},
    )


# --------------------------------------------------------------------------------------------------------- public: people


class RoleRow(Base):
    __tablename__ = "roles"
    role: Mapped[str] = mapped_column(String(30), primary_key=True)
    label: Mapped[str]


class RolePermission(Base):
    __tablename__ = "role_permissions"
    role: Mapped[str] = mapped_column(String(30), ForeignKey("roles.role"))
    permission: Mapped[str] = mapped_column(String(50))
    __table_args__ = (PrimaryKeyConstraint("role", "permission"),)


class User(Base):
    __tablename__ = "users"
    user_id: Mapped[int] = _key()
    username: Mapped[str] = mapped_column(String(100), unique=True)
    display_name: Mapped[str]
    email: Mapped[str | None]
    password_hash: Mapped[str | None]
    role: Mapped[str] = mapped_column(String(30), ForeignKey("roles.role"))
    counties: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    is_active: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    is_local: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    must_change_password: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    external_id: Mapped[str | None]
    failed_sign_ins: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    locked_until: Mapped[datetime | None]
    last_sign_in_at: Mapped[datetime | None]
    language: Mapped[str | None] = mapped_column(String(2))
    created_by: Mapped[str]
    created_at: Mapped[datetime] = _now()
    updated_at: Mapped[datetime] = _now()
    __table_args__ = (Index("uq_users_external_id", "external_id", unique=True, postgresql_where=text("external_id is not null")),)


class UserSession(Base):
    """A signed-in browser; the cookie holds the token, the table its SHA-256."""

    __tablename__ = "user_sessions"
    session_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.user_id"), index=True)
    created_at: Mapped[datetime] = _now()
    last_seen_at: Mapped[datetime] = _now()
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ip_address: Mapped[str | None]
    user_agent: Mapped[str | None]


class ApiToken(Base):
    __tablename__ = "api_tokens"
    token_id: Mapped[int] = _key()
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    label: Mapped[str]
    role: Mapped[str] = mapped_column(String(30), ForeignKey("roles.role"))
    counties: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    created_by: Mapped[str]
    created_at: Mapped[datetime] = _now()
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class SetupCode(Base):
    """The one-time code with which the first administrator is made."""

    __tablename__ = "setup_codes"
    setup_code_id: Mapped[int] = _key()
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = _now()
    used_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(Integer, server_default=text("0"))


# --------------------------------------------------------------------------------------------------------- staging


class SourceFileRow(Base):
    __tablename__ = "source_files"
    file_id: Mapped[int] = _key()
    name: Mapped[str]
    source: Mapped[str]
    kind: Mapped[str] = mapped_column(String(10))
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int]
    mapping: Mapped[dict[str, Any]] = mapped_column(JSONB)
    detection: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    damage: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    records: Mapped[int | None] = mapped_column(Integer)
    received_by: Mapped[str]
    received_at: Mapped[datetime] = _now()
    __table_args__ = (UniqueConstraint("source", "sha256"), {"schema": "staging"})


class RunFile(Base):
    """Which files a run works on."""

    __tablename__ = "run_files"
    run_id: Mapped[int]
    file_id: Mapped[int] = mapped_column(index=True)
    was_known: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    __table_args__ = (PrimaryKeyConstraint("run_id", "file_id"), {"schema": "staging"})


_RAW_ID = Sequence("raw_data_raw_id_seq", schema="staging", metadata=Base.metadata)


class RawData(Base):
    """Source rows as they came; partitioned by kind; never changed except by an erasure."""

    __tablename__ = "raw_data"
    # A sequence instead of an identity column: PostgreSQL 16 knows none on partitioned tables.
    raw_id: Mapped[int] = mapped_column(BigInteger, server_default=_RAW_ID.next_value())
    source_kind: Mapped[str] = mapped_column(String(10))
    file_id: Mapped[int]
    row_number: Mapped[int]
    pointer: Mapped[str]
    source: Mapped[str]
    source_id: Mapped[str | None]
    record_key: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    context: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    row_values: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    content_hash: Mapped[str] = mapped_column(String(64))
    ingested_at: Mapped[datetime] = _now()
    __table_args__ = (
        PrimaryKeyConstraint("source_kind", "raw_id"),
        UniqueConstraint("source_kind", "file_id", "pointer"),
        Index("ix_raw_data_row", "file_id", "row_number"),
        {"schema": "staging", "postgresql_partition_by": "LIST (source_kind)"},
    )


class RecordRow(Base):
    """A standardised record. `data` is the rest of gvrc.model.record.Record; personal values in it are `vault:<id>`. The five dimensions are the values in
    `quality_parts`, for whoever counts."""

    __tablename__ = "records"
    record_id: Mapped[int] = _key()
    file_id: Mapped[int]
    row_number: Mapped[int]
    pointer: Mapped[str]
    source: Mapped[str]
    record_key: Mapped[str] = mapped_column(index=True)
    run_id: Mapped[int]
    stage: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20), server_default=text("'new'"))
    name: Mapped[str | None]
    facility_type: Mapped[str | None] = mapped_column(String(50))
    county_code: Mapped[str | None] = mapped_column(String(10))
    constituency_code: Mapped[str | None] = mapped_column(String(12))
    ward_code: Mapped[str | None] = mapped_column(String(12))
    latitude: Mapped[float | None] = mapped_column(Float)
    longitude: Mapped[float | None] = mapped_column(Float)
    place_confidence: Mapped[float | None] = mapped_column(Float)
    mfl_code: Mapped[str | None]
    visibility: Mapped[str] = mapped_column(String(20), server_default=text("'public'"))
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    changes: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    quality_score: Mapped[float | None] = mapped_column(Float)
    quality_parts: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    completeness: Mapped[float | None] = mapped_column(Float)
    accuracy: Mapped[float | None] = mapped_column(Float)
    consistency: Mapped[float | None] = mapped_column(Float)
    timeliness: Mapped[float | None] = mapped_column(Float)
    uniqueness: Mapped[float | None] = mapped_column(Float)
    points_to_gain: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    state_reason: Mapped[str | None]
    content_hash: Mapped[str] = mapped_column(String(64))
    evidence_hash: Mapped[str | None]
    record_hash: Mapped[str] = mapped_column(String(64))
    facility_id: Mapped[int | None]
    cluster_id: Mapped[int | None]
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    created_at: Mapped[datetime] = _now()
    updated_at: Mapped[datetime] = _now()
    __table_args__ = (
        UniqueConstraint("file_id", "pointer"),
        CheckConstraint("state in ('new', 'to_review', 'held', 'ready', 'rejected', 'committed')", name="state"),
        Index("ix_records_file_row", "file_id", "row_number"), Index("ix_records_facility_id", "facility_id", postgresql_where=text("facility_id IS NOT NULL")),
        Index("ix_records_file_state", "file_id", "state"), Index("ix_records_file_county", "file_id", "county_code"),
        Index(
            "ix_records_counted", "file_id", postgresql_include=[
                "record_id", "source", "county_code", "facility_type", "state", "stage", "visibility", "quality_score", *QUALITY_DIMENSIONS,
            ],
        ),
        {"schema": "staging", "postgresql_with": {"toast_tuple_target": 4080}},
    )


class StagedChange(Base):
    """One row per transaction that changed what is staged; a trigger writes it."""

    __tablename__ = "changes"
    change_id: Mapped[int] = _key()
    run_id: Mapped[int | None] = mapped_column(index=True)
    __table_args__ = ({"schema": "staging"},)


class IssueRow(Base):
    __tablename__ = "issues"
    issue_id: Mapped[int] = _key()
    record_id: Mapped[int]
    file_id: Mapped[int]
    code: Mapped[str] = mapped_column(String(60))
    field_name: Mapped[str]
    ordinal: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    severity: Mapped[str] = mapped_column(String(10))
    dimension: Mapped[str] = mapped_column(String(20))
    stage: Mapped[str] = mapped_column(String(20))
    value: Mapped[str | None]
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    suggestion: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    points: Mapped[float | None] = mapped_column(Float)
    state: Mapped[str] = mapped_column(String(10), server_default=text("'open'"))
    asks: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    question_key: Mapped[str] = mapped_column(String(64), index=True)
    evidence_hash: Mapped[str]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    why: Mapped[str | None]
    created_at: Mapped[datetime] = _now()
    __table_args__ = (
        UniqueConstraint("record_id", "code", "field_name", "ordinal"),
        CheckConstraint("severity in ('info', 'warning', 'error')", name="severity"),
        CheckConstraint("state in ('open', 'fixed', 'waived')", name="state"),
        Index("ix_issues_file_code", "file_id", "code", "state"),
        Index(
            # the line breaks are those of PostgreSQL: the comparison of tables and migrations reads them back
            "ix_issues_queue", "file_id", text("(\ncase severity\n when 'error' then 1\n when 'warning' then 2\n else 3\nend)"), text("coalesce(points, 0) desc"), "code",
            "record_id", "issue_id", postgresql_where=text("asks and state = 'open'"),
        ),
        Index("ix_issues_open_asks", "file_id", postgresql_where=text("asks and state = 'open'")),
        Index("ix_issues_alike", text("md5(suggestion ->> 'shown')"), "code", postgresql_where=text("asks and state = 'open' and suggestion is not null")),
        {"schema": "staging"},
    )


class DeadLetter(Base):
    __tablename__ = "dead_letters"
    dead_letter_id: Mapped[int] = _key()
    run_id: Mapped[int | None] = mapped_column(index=True)
    file_id: Mapped[int | None] = mapped_column(index=True)
    pointer: Mapped[str | None]
    stage: Mapped[str] = mapped_column(String(20))
    error: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    tries: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    state: Mapped[str] = mapped_column(String(20), server_default=text("'open'"))
    created_at: Mapped[datetime] = _now()
    updated_at: Mapped[datetime] = _now()
    __table_args__ = (
        UniqueConstraint("file_id", "pointer", "stage", postgresql_nulls_not_distinct=True),
        {"schema": "staging"},
    )


class MatchResultRow(Base):
    """A scored pair of a run. Keys are record keys, or `facility:<id>` for a registry facility; left_key < right_key."""

    __tablename__ = "match_results"
    match_id: Mapped[int] = _key()
    run_id: Mapped[int]
    question_key: Mapped[str] = mapped_column(String(64), index=True)
    left_key: Mapped[str]
    right_key: Mapped[str]
    left_record_id: Mapped[int | None] = mapped_column(index=True)
    right_record_id: Mapped[int | None] = mapped_column(index=True)
    match_score: Mapped[float] = mapped_column(Float)
    reference_score: Mapped[float] = mapped_column(Float)
    base: Mapped[float] = mapped_column(Float)
    strategy: Mapped[str] = mapped_column(String(40))
    band: Mapped[str] = mapped_column(String(20))
    hard_evidence: Mapped[str | None]
    features: Mapped[list[Any]] = mapped_column(JSONB)
    rules: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    evidence_hash: Mapped[str]
    scorer_version: Mapped[str]
    is_open: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    pair_state: Mapped[str] = mapped_column(String(20), server_default=text("'open'"))
    relation: Mapped[str | None] = mapped_column(String(20))
    is_sample: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    priority: Mapped[float] = mapped_column(Float, server_default=text("0"))
    reason: Mapped[str | None]
    __table_args__ = (
        UniqueConstraint("run_id", "left_key", "right_key"),
        Index("ix_match_results_queue", "run_id", text("priority desc"), "match_id", postgresql_where=text("is_open")),
        Index("ix_match_results_right", "run_id", "right_key"),
        Index("ix_match_results_automatic", "run_id", "question_key", postgresql_where=text("band = 'automatic'")),
        {"schema": "staging"},
    )


class DecisionRow(Base):
    """Answers, only ever added: a new answer sets `replaced_at` on the old."""

    __tablename__ = "decisions"
    decision_id: Mapped[int] = _key()
    question_key: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(20))
    record_keys: Mapped[list[str]] = mapped_column(ARRAY(Text))
    answer: Mapped[str] = mapped_column(String(20))
    relation: Mapped[str | None] = mapped_column(String(20))
    issue_code: Mapped[str | None] = mapped_column(String(60))
    field_name: Mapped[str | None]
    decided_values: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    note: Mapped[str | None]
    evidence_hash: Mapped[str]
    evidence: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    run_id: Mapped[int | None]
    decided_by: Mapped[str]
    decided_at: Mapped[datetime] = _now()
    session_id: Mapped[str | None]
    seconds_taken: Mapped[float | None] = mapped_column(Float)
    replaced_at: Mapped[datetime | None]
    replaced_by: Mapped[int | None]
    __table_args__ = (
        Index("uq_decisions_live", "question_key", unique=True, postgresql_where=text("replaced_at is null")),
        Index("ix_decisions_record_keys", "record_keys", postgresql_using="gin"),
        Index("ix_decisions_by", "decided_by", "decided_at"),
        Index("ix_decisions_run", "run_id", "decision_id", postgresql_where=text("replaced_at is null and answer <> 'undone'")),
        Index("ix_decisions_batch", text("(evidence ->> 'batch')"), postgresql_where=text("evidence ? 'batch'")),
        {"schema": "staging"},
    )


class Claim(Base):
    """Who has which question open, until when."""

    __tablename__ = "claims"
    question_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    claimed_by: Mapped[str]
    claimed_at: Mapped[datetime] = _now()
    expires_at: Mapped[datetime]
    __table_args__ = ({"schema": "staging"},)


class Correction(Base):
    """A known bad value and its right value, per field and source (empty source: every source)."""

    __tablename__ = "corrections"
    correction_id: Mapped[int] = _key()
    source: Mapped[str] = mapped_column(server_default=text("''"))
    field_name: Mapped[str]
    bad_value: Mapped[str]
    right_value: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[datetime] = _now()
    retired_at: Mapped[datetime | None]
    retired_by: Mapped[str | None]
    __table_args__ = (
        Index("uq_corrections_live", "source", "field_name", "bad_value", unique=True, postgresql_where=text("retired_at is null")),
        {"schema": "staging"},
    )


class SourceMappingRow(Base):
    """A remembered field mapping; the newest per signature counts."""

    __tablename__ = "source_mappings"
    source_mapping_id: Mapped[int] = _key()
    source: Mapped[str] = mapped_column(index=True)
    signature: Mapped[str]
    mapping: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_by: Mapped[str]
    created_at: Mapped[datetime] = _now()
    replaced_at: Mapped[datetime | None]
    __table_args__ = (
        Index("uq_source_mappings_live", "signature", unique=True, postgresql_where=text("replaced_at is null")),
        {"schema": "staging"},
    )


# --------------------------------------------------------------------------------------------------------- ops


class EtlRun(Base):
    __tablename__ = "etl_runs"
    run_id: Mapped[int] = _key()
    status: Mapped[str] = mapped_column(String(20), server_default=text("'queued'"))
    stop_after: Mapped[str | None] = mapped_column(String(20))
    stage: Mapped[str | None] = mapped_column(String(20))
    started_by: Mapped[str]
    created_at: Mapped[datetime] = _now()
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    duration_seconds: Mapped[float | None] = mapped_column(Float)
    heartbeat_at: Mapped[datetime | None]
    records_processed: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    error: Mapped[str | None]
    hint: Mapped[str | None]
    failed_at: Mapped[datetime | None]
    failure: Mapped[str | None]
    worker: Mapped[str | None]
    settings_hash: Mapped[str | None] = mapped_column(String(64))
    code_version: Mapped[str | None]
    reference_version: Mapped[str | None]
    peak_memory_mb: Mapped[float | None] = mapped_column(Float)
    summary: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    thresholds: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    __table_args__ = (
        CheckConstraint("status in ('queued', 'running', 'stopping', 'stopped', 'interrupted', 'failed', 'done')", name="status"),
        {"schema": "ops"},
    )


class StageReport(Base):
    __tablename__ = "stage_reports"
    run_id: Mapped[int]
    stage: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20), server_default=text("'waiting'"))
    rows_in: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    rows_out: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    seconds: Mapped[float] = mapped_column(Float, server_default=text("0"))
    issues: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    __table_args__ = (PrimaryKeyConstraint("run_id", "stage"), {"schema": "ops"})


class EtlCheckpoint(Base):
    """How far a run has come in a file: the last row number whose results are persisted."""

    __tablename__ = "etl_checkpoint"
    run_id: Mapped[int]
    file_id: Mapped[int]
    step: Mapped[str] = mapped_column(String(20))
    source: Mapped[str]
    last_processed_id: Mapped[int]
    last_processed_at: Mapped[datetime] = _now()
    total: Mapped[int | None]
    is_complete: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    __table_args__ = (PrimaryKeyConstraint("run_id", "file_id", "step"), {"schema": "ops"})


class RestSourceRow(Base):
    """A REST source an engineer set up; its secret is a setting, never here."""

    __tablename__ = "rest_sources"
    source_id: Mapped[int] = _key()
    name: Mapped[str] = mapped_column(unique=True)
    url: Mapped[str]
    auth_header: Mapped[str] = mapped_column(server_default=text("'Authorization'"))
    requests_per_second: Mapped[float] = mapped_column(Float, server_default=text("5"))
    created_by: Mapped[str]
    created_at: Mapped[datetime] = _now()
    removed_at: Mapped[datetime | None]
    __table_args__ = ({"schema": "ops"},)


class QualitySnapshot(Base):
    __tablename__ = "quality_snapshots"
    snapshot_id: Mapped[int] = _key()
    run_id: Mapped[int] = mapped_column(index=True)
    scope: Mapped[str] = mapped_column(String(20))
    scope_key: Mapped[str]
    dimensions: Mapped[dict[str, Any]] = mapped_column(JSONB)
    records: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = _now()
    __table_args__ = (UniqueConstraint("run_id", "scope", "scope_key"), {"schema": "ops"})


class Profile(Base):
    __tablename__ = "profiles"
    profile_id: Mapped[int] = _key()
    run_id: Mapped[int] = mapped_column(index=True)
    source: Mapped[str]
    profile: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = _now()
    __table_args__ = (UniqueConstraint("run_id", "source"), {"schema": "ops"})


class FindingRow(Base):
    __tablename__ = "findings"
    finding_id: Mapped[int] = _key()
    run_id: Mapped[int]
    source: Mapped[str]
    audience: Mapped[str] = mapped_column(String(10))
    finding_type: Mapped[str] = mapped_column(String(30))
    subject: Mapped[str]
    value: Mapped[float | None] = mapped_column(Float)
    low: Mapped[float | None] = mapped_column(Float)
    high: Mapped[float | None] = mapped_column(Float)
    runs: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    before: Mapped[str | None]
    after: Mapped[str | None]
    record_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default=text("'{}'"))
    created_at: Mapped[datetime] = _now()
    __table_args__ = (
        UniqueConstraint("run_id", "source", "audience", "finding_type", "subject"),
        CheckConstraint("audience in ('all', 'public')", name="audience"),
        {"schema": "ops"},
    )


class Alert(Base):
    __tablename__ = "alerts"
    alert_id: Mapped[int] = _key()
    rule: Mapped[str]
    severity: Mapped[str] = mapped_column(String(10))
    message: Mapped[str]
    value: Mapped[float | None] = mapped_column(Float)
    delivery: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    created_at: Mapped[datetime] = _now()
    subject: Mapped[str] = mapped_column(server_default=text("''"))
    tries: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    delivered_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None]
    __table_args__ = (Index("ix_alerts_rule", "rule", "subject", "created_at"), {"schema": "ops"})


class Schedule(Base):
    """When a source is pulled. Whoever moves `next_run_at` on from its past pulls it, so that two schedulers never both do."""

    __tablename__ = "schedules"
    source: Mapped[str] = mapped_column(primary_key=True)
    cron: Mapped[str] = mapped_column(String(100))
    is_enabled: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    next_run_at: Mapped[datetime | None]
    last_started_at: Mapped[datetime | None]
    last_ended_at: Mapped[datetime | None]
    last_outcome: Mapped[str | None] = mapped_column(String(20))
    last_detail: Mapped[str | None]
    last_run_id: Mapped[int | None]
    updated_by: Mapped[str]
    updated_at: Mapped[datetime] = _now()
    __table_args__ = (CheckConstraint("last_outcome in ('running', 'done', 'failed', 'busy')", name="outcome"), {"schema": "ops"})


class ObservationRow(Base):
    """What a check that costs much saw last."""

    __tablename__ = "observations"
    name: Mapped[str] = mapped_column(String(50), primary_key=True)
    status: Mapped[str] = mapped_column(String(10))
    detail: Mapped[str]
    hint: Mapped[str]
    observed_at: Mapped[datetime] = _now()
    __table_args__ = (CheckConstraint("status in ('ok', 'warning', 'failed')", name="status"), {"schema": "ops"})


class Counter(Base):
    """What processes count together."""

    __tablename__ = "counters"
    name: Mapped[str] = mapped_column(String(50), primary_key=True)
    total: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = ({"schema": "ops"},)


class AccessLog(Base):
    """Who looked at or exported what personal data, allowed or refused."""

    __tablename__ = "access_log"
    access_id: Mapped[int] = _key()
    username: Mapped[str]
    action: Mapped[str]
    resource: Mapped[str]
    result: Mapped[str] = mapped_column(String(20))
    happened_at: Mapped[datetime] = _now()
    ip_address: Mapped[str | None]
    __table_args__ = ({"schema": "ops"},)


class SubjectRequest(Base):
    """What was done about one person's data, or purged by age: counts only, never the value."""

    __tablename__ = "subject_requests"
    request_id: Mapped[int] = _key()
    action: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str]
    found: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    handled_by: Mapped[str]
    handled_at: Mapped[datetime] = _now()
    __table_args__ = (CheckConstraint("action in ('find', 'export', 'erase', 'purge')", name="action"), {"schema": "ops"})


class Backup(Base):
    __tablename__ = "backups"
    backup_id: Mapped[int] = _key()
    path: Mapped[str]
    sha256: Mapped[str | None] = mapped_column(String(64))
    size_bytes: Mapped[int | None]
    manifest: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    created_by: Mapped[str]
    created_at: Mapped[datetime] = _now()
    verified_at: Mapped[datetime | None]
    __table_args__ = ({"schema": "ops"},)


class ScorerRow(Base):
    """Weights of the matcher that people adopted, only ever added: a new one sets `replaced_at` on the old. No changes: the shipped weights."""

    __tablename__ = "scorers"
    scorer_id: Mapped[int] = _key()
    version: Mapped[str]
    made_for: Mapped[str]
    weight_changes: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    basis: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    reason: Mapped[str | None]
    set_by: Mapped[str]
    set_at: Mapped[datetime] = _now()
    replaced_at: Mapped[datetime | None]
    __table_args__ = (
        Index("uq_scorers_live", text("(true)"), unique=True, postgresql_where=text("replaced_at is null")),
        {"schema": "ops"},
    )


class ThresholdRow(Base):
    """Thresholds that people set, only ever added: a new value sets `replaced_at` on the old. No value: as the settings say."""

    __tablename__ = "thresholds"
    threshold_id: Mapped[int] = _key()
    name: Mapped[str] = mapped_column(String(30))
    value: Mapped[float | None] = mapped_column(Float)
    reason: Mapped[str | None]
    set_by: Mapped[str]
    set_at: Mapped[datetime] = _now()
    replaced_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("name in ('quality_threshold', 'final_threshold', 'review_threshold', 'match_threshold', 'automatic_threshold')", name="name"),
        CheckConstraint("value between 0 and case when name in ('quality_threshold', 'final_threshold') then 100 else 1 end", name="value"),
        Index("uq_thresholds_live", "name", unique=True, postgresql_where=text("replaced_at is null")),
        {"schema": "ops"},
    )
