from __future__ import annotations

import random

import httpx
import pytest

from proxy.request import multipart

TYPE = "multipart/form-data; boundary=B"


def form(*parts: bytes) -> bytes:
    return b"".join(b"--B\r\n" + part + b"\r\n" for part in parts) + b"--B--\r\n"


def field(name: bytes, value: bytes) -> bytes:
    return b'Content-Disposition: form-data; name="' + name + b'"\r\n\r\n' + value


def test_fields_and_files_are_read_in_their_order() -> None:
    body = form(
        b'content-disposition: form-data; name="file"; filename="a.mp3"\r\n'
        b"Content-Type: audio/mpeg\r\n\r\n\x00\r\n\r\n-",
        field(b"model", b"whisper-1"),
        field(b"model", b""),
    )
    assert multipart.read(body, TYPE) == [("file", b"\x00\r\n\r\n-"), ("model", b"whisper-1"), ("model", b"")]


def test_a_form_as_httpx_writes_it_is_read() -> None:
    request = httpx.Request(
        "POST",
        "http://x/",
        data={"model": "whisper-1", "include[]": ["a", "b"]},
        files={"file": ('a "b" é.mp3', b"\xff" * 100_000, "audio/mpeg")},
    )
    fields = multipart.read(request.read(), request.headers["content-type"])
    assert [name for name, _ in fields] == ["model", "include[]", "include[]", "file"]
    assert fields[0][1] == b"whisper-1"
    assert len(fields[3][1]) == multipart.KEPT_BYTES


@pytest.mark.parametrize(
    "content_type",
    [
        'multipart/form-data; boundary="B"',
        "Multipart/Form-Data;boundary=B",
        "multipart/form-data; charset=utf-8; boundary=B",
        "multipart/form-data; boundary=B; charset=UTF-8",
    ],
)
def test_a_content_type_may_be_written_in_other_plain_ways(content_type: str) -> None:
    assert multipart.read(form(field(b"a", b"1")), content_type) == [("a", b"1")]


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=B; boundary=C",
        "multipart/form-data; boundary=C; boundary=B",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary="B',
        "multipart/form-data; boundary*=utf-8''B",
        "multipart/form-data; x=y; boundary=B",
        "multipart/mixed; boundary=B",
        "multipart/form-data; boundary=A",
    ],
)
def test_a_boundary_that_is_not_plain_is_refused(content_type: str) -> None:
    with pytest.raises(multipart.Ambiguous):
        multipart.read(form(field(b"a", b"1")), content_type)


GOOD = field(b"model", b"allowed")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"x\r\n" + form(GOOD), id="preamble"),
        pytest.param(b"\r\n" + form(GOOD), id="empty first line"),
        pytest.param(form(GOOD) + b"epilogue", id="epilogue"),
        pytest.param(form(GOOD)[:-4], id="no end"),
        pytest.param(form(GOOD).replace(b"\r\n", b"\n"), id="bare line feeds"),
        pytest.param(form(GOOD, b"x\n--B\n" + field(b"model", b"evil")), id="boundary after a line feed"),
        pytest.param(form(field(b"a", b"x--B\r\n" + field(b"model", b"evil"))), id="boundary in a line"),
        pytest.param(form(field(b"a", b"\r\n--B \r\n" + GOOD)), id="space after the boundary"),
        pytest.param(form(field(b"a", b"\r\n--BB\r\n" + GOOD)), id="longer boundary"),
        pytest.param(form(b"\r\nno head"), id="no head"),
        pytest.param(form(b"Content-Disposition: form-data\r\n\r\n1"), id="no name"),
        pytest.param(form(b"Content-Type: text/plain\r\n\r\n1"), id="no disposition"),
        pytest.param(form(b'Content-Disposition: form-data;\r\n name="model"\r\n\r\n1'), id="folded"),
        pytest.param(
            form(
                b"Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b\r\n\r\n1"
            ),
            id="two dispositions",
        ),
        pytest.param(form(b'Content-Disposition: form-data; name="a"; name="b"\r\n\r\n1'), id="two names"),
        pytest.param(
            form(b"Content-Disposition: form-data; name*=utf-8''model\r\n\r\n1"), id="extended name"
        ),
        pytest.param(form(b'Content-Disposition: form-data; name="mod\\el"\r\n\r\n1'), id="escaped name"),
        pytest.param(form(b'Content-Disposition: form-data; name="mod%65l"\r\n\r\n1'), id="encoded name"),
        pytest.param(form(b'Content-Disposition: form-data; name="mo\rdel"\r\n\r\n1'), id="carriage return"),
        pytest.param(form(b'Content-Disposition: form-data; name="\xff"\r\n\r\n1'), id="not UTF-8"),
        pytest.param(
            form(b'Content-Disposition: form-data; name="f"; filename="x\\"; name="model"\r\n\r\n1'),
            id="escaped quote",
        ),
        pytest.param(
            form(b'Content-Disposition: form-data; name="f"; filename="; name=model"\r\n\r\n1'),
            id="semicolon in a file's name",
        ),
        pytest.param(form(b"Content-Transfer-Encoding: base64\r\n" + GOOD), id="base64"),
        pytest.param(form(b"Content-Type: text/plain; charset=utf-16\r\n" + GOOD), id="charset"),
        pytest.param(form(b"X: " + b"y" * 5000 + b"\r\n" + GOOD), id="long head"),
        pytest.param(form(*[GOOD] * 1001), id="many parts"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_a_form_that_two_programs_could_read_differently_is_refused(body: bytes) -> None:
    with pytest.raises(multipart.Ambiguous):
        multipart.read(body, TYPE)


def test_any_byte_changed_never_raises_anything_else() -> None:
    chosen = random.Random(3)
    body = form(GOOD, field(b"file", b"12345"))
    for _ in range(3000):
        place = chosen.randrange(len(body))
        changed = body[:place] + bytes([chosen.choice(b'\r\n-B;"=\\ \x00a')]) + body[place + 1 :]
        try:
            multipart.read(changed, TYPE)
        except multipart.Ambiguous:
            continue


@pytest.mark.parametrize(
    ("content_type", "is_odd"),
    [
        ("application/json", False),
        ("application/json; charset=UTF-8", False),
        ('application/json; charset="utf-8"', False),
        ("application/json; charset=utf-7", True),
        ("application/json; Charset = 'UTF-16'", True),
        ("application/json; charset=utf-8; charset=utf-7", True),
        ("application/json; charset=", True),
    ],
)
def test_a_charset_in_which_ascii_is_written_otherwise_is_odd(content_type: str, is_odd: bool) -> None:
    assert multipart.has_odd_charset(content_type) is is_odd


def test_the_place_of_a_part_is_found_when_it_is_beyond_doubt() -> None:
    one = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper\r\n--b'
    content_type = "multipart/form-data; boundary=b"
    part = multipart.find(one + b"--\r\n", content_type, "model")
    assert part is not None
    assert (one + b"--\r\n")[part.start : part.end] == b"whisper"
    assert multipart.value(one + b"--\r\n", content_type, "model") == "whisper"
    assert multipart.value(one + b"--\r\n", content_type, "other") is None
    assert multipart.find(one + one[3:] + b"--\r\n", content_type, "model") is None
    assert multipart.find(one, content_type, "model") is None
    assert multipart.value(one.replace(b"whisper", b"\xff") + b"--\r\n", content_type, "model") is None
