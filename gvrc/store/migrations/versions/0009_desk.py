"""Indexes in the order in which the desk asks."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from gvrc.store.migrate import run_script

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(op.get_bind(), (_SQL / "0009_desk.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    for name in ("issues_queue", "match_results_queue", "match_results_right", "match_results_automatic", "decisions_run", "decisions_batch"):
        op.execute(f"drop index staging.ix_{name}")
    op.execute("create index ix_match_results_open on staging.match_results (run_id, priority) where is_open")
