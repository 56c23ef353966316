"""Weights learned from answers, and from the data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gvrc.matching import refit
from gvrc.matching.evidence import BASE, evidence_table, feature_names, level_names
from gvrc.matching.refit import FIRM, Sample

ALIKE_NAME = {"name": "r85", "words": "some_rest", "kind": "same", "place": "same_ward"}


def told(count, **more):
    return [{**ALIKE_NAME, **more} for _ in range(count)]


def answers(owner_same=60, owner_differs=60):
    """Where stewards said: the same owner, the same place; another owner, another place."""
    pairs = told(owner_same, owner="same") + told(owner_differs, owner="differ")
    return refit.sample_of(pairs, [1.0] * owner_same + [0.0] * owner_differs)


def test_weights_move_towards_the_answers_and_only_where_they_speak():
    changes = refit.refit(evidence_table(), answers())
    assert changes["owner"]["same"] > 0.5 > -0.5 > changes["owner"]["differ"]
    assert not {"distance", "contact"} & set(changes)


def test_answers_that_were_held_back_are_told_better_afterwards():
    table, sample, cuts = evidence_table(), answers(), (0.4, 0.8, 0.98)
    before, after = (refit.trial(odds, sample, cuts) for odds in (refit.log_odds_of(table, sample), refit.held_back(table, sample)))
    assert after.log_loss < before.log_loss
    assert after.pairs == before.pairs == 120


def test_pairs_of_one_group_are_never_learned_from_while_one_of_them_is_tried():
    groups = np.array([7, 3, 7, 9, 3, 4, 5, 7, 8, 1])
    folds = refit.fold_of(groups)
    assert all(len(set(folds[groups == group].tolist())) == 1 for group in set(groups.tolist()))
    assert sorted(set(folds.tolist())) == [0, 1, 2, 3, 4]
    table = evidence_table()
    sample = refit.sample_of(told(60, owner="same"), [1.0] * 60, np.zeros(60, dtype=np.int64))
    assert refit.held_back(table, sample) == pytest.approx(refit.log_odds_of(table, sample), abs=0.01)


def test_the_cut_is_the_lowest_score_from_which_on_answers_are_right_as_often_as_asked():
    odds, same = np.array([5.0, 4.0, 3.0, 2.0, 2.0, 1.0]), np.array([1.0, 1.0, 1.0, 1.0, 0.0, 1.0])
    assert refit.cut_for(odds, same, 0.8) == 1.0
    assert refit.cut_for(odds, same, 0.9) == 3.0
    assert refit.cut_for(odds, np.zeros(6), 0.5) is None
    assert refit.cut_for(np.zeros(0), np.zeros(0)) is None


def test_a_few_answers_hardly_move_anything():
    changes = refit.refit(evidence_table(), answers(1, 1))
    assert all(abs(added) < 0.5 for levels in changes.values() for added in levels.values())


def test_no_answers_change_nothing():
    changes = refit.refit(evidence_table(), refit.sample_of([], []))
    assert all(added == 0 for levels in changes.values() for added in levels.values())


@given(st.lists(st.tuples(st.sampled_from(["same", "one_side", "differ"]), st.booleans()), min_size=1, max_size=60))
@settings(deadline=None, max_examples=25)
def test_no_answer_softens_a_firm_contradiction_and_unknown_weighs_nothing(given_answers):
    sample = refit.sample_of([{**ALIKE_NAME, "markers": level} for level, _ in given_answers], [float(same) for _, same in given_answers])
    table = evidence_table()
    changed = table.changed(refit.refit(table, sample), "new")
    for feature, level in FIRM:
        number = level_names(feature).index(level)
        assert changed.weights[feature][:, number] == pytest.approx(table.weights[feature][:, number])
    assert all((changed.weights[feature][:, 0] == 0).all() for feature in feature_names())


def test_the_changed_table_adds_up_to_the_same_score_as_the_changes_say():
    table, sample = evidence_table(), answers()
    changes = refit.refit(table, sample)
    moved = refit.log_odds_of(table.changed(changes, "new"), sample) - refit.log_odds_of(table, sample)
    by_hand = [
        changes[BASE][BASE] + sum(changes.get(feature, {}).get(level, 0.0) for feature, level in pair.items())
        for pair in told(60, owner="same") + told(60, owner="differ")
    ]
    assert moved == pytest.approx(by_hand, abs=1e-3)


def test_the_data_alone_moves_the_weights_gently_and_repeatably():
    sample = answers(200, 400)
    pairs = Sample(levels=sample.levels, same=np.zeros(len(sample)))
    changes = refit.from_data(evidence_table(), pairs)
    assert changes == refit.from_data(evidence_table(), pairs)
    assert all(abs(added) < 5 for levels in changes.values() for added in levels.values())


def test_a_level_of_an_earlier_program_counts_as_unknown():
    sample = refit.sample_of([{"name": "r85", "place": "same_province"}], [1.0])
    assert sample.levels["place"].tolist() == [0]
