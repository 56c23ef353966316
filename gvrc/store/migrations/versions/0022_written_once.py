"""Records are written without being compressed, issues with one index less."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from gvrc.errors import StoreError
from gvrc.store.migrate import run_script

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(op.get_bind(), (_SQL / "0022_written_once.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    raise StoreError("Nothing is stored otherwise than before.", "Keep this version of the database: older programs read it too.")
