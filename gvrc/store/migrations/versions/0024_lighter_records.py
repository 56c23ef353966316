"""A record is written with less work: two indexes fewer, and the parts of its quality score as the program computed them."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from gvrc.errors import StoreError
from gvrc.store.migrate import run_script

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(op.get_bind(), (_SQL / "0024_lighter_records.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    raise StoreError("Nothing is stored otherwise than before.", "Keep this version of the database: older programs read it too.")
