"""Quality: the dimensions of a run against their targets, where they are lost, and the rows behind every figure."""

from gvrc.ui import desk, quality_page, runs

seat = desk.take(desk.Permission.SEE_QUALITY)
run = runs.heading(seat, "quality")
if run is not None:
    quality_page.dashboard(seat, run)
