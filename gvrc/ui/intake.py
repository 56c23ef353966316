"""The parts of the upload page: choosing files, what they were recognised as, the run."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from gvrc import pipeline
from gvrc.errors import GvrcError
from gvrc.model.run import STAGES, RunStatus, Stage
from gvrc.model.source import LEFT_OUT, FieldSample
from gvrc.pipeline import ReceivedFile
from gvrc.security.permissions import Permission
from gvrc.ui import address, desk, incoming, mapping_desk, rest_page, runs, show, tables, told
from gvrc.ui.catalogue import escape_markdown
from gvrc.ui.desk import Seat
from gvrc.ui.mapping_desk import Waiting
from gvrc.ui.tables import Cell, Column, Row
from gvrc.views import runs as run_views

SURE = 0.8
FEW_FILES = 3
"""So many unknown lists are shown with their fields open; of more, each is opened when it is wanted."""


def bring_in(seat: Seat) -> None:
    """Files; and REST sources, for who may manage them."""
    say = seat.say
    if not seat.may(Permission.MANAGE_SOURCES):
        choose_files(seat)
        return
    files, rest = st.tabs([say.markdown("upload.part.files"), say.markdown("upload.part.rest")], key="part", on_change="rerun", bind="query-params")
    if files.open:
        with files:
            choose_files(seat)
    if rest.open:
        with rest:
            rest_page.rest_part(seat)


def choose_files(seat: Seat) -> None:
    """Own files, or the sample lists with one click."""
    say = seat.say
    st.file_uploader(
        say.markdown("upload.choose"), accept_multiple_files=True, key=_uploader_key(), on_change=_keep_uploads,
        help=say.markdown("upload.choose.help", megabytes=seat.settings.max_upload_mb), max_upload_size=seat.settings.max_upload_mb,
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(say.markdown("upload.samples"), key="samples", on_click=_take_samples, icon=":material/dataset:")
        st.caption(say.markdown("upload.samples.note"))


def _uploader_key() -> str:
    return f"uploads_{st.session_state.setdefault('upload.round', 0)}"


def _keep_uploads() -> None:
    """Callback: copy what was chosen to the data home, free the memory, remember the batch in the address."""
    seat = desk.take(Permission.UPLOAD)
    uploads = st.session_state.get(_uploader_key()) or []
    if uploads:
        address.put(batch=incoming.keep(seat.settings, seat.actor, uploads))
        st.session_state["upload.round"] += 1
        incoming.free_memory()


def _take_samples() -> None:
    address.put(batch=incoming.SAMPLES)


# ------------------------------------------------------------------------------------------------------------------------ a batch


def show_batch(seat: Seat) -> None:
    """What each file was recognised as; then the run."""
    token = address.word("batch") or ""
    received = _received(seat, token)
    if received is None:
        st.markdown(seat.say.markdown("upload.batch_gone"))
        st.button(seat.say.markdown("upload.again"), key="again", on_click=_forget_batch, args=(token,))
        return
    usable = [file for file in received if file.file_id is not None]
    _batch_summary(seat, received, usable)
    _batch_acts(seat, token, usable)
    _refused(seat, [file for file in received if file.file_id is None])
    for number, file in enumerate(received):
        if file.file_id is not None:
            _one_file(seat, Waiting(token=token, number=number, file=file), is_one_of_many=len(usable) > FEW_FILES)


def _received(seat: Seat, token: str) -> Sequence[ReceivedFile] | None:
    """The files of the batch as the pipeline took them in; asked once per visit, and again after a refresh."""
    kept = st.session_state.get("upload.received")
    if kept is not None and kept[0] == token:
        files: Sequence[ReceivedFile] = kept[1]
        return files
    batch = incoming.open_batch(seat.settings, seat.actor, token)
    if batch is None:
        return None
    with st.spinner(seat.say.markdown("upload.reading", n=len(batch.paths))):
        received = pipeline.receive(seat.db, seat.settings, seat.actor, batch.paths, names=batch.names, is_counted=True)
    st.session_state["upload.received"] = (token, received)
    return received


def _batch_summary(seat: Seat, received: Sequence[ReceivedFile], usable: Sequence[ReceivedFile]) -> None:
    say = seat.say
    refused = len(received) - len(usable)
    st.markdown(say.markdown("upload.recognised", n=len(usable)) + (" " + say.markdown("upload.refused", n=refused) if refused else ""))


def _batch_acts(seat: Seat, token: str, usable: Sequence[ReceivedFile]) -> None:
    say = seat.say
    ids = [file.file_id for file in usable if file.file_id is not None]
    with st.container(horizontal=True):
        if ids and seat.may(Permission.RUN):
            st.button(say.markdown("upload.run_all"), key="run_all", type="primary", on_click=_start, args=(token, ids), icon=":material/play_arrow:")
            st.button(
                say.markdown("upload.run_first", stage=say(f"stage.{STAGES[0]}")), key="run_first", on_click=_start, args=(token, ids, STAGES[0]),
                icon=":material/skip_next:",
            )
        st.button(say.markdown("upload.put_away"), key="put_away", on_click=_forget_batch, args=(token,), type="tertiary")


def _start(token: str, file_ids: list[int], stop_after: Stage | None = None) -> None:
    """Callback: queue the run, start its worker, watch it."""
    seat = desk.take(Permission.RUN)
    run_id = runs.start(seat, file_ids, stop_after=stop_after)
    if run_id is not None:
        _forget_batch(token)
        address.put(run=run_id)


def _forget_batch(token: str) -> None:
    incoming.put_away(desk.take(Permission.UPLOAD).settings, token)
    st.session_state.pop("upload.received", None)
    address.put(batch=None)


def _refused(seat: Seat, files: Sequence[ReceivedFile]) -> None:
    """The files that cannot be read, before the others: what is wrong with each, and what to do."""
    if not files:
        return
    say = seat.say
    columns = (Column(title=say("upload.files.name")), Column(title=say("upload.problem")), Column(title=say("upload.hint")))
    rows = [(Cell(text=file.name, is_strong=True), told.told(say, file.problem), told.told(say, file.hint)) for file in files]
    with st.container(border=True, gap="xsmall"):
        st.markdown(say.markdown("upload.cannot_be_read", n=len(files)))
        tables.table(columns, rows, key="refused", label=say("upload.refused.alt"), height=tables.LIST_PX)


def _one_file(seat: Seat, waiting: Waiting, *, is_one_of_many: bool) -> None:
    say, file = seat.say, waiting.file
    with st.container(border=True, gap="xsmall"):
        st.markdown(say.markdown("upload.file", name=file.name, source=file.source or ""))
        st.caption(_about(seat, file))
        for reason in file.reasons:
            if reason.startswith(LEFT_OUT):
                st.markdown(f":orange[:material/playlist_remove:] {escape_markdown(told.told(say, reason))}")
        if file.already_received_run is not None:
            st.caption(say.markdown("upload.file.known", run=file.already_received_run))
        if file.fields:
            _how_it_is_read(seat, waiting, is_one_of_many=is_one_of_many)


def _how_it_is_read(seat: Seat, waiting: Waiting, *, is_one_of_many: bool) -> None:
    """The fields: open and to be corrected where the list is unknown or doubtful, else folded away; read-only for who may not manage sources. Of many files
    only the doubtful ones are open: dozens of open forms hide what they are about."""
    say, file = seat.say, waiting.file
    may_correct = seat.may(Permission.MANAGE_SOURCES)
    is_doubtful = file.confidence < SURE or not (file.is_known or is_one_of_many)
    is_open = may_correct and st.session_state.get(waiting.key("open"), is_doubtful)
    unmapped = sum(1 for each in file.fields if each.canonical is None)
    head = say.markdown("upload.file.mapping" if unmapped else "upload.file.mapping.all", n=len(file.fields), unmapped=unmapped)
    with st.expander(head, expanded=is_open):
        if is_open:
            mapping_desk.correct(seat, waiting)
            return
        _mapping(seat, file.fields, waiting.key("mapping"))
        if may_correct:
            st.button(say.markdown("mapping.correct"), key=waiting.key("correct"), on_click=_open_correction, args=(waiting,), icon=":material/edit:")


def _open_correction(waiting: Waiting) -> None:
    st.session_state[waiting.key("open")] = True


def _about(seat: Seat, file: ReceivedFile) -> str:
    say = seat.say
    sure = say.markdown("upload.sure" if file.confidence >= SURE else "upload.unsure", percent=round(file.confidence * 100))
    records = _how_many(seat, file)
    how = [told.told(say, reason).rstrip(".") for reason in file.reasons if not reason.startswith(LEFT_OUT)]
    return " · ".join([records, sure, *map(escape_markdown, how)])


def _how_many(seat: Seat, file: ReceivedFile) -> str:
    """How many records the file holds, or about how many."""
    if file.records is not None:
        return seat.say.markdown("upload.records", n=file.records)
    return seat.say.markdown("upload.records_later") if file.estimate is None else seat.say.markdown("upload.records_about", n=file.estimate)


def _mapping(seat: Seat, fields: Sequence[FieldSample], key: str) -> None:
    say = seat.say
    ordered = sorted(fields, key=lambda each: each.canonical is None)
    columns = [Column(title=say(f"upload.mapping.{name}"), align="right" if name == "sure" else "left") for name in ("path", "becomes", "sample", "sure", "why")]
    tables.table(columns, [_field(seat, each) for each in ordered], key=key, label=say("upload.mapping.alt"))


def _field(seat: Seat, field: FieldSample) -> Row:
    """A field of the file: where it goes, a value, how sure that is and why; one that goes nowhere is quiet."""
    say = seat.say
    becomes = show.field_label(say, field.canonical) if field.canonical else Cell(runs=((say("upload.mapping.unmapped"), "quiet"),))
    sample = show.value_text(field.samples[0] if field.samples else None)
    return (mapping_desk.named(seat, field.path), becomes, sample, mapping_desk.confidence(seat, field), Cell(runs=((field.reason, "quiet"),)))


# ------------------------------------------------------------------------------------------------------------------------ the run


def show_run(seat: Seat) -> None:
    """The run in the address: progress while it lives, then the receipt. Nothing of it is kept in this tab."""
    try:
        run = run_views.run_view(seat.db, seat.actor, address.number("run") or 0)
    except GvrcError as error:
        desk.show_trouble(error)
        st.button(seat.say.markdown("upload.more"), key="more", on_click=_another)
        return
    runs.watch(seat, run)
    _files_of_run(seat, run)
    if RunStatus(run.status).is_live:
        return
    if all(stage.status == "done" for stage in run.stages):
        runs.receipt(seat, run)
    st.button(seat.say.markdown("upload.more"), key="more", on_click=_another, icon=":material/upload_file:", type="tertiary")


def _another() -> None:
    st.query_params.clear()


def _files_of_run(seat: Seat, run: run_views.RunView) -> None:
    say = seat.say
    with st.expander(say.markdown("upload.files", n=len(run.files)), expanded=any(file.damage for file in run.files)):
        show.table(
            {
                say("upload.files.name"): [file.name for file in run.files],
                say("upload.files.source"): [file.source for file in run.files],
                say("upload.files.records"): [file.records if file.records is not None else say("upload.records_later") for file in run.files],
                say("upload.files.note"): [_file_note(seat, file) for file in run.files],
            },
            alt=say("upload.files.alt"),
        )


def _file_note(seat: Seat, file: run_views.FileView) -> str:
    if file.damage:
        return told.told(seat.say, file.damage)
    if file.was_known:
        return seat.say("upload.files.known")
    return seat.say("upload.files.empty") if file.records == 0 else ""
