"""What a steward does to one live place, on the registry page: edit, merge, un-merge, retire, open again, back to an earlier version."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from gvrc import views
from gvrc.commit import ActOutcome, ActState, acts
from gvrc.errors import GvrcError
from gvrc.security.permissions import Permission
from gvrc.ui import address, desk, navigation, show, told
from gvrc.ui.catalogue import Words
from gvrc.ui.desk import Seat
from gvrc.views.commits import VersionView
from gvrc.views.facilities import FacilityPageView

DEEDS = ("edit", "merge", "unmerge", "retire", "reopen", "restore", "relate", "unrelate")
LONGEST_REASON = 500
VERSIONS_SHOWN = 20


def offers(seat: Seat, page: FacilityPageView) -> None:
    """The acts that fit this place, for who may commit."""
    if not seat.may(Permission.COMMIT) or page.facility.version is None:
        return
    fitting = ("edit", "merge", "relate", "retire") if page.facility.is_active else ("unmerge",) if page.stands_for is not None else ("reopen",)
    symbols = {"edit": "edit", "merge": "merge", "relate": "link", "retire": "block", "reopen": "undo", "unmerge": "call_split"}
    with st.container(horizontal=True):
        for deed in fitting:
            st.button(seat.say.markdown(f"registry.do.{deed}"), key=f"do_{deed}", icon=f":material/{symbols[deed]}:", on_click=_begin, args=(deed,))


def _begin(deed: str) -> None:
    st.session_state.pop("act.confirm", None)
    address.put(do=deed)


def leave() -> None:
    """Callback: back from a form to the place."""
    st.session_state.pop("act.confirm", None)
    address.put(do=None, version=None, other=None, relation=None, side=None)


def tell(seat: Seat) -> None:
    """Show, once, what the act before this run came to."""
    outcome = st.session_state.pop("act.told", None)
    if outcome is not None:
        name, values = outcome
        st.success(seat.say.markdown(f"registry.told.{name}", **values), icon=":material/task_alt:")


# ------------------------------------------------------------------------------------------------------------------------ forms


def form(seat: Seat, page: FacilityPageView, deed: str) -> None:
    """The form of an act other than an edit: what it means, the reason, and the button."""
    say, place = seat.say, page.facility
    show.section(say.markdown(f"registry.do.{deed}"))
    st.markdown(say.markdown(f"registry.{deed}.lead", code=place.facility_code))
    other = _other(seat, page) if deed == "merge" else None
    version = address.number("version") if deed == "restore" else None
    ready = (deed != "merge" or other is not None) and (deed != "restore" or version is not None)
    ask(seat, deed, f"{deed}_{place.facility_id}", lambda reason, confirmed: _do(seat, page, deed, other, version, reason, confirmed), word=place.facility_code, is_ready=ready)


def ask(seat: Seat, deed: str, key: str, act: Callable[[str, bool], ActOutcome], *, word: str, is_ready: bool = True) -> None:
    """Reason, confirmation where this person alone may approve, and the button. What comes of it is told on the next run."""
    say = seat.say
    waits = st.session_state.get("act.confirm")
    risks = waits[1] if waits and waits[0] == key else ()
    with st.form(f"act_{key}", border=False):
        reason = st.text_input(say.markdown("registry.reason"), key=f"reason_{key}", max_chars=LONGEST_REASON, help=say.markdown("registry.reason.help"))
        typed = _confirmation(seat, risks, word) if risks else ""
        with st.container(horizontal=True):
            pressed = st.form_submit_button(say.markdown(f"registry.do.{deed}"), type="primary", disabled=not is_ready)
            left = st.form_submit_button(say.markdown("registry.leave"), type="tertiary")
    if left:
        leave()
        st.rerun()
    if pressed:
        _press(key, lambda: act(reason, bool(risks) and typed.strip() == word))


def _confirmation(seat: Seat, risks: tuple[str, ...], word: str) -> str:
    st.warning(seat.say.markdown("registry.alone"), icon=":material/warning:")
    for risk in risks:
        show.plain(told.told(seat.say, risk))
    return st.text_input(seat.say.markdown("registry.confirm", word=word), key="act_typed", max_chars=50, width=360)


def _press(key: str, act: Callable[[], ActOutcome]) -> None:
    try:
        outcome = act()
    except GvrcError as error:
        desk.show_trouble(error)
        return
    settle(key, outcome)


def settle(key: str, outcome: ActOutcome) -> None:
    """Keep what came of an act for the next run of the page, and run it."""
    if outcome.state is ActState.CONFIRM:
        st.session_state["act.confirm"] = (key, outcome.risks)
    else:
        values = {"commit": outcome.commit_id or 0, "request": outcome.request_id or 0, "n": outcome.restored}
        st.session_state["act.told"] = (outcome.state.value, values)
        st.session_state["act.conflicts"] = outcome.conflicts
        leave()
    st.rerun()


def _do(seat: Seat, page: FacilityPageView, deed: str, other: int | None, version: int | None, reason: str, confirmed: bool) -> ActOutcome:
    db, settings, actor, number = seat.db, seat.settings, seat.actor, page.facility.facility_id
    seen = {number: page.facility.version or 0}
    if deed == "merge":
        return acts.merge(db, settings, actor, number, other or 0, reason, versions=seen, confirmed=confirmed)
    if deed == "retire":
        return acts.retire(db, settings, actor, number, reason, versions=seen, confirmed=confirmed)
    if deed == "restore":
        return acts.restore(db, settings, actor, number, version or 0, reason, versions=seen, confirmed=confirmed)
    if deed == "unmerge":
        return acts.unmerge(db, settings, actor, number, reason, confirmed=confirmed)
    return acts.reopen(db, settings, actor, number, reason)


def find_other(seat: Seat, page: FacilityPageView, key: str) -> FacilityPageView | None:
    """Another place that stands, named by its code; None, and said so, when there is none."""
    code = st.text_input(seat.say.markdown("registry.merge.other"), key=key, max_chars=50, width=360).strip()
    if not code:
        return None
    found = views.facility_view(seat.db, seat.actor, code, history_limit=0)
    if found is None or not found.facility.is_active or found.facility.facility_id == page.facility.facility_id:
        st.caption(seat.say.markdown("registry.merge.none", code=code))
        return None
    return found


def _other(seat: Seat, page: FacilityPageView) -> int | None:
    """The place that is to be merged into this one, shown before anything happens."""
    found = find_other(seat, page, "merge_other")
    if found is None:
        return None
    show.table(
        {
            seat.say("commit.cell.field"): [show.field_label(seat.say, name) for name in ("name", "facility_type_label", "county", "ward", "contacts")],
            seat.say("registry.merge.stays"): [show.record_value(seat.say, page.facility, name) for name in ("name", "facility_type_label", "county", "ward", "contacts")],
            seat.say("registry.merge.goes"): [show.record_value(seat.say, found.facility, name) for name in ("name", "facility_type_label", "county", "ward", "contacts")],
        },
        alt=seat.say("registry.merge.alt"),
    )
    return found.facility.facility_id


# ------------------------------------------------------------------------------------------------------------------------ versions


def versions(seat: Seat, page: FacilityPageView) -> None:
    """Every version of a place in a line, with the way back to it."""
    if not seat.may(Permission.SEE_AUDIT) or page.facility.version is None:
        return
    found = views.version_list(seat.db, seat.actor, page.facility.facility_id)
    if len(found) < 2:
        return
    with st.expander(seat.say.markdown("registry.versions", n=len(found))):
        for version in found[:VERSIONS_SHOWN]:
            _version(seat, page, version)


def version_line(say: Words, version: VersionView) -> str:
    """A version in one line: number, time, who, by which act, what changed."""
    what = ", ".join(told.fields(say, version.fields)) or say("registry.version.same")
    return f"{version.version} · {show.moment(version.written_at)} · {version.written_by} · {say.or_plain(f'registry.act.{version.act}', version.act)}: {what}"


def _version(seat: Seat, page: FacilityPageView, version: VersionView) -> None:
    say = seat.say
    line, button = st.columns([9, 3], vertical_alignment="center")
    with line:
        show.plain(version_line(say, version))
    is_now = version.version == page.facility.version
    if seat.may(Permission.COMMIT) and page.facility.is_active and not is_now:
        button.button(say.markdown("registry.do.restore"), key=f"back_to_{version.version}", on_click=_begin_restore, args=(version.version,), type="tertiary")


def _begin_restore(version: int) -> None:
    st.session_state.pop("act.confirm", None)
    address.put(do="restore", version=version)


def waiting(seat: Seat, page: FacilityPageView) -> None:
    """Requests on this place that wait for a second person."""
    if not seat.may(Permission.COMMIT):
        return
    for request in views.request_list(seat.db, seat.actor, facility_id=page.facility.facility_id):
        st.info(seat.say.markdown("registry.waits", act=seat.say.or_plain(f"registry.act.{request.act}", request.act), who=request.asked_by), icon=":material/hourglass_empty:")
        navigation.link("commit", seat.say.markdown("registry.waits.link"), query={"view": "requests"})
