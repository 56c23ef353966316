"""The quality score of a golden record: what it holds, and the issues of the records that its values come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from gvrc.model.golden import GoldenRecord
from gvrc.model.issue import Issue
from gvrc.model.quality import QualityScore
from gvrc.model.record import ABOUT_CONTACTS
from gvrc.quality.score import record_quality
from gvrc.quality.weights import QualityWeights
from gvrc.reference.vocabularies import Vocabularies

_PLACE = ("county", "constituency", "ward", "district", "sub_county", "town", "location", "section", "place")
_POINT = ("latitude", "longitude", "coordinates", "point")
_GOLDEN_FIELD: Mapping[str, str] = dict.fromkeys(_PLACE, "place") | dict.fromkeys(_POINT, "point") | dict.fromkeys(ABOUT_CONTACTS, "contacts")
_UNITED = frozenset({"contacts", "services", "gbv_categories", "aliases"})


def golden_quality(
    golden: GoldenRecord, issues: Mapping[str, Sequence[Issue]], as_of: date, vocabularies: Vocabularies, weights: QualityWeights
) -> QualityScore:
    """The quality score of a golden record with the open `issues` of its members, by record key.

    An issue counts when the value it is about survived: it came from that member, or is united from all. A value that another member gave, or that
    a steward chose, has left it behind. An issue that a field is missing counts while the golden record misses it too.
    """
    origins = {origin.field_name: origin.record_key for origin in golden.origins}
    standing = [issue for key, found in issues.items() for issue in found if _still_stands(issue, key, origins)]
    return record_quality(golden.record, standing, as_of, False, vocabularies, weights)


def _still_stands(issue: Issue, key: str, origins: Mapping[str, str]) -> bool:
    field_name = _GOLDEN_FIELD.get(issue.field_name, issue.field_name)
    giver = origins.get(field_name)
    if issue.code.endswith(("_missing", ".missing")):
        return giver is None
    return giver == key or (field_name in _UNITED and giver is not None)
