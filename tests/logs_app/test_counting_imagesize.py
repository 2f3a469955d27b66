import struct

import pytest

from logs_app.counting.imagesize import size_of

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 640, 480)
GIF = b"GIF89a" + struct.pack("<HH", 640, 480)
APP0 = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF".ljust(14, b"\0")
FRAME = struct.pack(">HBHH", 17, 8, 480, 640)
JPEG = b"\xff\xd8" + APP0 + b"\xff\xc4" + struct.pack(">H", 4) + b"\0\0" + b"\xff\xff\xc2" + FRAME
VP8 = b"RIFF\0\0\0\0WEBPVP8 " + b"\0" * 10 + struct.pack("<HH", 640 | 0x4000, 480)
VP8L = b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f" + struct.pack("<I", 639 | 479 << 14)
VP8X = b"RIFF\0\0\0\0WEBPVP8X" + b"\0" * 8 + (639).to_bytes(3, "little") + (479).to_bytes(3, "little")
FILES = {"png": PNG, "gif": GIF, "jpeg": JPEG, "vp8": VP8, "vp8l": VP8L, "vp8x": VP8X}
HEADS = [pytest.param(head, id=name) for name, head in FILES.items()]


@pytest.mark.parametrize("head", HEADS)
def test_the_size_is_in_the_head(head):
    assert size_of(head) == (640, 480)


@pytest.mark.parametrize("head", HEADS)
def test_a_head_that_is_cut_has_no_size(head):
    assert all(size_of(head[:end]) is None for end in range(len(head) - 4))


def test_other_files_have_no_size():
    assert size_of(b"%PDF-1.7") is None
    assert size_of(b"") is None
    assert size_of(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(8)) is None


def test_a_jpeg_without_a_frame_has_no_size():
    assert size_of(b"\xff\xd8" + APP0 * 50) is None
    assert size_of(b"\xff\xd8" + b"\xff\xe0\0\0" * 50) is None
