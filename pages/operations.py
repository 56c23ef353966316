"""Operations: health, alerts, the schedule of sources, logs, slow queries."""

from gvrc.ui import desk, operations_page, show

seat = desk.take(desk.Permission.SEE_OPERATIONS)
show.heading(seat, "operations")
operations_page.parts(seat)
