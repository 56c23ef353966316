"""What a file is, by its content: its format, where its records stand, which shape it has, what its fields mean."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from gvrc.errors import DamagedFileError, UnknownFormatError
from gvrc.model.record import CONTACT_FIELDS, STAFFS_OWN
from gvrc.model.source import LEFT_OUT, Detection, FieldSample, Mapping, SourceKind
from gvrc.reference.gazetteer import load_gazetteer
from gvrc.reference.offices import office_of
from gvrc.reference.vocabularies import load_vocabularies
from gvrc.sources.area_tables import area_tables, is_of_table, names_areas_by_key, refer_to, with_areas
from gvrc.sources.called_lines import CALLED_LINES, CalledLines, are_called_lines
from gvrc.sources.delimited import DelimitedRecords, DelimitedRows, sniff_delimiter
from gvrc.sources.field_names import NEVER, NOWHERE, is_field_name, known_name, plain_name, split_path
from gvrc.sources.fixed_width import columns_of, dialect_of, find_columns
from gvrc.sources.headed import HeadedRecords, are_headed
from gvrc.sources.json_lines import JsonLinesRecords
from gvrc.sources.json_stream import EACH, FIELDS_OF_MODELS, ROWS_OF_TABLES, FoundRecord, Trouble
from gvrc.sources.json_tables import (
    CALLED,
    COLUMNS,
    DIALECTS,
    MIXED,
    TABLE,
    TEXTS,
    JsonTable,
    find_table,
    names_in_texts,
    record_of_text,
    require_columns_fit,
    table_records,
)
from gvrc.sources.json_tree import (
    ASIDES,
    LONG_PREFIX_CHARACTERS,
    MOST_GROUPS,
    WHOLE_BYTES,
    Group,
    SampleTree,
    empty_lists,
    find_groups,
    flattened,
    is_json_lines,
    read_sample,
)
from gvrc.sources.known import KnownSource, known_sources, slug
from gvrc.sources.labelled import LABEL_MARK, parts_of_cell
from gvrc.sources.looks import KIND_HEADING, heading_level, is_area, is_county, is_county_or_country, is_kind_key, kind_told
from gvrc.sources.mapping import (
    ARE_PERSONS,
    OF_ACCOUNTS,
    OF_PERSONS,
    FieldValues,
    field_values,
    is_name_above,
    likeness,
    propose_fields,
    signature,
)
from gvrc.sources.referenced import ABOVE, REFERENCED, RowsAbove, are_referenced, with_references
from gvrc.sources.related_tables import KEPT_OF_PERSONS, related_rows, with_related
from gvrc.sources.strange_files import is_json_inside_a_text, is_one_text, require_text
from gvrc.sources.text import find_preface, open_text, read_head, text_lines
from gvrc.sources.transposed import TRANSPOSED, TransposedRecords, is_transposed
from gvrc.sources.unfolded import LARGEST_FILE, ROWS_BY_LINE, UNFOLDED, RowsByLine, are_rows_by_line, unfolded
from gvrc.sources.wide import REACHED_BY, DividedRecords, Places, find_places, kind_of, names_offices, names_one_with_number, several_in

JSON_LINES = "jsonl"
LINES_PATH = ("lines", "*")
ROWS_PATH = ("rows", "*")
ALIKE = 0.7
"""Likeness of shapes from which a remembered mapping is used again."""
NO_RECORDS = "It holds no record, which is a result, not a failure."
MOST_FIELDS = 400
"""Fields of one list that are looked at; no list of places has as many."""
SAMPLE_LINES = 120
SAMPLE_RECORDS = 1000
"""Records whose values are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The beginning of a list: its form (json, jsonl, csv), where its records stand, some of them, all their fields."""

    form: str
    record_paths: tuple[tuple[str, ...], ...]
    records: Sequence[dict[str, Any]] = ()
    contexts: Sequence[dict[str, Any]] = ()
    leaves: Sequence[str] = ()
    dialect: str = ""
    problem: str = ""
    places: Places = ()
    undivided: tuple[str, ...] = ()
    """The fields of the rows, and what flowed down to them, before each place of them became a record of its own."""
    left_out: tuple[str, ...] = ()
    """Lists of named objects beside the records that read like no places, with their counts, and single places."""

    @property
    def is_flat(self) -> bool:
        return self.form in ("csv", ROWS_BY_LINE) or self.form in DIALECTS

    @property
    def parents(self) -> tuple[str, ...]:
        """Names of the values that flow down, in the order they come."""
        return tuple(dict.fromkeys(name for context in self.contexts for name in context))

    @property
    def signature(self) -> str:
        return signature(self.form, self.record_paths, self.names)

    @property
    def signatures(self) -> tuple[str, ...]:
        """The shape of the list, and the one by which it was known when its rows were not yet divided."""
        return (self.signature, signature(self.form, self.record_paths, self.undivided)) if self.undivided else (self.signature,)

    @property
    def names(self) -> tuple[str, ...]:
        """The fields of the records, and what flows down to them."""
        return (*self.leaves, *(f"^{name}" for name in self.parents))


def detect(path: Path, name: str, *, remembered: Sequence[Mapping] = (), source: str | None = None) -> Detection:
    """What a file was recognised as, by its content; the name only names an unknown source.

    Looks at a bounded part of the file, so that a file of a gigabyte takes no longer than one of some megabytes. `remembered` are
    mappings an engineer or an earlier file taught us, the newest first; `source` overrides the name of the source. Raises
    UnknownFormatError when the file is no list of records, DamagedFileError when it breaks off before its first record.
    """
    sample = _without_stray_headings(_headed(_divided(read_list(path))))
    fields = _fields(sample)
    named = source or slug(Path(name).stem) or "list"
    detection = _recall(sample, fields, remembered, source) or _know(sample, fields) or _guess(sample, fields, named)
    if source:
        detection = replace(detection, source=source, mapping=replace(detection.mapping, source=source))
    if len(sample.places) > 1:
        heads = ", ".join(f"“{group[0]}”" for group in sample.places)
        detection = replace(detection, reasons=(*detection.reasons, f"Each row holds several places, named under {heads}: each is a record of its own."))
    if sample.left_out:
        detection = replace(detection, reasons=(*detection.reasons, f"{LEFT_OUT}: {', '.join(sample.left_out)}. Places that stand there want a file of their own."))
    if sample.problem:
        detection = replace(detection, reasons=(*detection.reasons, f"The file is damaged: {sample.problem}."))
    return detection


def _divided(sample: Sample) -> Sample:
    """The sample with each place of a row as a record of its own, and the kinds that the columns of names say."""
    if sample.form not in ("csv", "json", JSON_LINES, ROWS_BY_LINE, UNFOLDED, TABLE, COLUMNS) or sample.dialect.endswith(TRANSPOSED):
        return sample
    columns = list(sample.leaves) if sample.is_flat else list(dict.fromkeys(key for record in sample.records[:SAMPLE_RECORDS] for key in record))
    places = find_places(columns[:MOST_FIELDS], sample.records)
    if not places:
        return sample
    found: list[FoundRecord] = [("", context, record, b"", None) for record, context in zip(sample.records, sample.contexts, strict=True)]
    told = list(DividedRecords(_Sampled(found), places))
    records = [record[2] for record in told]
    leaves = sample.leaves if sample.is_flat else list(dict.fromkeys((*sample.leaves, *_leaves(records))))
    return replace(sample, records=records, contexts=[record[1] for record in told], leaves=leaves, places=places, undivided=sample.names)


def _headed(sample: Sample) -> Sample:
    """The sample with the headings that stand among its records told of those below them."""
    if sample.form == "csv" or not are_headed(sample.records):
        return sample
    found: list[FoundRecord] = [(str(number), context, record, b"", None) for number, (record, context) in enumerate(zip(sample.records, sample.contexts, strict=True))]
    return replace(sample, contexts=[record[1] for record in HeadedRecords(_Sampled(found))])


STRAY = 0.3
"""Share of the rows below a heading, of those whose name tells a kind, that must tell another one before the heading is a stray one."""


def _without_stray_headings(sample: Sample) -> Sample:
    """The sample without headings of kinds that the names below them contradict: a lone `2. LEGAL AID` left in a list of everything. One of shelters always counts."""
    told = [(heading, record) for record, context in zip(sample.records, sample.contexts, strict=False) if (heading := kind_told(str(context.get(KIND_HEADING) or "")))]
    if not told or any(load_vocabularies().group(heading) == "shelter" for heading, _ in told):
        return sample
    kinds = [(heading, kinds) for heading, record in told if (kinds := {kind for name, value in record.items() if type(value) is str and len(value) < 120 and not _is_of_services(name) and (kind := kind_told(value))})]
    if sum(heading not in found for heading, found in kinds) <= STRAY * len(kinds):
        return sample
    return replace(sample, contexts=[{name: value for name, value in context.items() if name != KIND_HEADING} for context in sample.contexts])


def _is_of_services(column: str) -> bool:
    """Whether a column tells what is done, which an organisation shares with places of that kind (`Counselling`)."""
    named = known_name((column,))
    return named is not None and named.canonical in ("services", "description")


class _Sampled(list[FoundRecord]):
    """Records of a sample, read before."""

    trouble = Trouble()


# ---------------------------------------------------------------- the sample

def read_list(path: Path) -> Sample:
    """The beginning of a list of any form. Raises UnknownFormatError or DamagedFileError."""
    head = read_head(path)
    require_text(head)
    if find_preface(head) is not None or is_json_inside_a_text(head) or is_one_text(head):
        return _json_lines(path) if is_json_lines(path) else _rows_by_line(path) if are_rows_by_line(path) else _json(path)
    return _delimited(path)


def _json(path: Path) -> Sample:
    sample = read_sample(path)
    everything = find_groups(sample.tree)
    groups = _record_groups(everything)
    if not groups and not sample.is_whole and not sample.problem:
        sample = read_sample(path, LONG_PREFIX_CHARACTERS)
        everything = find_groups(sample.tree)
        groups = _record_groups(everything)
    _require_no_refusal(sample.tree)
    table = find_table(sample.tree)
    if table is not None and _is_better(table, groups):
        names = [Group(place) for place in (table.path, *table.beside)] if table.dialect in (TEXTS, CALLED) else []
        return replace(_table(path, table, sample.problem), left_out=_left_out(everything, names) if names else ())
    form, dialect, left_out = "json", "", tuple[str, ...]()
    if sample.is_whole and not any(map(_names_a_place, groups)):
        unfolded_groups = find_groups(unfolded(sample.tree))
        inside = _record_groups(unfolded_groups)
        if any(map(_names_a_place, inside)):
            groups, everything, form, dialect = inside, unfolded_groups, UNFOLDED, UNFOLDED
    if len(groups) == 1 and not dialect and path.stat().st_size <= LARGEST_FILE and are_referenced(groups[0].records):
        groups, form, dialect = _record_groups(find_groups(with_references(sample.tree))), REFERENCED, REFERENCED
    elif not dialect and groups and path.stat().st_size <= LARGEST_FILE and (told := _with_areas(path, sample, groups)):
        groups, form, dialect = _record_groups(told), REFERENCED, REFERENCED
        left_out = _left_out(told, groups)
    if not groups:
        return Sample(form="json", record_paths=_empty_paths(sample), problem=sample.problem)
    texts = {} if dialect else _texts_beside(sample.tree, groups)
    named = [record for found in texts.values() for text in found if (record := record_of_text(text))]
    return Sample(
        form=form,
        dialect=MIXED if texts else dialect,
        record_paths=(*(group.path for group in groups), *texts),
        records=[*(record for group in groups for record in group.records), *named],
        contexts=[*(context for group in groups for context in group.contexts), *({} for _ in named)],
        leaves=list(dict.fromkeys((*(leaf for group in groups for leaf in group.leaves), *(leaf for record in named for leaf in record)))),
        problem=sample.problem,
        left_out=left_out if dialect == REFERENCED else (*_left_out(everything, groups), *(() if dialect else _alone_aside(sample.tree, groups))),
    )


def _with_areas(path: Path, sample: SampleTree, groups: Sequence[Group]) -> list[Group]:
    """The groups of a document, without its tables of areas and those that belong to others, where records name areas by the keys of those, or rows of other tables
    belong to them; empty for any other document."""
    tables, tree = area_tables(sample.tree), sample.tree
    if not tables and not sample.is_whole and any(map(names_areas_by_key, (key for group in groups for record in group.records[:1] for key in record))):
        tree = read_sample(path, LARGEST_FILE, whole=LARGEST_FILE).tree
        tables = area_tables(tree)
    related = {id(row) for _, _, rows, _ in related_rows(tree) for row in rows}
    if not related and not any(refer_to(group.records, tables) for group in groups):
        return []
    told = find_groups(with_related(with_areas(tree)))
    return [group for group in told if not is_of_table(group.records[:MOST_FIELDS], tables) and not (related and all(id(record) in related for record in group.records))]


def _texts_beside(tree: Any, groups: Sequence[Group]) -> dict[tuple[str, ...], list[str]]:
    """Lists of bare names of places beside the records, not in them."""
    return {path: texts for path, texts in names_in_texts(tree).items() if all(group.path and path[: len(group.path)] != group.path for group in groups)}


def _left_out(everything: Sequence[Group], chosen: Sequence[Group]) -> tuple[str, ...]:
    """Where other objects stand in the tree that have a name or a number to call, or hang where the records do, neither around the records nor in them; and how many."""
    aside = [
        group for group in everything
        if group.path and (_has_name(group) or _CALLED_BY & _canonicals(group) or any(_stand_together(group, one) for one in chosen))
        and not any(_is_above(group, one) or _is_above(one, group) for one in chosen)
    ]  # fmt: skip
    beyond = [f"what stands in lists beyond the first {MOST_GROUPS:,}"] if len(everything) >= MOST_GROUPS else []
    return (*(f"{_place_in_words((group.path,))} ({group.count:,})" for group in aside[:SHOWN_LEFT_OUT]), *beyond)


def _alone_aside(tree: Any, chosen: Sequence[Group]) -> Iterator[str]:
    """Single objects beside the records that have a name and a contact of their own (`{"KECIRT": {"name": .., "phones": [..]}, "stations": [..]}`), and texts that name
    several places with their numbers."""
    if type(tree) is not dict or not chosen or any(group.path[:1] in ((), (EACH,)) for group in chosen):
        return
    used = {group.path[0] for group in chosen}
    for key, value in islice(tree.items(), MOST_FIELDS):
        if type(value) is dict and key not in used:
            told = {named.canonical for inner in islice(value, MOST_FIELDS) if (named := known_name((inner,))) is not None}
            if "name" in told and told & REACHED_BY:
                yield f"/{key[:60]} (a single one)"
        elif type(value) is str and (several := len(several_in(value[:LONGEST_TEXT]))) > 1:
            yield f"/{key[:60]} ({several:,})"


SHOWN_LEFT_OUT = 5
LONGEST_TEXT = 4_000
"""Characters of a text beside the records in which places are looked for."""


def _is_better(table: JsonTable, groups: list[Group]) -> bool:
    """Whether a table is what a file holds, and not the objects found in it."""
    if table.dialect == CALLED:
        return not any(group.path and _names_a_place(group) for group in groups)
    if table.dialect == TEXTS:
        return not any((_names_a_place(group) and not _holds(group, table)) or _is_named_above(group) for group in groups)
    rivals = [group for group in groups if group.count > 1 or table.path[: len(group.path)] != group.path]  # what only wraps the table is no list
    return not rivals or table.known_names >= max(2, *map(_known_fields, rivals))


def _names_a_place(group: Group) -> bool:
    """Whether records have a name, and one that is no list."""
    names = {leaf for leaf in group.leaves if _has_name_among((leaf,))}
    told = (pair for record in group.records[:20] for pair in flattened(record)) if names else ()
    return any(type(value) is not list and path in names for path, value in told)


def _holds(group: Group, table: JsonTable) -> bool:
    """Whether objects are only what the bare names stand under: areas by their names, with the lists inside them."""
    return table.path[: len(group.path)] == group.path and _are_places(group, is_area)


def _is_named_above(group: Group) -> bool:
    """Whether records are offices: a place and a contact of their own, the name told once above them."""
    names = {name for context in group.contexts[:20] for name in context if is_name_above(name)}
    return len(_canonicals(group)) >= 2 and any(len({str(context.get(name)) for context in group.contexts[:200]}) > 1 for name in names)


_TOLD_IN_A_REFUSAL = frozenset({"error", "errors", "detail", "message", "msg", "code", "status", "statuscode", "title", "type", "timestamp", "path", "success", "ok", "error_description"})


def _require_no_refusal(tree: Any) -> None:
    """Raises UnknownFormatError for the answer of a server that only says why it gives no list."""
    if type(tree) is not dict or not tree or any(type(value) in (dict, list) for value in tree.values()):
        return
    keys = set(map(str.casefold, tree))
    if keys <= _TOLD_IN_A_REFUSAL and keys & {"error", "errors", "detail", "message", "msg"}:
        raise UnknownFormatError("The file is an error message of a server, not a list of records.", "Sign in where the list comes from and download it again.")


def _table(path: Path, table: JsonTable, problem: str) -> Sample:
    """A table written as JSON."""
    if table.dialect == COLUMNS:
        require_columns_fit(path)
    found = _first(table_records(path, table.dialect, (table.path, *table.beside)))
    records = [record[2] for record in found]
    return Sample(
        form=table.dialect, record_paths=(table.path, *table.beside), records=records, contexts=[record[1] for record in found],
        leaves=list(dict.fromkeys((*table.names, *_flat_leaves(records)))), dialect=table.dialect, problem=problem,
    )  # fmt: skip


def _empty_paths(sample: SampleTree) -> tuple[tuple[str, ...], ...]:
    """Where records would stand in a list that has none. Raises when the file is no list at all."""
    empty = empty_lists(sample.tree)
    if empty and not sample.problem:
        return (min(empty, key=len),)
    if sample.problem:
        raise DamagedFileError(
            f"The file breaks off before its first whole record: {sample.problem}.", "Export the list again, or mend it at that place."
        )
    if type(sample.tree) is str:
        raise UnknownFormatError("The file is JSON inside a text, not a list of records.", "Export the list once, not twice.")
    if type(sample.tree) is list and sample.tree and all(type(item) is list for item in sample.tree):
        raise UnknownFormatError("The file holds rows of cells without field names.", "Upload the table as CSV with a header row.")
    if type(sample.tree) is list:
        raise UnknownFormatError("The file holds a list of single values, not of records.", "A record must be an object with named fields.")
    raise UnknownFormatError("No list of records was found in the file.", "A record must be an object with named fields, such as a name and a county.")


def _json_lines(path: Path) -> Sample:
    reader = JsonLinesRecords(path, most=WHOLE_BYTES)
    found = _first(reader)
    if not found:
        raise DamagedFileError(f"No line of the file could be read. {' '.join(reader.trouble.notes[:1])}".strip(), "Export the list again.")
    records = [found_record[2] for found_record in found]
    if _are_documents(records):
        return _json(path)
    return Sample(
        form=JSON_LINES, record_paths=(LINES_PATH,), records=records, contexts=[{}] * len(records), leaves=_leaves(records), dialect=JSON_LINES,
        problem=" ".join(reader.trouble.notes).rstrip("."),
    )  # fmt: skip


def _rows_by_line(path: Path) -> Sample:
    reader = RowsByLine(path)
    found = _first(reader)
    records = [record[2] for record in found]
    return Sample(
        form=ROWS_BY_LINE, record_paths=(LINES_PATH,), records=records, contexts=[{}] * len(records), dialect=ROWS_BY_LINE, problem=" ".join(reader.trouble.notes).rstrip("."),
        leaves=list(dict.fromkeys((*reader.names, *_flat_leaves(records)))),
    )  # fmt: skip


def _are_documents(records: Sequence[dict[str, Any]]) -> bool:
    """Whether the objects of a file are whole lists one after the other, as the pages of an API saved line by line, and no records."""
    own = {leaf for record in records[:20] for leaf, _ in flattened(record)}
    if _has_name_among(own):
        return False
    return any(_has_name(group) and group.count for record in records[:20] for group in find_groups(record) if group.path)


def _delimited(path: Path) -> Sample:
    with open_text(path) as stream:
        lines = [line for line, _ in zip(text_lines(stream), range(SAMPLE_LINES), strict=False)]
    delimiter = sniff_delimiter(lines)
    if (delimiter is None or not any(map(is_field_name, _cells(lines, delimiter)))) and (columns := find_columns(lines, is_field_name)):
        delimiter = dialect_of(columns)
    if delimiter is None and are_called_lines(lines):
        return _called_lines(path)
    if delimiter is None and not any(map(is_field_name, lines[:3])):
        raise UnknownFormatError(_no_table(lines), "Upload the list as JSON, JSON Lines, or CSV with a header row.")
    dialect = delimiter or ","
    if not columns_of(dialect) and is_transposed(list(DelimitedRows(lines, dialect)), is_field_name):
        dialect += TRANSPOSED
    reader = _table_records(path, dialect)
    found = _first(reader)
    records = [found_record[2] for found_record in found]
    if not dialect.endswith(TRANSPOSED) and path.stat().st_size <= LARGEST_FILE and are_referenced(records):
        dialect, found = dialect + ABOVE, _first(RowsAbove(path, _table_records(path, dialect)))
    leaves = list(dict.fromkeys((*reader.header.names, *_flat_leaves(records))))
    if not any(map(is_field_name, leaves)) and (len(leaves) < 2 or len(records) < 2):
        raise UnknownFormatError(_no_table(lines), "Upload the list as JSON, JSON Lines, or CSV with a header row.")
    return Sample(
        form="csv", record_paths=(ROWS_PATH,), records=records, contexts=[found_record[1] for found_record in found], leaves=leaves,
        dialect=dialect, problem=" ".join(reader.trouble.notes).rstrip("."),
    )  # fmt: skip


def _called_lines(path: Path) -> Sample:
    found = _first(CalledLines(path))
    records = [record[2] for record in found]
    return Sample(form="csv", record_paths=(ROWS_PATH,), records=records, contexts=[record[1] for record in found], leaves=list(dict.fromkeys(_flat_leaves(records))), dialect=CALLED_LINES)


def _cells(lines: list[str], delimiter: str) -> Iterable[str]:
    """The cells of a text as a delimiter divides it."""
    return (cell for row in DelimitedRows(lines, delimiter) for cell in row)


def delimited_records(path: Path, dialect: str) -> DelimitedRecords | TransposedRecords | CalledLines | RowsAbove:
    """The rows of a CSV file, or the lines of a text that name places and their numbers."""
    if dialect.endswith(ABOVE):
        return RowsAbove(path, _table_records(path, dialect.removesuffix(ABOVE)))
    return CalledLines(path) if dialect == CALLED_LINES else _table_records(path, dialect)


def _table_records(path: Path, dialect: str) -> DelimitedRecords | TransposedRecords:
    """The rows of a table, with the field names and headings we know; its columns when fields stand below each other."""
    delimiter = dialect.removesuffix(TRANSPOSED)
    if delimiter != dialect:
        return TransposedRecords(path, delimiter)
    return DelimitedRecords(path, delimiter, is_field_name, heading_level)


def _no_table(lines: list[str]) -> str:
    text = "".join(lines).strip()
    if len(lines) == 1 and len(text) < 200:
        return "The file holds a single value, not a list of records."
    return "The file is text, but no table: no delimiter divides its lines into the same number of cells."


def _first(reader: Iterable[FoundRecord]) -> list[FoundRecord]:
    return [found for found, _ in zip(reader, range(SAMPLE_RECORDS), strict=False)]


def _leaves(records: Sequence[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(path for record in records for path, _ in flattened(record)))


def _flat_leaves(records: Sequence[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(path for record in records for path in record))


# ---------------------------------------------------------------- which objects are the records

def _record_groups(groups: list[Group]) -> list[Group]:
    """The groups that are records: the one that reads most like places, and its like beside it in the tree."""
    groups = _without_holders_of_offices(_without_headings_of_contacts(_without_units(groups)))
    weighed = [(_weight(group), group) for group in _without_accounts(_without_envelopes(_without_staff(_without_asides(groups))))]
    best_weight, best = max(weighed, key=lambda pair: (pair[0], pair[1].count), default=(0.0, None))
    if best is None or best_weight <= 0:
        return _largest(groups)
    if (above := _holder_of(best, groups)) is not None:
        best, best_weight = above, _weight(above)
        weighed = [(weight, group) for weight, group in weighed if group is best or not _is_above(best, group)]
    main = [
        group for weight, group in weighed
        if group is best or (weight >= 0.6 * best_weight and (_has_name(group) or _can_be_named(group) or (_is_named_by_keys(group) and _is_named_by_keys(best))) and _says_more(group) and not _are_persons(group) and not _is_above(group, best) and not _is_above(best, group))
    ]  # fmt: skip
    chosen = {id(group) for group in main}
    return [group for _, group in weighed if id(group) in chosen or _is_like(group, main)]


def _without_holders_of_offices(groups: list[Group]) -> list[Group]:
    """The groups without an organisation that a file is all about, where its offices stand under their towns as keys, each with how it is reached: they are the places."""
    offices = [group for group in groups if len(group.path) == 2 and group.path[1] == EACH and names_offices(group.path[0]) and group.count > 1 and _CALLED_BY & _canonicals(group)]
    towns = [str(context.get("key")) for group in offices for context in group.contexts[:SHOWN_LEFT_OUT]]
    are_by_towns = bool(towns) and all(is_area(town) or load_gazetteer().find_town(town) for town in towns)
    return [group for group in groups if group.path] if are_by_towns else groups


MOST_HELD, MOST_HOLDERS = 50, 50
"""Places that one may hold, on average; more of them are a list, and what they stand in is no place. And of how many only one may hold any."""


def _holder_of(best: Group, groups: Sequence[Group]) -> Group | None:
    """The places in which the best records are listed, each within the one it belongs to: a station with its posts, a clinic with its satellites. They are the
    records then, and what they hold is divided from them."""
    if len(best.path) < 3 or best.path[-1] != EACH:
        return None
    above = next((group for group in groups if group.path == best.path[:-2]), None)
    if above is None or not 1 < above.count <= best.count * MOST_HOLDERS or best.count > above.count * MOST_HELD or _are_places(above, is_area) or not (REACHED_BY | {"officer"}) & _canonicals(above):
        return None
    records = above.records[:SAMPLE_RECORDS]
    places = find_places(list(dict.fromkeys(key for record in records for key in record)), records)
    return above if (best.path[-2],) in places[1:] else None


def _without_units(groups: list[Group]) -> list[Group]:
    """The groups without the units that places lie in: objects called by areas, with nothing to reach them by and other objects below, whatever those are called."""
    units = [group for group in groups if EACH in group.path and not (_own_of_places(group) & _canonicals(group)) and _are_places(group, is_area)]
    return [group for group in groups if not (group in units and any(other not in units and _is_below(other, group) for other in groups))]


def _own_of_places(group: Group) -> frozenset[str]:
    """What only a place has and no unit: a kind, and ways to reach it. Under a key of units (`sub_counties`) their commander may be told with a number."""
    key = plain_name(next((step for step in reversed(group.path) if step != EACH), ""))
    return _ONLY_PLACES_HAVE - {"officer_contact"} if _NAMES_UNITS.fullmatch(key) else _ONLY_PLACES_HAVE


_ONLY_PLACES_HAVE = frozenset({*REACHED_BY, "facility_type"})
_NAMES_UNITS = re.compile(r"(?:police )?(?:counties|sub ?counties|constituencies|districts|wards|divisions|regions|(?:sub )?locations)")


def _is_below(one: Group, other: Group) -> bool:
    return len(one.path) > len(other.path) and len(one.leaves) > 1 and _is_above(other, one)


def _says_more(group: Group) -> bool:
    """Whether objects say more than a name, in their fields or by the keys they stand under: laws have names too."""
    return len(_canonicals(group)) > 1 or any(step != EACH and (is_kind_key(step) or is_area(step)) for step in group.path) or EACH in group.path[:-1]


_TELLS_WHERE = frozenset({*CONTACT_FIELDS, "address", "location", "county", "constituency", "ward", "town", "coordinates", "latitude"})
"""Fields that say where a place is or how it is reached."""
_CALLED_BY = REACHED_BY - {"email"}
_OF_PERSONS = frozenset({"users", "staff", "officers", "members", "team", "authors", "contributors", "contacts", "contact_persons", "committee"})
"""Keys of lists of people; they are called and reached as places are."""


def _is_like(group: Group, main: Sequence[Group]) -> bool:
    """Whether a smaller group beside the records tells places too: a name, and a way to reach it or where it is, with fewer of the very same fields or in a list
    that hangs on the same object."""
    if not (_has_name(group) or _can_be_named(group)) or not _TELLS_WHERE & _canonicals(group) or _are_places(group) or _are_persons(group):
        return False
    if any(_is_above(group, other) or _is_above(other, group) for other in main):
        return False
    if _CALLED_BY & _canonicals(group) and any(_stand_together(group, other) for other in main):
        return True
    return set(group.leaves) <= set().union(*(other.leaves for other in main))


def _can_be_named(group: Group) -> bool:
    """Whether a list of objects without names says by its key what offices they are, and each says where and how it is reached: `children_offices`."""
    key = next((step for step in reversed(group.path) if step != EACH), "")
    canonicals = _canonicals(group)
    return office_of(key) is not None and bool(canonicals & _AREAS_OF_OFFICES) and bool(canonicals & _CALLED_BY)


_AREAS_OF_OFFICES = frozenset({"county", "constituency", "sub_county", "district", "ward", "location", "town"})


def _are_persons(group: Group) -> bool:
    """Whether a group is a list of persons, by the key it stands under or as those who sign in; a kind of place there (`contacts.police`) tells places."""
    return next((step.casefold() for step in reversed(group.path) if step != EACH), "") in _OF_PERSONS or _are_accounts(group)


def _are_accounts(group: Group) -> bool:
    """Whether objects are who signs in or is served, or what these told, by what their list is called or by its passwords; places may sign in too, and read like places."""
    table = group.path[-2] if len(group.path) > 1 and group.path[-1] == FIELDS_OF_MODELS else group.path[-3] if len(group.path) > 2 and group.path[-2] in ROWS_OF_TABLES else next((step for step in reversed(group.path) if step != EACH), "")
    tells = any(word in KEPT_OF_PERSONS for word in plain_name(table).split()[-1:]) or any(plain_name(leaf) in OF_ACCOUNTS for leaf in islice(group.leaves, MOST_FIELDS))
    return tells and _share_of_places(group, _NAMES_OF_ACCOUNTS) < 0.5


_NAMES_OF_ACCOUNTS = ("name", "title", "station", "station_name", "stationname", "facility", "facility_name", "hospital", "hospital_name", "organization", "organisation")


def _without_accounts(groups: list[Group]) -> list[Group]:
    """The groups without those who sign in, where others have names: a dump of a program's database holds its users beside its places."""
    accounts = [group for group in groups if _are_accounts(group)]
    others = [group for group in groups if group not in accounts and _has_name(group) and len(_canonicals(group)) > 1]
    return [group for group in groups if group not in accounts] if accounts and any(not _is_above(one, other) for one in accounts for other in others) else groups


