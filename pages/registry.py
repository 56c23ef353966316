"""Registry: find a place, see it whole with where each value came from, take a list away."""

from gvrc.ui import address, desk, registry_page, show

seat = desk.take(desk.Permission.READ)
show.heading(seat, "registry")

facility_id = address.number("facility")
if facility_id is None:
    registry_page.search(seat)
else:
    registry_page.one_facility(seat, facility_id)
