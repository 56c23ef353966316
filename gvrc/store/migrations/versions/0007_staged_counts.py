"""The parts of the quality score as columns; a note of every change of what is staged."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from gvrc.store.migrate import run_script

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    run_script(op.get_bind(), (_SQL / "0007_staged_counts.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    for name in ("records", "issues", "match_results", "run_files"):
        op.execute(f"drop trigger note_change on staging.{name}")
    op.execute("drop function staging.note_change()")
    op.execute("drop table staging.changes")
    op.execute("drop index staging.ix_records_counted")
    for name in ("completeness", "accuracy", "consistency", "timeliness", "uniqueness"):
        op.execute(f"alter table staging.records drop column {name}")