def _without_staff(groups: list[Group]) -> list[Group]:
    """The groups without the people in named objects: the officers of a station are no places, though more may be said of them than of it."""
    return [group for group in groups if not (_are_persons(group) and any(other.path and other is not group and _is_above(other, group) and _has_name(other) for other in groups))]


def _without_headings_of_contacts(groups: list[Group]) -> list[Group]:
    """The groups without the titles that contacts stand under, when these are places by their names: `[{"title": "Crisis support", "contacts": [{"name": "Example
    Helpline", "phone": ..}]}]`. A place with its contacts tells more of itself than a title, and those are persons or desks."""
    dropped: list[int] = []
    for group in groups:
        if len(group.path) > 2 and group.path[-2].casefold() == "contacts" and group.path[-1] == EACH:
            above = next((other for other in groups if other.path == group.path[:-2]), None)
            if above is not None and above.count < group.count and _are_headings(above) and _share_of_places(group, ("name", "organization", "organisation")) >= 0.5:
                dropped.append(id(above))
    return [group for group in groups if id(group) not in dropped]


def _are_headings(group: Group) -> bool:
    """Whether objects say nothing but a title and what is listed below it, and the titles are none of places."""
    told = {leaf.casefold(): known_name(split_path(leaf)) for leaf in islice(group.leaves, MOST_FIELDS) if leaf not in group.lists}
    says_where = any(named is not None and named.canonical in _TELLS_WHERE | {"facility_type"} for named in told.values())
    return "title" in told and not says_where and _share_of_places(group, ("title",)) < 0.5


