"""What was unusual about a source in a run."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from gvrc.errors import StoreError
from gvrc.store.migrate import run_script

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(op.get_bind(), (_SQL / "0003_findings.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    raise StoreError("What was unusual about each run would be lost.", "Restore a backup instead.")
