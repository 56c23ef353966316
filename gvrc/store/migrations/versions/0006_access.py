"""API tokens by county, passwords to be changed, organisation sign-in, requests of data subjects."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from gvrc.errors import StoreError
from gvrc.store.migrate import run_script

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(op.get_bind(), (_SQL / "0006_access.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    raise StoreError("Requests of data subjects and the counties of tokens would be lost.", "Restore a backup instead.")
