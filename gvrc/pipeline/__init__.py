"""Runs the stages in order, chunk by chunk, with checkpoints and reports; does not know who started it."""

from gvrc.pipeline.control import mark_interrupted, request_stop, resume, start
from gvrc.pipeline.execute import execute
from gvrc.pipeline.receive import ReceivedFile, receive
from gvrc.pipeline.summary import RunSummary

__all__ = ["ReceivedFile", "RunSummary", "execute", "mark_interrupted", "receive", "request_stop", "resume", "start"]
