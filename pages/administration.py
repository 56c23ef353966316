"""Administration: accounts and roles, thresholds, known corrections."""

from gvrc.ui import admin_page, desk, show

seat = desk.take(desk.Permission.MANAGE_THRESHOLDS)
show.heading(seat, "admin")
admin_page.parts(seat)
