"""Weights of the matcher that people adopted."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from gvrc.errors import StoreError
from gvrc.store.migrate import run_script

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(op.get_bind(), (_SQL / "0005_scorers.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    raise StoreError("Weights of the matcher that people adopted would be lost.", "Restore a backup instead.")
