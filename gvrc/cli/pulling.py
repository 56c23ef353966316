"""pull, source"""

from __future__ import annotations

from gvrc import pipeline
from gvrc.cli.context import Call, table
from gvrc.cli.running import do_run
from gvrc.errors import ConfigError


def pull(call: Call) -> int:
    """Read a REST source and do the run over it in this process."""
    pulled = pipeline.pull(call.db, call.settings, call.actor, call.options.name, stop_after=call.options.stop_after)
    call.note(f"{pulled.pages} pages" + (f", {pulled.pages_before} of them read before" if pulled.pages_before else ""))
    return do_run(call, pulled.run_id, [pulled.file])


def source(call: Call) -> int:
    """Set up, list or remove REST sources."""
    options = call.options
    if options.action == "list":
        found = pipeline.rest_source_list(call.db, call.actor)
        call.answer(found, table([(s.name, s.url, s.requests_per_second, s.created_by) for s in found], ("name", "address", "per second", "by")))
        return 0
    if options.name is None or (options.action == "add" and options.url is None):
        raise ConfigError("The name or the address of the source is missing.", "Say: gvrc source add NAME URL")
    if options.action == "add":
        pipeline.set_up_source(call.db, call.actor, options.name, options.url, auth_header=options.header, requests_per_second=options.per_second)
    else:
        pipeline.remove_source(call.db, call.actor, options.name)
    call.answer({"name": options.name, "done": options.action}, [f"{options.name}: done."])
    return 0
