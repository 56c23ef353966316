"""The registry, staging and ops as they first were: tables, partitions, the view of normalised data, the audit."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from gvrc.errors import StoreError
from gvrc.store.migrate import run_script

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    for name in ("0001_tables.sql", "0001_views.sql", "0001_audit.sql"):
        run_script(op.get_bind(), (_SQL / name).read_text(encoding="utf-8"))


def downgrade() -> None:
    raise StoreError("The first version has nothing before it.", "Restore a backup instead.")
