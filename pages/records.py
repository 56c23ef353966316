"""Records: the rows behind a number; one record with the origin of its values."""

from gvrc.ui import address, desk, record_pages, runs

seat = desk.take(desk.Permission.REVIEW)
run = runs.heading(seat, "records")
record_id = address.number("record")
if run is not None and record_id is not None:
    record_pages.one_record(seat, run, record_id)
elif run is not None:
    record_pages.rows_behind_a_count(seat, run)
