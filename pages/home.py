"""Home: what waits for this person, and the next step."""

from gvrc.ui import desk, home_page, show

seat = desk.take(desk.Permission.READ)
if seat.may(desk.Permission.REVIEW):
    show.heading(seat, "home")
else:
    show.heading(seat, "home.look")
home_page.what_waits(seat)
