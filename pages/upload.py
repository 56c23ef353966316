"""Upload: lists in, what they were recognised as, the run and its receipt."""

from gvrc.ui import address, desk, intake, show

seat = desk.take(desk.Permission.UPLOAD)
show.heading(seat, "upload")

if address.number("run") is not None:
    intake.show_run(seat)
elif address.word("batch") is not None:
    intake.show_batch(seat)
else:
    intake.bring_in(seat)
