"""The matcher's calibration: how its score fared with people, weights refitted on their answers before and after, adopting them and taking them back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from gvrc import learning, thresholds
from gvrc.errors import GvrcError
from gvrc.learning import Proposal, ScorerView
from gvrc.matching.refit import PRECISION_ASKED, Trial
from gvrc.security.permissions import Permission
from gvrc.ui import address, desk, show
from gvrc.ui.catalogue import escape_markdown
from gvrc.ui.desk import Seat
from gvrc.views import runs as run_views

PROPOSAL = "admin_matcher.proposal"
MEASURES = ("recall", "precision", "asked", "log_loss")


def matcher_part(seat: Seat) -> None:
    """How well the score tells, what a refit would change, and the weights that were in force."""
    st.caption(seat.say.markdown("matcher.lead"))
    run_id = _run_id(seat)
    if run_id is not None:
        _calibration(seat, run_id)
    _refit(seat, run_id)
    _history(seat, learning.scorers(seat.db, seat.actor))


def _run_id(seat: Seat) -> int | None:
    known = run_views.run_list(seat.db, seat.actor, limit=1)
    return address.number("run") or (known[0].run_id if known else None)


def _calibration(seat: Seat, run_id: int) -> None:
    """Per tenth of the match score: the pairs of the run, and what people said to pairs like these."""
    say = seat.say
    values = {view.name: view.value for view in thresholds.list_thresholds(seat.db, seat.settings, seat.actor)}
    tenths = thresholds.effects(seat.db, seat.actor, run_id, values).pair_tenths
    shown = [tenth for tenth in range(9, -1, -1) if tenths[tenth].pairs or tenths[tenth].decided]
    show.section(say.markdown("matcher.calibration", run=run_id))
    if not shown:
        st.caption(say.markdown("matcher.no_pairs"))
        return
    show.table(
        {
            say("admin.cut.match_score"): [f"{tenth / 10:.1f} – {(tenth + 1) / 10:.1f}" for tenth in shown],
            say("admin.cut.pairs"): [tenths[tenth].pairs for tenth in shown],
            say("matcher.decided"): [tenths[tenth].decided for tenth in shown],
            say("matcher.same"): [tenths[tenth].same for tenth in shown],
            say("matcher.share"): [f"{tenths[tenth].same / tenths[tenth].decided:.0%}" if tenths[tenth].decided else show.ABSENT for tenth in shown],
        },
        alt=say("matcher.calibration.alt"),
    )
    st.caption(say.markdown("matcher.calibration.note"))


# ------------------------------------------------------------------------------------------------------------------ refitting


def _refit(seat: Seat, run_id: int | None) -> None:
    """Ask for new weights; they stand there, before beside after, until they are adopted or let go."""
    say = seat.say
    show.section(say.markdown("matcher.refit"))
    st.caption(say.markdown("matcher.refit.lead"))
    with st.container(horizontal=True, gap="xsmall"):
        st.button(say.markdown("matcher.refit.decisions"), key="refit_decisions", on_click=_propose, args=(None,), type="primary")
        st.button(say.markdown("matcher.refit.data"), key="refit_data", on_click=_propose, args=(run_id,), disabled=run_id is None)
    proposal: Proposal | None = st.session_state.get(PROPOSAL)
    if proposal is not None:
        _proposed(seat, proposal)


def _propose(run_id: int | None) -> None:
    """Callback: refit on the answers, or on the pairs of a run."""
    seat = desk.take(Permission.MANAGE_THRESHOLDS)
    st.session_state.pop(PROPOSAL, None)
    with st.spinner(seat.say.markdown("matcher.working")):
        if run_id is None:
            made = desk.attempt(learning.propose, seat.db, seat.settings, seat.actor)
        else:
            made = desk.attempt(learning.propose_from_data, seat.db, seat.settings, seat.actor, run_id)
    if made is not None:
        st.session_state[PROPOSAL] = made


def _proposed(seat: Seat, proposal: Proposal) -> None:
    say = seat.say
    with st.container(border=True):
        st.markdown(say.markdown(f"matcher.learned.{proposal.learned_from}", n=proposal.pairs, same=proposal.same))
        _before_after(seat, proposal)
        show.table(
            {
                say("matcher.change.feature"): [feature.replace("_", " ") for feature, _level, _added in proposal.largest],
                say("matcher.change.level"): [level.replace("_", " ") for _feature, level, _added in proposal.largest],
                say("matcher.change.added"): [f"{added:+.2f}" for _feature, _level, added in proposal.largest],
            },
            alt=say("matcher.change.alt"),
        )
        st.text_input(say.markdown("matcher.reason"), key="matcher_reason", max_chars=learning.LONGEST_REASON, autocomplete="off", width=480)
        with st.container(horizontal=True, gap="xsmall"):
            st.button(say.markdown("matcher.adopt"), key="adopt_weights", on_click=_adopt, type="primary" if proposal.is_better else "secondary")
            st.button(say.markdown("matcher.let_go"), key="let_go_weights", on_click=_let_go, type="tertiary")


def _before_after(seat: Seat, proposal: Proposal) -> None:
    """Both sets of weights on answers held back, and what they say in a sentence."""
    say, before, after = seat.say, proposal.before, proposal.after
    if before is None or after is None:
        st.warning(say.markdown("matcher.untried"), icon=":material/help:")
        return
    show.table(
        {
            say("matcher.measure"): [say(f"matcher.measure.{name}") for name in MEASURES],
            say("matcher.before"): [_measure(before, name) for name in MEASURES],
            say("matcher.after"): [_measure(after, name) for name in MEASURES],
        },
        alt=say("matcher.before_after.alt"),
    )
    if proposal.cut is not None:
        st.caption(say.markdown("matcher.cut", score=f"{proposal.cut:.2f}", share=f"{PRECISION_ASKED:.1%}"))
    if proposal.is_better:
        st.success(say.markdown("matcher.better"), icon=":material/check_circle:")
    else:
        st.warning(say.markdown("matcher.not_better"), icon=":material/warning:")


def _measure(trial: Trial, name: str) -> str:
    value = getattr(trial, name)
    return f"{value:.3f}" if isinstance(value, float) else f"{value:,}"


def _adopt() -> None:
    """Callback: put the proposed weights in force from the next run on."""
    seat = desk.take(Permission.MANAGE_THRESHOLDS)
    proposal: Proposal | None = st.session_state.pop(PROPOSAL, None)
    if proposal is None:
        return
    try:
        learning.adopt(seat.db, seat.actor, proposal, str(st.session_state.get("matcher_reason", "")))
    except GvrcError as error:
        desk.refuse(error)
        return
    desk.tell(seat.say.markdown("matcher.adopted"))


def _let_go() -> None:
    st.session_state.pop(PROPOSAL, None)


# ------------------------------------------------------------------------------------------------------------------ history


def _history(seat: Seat, scorers: Sequence[ScorerView]) -> None:
    say = seat.say
    show.section(say.markdown("matcher.history"))
    if not scorers:
        st.caption(say.markdown("matcher.shipped"))
        return
    for scorer in scorers:
        what, act = st.columns([9, 2], vertical_alignment="center")
        words = say.markdown("matcher.line.shipped" if scorer.is_shipped else "matcher.line", version=scorer.version, who=scorer.set_by, when=show.moment(scorer.set_at), n=_pairs(scorer.basis))
        what.markdown(words + (f" · {escape_markdown(scorer.reason)}" if scorer.reason else "") + (f" :green-badge[{say.markdown('matcher.in_force')}]" if scorer.is_used else ""))
        if scorer.is_live and not scorer.is_shipped:
            act.button(say.markdown("matcher.take_back"), key=f"take_back_scorer_{scorer.scorer_id}", on_click=_take_back, args=(scorer.scorer_id,), type="tertiary")


def _pairs(basis: Mapping[str, object]) -> int:
    count = basis.get("pairs")
    return count if isinstance(count, int) else 0


def _take_back(scorer_id: int) -> None:
    """Callback: put back the weights that stood before."""
    seat = desk.take(Permission.MANAGE_THRESHOLDS)
    try:
        learning.take_back(seat.db, seat.actor, scorer_id)
    except GvrcError as error:
        desk.refuse(error)
        return
    desk.tell(seat.say.markdown("matcher.taken_back"))
