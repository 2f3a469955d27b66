from __future__ import annotations

from logs_app.presentation import drafts, snippets

BODY = {"model": "m-1", "messages": [{"role": "user", "content": "It's <b>"}]}


def test_a_draft_is_written_like_a_record():
    draft = drafts.draft("/v1/chat/completions", BODY)
    assert "https://relay.test/v1/chat/completions" in snippets.curl(draft, "https://relay.test")
    assert "client.chat.completions.create(" in snippets.python(draft, "https://relay.test")
    assert '"m-1"' in snippets.javascript(draft, "https://relay.test")


def test_a_stream_is_shown_as_it_comes():
    draft = drafts.draft("/v1/chat/completions", BODY | {"stream": True})
    assert snippets.curl(draft, "https://relay.test").startswith("curl -N ")
    assert "for event in answer" in snippets.python(draft, "https://relay.test")
