"""Facilities, already cut to what their reader may see, as CSV, XLSX and GeoJSON. Each writer takes chunks and returns how many it wrote."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, BinaryIO

import orjson

from gvrc.views.facilities import FacilityView

CSV_COLUMNS: tuple[str, ...] = (
    "facility_code", "name", "facility_type", "county", "constituency", "ward", "latitude", "longitude", "accuracy_level", "phones", "emails",
    "hotlines", "websites", "services", "gbv_categories", "owner", "operational_status", "keph_level", "mfl_code", "fid_code", "registration_number",
    "address", "officer", "opening_hours", "description", "visibility", "quality_score", "last_verified_at", "aliases",
)
_CONTACT_COLUMNS = {"phones": "phone", "emails": "email", "hotlines": "hotline", "websites": "website"}
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_LONGEST_CELL = 32_767
"""Characters that a cell of a spreadsheet holds (Microsoft Excel, specifications and limits)."""
_WIDTHS = {"name": 40, "services": 40, "aliases": 30, "address": 30, "description": 40, "phones": 24, "emails": 28, "facility_code": 14}


def neutral(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula. Numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, int | float):
        return repr(value) if isinstance(value, float) else str(value)
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) or text.lstrip().startswith(_FORMULA_STARTS[:4]) else text


def cells(view: FacilityView) -> list[Any]:
    """The values of the columns, typed: numbers, dates, texts, None."""
    found: dict[str, Any] = {
        column: "; ".join(c.value for c in view.contacts if c.contact_type == kind) or None for column, kind in _CONTACT_COLUMNS.items()
    }
    found |= {
        "facility_type": view.facility_type_label, "services": "; ".join(view.service_labels) or None,
        "gbv_categories": "; ".join(view.gbv_categories) or None, "aliases": "; ".join(view.aliases) or None,
    }
    return [found[column] if column in found else getattr(view, column) for column in CSV_COLUMNS]


def write_csv(stream: BinaryIO, chunks: Iterable[Sequence[FacilityView]]) -> int:
    """RFC 4180, UTF-8, one heading row."""
    written, text = 0, io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    for views in chunks:
        writer.writerows([neutral(value) for value in cells(view)] for view in views)
        written += len(views)
        _hand_over(text, stream)
    _hand_over(text, stream)
    return written


def _hand_over(text: io.StringIO, stream: BinaryIO) -> None:
    stream.write(text.getvalue().encode("utf-8"))
    text.seek(0)
    text.truncate()


def write_xlsx(stream: BinaryIO, chunks: Iterable[Sequence[FacilityView]]) -> int:
    """One sheet with a heading row that stays in view; numbers and dates are cells of their own kind. Rows go to a file, not to memory."""
    from openpyxl import Workbook
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet("registry")
    sheet.freeze_panes = "B2"
    for number, column in enumerate(CSV_COLUMNS, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = _WIDTHS.get(column, 16)
    sheet.append([_heading(sheet, column) for column in CSV_COLUMNS])
    written = 0
    for views in chunks:
        for view in views:
            sheet.append([_cell(value) for value in cells(view)])
        written += len(views)
    book.save(stream)
    return written


def _heading(sheet: Any, column: str) -> Any:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    cell = WriteOnlyCell(sheet, value=column)
    cell.font = Font(bold=True)
    return cell


def _cell(value: Any) -> Any:
    """A value as a spreadsheet may hold it: no formula, no control characters, not too long."""
    if value is None or isinstance(value, int | float | date):
        return value
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    return ILLEGAL_CHARACTERS_RE.sub("", neutral(value))[:_LONGEST_CELL]


def write_geojson(stream: BinaryIO, chunks: Iterable[Sequence[FacilityView]]) -> int:
    """A FeatureCollection (RFC 7946); a place without a point that the reader may see has a null geometry."""
    return write_joined(stream, b'{"type":"FeatureCollection","features":[\n', (feature(view) for views in chunks for view in views), b"\n]}\n")


def feature(view: FacilityView) -> dict[str, Any]:
    """One facility as a GeoJSON feature; longitude comes first, as the standard wants."""
    is_placed = view.longitude is not None and view.latitude is not None
    values = dict(zip(CSV_COLUMNS, cells(view), strict=True))
    properties = {name: value for name, value in values.items() if value is not None and name not in ("latitude", "longitude")}
    return {
        "type": "Feature", "id": view.facility_code, "properties": properties,
        "geometry": {"type": "Point", "coordinates": [view.longitude, view.latitude]} if is_placed else None,
    }


def write_joined(stream: BinaryIO, head: bytes, items: Iterable[Any], tail: bytes) -> int:
    """A JSON document whose one long array is written item by item; returns how many items."""
    stream.write(head)
    written = 0
    for piece in _pieces(items):
        stream.write(piece)
        written += 1
    stream.write(tail)
    return written


def _pieces(items: Iterable[Any]) -> Iterator[bytes]:
    separator = b""
    for item in items:
        yield separator + orjson.dumps(item)
        separator = b",\n"
