"""Commit: what would change in the registry, then the change itself. Nothing reaches the registry by any other way."""

from gvrc.ui import commit_page, desk, runs

seat = desk.take(desk.Permission.COMMIT)
run = runs.heading(seat, "commit")
if run is not None:
    commit_page.preview_and_commit(seat, run)