def _share_of_places(group: Group, keys: Sequence[str]) -> float:
    """The share of the objects whose names tell a kind of place."""
    names = [next((value for key, value in record.items() if key.casefold() in keys and type(value) is str), "") for record in group.records[:SAMPLE_RECORDS]]
    return sum(kind_told(name) != "" for name in names) / max(1, len(names))


def _stand_together(one: Group, other: Group) -> bool:
    """Whether two lists hang on one object: `{"providers": {"legal": [..], "medical": [..]}}`. What has a name and a number there is a place, whatever its other
    fields are called."""
    if len(one.path) != len(other.path) or len(one.path) < 2:
        return False
    if one.path[-1] == other.path[-1] == FIELDS_OF_MODELS:
        return one.path[:-2] == other.path[:-2] and one.path[-2] != EACH
    if not one.path[-1] == other.path[-1] == EACH:
        return False
    return one.path[:-2] == other.path[:-2] or (len(one.path) > 2 and one.path[-2] == other.path[-2] in ROWS_OF_TABLES and one.path[:-3] == other.path[:-3] and EACH not in (one.path[-3], other.path[-3]))


def _without_asides(groups: list[Group]) -> list[Group]:
    """The groups without those that only describe the others."""
    main = [group for group in groups if not ASIDES.intersection(step.casefold() for step in group.path)]
    return main if any(_weight(group) > 0 for group in main) else groups


