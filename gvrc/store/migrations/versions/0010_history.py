"""Versions of facilities, requests that wait for a second person, commits in a process of their own."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from gvrc.errors import StoreError
from gvrc.store.migrate import run_script

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(op.get_bind(), (_SQL / "0010_history.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    raise StoreError("The versions of the facilities would be lost.", "Restore a backup instead.")
