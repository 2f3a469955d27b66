from __future__ import annotations

import base64

import pytest

from logs_app.presentation.summaries import summary

VECTOR = base64.b64encode(bytes(4 * 256)).decode()


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        ("embedding", {"data": [{"embedding": [0.1] * 8}] * 2}, "2 embeddings of 8 numbers"),
        ("embedding", {"data": [{"embedding": VECTOR}]}, "1 embedding of 256 numbers"),
        ("image", {"data": [{"b64_json": "x"}]}, "[1 image]"),
        ("image", {"data": [{"url": "u", "revised_prompt": "A cat"}, {"url": "u"}]}, "[2 images]\nA cat"),
        ("moderation", {"results": [{"flagged": True, "categories": {"hate": True, "violence": False}}]},
         "flagged: hate"),
        ("moderation", {"results": [{"flagged": False}, {"flagged": True}]}, "not flagged\nflagged"),
        ("file", {"id": "f-1", "filename": "a.jsonl", "purpose": "batch", "bytes": 12, "status": "processed"},
         "a.jsonl (batch, 12 bytes, processed)"),
        ("file", {"id": "f-1", "deleted": True}, "deleted f-1"),
        ("file", {"object": "list", "data": [{"id": "f-1"}, {"id": "f-2"}]}, "2 entries: f-1, f-2"),
        ("batch", {"id": "b", "status": "in_progress",
                   "request_counts": {"total": 10, "completed": 4, "failed": 1}},
         "in_progress: 4 of 10 done, 1 failed"),
        ("batch", {"id": "b-1", "status": "validating"}, "b-1 validating"),
        ("model", {"data": [{"id": f"m-{n}"} for n in range(30)]},
         "30 entries: " + ", ".join(f"m-{n}" for n in range(20)) + ", …"),
        ("response", {"id": "resp_1", "status": "queued", "output": []}, "resp_1 queued"),
        ("json", {"input_tokens": 7}, "7 tokens"),
        ("json", {"unknown": 1}, ""),
        ("json", {"data": []}, "0 entries"),
    ],
)  # fmt: skip
def test_an_answer_in_a_few_words(kind: str, body: dict, words: str):
    assert summary(kind, body) == words


@pytest.mark.parametrize("kind", ["embedding", "image", "moderation", "file", "batch", "model", "json"])
@pytest.mark.parametrize("odd", [None, 7, "x", [None], [[]], {}, [{}], True])
def test_odd_answers_do_no_harm(kind: str, odd: object):
    names = ("data", "results", "filename", "request_counts", "id", "input_tokens", "categories", "status")
    for name in names:
        assert isinstance(summary(kind, {name: odd}), str)