def _without_envelopes(groups: list[Group]) -> list[Group]:
    """The groups without those that only wrap others: `{"type": "table", "name": "hotlines", "data": [..]}` has a name, but nothing of a place; what it
    holds has both. Objects that hold nothing but others under data as keys are headings: a ward with its places by their names."""
    keyed = {group.path[:-1] for group in groups if group.path[-1:] == (EACH,)}
    groups = [group for group in groups if not (group.path in keyed and all(len(split_path(leaf)) > 1 for leaf in group.leaves))]
    by_keys = [group for group in groups if _is_named_by_keys(group)]
    groups = [group for group in groups if group in by_keys or not (all(len(split_path(leaf)) > 2 for leaf in group.leaves) and any(_is_above(group, other) for other in by_keys))]
    told = [group for group in groups if _has_name(group) and _TELLS_WHERE & _canonicals(group)]
    return [group for group in groups if _TELLS_WHERE & _canonicals(group) or not any(other.count >= group.count and _is_above(group, other) for other in told)]


def _largest(groups: list[Group]) -> list[Group]:
    """Nothing has a known field: the largest group of objects with more than one field, for a person to map."""
    worthy = [group for group in groups if len(group.leaves) > 1]
    return [max(worthy, key=lambda group: (group.count, -len(group.path)))] if worthy else []


