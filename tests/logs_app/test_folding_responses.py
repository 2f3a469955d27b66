from tests.logs_app.folds import DONE, RESPONSES, fold, sse

BASE = {"id": "resp_1", "object": "response", "model": "gpt-5", "status": "in_progress", "output": []}
TEXT = {"type": "output_text", "text": "Hello", "annotations": []}
MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "content": [TEXT]}
USAGE = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}


def event(kind, **more):
    return {"type": f"response.{kind}", **more}


def response(*events):
    return fold(RESPONSES, sse(*events))


def created(**more):
    return event("created", response={**BASE, **more})


def delta(text, kind="output_text.delta", **more):
    return event(kind, output_index=0, content_index=0, delta=text, obfuscation="xx", **more)


def test_the_terminal_object_is_taken_as_it_is():
    final = {**BASE, "status": "completed", "output": [MESSAGE], "usage": USAGE, "service_tier": "flex"}
    folded = response(created(), delta("Hel"), event("completed", response=final))
    assert folded.body == final
    assert (folded.kind, folded.done, folded.finish_reason) == ("response", True, "completed")
    assert (folded.usage, folded.model, folded.service_tier) == (USAGE, "gpt-5", "flex")


def test_an_incomplete_response_keeps_its_usage_and_its_reason():
    final = {
        **BASE,
        "status": "incomplete",
        "incomplete_details": {"reason": "max_output_tokens"},
        "usage": USAGE,
        "output": [MESSAGE],
    }
    folded = response(created(), event("incomplete", response=final))
    assert (folded.done, folded.finish_reason, folded.usage) == (True, "max_output_tokens", USAGE)
    assert folded.error is None


def test_a_failed_response_is_an_error():
    error = {"code": "server_error", "message": "sorry"}
    folded = response(created(), event("failed", response={**BASE, "status": "failed", "error": error}))
    assert (folded.done, folded.error, folded.finish_reason) == (True, error, "failed")


def test_a_cancelled_response_is_done():
    folded = response(
        created(), event("cancelled", response={**BASE, "status": "cancelled", "output": [MESSAGE]})
    )
    assert (folded.done, folded.finish_reason, folded.body["output"]) == (True, "cancelled", [MESSAGE])


def test_nothing_after_the_terminal_event_changes_the_object():
    final = {**BASE, "status": "completed", "output": [MESSAGE]}
    assert response(event("completed", response=final), created(), DONE).body == final


def test_a_cut_stream_is_rebuilt_from_its_items():
    added = {**MESSAGE, "content": []}
    folded = response(
        created(),
        event("output_item.added", output_index=0, item=added),
        event("content_part.added", output_index=0, content_index=0, part={**TEXT, "text": ""}),
        delta("Hel"),
        delta("lo"),
    )
    assert folded.body == {**BASE, "output": [MESSAGE]}
    assert not folded.done
    assert folded.finish_reason == "in_progress"


def test_a_terminal_object_without_output_gets_the_rebuilt_items():
    folded = response(
        event("output_item.done", output_index=0, item=MESSAGE),
        event("completed", response={**BASE, "status": "completed", "output": []}),
    )
    assert folded.body["output"] == [MESSAGE]
    assert folded.done


def test_items_known_from_the_base_stay_beside_the_rebuilt():
    """A replay of a background response starts in the middle."""
    other = {"id": "msg_2", "type": "message", "content": []}
    folded = response(created(output=[MESSAGE]), event("output_item.added", output_index=1, item=other))
    assert folded.body["output"] == [MESSAGE, other]


def test_items_are_ordered_by_their_index():
    folded = response(
        event("output_item.added", output_index=2, item={"id": "c"}),
        event("output_item.added", output_index=0, item={"id": "a"}),
    )
    assert [item["id"] for item in folded.body["output"]] == ["a", "c"]


def test_a_suffix_without_any_response_object_is_still_one():
    folded = response(delta("lo"))
    assert folded.body["object"] == "response"
    assert folded.body["output"] == [{"type": "message", "content": [{"type": "output_text", "text": "lo"}]}]
    assert not folded.done


def test_an_error_event_is_flat():
    error = {"type": "error", "code": "server_error", "message": "no", "param": None}
    folded = response(created(), {**error, "sequence_number": 3})
    assert folded.error == error
    assert not folded.done


def test_an_error_event_may_hold_an_object():
    assert response({"type": "error", "error": {"message": "no"}}).error == {"message": "no"}
    assert fold(RESPONSES, b'data: {"error": {"message": "no"}}\n\n').error == {"message": "no"}


def test_done_without_a_terminal_event_does_not_finish_a_response():
    assert not response(created(), delta("a"), DONE).done


def test_the_event_line_names_an_event_without_type():
    stream = b"event: response.completed\ndata: " + sse({"response": {**BASE, "status": "completed"}})[6:]
    assert fold(RESPONSES, stream).done


def test_gaps_in_the_sequence_are_counted():
    folded = response(*(delta("a", sequence_number=number) for number in (4, 5, 7, 8, 12)))
    assert folded.gaps == 2


def test_partial_images_are_not_kept():
    item = {"id": "ig_1", "type": "image_generation_call", "status": "in_progress"}
    folded = response(
        created(),
        event("output_item.added", output_index=0, item=item),
        event("image_generation_call.partial_image", output_index=0, partial_image_b64="A" * 100_000),
        event("image_generation_call.partial_image", output_index=5, partial_image_b64="A" * 100_000),
    )
    assert folded.body["output"] == [item]


def test_obfuscation_is_dropped():
    assert "obfuscation" not in str(response(created(), delta("a")).body)


def test_audio_of_a_cut_stream_is_appended():
    folded = response(
        created(),
        event("audio.delta", delta="AAAA"),
        event("audio.delta", delta="BBB="),
        event("audio.transcript.delta", delta="Hi"),
    )
    assert folded.body["audio"] == {"data": "AAAABBB=", "transcript": "Hi"}


def test_a_tool_call_speaks_with_its_first_event_and_a_message_with_its_text():
    def speaks(*events):
        return response(created(), *events).saw_token

    assert speaks(event("output_item.added", output_index=0, item={"type": "function_call"}))
    assert not speaks(event("output_item.added", output_index=0, item={"type": "message"}))
    assert speaks(delta("a"))
    assert not speaks(delta(""))
