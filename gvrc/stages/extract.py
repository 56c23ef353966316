"""The first stage: the records of a file as they came, one after another, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from gvrc.errors import UnknownFormatError
from gvrc.model.source import Damage, Detection, SourceFile, SourceRow
from gvrc.sources.json_stream import FoundRecord, Trouble
from gvrc.sources.records import read_records
from gvrc.sources.rows import RowMaker


def extract(file: SourceFile, detection: Detection, *, start_after: int = 0) -> Iterator[SourceRow | Damage]:
    """Every whole record of a file in its order, then, when something could not be read, one Damage that says where and what.

    `start_after` is the number of the last row that was kept before: rows up to it are read again but not yielded, so that all others
    get the number and key they would have had. Raises UnknownFormatError when there are records and nothing of which they can be named.
    """
    reader = read_records(file.path, detection.kind, detection.mapping)
    maker = RowMaker(detection.source, detection.mapping)
    records = iter(reader) if detection.mapping.has_names else _refused(reader)
    for found in islice(records, start_after):
        maker.skip(found)
    yield from map(maker.row, records)
    if reader.trouble:
        yield _damage(reader.trouble, maker.number)


def _refused(reader: Iterable[FoundRecord]) -> Iterator[FoundRecord]:
    """No record of a list without names; a list without records is no reason to ask for them."""
    for _ in reader:
        raise UnknownFormatError("No field of the list was recognised as the name of the place.", "Choose the field that holds it on the upload page.")
    yield from ()


def _damage(trouble: Trouble, kept: int) -> Damage:
    """All that could not be read, told once."""
    more = trouble.set_aside - len(trouble.notes)
    detail = " ".join(trouble.notes) + (f" And {more:,} more." if more > 0 else "")
    aside = f" {trouble.set_aside:,} could not be read and {'was' if trouble.set_aside == 1 else 'were'} set aside." if trouble.set_aside else ""
    kept_in_words = "1 whole record was kept." if kept == 1 else f"{kept:,} whole records were kept."
    hint = "Mend these places in the file" if not trouble.broken else "Ask for the complete file"
    return Damage(
        detail=f"{detail} {kept_in_words}{aside}", hint=f"{hint} and upload it again: records already taken are recognised.",
        byte_offset=trouble.byte_offset, records_kept=kept, aside=tuple(dict(trouble.aside).items()),
    )  # fmt: skip
