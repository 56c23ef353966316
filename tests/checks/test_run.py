from gvrc.checks.run import RunColumns, run_issues


def test_an_official_code_on_two_rows_is_told_on_both() -> None:
    issues = run_issues(RunColumns(record_keys=["a", "b", "c", "d"], mfl_codes=["1", "1", "2", ""]))
    told = [(issue.code, issue.record_key, issue.detail["record_keys"]) for issue in issues]
    assert told == [("code.mfl_shared", "a", ["b"]), ("code.mfl_shared", "b", ["a"]), ("code.taken", "b", ["a"])]


def test_a_code_is_asked_about_on_every_record_but_the_first_that_states_it() -> None:
    issues = run_issues(RunColumns(record_keys=["a", "b", "c", "b"], registration_numbers=["R1", "R1", "R1", "R1"], names=["Alpha", "Beta", "Gamma", "Beta"]))
    taken = [issue for issue in issues if issue.code == "code.taken"]
    assert [(issue.record_key, issue.detail["holder"]) for issue in taken] == [("b", "Alpha"), ("c", "Alpha")]
    assert all(issue.suggestion is not None and issue.suggestion.values == {"registration_number": None} for issue in taken)


def test_rows_of_one_place_may_repeat_their_code() -> None:
    assert run_issues(RunColumns(record_keys=["a", "a"], mfl_codes=["1", "1"], fid_codes=["", ""])) == []


def test_empty_values_are_never_shared() -> None:
    assert run_issues(RunColumns(record_keys=["a", "b", "c"], mfl_codes=["", "", ""], registration_numbers=["", "", ""])) == []


def test_a_phone_is_shared_from_three_places_on_and_never_shown() -> None:
    two = RunColumns(record_keys=[], phone_record_keys=["a", "b"], phones=["p", "p"])
    three = RunColumns(record_keys=[], phone_record_keys=["a", "b", "c"], phones=["p", "p", "p"])
    assert run_issues(two) == []
    assert {(issue.code, issue.value, issue.detail["count"]) for issue in run_issues(three)} == {("contact.phone_shared", None, 3)}


def test_the_same_phone_twice_on_one_place_counts_once() -> None:
    columns = RunColumns(record_keys=[], phone_record_keys=["a", "a", "a"], phones=["p", "p", "p"])
    assert run_issues(columns) == []


def test_many_places_with_one_number_name_only_some_of_the_others() -> None:
    keys = [f"k{number:04}" for number in range(500)]
    issues = run_issues(RunColumns(record_keys=[], phone_record_keys=keys, phones=["p"] * 500))
    assert len(issues) == 500
    assert max(len(issue.detail["record_keys"]) for issue in issues) <= 21
    assert issues[0].detail["count"] == 500
