"""REST sources that engineers set up."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from gvrc.errors import StoreError
from gvrc.store.migrate import run_script

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(op.get_bind(), (_SQL / "0011_rest_sources.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    raise StoreError("Sources that engineers set up would be lost.", "Restore a backup instead.")
