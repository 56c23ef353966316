"""Field mappings that engineers keep are audited."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from gvrc.errors import StoreError
from gvrc.store.migrate import run_script

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(op.get_bind(), (_SQL / "0012_source_mappings.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    raise StoreError("Changes of field mappings would no longer be audited.", "Restore a backup instead.")
