"""Other names of a place are searched by an index."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from gvrc.errors import StoreError
from gvrc.store.migrate import run_script

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(op.get_bind(), (_SQL / "0014_search.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    raise StoreError("Nothing is stored otherwise than before.", "Keep this version of the database: older programs read it too.")
