"""Whatever a text holds, TOML has it back."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from responder.moving.tomltext import comment, pairs


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_a_text_comes_back(text: str) -> None:
    assert tomllib.loads(pairs({"text": text, "texts": [text, text]})) == {"text": text, "texts": [text, text]}


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_a_comment_says_nothing(text: str) -> None:
    assert tomllib.loads(comment(text)) == {}