def _weight(group: Group) -> float:
    """How much a group reads like places: known fields count, a name most, unless the names are those of counties."""
    canonicals = _canonicals(group)
    if not group.path and len(canonicals) < 3:
        return 0.0
    return len(canonicals) + (3.0 if "name" in canonicals and not _are_places(group) else 0.0)


def _canonicals(group: Group) -> set[str]:
    known = ((leaf, known_name(split_path(leaf))) for leaf in islice(group.leaves, MOST_FIELDS))
    return {named.canonical for leaf, named in known if named is not None and not (named.canonical == "name" and leaf in group.lists)} - {NOWHERE, NEVER}


def _known_fields(group: Group) -> int:
    """How many fields of a group are known; none when it only describes columns."""
    return 0 if ASIDES.intersection(step.casefold() for step in group.path) else len(_canonicals(group))


def _has_name(group: Group) -> bool:
    return _has_name_among(leaf for leaf in islice(group.leaves, MOST_FIELDS) if leaf not in group.lists)


def _is_named_by_keys(group: Group) -> bool:
    """Whether objects stand under their names as keys: words that differ from one to the next, and no counties."""
    names = [str(context[keys[-1]]) for context in group.contexts[:200] if (keys := [name for name in context if _KEY_NAME.fullmatch(name)])]
    are_words = all(any(map(str.isalpha, name)) and not any(map(str.isdigit, name)) for name in names)
    return group.path[-1:] == (EACH,) and bool(names) and len(set(names)) == len(group.contexts[:200]) and are_words and not any(map(is_county, names))


