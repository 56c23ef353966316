"""Places in relation to one place, on the registry page: shown with what they are to it, a new relation told, one taken back."""

from __future__ import annotations

from functools import partial

import streamlit as st

from gvrc.commit import ActOutcome, acts
from gvrc.model.review import Relation
from gvrc.security.permissions import Permission
from gvrc.ui import address, navigation, registry_acts, show
from gvrc.ui.desk import Seat
from gvrc.views.facilities import FacilityPageView, NeighbourView

SIDES = ("ours", "theirs")
"""Whether the relation is told of this place, or of the other."""


def shown(seat: Seat, page: FacilityPageView) -> None:
    """What was merged into this place and what it is related to, each a way there; a relation with the way to end it."""
    if not page.redirects and not page.relations:
        return
    show.section(seat.say.markdown("registry.neighbours"))
    for neighbour in page.redirects:
        _link(seat, neighbour)
    for neighbour in page.relations:
        with st.container(horizontal=True, vertical_alignment="center"):
            _link(seat, neighbour)
            if seat.may(Permission.COMMIT) and page.facility.version is not None:
                key = f"end_{neighbour.relation}_{_side(neighbour)}_{neighbour.facility_id}"
                st.button(seat.say.markdown("registry.do.unrelate"), key=key, type="tertiary", icon=":material/link_off:", on_click=_begin_end, args=(neighbour,))


def _link(seat: Seat, neighbour: NeighbourView) -> None:
    how = seat.say(f"registry.relation.{_side(neighbour)}.{neighbour.relation}")
    navigation.link(
        "registry", seat.say.markdown("registry.neighbour", how=how, name=show.value_text(neighbour.name), code=neighbour.facility_code),
        query={"facility": str(neighbour.facility_id)},
    )


def _side(neighbour: NeighbourView) -> str:
    return "ours" if neighbour.is_ours else "theirs"


def _begin_end(neighbour: NeighbourView) -> None:
    st.session_state.pop("act.confirm", None)
    address.put(do="unrelate", other=neighbour.facility_id, relation=neighbour.relation, side=_side(neighbour))


def form(seat: Seat, page: FacilityPageView) -> None:
    """A new relation: what the one place is to the other, which place, and why."""
    say, place = seat.say, page.facility
    show.section(say.markdown("registry.do.relate"))
    st.markdown(say.markdown("registry.relate.lead", code=place.facility_code))
    options = [(side, relation) for side in SIDES for relation in Relation]
    side, relation = st.selectbox(
        say.markdown("registry.relate.kind"), options, key="relate_kind", width=360,
        format_func=lambda option: say(f"registry.relation.{option[0]}.{option[1].value}"),
    )
    other = registry_acts.find_other(seat, page, "relate_other")
    if other is not None:
        show.plain(say(f"registry.relate.said.{side}", here=place.facility_code, name=show.value_text(other.facility.name), code=other.facility.facility_code,
                       county=show.value_text(other.facility.county), how=say(f"registry.relation.how.{relation.value}")))
    number = other.facility.facility_id if other is not None else 0
    registry_acts.ask(
        seat, "relate", f"relate_{place.facility_id}", partial(_relate, seat, place.facility_id, number, relation, side, False), word=place.facility_code,
        is_ready=other is not None,
    )


def end_form(seat: Seat, page: FacilityPageView) -> None:
    """A relation is taken back; it may be told again at any time."""
    say, place = seat.say, page.facility
    number, relation, side = address.number("other"), address.one_of("relation", [r.value for r in Relation]), address.one_of("side", SIDES)
    found = next((n for n in page.relations if (n.facility_id, n.relation, _side(n)) == (number, relation, side)), None)
    show.section(say.markdown("registry.do.unrelate"))
    if found is None:
        st.markdown(say.markdown("registry.unrelate.gone"))
        st.button(say.markdown("registry.leave"), key="leave_unrelate", on_click=registry_acts.leave, type="tertiary")
        return
    show.plain(f"{show.value_text(found.name)} ({found.facility_code}): {say(f'registry.relation.{_side(found)}.{found.relation}')}")
    registry_acts.ask(
        seat, "unrelate", f"unrelate_{place.facility_id}", partial(_relate, seat, place.facility_id, found.facility_id, Relation(found.relation), _side(found), True),
        word=place.facility_code,
    )


def _relate(seat: Seat, facility_id: int, other_id: int, relation: Relation, side: str, ends: bool, reason: str, _confirmed: bool) -> ActOutcome:
    one, other = (facility_id, other_id) if side == "ours" else (other_id, facility_id)
    return acts.relate(seat.db, seat.settings, seat.actor, one, other, relation, reason, ends=ends)
