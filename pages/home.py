"""Home: what waits for this person, and the next step."""

from gvrc.ui import desk, home_page, show

seat = desk.take(desk.Permission.READ)
show.heading(seat, "home" if seat.may(desk.Permission.REVIEW) else "home.look")
home_page.what_waits(seat)