_KEY_NAME = re.compile(r"key\d*")


def _has_name_among(leaves: Iterable[str]) -> bool:
    return any((named := known_name(split_path(leaf))) is not None and named.canonical == "name" for leaf in leaves)


def _are_places(group: Group, is_place: Callable[[str], bool] = is_county_or_country) -> bool:
    """Whether the names of a group are those of counties (or countries): then its objects are headings, not records."""
    names = [next((value for key, value in record.items() if value and key.casefold() in ("name", "title")), None) for record in group.records[:60]]
    texts = [text for text in names if type(text) is str]
    return bool(texts) and sum(map(is_place, texts)) >= 0.5 * len(texts)


def _is_above(one: Group, other: Group) -> bool:
    return other.path[: len(one.path)] == one.path


# ---------------------------------------------------------------- recognising

def _fields(sample: Sample) -> list[FieldValues]:
    """The fields of the sample with their values, then what flows down from parents."""
    rows: list[dict[str, Any]] = [record if sample.is_flat else dict(flattened(record)) for record in _spread(sample.records)]
    contexts = _spread(sample.contexts)
    leaves = list(sample.leaves)
    if sample.is_flat:
        rows = [_by_labels(row) for row in rows]
        leaves += dict.fromkeys(leaf for row in rows for leaf in row if LABEL_MARK in leaf)
    own = [field_values(leaf, [row.get(leaf) for row in rows], is_flat=sample.is_flat) for leaf in _looked_at(leaves)]
    return own + [field_values(f"^{name}", [context.get(name) for context in contexts]) for name in sample.parents[:MOST_FIELDS]]


