"""Thresholds set by people, what each run was judged with, and who retired a known correction."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from gvrc.errors import StoreError
from gvrc.store.migrate import run_script

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(op.get_bind(), (_SQL / "0002_administration.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    raise StoreError("Thresholds that people set would be lost.", "Restore a backup instead.")
