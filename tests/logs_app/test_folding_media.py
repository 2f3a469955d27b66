from tests.logs_app.folds import fold, sse

USAGE = {
    "input_tokens": 14,
    "input_token_details": {"audio_tokens": 14},
    "output_tokens": 45,
    "total_tokens": 59,
}


def test_a_transcript_is_the_one_of_its_last_event():
    folded = fold(
        "/v1/audio/transcriptions",
        sse(
            {"type": "transcript.text.delta", "delta": "Hel"},
            {"type": "transcript.text.delta", "delta": "lo"},
            {"type": "transcript.text.done", "text": "Hello", "usage": USAGE},
        ),
    )
    assert folded.body == {"text": "Hello", "usage": USAGE}
    assert (folded.kind, folded.done, folded.usage) == ("audio", True, USAGE)


def test_a_transcript_that_was_cut_is_what_was_heard():
    folded = fold("/v1/audio/transcriptions", sse({"type": "transcript.text.delta", "delta": "Hel"}))
    assert folded.body == {"text": "Hel"}
    assert not folded.done
    assert folded.saw_token


def test_segments_of_a_transcript_are_collected():
    segment = {"type": "transcript.text.segment", "id": "s", "speaker": "A", "text": "Hi"}
    folded = fold("/v1/audio/transcriptions", sse(segment, {"type": "transcript.text.done", "text": "Hi"}))
    assert folded.body == {"text": "Hi", "segments": [{"id": "s", "speaker": "A", "text": "Hi"}]}


def test_speech_is_joined():
    folded = fold(
        "/v1/audio/speech",
        sse(
            {"type": "speech.audio.delta", "audio": "AAAA"},
            {"type": "speech.audio.delta", "audio": "BBB="},
            {"type": "speech.audio.done", "usage": USAGE},
        ),
    )
    assert folded.body == {"audio": "AAAABBB=", "usage": USAGE}
    assert folded.done


def test_images_are_kept_and_their_previews_are_not():
    folded = fold(
        "/v1/images/generations",
        sse(
            {"type": "image_generation.partial_image", "b64_json": "early", "partial_image_index": 0},
            {
                "type": "image_generation.completed",
                "b64_json": "final",
                "created_at": 5,
                "size": "1024x1024",
                "usage": USAGE,
            },
        ),
    )
    assert folded.body == {"created": 5, "size": "1024x1024", "usage": USAGE, "data": [{"b64_json": "final"}]}
    assert (folded.kind, folded.done) == ("image", True)


def test_an_error_is_kept_apart():
    folded = fold("/v1/images/edits", sse({"type": "error", "error": {"message": "no"}}))
    assert folded.error == {"message": "no"}
    assert not folded.done
