"""The matcher, what people answered, and what is left to ask."""

from gvrc.matching.columns import MatchColumns
from gvrc.matching.engine import MatchOptions
from gvrc.model.review import Answer, Decision, QuestionKind, Relation
from gvrc.stages.dedupe import PairState, dedupe

PLACED = {"county_codes": "KE001", "constituency_codes": "C1", "facility_types": "dispensary"}


def columns(*rows):
    facts = [{**PLACED, **row[1]} for row in rows]
    names = sorted({name for row in facts for name in row})
    empty = {"contacts": (), "latitudes": None, "longitudes": None, "is_sensitive": False}
    return MatchColumns.from_plain(
        [f"r{number}" for number in range(len(rows))], [row[0] for row in rows], [0] * len(rows),
        **{name: [row.get(name, empty.get(name, "")) for row in facts] for name in names},
    )


def answered(pair, answer, relation=None):
    return Decision(
        question_key=pair.question_key, kind=QuestionKind.DUPLICATE, record_keys=(pair.left_key, pair.right_key), answer=answer, evidence_hash=pair.evidence_hash,
        decided_by="a steward", relation=relation,
    )


SIMILAR = (("Kangri Dispensary", {"ward_codes": "W1"}), ("Kangir Dispensary", {"ward_codes": "W1"}))
ASK_ALL = MatchOptions(review_threshold=0.05, automatic_threshold=1.1)


def test_an_unsure_pair_is_a_question():
    found = dedupe(columns(*SIMILAR), ASK_ALL)
    assert [pair.state for pair in found.questions] == [PairState.OPEN]
    assert found.questions[0].reason


def test_two_kinds_of_evidence_merge_without_asking_and_are_marked():
    facts = {"ward_codes": "W1", "contacts": ("vault:1",)}
    found = dedupe(columns(("Muyuni Dispensary", facts), ("Muyuni Dispensary", facts)))
    assert [pair.state for pair in found.pairs] == [PairState.AUTOMATIC]
    assert [cluster.members for cluster in found.clusters] == [("r0", "r1")]
    assert not found.questions


def test_an_answered_question_is_not_asked_again():
    first = dedupe(columns(*SIMILAR), ASK_ALL)
    for answer in (Answer.SAME, Answer.DIFFERENT, Answer.RELATED, Answer.UNSURE):
        again = dedupe(columns(*SIMILAR), ASK_ALL, [answered(first.questions[0], answer)])
        assert not again.questions
        assert bool(again.clusters) is (answer is Answer.SAME)


def test_a_different_is_asked_again_when_the_evidence_changed_with_what_changed():
    decision = answered(dedupe(columns(*SIMILAR), ASK_ALL).questions[0], Answer.DIFFERENT)
    changed = (SIMILAR[0], ("Kangir Dispensary", {"ward_codes": "W1", "contacts": ("vault:1",)}))
    found = dedupe(columns(*changed), ASK_ALL, [decision])
    assert [pair.changed for pair in found.questions] == [("the contacts",)]


def test_what_follows_from_answers_is_not_asked():
    rows = (*SIMILAR, ("Kangrir Dispensary", {"ward_codes": "W1"}))
    by_keys = {(pair.left_key, pair.right_key): pair for pair in dedupe(columns(*rows), ASK_ALL).questions}
    decisions = [answered(by_keys["r0", "r1"], Answer.DIFFERENT), answered(by_keys["r1", "r2"], Answer.SAME)]
    found = dedupe(columns(*rows), ASK_ALL, decisions)
    assert not found.questions
    assert PairState.IMPLIED_DIFFERENT in {pair.state for pair in found.pairs}


def test_a_strong_match_across_a_different_is_a_conflict():
    facts = {"ward_codes": "W1", "contacts": ("vault:1",)}
    rows = columns(("Muyuni Dispensary", facts), ("Muyuni Dispensary", facts), ("Muyuni Dispensary", facts))
    pairs = {(pair.left_key, pair.right_key): pair for pair in dedupe(rows).pairs}
    found = dedupe(rows, decisions=[answered(pairs["r0", "r2"], Answer.DIFFERENT)])
    assert [pair.state for pair in found.questions] == [PairState.CONFLICT]
    assert [foe for _, foe in found.conflicts] == [("r0", "r2")]
    assert not any({"r0", "r2"} <= set(cluster.members) for cluster in found.clusters)


def test_a_gender_desk_is_proposed_as_sitting_in_its_station():
    rows = columns(
        ("Kasarani Police Station", {"facility_types": "police_station", "ward_codes": "W1"}),
        ("Kasarani Police Station Gender Desk", {"facility_types": "gender_desk", "ward_codes": "W1"}),
    )
    found = dedupe(rows)
    assert [(pair.state, pair.relation) for pair in found.questions] == [(PairState.PROPOSED_RELATION, Relation.LOCATED_IN)]
    assert not found.clusters


def test_a_sensitive_place_is_asked_first():
    rows = columns(
        ("Mulinde Dispensary", {"ward_codes": "W1"}), ("Mulnide Dispensary", {"ward_codes": "W1"}),
        ("Kosagat Dispensary", {"ward_codes": "W2", "is_sensitive": True}), ("Kosgaat Dispensary", {"ward_codes": "W2"}),
    )
    questions = dedupe(rows, ASK_ALL).questions
    assert len(questions) == 2
    assert {questions[0].left_key, questions[0].right_key} == {"r2", "r3"}


def test_one_record_with_two_strong_partners_is_a_contest():
    rows = MatchColumns.from_plain(
        ["a", "b", "c"], ["Muyuni Dispensary"] * 3, [0, 1, 1], county_codes=["KE001"] * 3, constituency_codes=["C1"] * 3, facility_types=["dispensary"] * 3, ward_codes=["W1"] * 3,
        contacts=[("vault:1",)] * 3,
    )
    found = dedupe(rows, MatchOptions(link=True))
    assert [(contest.record_key, set(contest.partner_keys)) for contest in found.contests] == [("a", {"b", "c"})]


def test_the_same_list_again_with_every_answer_kept_has_no_question():
    rows = (*SIMILAR, ("Mulinde Dispensary", {"ward_codes": "W2"}), ("Mulnide Dispensary", {"ward_codes": "W2"}))
    decisions = [answered(pair, Answer.DIFFERENT) for pair in dedupe(columns(*rows), ASK_ALL).questions]
    assert decisions
    assert not dedupe(columns(*rows), ASK_ALL, decisions).questions
