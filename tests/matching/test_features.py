"""Every comparison has its levels, its sentence and its line in the evidence table."""

import numpy as np
import pytest

from gvrc.errors import ReferenceDataError
from gvrc.matching import explain, kinds
from gvrc.matching.evidence import evidence_table, feature_names, level_names
from gvrc.matching.features import FEATURES, NAME_CLASSES
from gvrc.matching.kinds import KindRelation


def test_every_feature_says_what_it_compares():
    assert all(feature.compare.__doc__ and feature.compare.__doc__.strip().endswith(".") for feature in FEATURES)


@pytest.mark.parametrize("link", [False, True])
def test_the_shipped_table_has_a_weight_for_every_level(link):
    table = evidence_table(link=link)
    for name in feature_names():
        assert table.weights[name].shape == (len(NAME_CLASSES), len(level_names(name)))


def test_what_is_unknown_counts_neither_for_nor_against():
    for link in (False, True):
        table = evidence_table(link=link)
        assert all(np.all(table.weights[name][:, 0] == 0) for name in feature_names())


def test_every_level_has_its_bar():
    assert all(len(explain.ALIKE[name]) == len(level_names(name)) for name in feature_names())


def test_a_table_with_a_missing_line_is_refused(tmp_path):
    path = tmp_path / "evidence.csv"
    path.write_text("feature,level," + ",".join(f"{kind}_{name}" for kind in ("list", "link") for name in NAME_CLASSES) + "\n", encoding="utf-8")
    with pytest.raises(ReferenceDataError):
        evidence_table(path=path)


def test_kinds_relate_alike_in_both_directions():
    codes = list(kinds.kind_groups())
    table = kinds.relation_table(codes)
    assert (table == table.T).all()


def test_a_gender_desk_sits_in_a_police_station_and_excludes_a_hospital():
    assert kinds.relation("gender_desk", "police_station") is KindRelation.SITS_IN
    assert kinds.relation("gender_desk", "hospital") is KindRelation.EXCLUDES
    assert kinds.relation("dispensary", "health_centre") is KindRelation.BECOMES
    assert kinds.relation("dispensary", "") is KindRelation.UNKNOWN
