"""Candidate pairs: proposed by cheap rules, each once, none silently dropped."""

import numpy as np
import pytest

from gvrc.errors import PipelineError
from gvrc.matching import blocking
from gvrc.matching.arrays import pairs_within, spans
from gvrc.matching.blocking import BIT, Scope, candidates
from gvrc.matching.columns import MatchColumns
from gvrc.matching.prepared import prepare


def found(names, **others):
    columns = MatchColumns.from_plain([str(number) for number in range(len(names))], names, **others)
    return candidates(prepare(columns), Scope(list_ids=columns.list_ids))


def pairs(result):
    return set(zip(result.left.tolist(), result.right.tolist(), strict=True))


def test_runs_give_every_pair_once():
    starts, lengths = spans(np.array([4, 4, 4, 7, 9, 9]))
    left, right = pairs_within(starts, lengths)
    assert set(zip(left.tolist(), right.tolist(), strict=True)) == {(0, 1), (0, 2), (1, 2), (4, 5)}


def test_halves_hold_every_pair():
    rows = np.arange(500)
    seen = np.zeros((500, 500), dtype=bool)
    for left, right in blocking.halves(rows):
        seen[np.ix_(left, right)] = True
    assert (seen | seen.T | np.eye(500, dtype=bool)).all()


def test_a_pair_remembers_every_rule_that_proposed_it():
    result = found(["Muyuni Dispensary", "Muyuni Clinic"], county_codes=["K", "K"], contacts=[("+254700000001",)] * 2, mfl_codes=["1", "1"])
    assert pairs(result) == {(0, 1)}
    for rule in ("official_code", "shared_contact", "same_name_key"):
        assert result.rules[0] & BIT[rule]


def test_an_exchange_number_proposes_but_is_marked_as_one():
    result = found([f"Place {letter}" for letter in "klmnopqrst"], contacts=[("+254700000001",)] * 10)
    assert all(result.rules & BIT["switchboard"])
    assert not any(result.rules & BIT["shared_contact"])


def test_a_name_without_a_county_meets_its_namesake():
    assert (0, 1) in pairs(found(["Muyuni Dispensary", "Muyuni Dispensary"], county_codes=["K", ""]))


def test_a_name_run_together_meets_the_same_in_several_words(monkeypatch):
    monkeypatch.setattr(blocking, "ALL_PAIRS_CELLS", 0)
    monkeypatch.setattr(blocking, "COUNTY_CELLS", -1)
    result = found(["Homa Bay Police Station", "Homabay Police Station", "Bayhoma Police Station"], county_codes=["K"] * 3)
    assert (0, 1) in pairs(result)
    assert result.rules[result.left.tolist().index(0)] & BIT["same_name_key"]


def test_near_points_meet_across_wards():
    result = found(["Rehema Clinic", "Rehema Vegas"], latitudes=[-1.0, -1.0001], longitudes=[37.0, 37.0001], ward_codes=["A", "B"])
    assert any(result.rules & BIT["near_point"])


def test_a_name_too_frequent_is_still_compared_with_its_neighbours():
    result = found(["Huruma Dispensary"] * 3000, county_codes=["K"] * 3000)
    assert result.split_blocks > 0
    assert set(result.left.tolist()) | set(result.right.tolist()) == set(range(3000))


def test_a_pair_and_what_was_found_of_it_fit_into_one_number(monkeypatch):
    assert len(blocking.RULES) <= blocking.RATIO_SHIFT
    most = blocking.MOST_RECORDS
    all_found = blocking._Found(most, Scope(list_ids=np.zeros(1, dtype=np.int32)))
    everything = (1 << blocking.RATIO_SHIFT) - 1 | 100 << blocking.RATIO_SHIFT
    all_found.take(np.array([most - 1, 1]), np.array([most - 2, 0]), everything)
    united = blocking._united(all_found)
    assert list(zip(united.left, united.right, united.rules, united.ratios, strict=True)) == [
        (0, 1, (1 << blocking.RATIO_SHIFT) - 1, 100), (most - 2, most - 1, (1 << blocking.RATIO_SHIFT) - 1, 100),
    ]
    monkeypatch.setattr(blocking, "MOST_RECORDS", 1)
    with pytest.raises(PipelineError, match="2 records cannot be compared together: 1 are the most"):
        found(["Tiwi Clinic", "Diani Clinic"])