def _looked_at(leaves: Sequence[str]) -> Sequence[str]:
    """The fields that are looked at, in their order: of very many (a survey asks hundreds of questions) those of known names before the others."""
    if len(leaves) <= MOST_FIELDS:
        return leaves
    chosen = set(islice((leaf for leaf in leaves if is_field_name(split_path(leaf)[-1])), MOST_FIELDS))
    chosen.update(islice((leaf for leaf in leaves if leaf not in chosen), MOST_FIELDS - len(chosen)))
    return [leaf for leaf in leaves if leaf in chosen]


def _by_labels(row: dict[str, Any]) -> dict[str, Any]:
    """The cells of a row with those that name what they say (`Tel: .. Email: ..`, or JSON) taken apart."""
    told: dict[str, Any] = {}
    for name, cell in row.items():
        parts = parts_of_cell(cell) if type(cell) is str else None
        told |= {name: cell} if parts is None else {f"{name}{LABEL_MARK}{label}" if label else name: said for label, said in parts.items()}
    return told


def _spread(items: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    return items[:: max(1, len(items) // SAMPLE_RECORDS)][:SAMPLE_RECORDS]


def _recall(sample: Sample, fields: list[FieldValues], remembered: Sequence[Mapping], source: str | None) -> Detection | None:
    """The remembered mapping whose shape is most like this list's; among equals that of the source that was named, then the newest."""
    liked = [(max(likeness(mapping.signature, shape) for shape in sample.signatures), mapping.source == source, -place, mapping) for place, mapping in enumerate(remembered)]
    best = max(liked, key=lambda item: item[:3], default=None)
    if best is None or best[0] < ALIKE:
        return None
    alike, _, _, mapping = best
    reason = f"The list has the shape of “{mapping.source}”, whose field mapping was remembered."
    if alike < 1:
        reason = f"The list has nearly the shape of “{mapping.source}” ({alike:.0%} of the fields are the same), whose field mapping was remembered."
    return _with_mapping(sample, fields, mapping.source, mapping.fields, mapping.constants, 0.6 + 0.4 * alike, (reason,), mapping.unused)


def _know(sample: Sample, fields: list[FieldValues]) -> Detection | None:
    """One of the shapes known from the start."""
    if sample.form != "json":
        return None
    leaves = {leaf for values in fields if not values.path.startswith("^") for leaf in (values.path,)}
    for known in known_sources():
        if known.fits(sample.record_paths, leaves, set(sample.parents)):
            return _as_known(sample, fields, known)
    return None


def _as_known(sample: Sample, fields: list[FieldValues], known: KnownSource) -> Detection:
    source = known.name_for(_usual_context(sample.contexts))
    mapped = dict(known.fields)
    strange = [values.path for values in fields if values.path not in mapped and not values.path.startswith("^")]
    reasons = [f"The list has the shape of “{known.title}”: records at {_place_in_words(sample.record_paths)}."]
    if not sample.records:
        reasons.append(NO_RECORDS)
    if strange:
        reasons.append(f"Fields that this shape does not have: {', '.join(strange[:5])}.")
    confidence = max(0.7, 0.99 - 0.29 * len(strange) / max(1, len(fields)))
    return _with_mapping(sample, fields, source, mapped, known.constants, confidence, tuple(reasons))


def _usual_context(contexts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The most common value of each parent."""
    names = dict.fromkeys(name for context in contexts for name in context)
    return {name: Counter(str(context[name]) for context in contexts if name in context).most_common(1)[0][0] for name in names}


def _with_mapping(
    sample: Sample, fields: list[FieldValues], source: str, mapped: dict[str, str], constants: dict[str, str], confidence: float,
    reasons: tuple[str, ...], unused: tuple[str, ...] = (),
) -> Detection:  # fmt: skip
    """A detection with a mapping that is there already; fields it does not know are proposed as in any list."""
    proposed, samples = propose_fields(fields)
    known_paths = {*mapped, *unused}
    additions = {path: canonical for path, canonical in proposed.items() if path not in known_paths and not path.startswith("^")}
    told = tuple(_told(sample_, mapped, unused) for sample_ in samples)
    detection = _detection(sample, source, {**mapped, **additions}, constants, confidence, reasons, told, is_known=True)
    return replace(detection, mapping=replace(detection.mapping, unused=unused))


def _told(sample: FieldSample, mapped: dict[str, str], unused: tuple[str, ...]) -> FieldSample:
    if sample.path in unused:
        return replace(sample, canonical=None, confidence=1.0, reason="a person left it out")
    if sample.path not in mapped:
        return sample
    return replace(sample, canonical=mapped[sample.path], confidence=1.0, reason="it is known from this source")


def _guess(sample: Sample, fields: list[FieldValues], source: str) -> Detection:
    """A list of an unknown shape: every field is proposed for itself."""
    heads = [group[0] for group in sample.places if len(sample.places) > 1 or not kind_of(group[0]) or _names_with_numbers(sample, group[0])]
    are_offices = any(names_offices(next((step for step in reversed(path) if step != EACH), "")) for path in sample.record_paths)
    proposed, samples = propose_fields(fields, heads, are_offices=are_offices)
    form = {JSON_LINES: "JSON Lines", "csv": "CSV"}.get(sample.form, "JSON")
    reasons = [f"{form} of an unknown shape: records at {_place_in_words(sample.record_paths)}."]
    canonicals = set(proposed.values())
    constants = {"facility_type": "Police Station"} if "facility_type" not in canonicals and (_is_of_stations(proposed) or _are_mostly_stations(fields, proposed)) else {}
    if "name" not in canonicals and "facility_type" not in canonicals and (office := _office_of_holders(proposed)):
        constants["facility_type"] = office
        proposed = {path: "officer_contact" if canonical in ("phone", "contact") else canonical for path, canonical in proposed.items()}
        samples = tuple(replace(told, canonical="officer_contact", reason=OF_PERSONS) if told.canonical in ("phone", "contact") else told for told in samples)
        canonicals = set(proposed.values())
    if not sample.records:
        reasons.append(NO_RECORDS)
    elif "name" not in canonicals and Mapping(source=source, record_paths=(), fields=proposed, constants=constants).has_names:
        reasons.append("No field names the places: names are proposed of what the list says they are, and where.")
    elif "name" not in canonicals:
        reasons.append("No field was recognised as the name of the place: choose one.")
    reasons.append(f"{sum(1 for told in samples if told.canonical)} of {len(samples)} fields were recognised.")
    if "officer_contact" in canonicals and "contact_type" not in canonicals and any(told.reason == ARE_PERSONS for told in samples):
        constants["contact_type"] = STAFFS_OWN
    return _detection(sample, source, proposed, constants, _confidence(samples, canonicals), tuple(reasons), samples, is_known=False)


def _names_with_numbers(sample: Sample, column: str) -> bool:
    """Whether most cells of a column name somebody and the number to call: `hotlines` is what they are called then, and not their numbers."""
    cells = [cell for record in sample.records[:SAMPLE_RECORDS] if type(cell := record.get(column)) is str]
    return sum(map(names_one_with_number, cells)) > 0.5 * len(cells)


_COMMANDER = re.compile(r"\bo ?c ?s\b|\bofficers? commanding\b")
_STATION = re.compile(r"\b(?:station|post|police|unit)s?\b")


def _is_of_stations(proposed: dict[str, str]) -> bool:
    """Whether a list is of police stations by its columns: one names a station, another its commander (OCS), whether or not each row has one."""
    names = [plain_name(path.rpartition(".")[2]) for path in proposed]
    called = [plain_name(path.rpartition(".")[2]) for path, canonical in proposed.items() if canonical == "name"]
    return any(map(_COMMANDER.search, names)) and bool(called) and all(map(_STATION.search, called))


FEWEST_NAMES, MOSTLY_OF_POLICE = 4, 0.4
"""Names of a list from which on, and the share of them that must tell a place of the police (and none another kind), before all are taken for such."""


def _are_mostly_stations(fields: Sequence[FieldValues], proposed: dict[str, str]) -> bool:
    """Whether many of the names of a list tell places of the police, most of them stations, and the others no kind, but mostly areas of Kenya."""
    names = next((list(map(str, values.values)) for values in fields if proposed.get(values.path) == "name" and not values.path.startswith("^")), [])
    kinds = [kind_told(name) for name in names]
    told = [kind for kind in kinds if kind]
    if len(names) < FEWEST_NAMES or len(told) < MOSTLY_OF_POLICE * len(names) or len(told) == len(names) or told.count("police_station") < MOSTLY_OF_POLICE * len(told):
        return False
    others = [name.strip() for name, kind in zip(names, kinds, strict=True) if not kind and heading_level(name.strip()) == ""]
    are_areas = sum(bool(is_area(name) or load_gazetteer().find_town(name)) for name in others) >= MOSTLY_OF_POLICE * len(others)
    return are_areas and all(load_vocabularies().group(kind) == "police" for kind in told)


def _office_of_holders(proposed: dict[str, str]) -> str:
    """The one office of which the columns of a list name the holders (`Chief's name`, `Chief's phone`); empty when they name none, or several."""
    offices = {office.label for path, canonical in proposed.items() if canonical in ("officer", "officer_contact") and (office := office_of(path)) is not None}
    return offices.pop() if len(offices) == 1 else ""


def _confidence(samples: Sequence[FieldSample], canonicals: set[str]) -> float:
    """How sure a guessed mapping is: a name, a place and a way to reach it carry it, weighed by how sure each field is."""
    sure = {told.canonical: max(told.confidence, 0.0) for told in sorted(samples, key=lambda told: told.confidence) if told.canonical}
    name = sure.get("name", 0.0)
    place = max((sure.get(key, 0.0) for key in ("county", "constituency", "sub_county", "ward", "location", "district", "town", "address", "section", "coordinates", "latitude")), default=0.0)
    reach = max((sure.get(key, 0.0) for key in ("contact", "phone", "email", "hotline", "services", "facility_type", "mfl_code")), default=0.0)
    return round(min(0.9, 0.5 * name + 0.25 * place + 0.2 * reach), 2) if "name" in canonicals else round(0.2 * place + 0.1 * reach, 2)


def _detection(
    sample: Sample, source: str, mapped: dict[str, str], constants: dict[str, str], confidence: float, reasons: tuple[str, ...],
    fields: tuple[FieldSample, ...], *, is_known: bool,
) -> Detection:  # fmt: skip
    mapping = Mapping(
        source=source, record_paths=sample.record_paths, fields=dict(mapped), constants=dict(constants), signature=sample.signature, dialect=sample.dialect,
        places=sample.places,
    )
    kind = SourceKind.CSV if sample.form == "csv" else SourceKind.JSON
    return Detection(
        source=source, kind=kind, confidence=round(confidence, 2), reasons=reasons, mapping=mapping, fields=fields, is_known=is_known
    )


def _place_in_words(record_paths: tuple[tuple[str, ...], ...]) -> str:
    return " and ".join("/" + "/".join(path) if path else "the top" for path in record_paths)


