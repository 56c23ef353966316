"""The language a person chose for their screens."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from gvrc.errors import StoreError
from gvrc.store.migrate import run_script

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(op.get_bind(), (_SQL / "0004_language.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    raise StoreError("The languages that people chose would be lost.", "Restore a backup instead.")
