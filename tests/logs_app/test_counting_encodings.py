import hashlib

import pytest

from logs_app.counting import encodings


@pytest.mark.parametrize("name", ["o200k_base", "cl100k_base"])
def test_the_files_are_those_that_openai_published(name):
    content = (encodings.FOLDER / f"{name}.tiktoken").read_bytes()
    assert hashlib.sha256(content).hexdigest() == encodings.SHA256[name]


def test_texts_are_encoded_as_tiktoken_does():
    """Token numbers published in OpenAI's cookbook and tokenizer page."""
    assert encodings.load("cl100k_base").encode_ordinary("tiktoken is great!") == [
        83,
        1609,
        5963,
        374,
        2294,
        0,
    ]
    assert encodings.load("o200k_base").encode_ordinary("tiktoken is great!") == [
        83,
        8251,
        2488,
        382,
        2212,
        0,
    ]


def test_every_text_can_be_decoded_again():
    text = "Grüße, don't — 漢字 😀\r\n\t12345 CamelCase/путь  \n\n end "
    for name in encodings.SHA256:
        encoding = encodings.load(name)
        assert encoding.decode(encoding.encode_ordinary(text)) == text


def test_a_damaged_file_is_refused(tmp_path):
    damaged = tmp_path / "o200k_base.tiktoken"
    damaged.write_bytes(b"IQ== 0\n")
    with pytest.raises(ValueError, match="damaged"):
        encodings.read_ranks(damaged, encodings.SHA256["o200k_base"])


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-4o-2024-08-06", "o200k_base"),
        ("gpt-5", "o200k_base"),
        ("o3", "o200k_base"),
        ("openai/gpt-4.1-mini", "o200k_base"),
        ("gpt-oss-120b", "o200k_base"),
        ("gpt-4", "cl100k_base"),
        ("gpt-35-turbo", "cl100k_base"),
        ("ft:gpt-3.5-turbo:org::id", "cl100k_base"),
        ("text-embedding-3-small", "cl100k_base"),
        ("davinci", "cl100k_base"),
        ("claude-sonnet-5", "o200k_base"),
        ("", "o200k_base"),
        (None, "o200k_base"),
    ],
)
def test_the_encoding_of_a_model(model, name):
    assert encodings.name_for(model) == name
