import pytest

from proxy.simulator import multipart
from proxy.simulator.multipart import BadForm, FilePart

TYPE = 'multipart/form-data; boundary="b-1"'
BODY = (
    b'--b-1\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
    b'--b-1\r\nContent-Disposition: form-data; name="image[]"; filename="a \xc3\xa9.png"\r\n'
    b"Content-Type: image/png\r\n\r\n\x00\x01\r\n--not\r\n"
    b"--b-1--\r\n"
)


def test_fields_and_files_are_read() -> None:
    form = multipart.parse(TYPE, BODY)
    assert form.get("purpose") == "batch" and form.get("missing", "x") == "x"
    assert form.files == [FilePart("image[]", "a é.png", "image/png", b"\x00\x01\r\n--not")]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", BODY),
        ("multipart/form-data", BODY),
        (TYPE, BODY[:-6]),
        (TYPE, b"--b-1\r\n\r\nx\r\n--b-1--"),
    ],
)
def test_broken_forms_are_refused(content_type: str, body: bytes) -> None:
    with pytest.raises(BadForm):
        multipart.parse(content_type, body)
