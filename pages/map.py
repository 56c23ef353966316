"""Map: where the places are, county by county and one by one, and which have no point yet."""

from gvrc.ui import desk, map_page, show

seat = desk.take(desk.Permission.READ)
show.heading(seat, "map")
map_page.explore()
