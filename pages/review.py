"""Flagged values: one question at a time, the queue by kind beside it; answered by key."""

from gvrc.ui import desk, flags, runs

seat = desk.take(desk.Permission.REVIEW)
run = runs.heading(seat, "review")
if run is not None:
    flags.ask(seat, run)
