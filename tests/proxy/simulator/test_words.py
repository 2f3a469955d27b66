import pytest

from proxy.simulator import words


@pytest.mark.parametrize("pieces", [1, 2, 5, 50, 500])
def test_answer_has_exactly_so_many_pieces_and_tells_the_prompt_back(pieces: int) -> None:
    answer = words.answer("the red bicycle", pieces)
    assert len(answer) == pieces
    assert all(answer)
    assert "the red bicycle" in "".join(answer)


def test_same_prompt_gets_the_same_answer_and_another_prompt_another() -> None:
    assert words.answer("a", None) == words.answer("a", None)
    assert words.answer("a", None) != words.answer("b", None)


def test_chinese_is_answered_in_chinese() -> None:
    assert "字节" in "".join(words.answer("你好", 60))


@pytest.mark.parametrize("pieces", [None, 1, 3, 8, 11])
def test_cutting_up_loses_nothing(pieces: int | None) -> None:
    parts = words.cut_up('{"a": 1, "b": "两个"}', pieces)
    assert "".join(parts) == '{"a": 1, "b": "两个"}'
    assert pieces is None or len(parts) == pieces
