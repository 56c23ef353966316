"""Runs the stages in order, chunk by chunk, with checkpoints and reports; does not know who started it."""

from gvrc.pipeline.control import mark_interrupted, request_stop, resume, start
from gvrc.pipeline.dead_letters import Waiting, replay, waiting
from gvrc.pipeline.execute import execute
from gvrc.pipeline.mappings import MappingTrial, keep_mapping, try_mapping
from gvrc.pipeline.pull import (
    PulledSource,
    SourceState,
    check_source,
    pull,
    remove_source,
    rest_source_list,
    rest_source_states,
    set_up_source,
)
from gvrc.pipeline.receive import ReceivedFile, receive
from gvrc.pipeline.summary import RunSummary

__all__ = [
    "MappingTrial",
    "PulledSource",
    "ReceivedFile",
    "RunSummary",
    "SourceState",
    "Waiting",
    "check_source",
    "execute",
    "keep_mapping",
    "mark_interrupted",
    "pull",
    "receive",
    "remove_source",
    "replay",
    "request_stop",
    "rest_source_list",
    "rest_source_states",
    "resume",
    "set_up_source",
    "start",
    "try_mapping",
    "waiting",
]
