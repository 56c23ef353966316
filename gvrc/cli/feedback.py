"""feedback"""

from __future__ import annotations

import io
from dataclasses import asdict

from gvrc.cli.context import Call, table
from gvrc.views import run_view
from gvrc.views.feedback_file import feedback_file


def feedback(call: Call) -> int:
    """Write, for each file of a run that has something to mend, a file for its supplier."""
    written = []
    for number, file in enumerate(run_view(call.db, call.actor, call.options.run_id).files, 1):
        stream = io.BytesIO()
        told = feedback_file(call.db, call.actor, stream, call.options.run_id, file.file_id)
        if told.records:
            call.options.out.mkdir(parents=True, exist_ok=True)
            target = call.options.out / f"{number}-{told.name.replace('/', '_')}"
            target.write_bytes(stream.getvalue())
            written.append(asdict(told) | {"file": str(target)})
    call.answer(written, table([(each["file"], each["records"]) for each in written], ("file", "records to mend")))
    return call.code(findings=bool(written))
