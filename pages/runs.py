"""Runs: every passage of lists through the stages, its progress, its receipt, what was set aside."""

from gvrc.ui import address, desk, run_pages, show

seat = desk.take(desk.Permission.RUN)
show.heading(seat, "runs")

run_id = address.number("run")
if run_id is None:
    run_pages.list_runs(seat)
else:
    run_pages.one_run(seat, run_id)
