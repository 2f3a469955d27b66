import base64

from logs_app.folding.audio import join_base64


def test_pieces_of_one_text_are_concatenated():
    whole = base64.b64encode(b"some sound!").decode()
    assert join_base64([whole[:3], whole[3:7], whole[7:]]) == whole


def test_pieces_with_padding_of_their_own_are_decoded_first():
    pieces = [base64.b64encode(piece).decode() for piece in (b"s", b"ou", b"nd")]
    assert base64.b64decode(join_base64(pieces)) == b"sound"


def test_nonsense_is_concatenated():
    assert join_base64(["a=", "b"]) == "a=b"
