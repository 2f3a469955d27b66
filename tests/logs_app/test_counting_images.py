import pytest

from logs_app.counting import images

ADDRESS = "https://example.com/cat.png"


@pytest.mark.parametrize(
    ("model", "detail", "tokens"),
    [
        ("gpt-4o", None, 765),
        ("gpt-4o", "high", 765),
        ("gpt-4o", "low", 85),
        ("gpt-4o-mini", "low", 2833),
        ("gpt-4o-mini", "high", 2833 + 4 * 5667),
        ("o1", "high", 75 + 4 * 150),
        ("gpt-5", "high", 70 + 4 * 140),
        ("openai/gpt-4.1-mini", None, 1659),
        ("o4-mini", None, 1762),
        ("gpt-5-nano", None, 2520),
        (None, None, 765),
    ],
)
def test_a_picture_of_unknown_size_counts_as_1024_by_1024(model, detail, tokens):
    assert images.tokens(ADDRESS, detail, model) == tokens


@pytest.mark.parametrize(
    ("size", "tiles"),
    [
        ((1024, 1024), 4),
        ((2048, 4096), 6),
        ((512, 512), 1),
        ((100, 100), 1),
        ((4096, 512), 4),
        ((768, 768), 4),
    ],
)
def test_tiles_after_scaling(size, tiles):
    assert images._tile_count(size) == tiles


def test_patches_are_capped():
    assert images._patches((320, 320), 1.0) == 100
    assert images._patches((10_000, 10_000), 1.0) == 1536


@pytest.mark.parametrize("source", [None, 7, "", "data:image/png;base64,!!!!", "data:image/png,abc", "AAAA"])
def test_a_picture_that_cannot_be_read_has_the_unknown_size(source):
    assert images.tokens(source, None, "gpt-4o") == 765
