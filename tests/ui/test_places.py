"""Official places by their names."""

from __future__ import annotations

import pytest

from gvrc.ui import places


@pytest.mark.parametrize(
    ("names", "official"),
    [
        ({"county": "Kwale", "constituency": "Msambweni", "ward": "Kinondo"}, {"county": "Kwale", "constituency": "Msambweni", "ward": "Kinondo"}),
        ({"county": "Kilifi", "constituency": "Msambweni", "ward": "Kinondo"}, {"county": "Kilifi"}),
        ({"county": "Kwale", "constituency": None, "ward": "Kinondo"}, {"county": "Kwale"}),
        ({"county": "Atlantis", "constituency": "Msambweni"}, {}),
        ({}, {}),
    ],
)
def test_of_the_names_of_a_place_those_are_taken_that_are_official_within_the_one_before(names: dict[str, str | None], official: dict[str, str]) -> None:
    assert places.official(names) == official
