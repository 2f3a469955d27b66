import pytest

from logs_app.assembly.usage import Usage, drawn, normalise


def test_chat():
    raw = {
        "prompt_tokens": 10,
        "completion_tokens": 20,
        "total_tokens": 30,
        "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 1, "cache_write_tokens": 2},
        "completion_tokens_details": {"reasoning_tokens": 8, "audio_tokens": 3, "image_tokens": 5},
    }
    assert normalise(raw) == Usage(
        10, 20, 30, cached=4, cache_write=2, reasoning=8, audio=4, image=5, prompt_audio=1
    )


def test_responses():
    raw = {
        "input_tokens": 10,
        "output_tokens": 20,
        "total_tokens": 30,
        "input_tokens_details": {"cached_tokens": 4},
        "output_tokens_details": {"reasoning_tokens": 0},
    }
    assert normalise(raw) == Usage(10, 20, 30, cached=4, reasoning=0)


def test_anthropics_input_excludes_the_cache_and_the_prompt_includes_it():
    raw = {
        "input_tokens": 4,
        "cache_creation_input_tokens": 219,
        "cache_read_input_tokens": 9116,
        "output_tokens": 156,
        "output_tokens_details": {"thinking_tokens": 28},
    }
    assert normalise(raw) == Usage(9339, 156, 9495, cached=9116, cache_write=219, reasoning=28)


def test_anthropic_without_a_cache():
    raw = {"input_tokens": 32, "output_tokens": 15, "cache_read_input_tokens": None}
    assert normalise(raw) == Usage(32, 15, 47)


def test_cache_fields_beside_prompt_tokens_are_part_of_them():
    """As LiteLLM sends them."""
    raw = {"prompt_tokens": 100, "completion_tokens": 1, "cache_read_input_tokens": 60}
    assert normalise(raw) == Usage(100, 1, 101, cached=60)


def test_deepseeks_cache_hits():
    raw = {"prompt_tokens": 13, "completion_tokens": 3, "total_tokens": 16, "prompt_cache_hit_tokens": 12}
    assert normalise(raw) == Usage(13, 3, 16, cached=12)


def test_embeddings_have_no_completion():
    assert normalise({"prompt_tokens": 8, "total_tokens": 8}) == Usage(prompt=8, total=8)


def test_images():
    raw = {
        "input_tokens": 50,
        "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
        "output_tokens": 50,
        "total_tokens": 100,
    }
    assert normalise(raw) == Usage(50, 50, 100, image=40, prompt_image=40)


def test_the_answer_of_an_images_endpoint_is_pictures():
    assert drawn(Usage(50, 60, 110, image=40, prompt_image=40)).image == 100
    assert drawn(Usage(50, 60, 110)).image == 60
    # It says so itself: ten tokens are text.
    assert drawn(Usage(50, 60, 110, image=90, prompt_image=40)).image == 90


def test_transcriptions_by_token():
    details = {"text_tokens": 0, "audio_tokens": 14}
    raw = {"type": "tokens", "input_tokens": 14, "input_token_details": details, "output_tokens": 45}
    assert normalise(raw) == Usage(14, 45, 59, audio=14, prompt_audio=14)


def test_transcriptions_by_duration_have_no_tokens():
    assert normalise({"type": "duration", "seconds": 9}) is None


def test_what_is_missing_is_none_and_a_zero_is_zero():
    assert normalise({"completion_tokens": 0}) == Usage(completion=0)


def test_the_providers_total_stands_even_when_it_is_not_the_sum():
    """xAI and Gemini count reasoning in the total only."""
    assert normalise({"prompt_tokens": 12, "completion_tokens": 2, "total_tokens": 334}).total == 334


def test_floats_are_rounded():
    assert normalise({"prompt_tokens": 3.0, "completion_tokens": 1.6}) == Usage(3, 2, 5)


@pytest.mark.parametrize("nonsense", [None, True, -1, "7", [7], float("nan"), float("inf"), 2**40, 1e300])
def test_nonsense_is_missing(nonsense):
    assert normalise({"prompt_tokens": nonsense, "completion_tokens": 5}) == Usage(completion=5)


@pytest.mark.parametrize(
    "raw", [None, {}, [], "usage", {"prompt_tokens": None}, {"prompt_tokens_details": 7}]
)
def test_no_usage_is_none(raw):
    assert normalise(raw) is None


def test_reasoning_is_part_of_the_completion_also_where_the_provider_leaves_it_out():
    """xAI's total is the sum of three."""
    details = {"completion_tokens_details": {"reasoning_tokens": 320}}
    used = normalise({"prompt_tokens": 12, "completion_tokens": 2, "total_tokens": 334, **details})
    assert (used.completion, used.reasoning, used.total) == (322, 320, 334)
    usual = normalise({"prompt_tokens": 12, "completion_tokens": 322, "total_tokens": 334, **details})
    assert (usual.completion, usual.reasoning) == (322, 320)
