"""Which facilities the registry holds now."""

from __future__ import annotations

from sqlalchemy import Connection, select

from gvrc.store.tables import Facility


def live_facility_ids(conn: Connection) -> list[int]:
    """Facilities that stand: neither merged away nor retired."""
    return list(conn.execute(select(Facility.facility_id).where(Facility.is_active).order_by(Facility.facility_id)).scalars())
