"""Which facilities the registry holds now."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from gvrc.store.tables import Facility


def count_live(conn: Connection) -> int:
    """How many facilities stand."""
    return conn.execute(select(func.count()).select_from(Facility).where(Facility.is_active)).scalar_one()


def live_facility_ids(conn: Connection) -> list[int]:
    """Facilities that stand: neither merged away nor retired."""
    return list(conn.execute(select(Facility.facility_id).where(Facility.is_active).order_by(Facility.facility_id)).scalars())
