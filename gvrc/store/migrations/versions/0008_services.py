"""Alerts with delivery and acknowledgement, the schedule of sources, observations."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from gvrc.errors import StoreError
from gvrc.store.migrate import run_script

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(op.get_bind(), (_SQL / "0008_services.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    raise StoreError("Alerts and the schedule of sources would be lost.", "Restore a backup instead.")
