"""The real lists are read for the benchmark with what would give the answer away hidden; here a small pair of made-up lists of the same two shapes."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from benchmarks.matching import real_lists


def test_codes_are_hidden_from_the_matcher_and_label_the_pairs(tmp_path: Path) -> None:
    with (tmp_path / real_lists.MFL).open("w", encoding="utf-8", newline="") as handle:
        old = csv.writer(handle)
        old.writerow(("Facility Code", "Facility Name", "County", "District", "Type", "Owner", "Constituency"))
        old.writerow(("99001", "Mfano Dispensary", "Kwale", "Kinango", "Dispensary", "Ministry of Health", "KINANGO"))
    facility = {"code": 99001, "name": "Mfano Dispensary", "facility_type_name": "Dispensary", "county_name": "Kwale", "constituency_name": "Kinango", "created": "2020-01-10T11:43:13Z"}
    (tmp_path / real_lists.KMHFL).write_text(json.dumps({"count": 1, "next": None, "previous": None, "results": [facility]}), encoding="utf-8")
    (tmp_path / real_lists.PAIRS).write_text("pair_id,label,tier,id_2014,id_2020\nP0,1,T0_identical,99001,99001\n", encoding="utf-8")

    real = real_lists.load(tmp_path)

    assert real.codes == ["99001", "99001"]
    assert real.labels == [(0, 1, 1, "T0_identical")]
    assert not any(real.columns.mfl_codes)
    assert real.columns.county_codes[0] == real.columns.county_codes[1] != ""
