"""Issues are not held against their records one by one as they are written; they still go with them."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from gvrc.errors import StoreError
from gvrc.store.migrate import run_script

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(op.get_bind(), (_SQL / "0023_issues_follow.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    raise StoreError("Nothing is stored otherwise than before.", "Keep this version of the database: older programs read it too.")
