"""Commit: what would change in the registry, then the change itself. Nothing reaches the registry by any other way, and all of it can be taken back."""

from gvrc.ui import commit_history, commit_page, desk, runs, show

seat = desk.take(desk.Permission.COMMIT)
view = commit_history.current_view()
if view == "run":
    run = runs.heading(seat, "commit", above=lambda: commit_history.choice(seat, view))
    if run is not None:
        commit_page.preview_and_commit(seat, run)
else:
    show.heading(seat, "commit")
    commit_history.choice(seat, view)
    commit_history.requests(seat) if view == "requests" else commit_history.commits(seat)
