import pytest

from logs_app.folding import streams
from tests.logs_app.folds import CHAT, DONE, chunk, fold, sse


@pytest.mark.parametrize(
    ("path", "event", "data", "kind"),
    [
        ("/anything", "", {"object": "chat.completion.chunk"}, "chat"),
        ("/anything", "", {"object": "text_completion"}, "completion"),
        ("/anything", "", {"type": "response.created"}, "response"),
        ("/anything", "response.created", {}, "response"),
        ("/anything", "", {"type": "message_start"}, "message"),
        ("/anything", "", {"type": "transcript.text.delta"}, "audio"),
        ("/anything", "", {"type": "image_edit.partial_image"}, "image"),
        ("/anything", "", {"choices": []}, "chat"),
        ("/v1/completions", "", {"choices": []}, "completion"),
        ("/v1/chat/completions", "error", {"error": "no"}, "chat"),
        ("/v1/responses", "error", {"error": "no"}, "response"),
        ("/v1/messages", "error", {"type": "error"}, "message"),
        ("/v1/audio/speech", "error", {"type": "error"}, "audio"),
        ("/v1/threads/runs", "thread.created", {"id": "t"}, "text"),
    ],
)
def test_the_first_event_or_else_the_path_tells_the_protocol(path, event, data, kind):
    assert streams.choose(event, data, path)[0] == kind


def test_events_nobody_knows_are_counted_and_not_kept():
    folded = fold("/v1/threads/runs", sse({"id": "a"}, {"id": "b"}, DONE))
    assert (folded.kind, folded.body, folded.chunks, folded.done) == ("text", None, 2, True)


def test_a_stream_of_nothing_but_done_is_the_paths():
    assert fold(CHAT, sse(DONE)).body["choices"] == []


def test_a_stream_under_another_path_is_known_by_its_shape():
    assert fold("/proj/talk", sse(chunk({"content": "a"}))).kind == "chat"
