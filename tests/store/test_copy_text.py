"""Lines of cells as COPY reads them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gvrc.store.copy_text import cell, json_cell, values_of
from gvrc.store.jsonb import dump_json, load_json, storable_text

Texts = st.lists(st.none() | st.text(st.characters() | st.sampled_from("\\\t\n\rN")), min_size=1, max_size=4)


@given(Texts, st.dictionaries(st.text(max_size=5), st.text() | st.integers(-5, 5) | st.none(), max_size=3))
def test_a_line_says_the_values_it_was_written_from(texts: list[str | None], value: dict[str, object]) -> None:
    written = dump_json(value)
    line = "\t".join([*map(cell, texts), json_cell(written)])
    assert "\n" not in line
    assert values_of(line, [False] * len(texts) + [True]) == [*(text if text is None else storable_text(text) for text in texts), load_json(written)]
