from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logs_app.multipart import LONGEST_VALUE, Upload, read, uploads

TYPE = "multipart/form-data; boundary=----edge"


def form(*parts: tuple[str, bytes]) -> bytes:
    written = [
        b"------edge\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n" + value + b"\r\n"
        for head, value in parts
    ]
    return b"".join(written) + b"------edge--\r\n"


def test_fields_and_files_are_told_apart():
    body = form(
        ('name="file"; filename="talk.mp3"\r\nContent-Type: audio/mpeg', bytes(range(256))),
        ('name="model"', b"whisper-1"),
        ('name="prompt"', "你好".encode()),
    )
    assert read(body, TYPE) == {
        "file": {"type": "file", "filename": "talk.mp3"},
        "model": "whisper-1",
        "prompt": "你好",
    }


def test_several_of_one_name_are_a_list():
    body = form(('name="image[]"; filename="a.png"', b"1"), ('name="image[]"; filename="b.png"', b"2"))
    assert [file["filename"] for file in read(body, TYPE)["image"]] == ["a.png", "b.png"]


def test_long_values_are_cut():
    assert len(read(form(('name="prompt"', b"x" * 10**6)), TYPE)["prompt"]) == LONGEST_VALUE


@pytest.mark.parametrize(
    "content_type", ["", "application/json", "multipart/form-data", "text/plain; boundary=x"]
)
def test_what_is_no_form_is_none(content_type: str):
    assert read(form(('name="a"', b"b")), content_type) is None


@given(st.binary(), st.text(max_size=40))
def test_nonsense_does_no_harm(content: bytes, boundary: str):
    found = read(content, f"multipart/form-data; boundary={boundary}")
    assert found is None or isinstance(found, dict)
    assert isinstance(read(b"------edge" + content, TYPE), dict)


def test_files_come_with_their_bytes_and_the_type_that_the_client_names():
    form = (
        b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nm\r\n'
        b'--b\r\nContent-Disposition: form-data; name="image[]"; filename="a.png"\r\n'
        b"Content-Type: image/PNG\r\n\r\n\x89PNG\r\n\r\n\r\n"
        b'--b\r\nContent-Disposition: form-data; name="image[]"; filename="b"\r\n\r\nx\r\n--b--\r\n'
    )
    assert uploads(form, "multipart/form-data; boundary=b") == [
        Upload("a.png", "image/png", b"\x89PNG\r\n\r\n"),
        Upload("b", "", b"x"),
    ]
    assert uploads(form, "text/plain") == []
