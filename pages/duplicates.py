"""Duplicates: one pair at a time, both records side by side; answered by key."""

from gvrc.ui import desk, pairs, runs

seat = desk.take(desk.Permission.REVIEW)
run = runs.heading(seat, "duplicates")
if run is not None:
    pairs.ask(seat, run)
