from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError, connections
from hypothesis import given
from hypothesis import strategies as st

from logs_app import payloads, search
from logs_app.models import LogPayload, LogRecord, SearchCursor, SearchText
from logs_app.recorder.store import Store
from logs_app.search import query, schema, texts
from logs_app.search.indexer import Indexer, Overtaken
from logs_app.search.spelling import spelled
from tests.logs_app.test_recorder_store import rows, write

NODE = "node-a"

# Spelling


def test_case_width_and_space_do_not_matter():
    assert spelled("  Grüße\n\tAN  ＡＢＣ ") == "grüsse an abc"


def test_each_chinese_character_is_long_enough_for_a_trigram():
    one, two = spelled("数"), spelled("数据")
    assert (len(one), len(two)) == (4, 8)
    assert two.startswith(one)
    assert two.isascii()


@given(st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)), st.data())
def test_a_part_of_a_text_is_a_part_of_its_spelling(text, data):
    first = data.draw(st.integers(0, len(text)))
    last = data.draw(st.integers(first, len(text)))
    assert spelled(text[first:last]) in spelled(text)


@given(st.text(alphabet="数据库人工智能ab1", max_size=20), st.sampled_from("数据库人工智能"))
def test_no_character_is_found_where_it_is_not(text, character):
    assert (spelled(character) in spelled(text)) == (character in text)


@given(st.text())
def test_any_text_can_be_spelled(text):
    assert "\0" not in spelled(text)
    spelled(text).encode()


def test_half_a_surrogate_is_no_trouble():
    spelled("a\ud800b").encode()


# Texts


def said(request: Any = None, response: Any = None, **columns: Any) -> str:
    payload = LogPayload(request_body=payloads.pack_json(request), response_body=payloads.pack_json(response))
    given = {"request_preview": "", "response_preview": "", "error_message": ""} | columns
    return texts.of_record(LogRecord(**given), payload)


def test_all_that_was_said_is_searched():
    request = {
        "model": "m-secret",
        "messages": [
            {"role": "system", "content": "Be brief"},
            {"role": "user", "content": [{"type": "text", "text": "Hello Ann"}]},
        ],
    }
    call = {"id": "call_1", "function": {"name": "look_up", "arguments": '{"city": "Zürich"}'}}
    response = {"choices": [{"message": {"content": None, "tool_calls": [call], "reasoning_content": "Hm"}}]}
    found = said(request, response, error_message="Broken pipe")
    for words in ("be brief", "hello ann", "look_up", "zürich", "hm", "broken pipe"):
        assert words in found
    assert "m-secret" not in found
    assert "call_1" not in found


@pytest.mark.parametrize(
    ("request_body", "words"),
    [
        ({"prompt": "Once upon"}, "once upon"),
        ({"input": "a question"}, "a question"),
        ({"input": [{"role": "user", "content": "a part"}], "instructions": "a rule"}, "a part a rule"),
        ({"system": "a rule", "messages": [{"role": "user", "content": "hi"}]}, "hi"),
    ],
)
def test_the_questions_of_every_endpoint_are_searched(request_body, words):
    assert all(word in said(request_body) for word in words.split())


def test_the_prompt_of_a_picture_is_searched_and_no_vector():
    assert said({"prompt": "a cat"}, {"data": [{"revised_prompt": "a white cat"}]}) == "a cat a white cat"
    assert (
        said({"input": ["one", "two"]}, {"data": [{"embedding": [0.5], "object": "embedding"}]}) == "two one"
    )


def test_a_long_conversation_is_searched_from_its_end():
    turns = [{"role": "user", "content": f"turn {number} " + "x " * 100} for number in range(100)]
    found = said({"messages": turns})
    assert "turn 99" in found
    assert "turn 1 " not in found
    assert len(found) <= texts.LONGEST


@pytest.mark.parametrize("rules", [{"system": "rule " * 2000}, {"instructions": "rule " * 2000}])
def test_long_rules_hide_no_question(rules):
    asked = (
        {"messages": [{"role": "user", "content": "my question"}]}
        if "system" in rules
        else {"input": "my question"}
    )
    assert said(rules | asked).startswith("my question rule")


def test_pictures_are_no_words():
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}}
    found = said({"messages": [{"role": "user", "content": [picture, {"type": "text", "text": "Q" * 5000}]}]})
    assert found == ""


def test_of_a_body_that_is_away_the_preview_is_searched():
    assert said(request_preview="Kept", response_preview="too") == "kept too"


def test_text_that_is_no_json_is_searched_and_bytes_are_not():
    payload = LogPayload(
        request_body=payloads.pack(b"plain words"), response_body=payloads.pack(b"\xff\x00\x01")
    )
    assert texts.of_record(LogRecord(), payload) == "plain words"


# Finding


@pytest.fixture
def store(scratch) -> Store:
    store = Store(scratch.alias)
    store.register(NODE)
    return store


def record(store: Store, *questions: str, answer: str = "Hi.") -> list[str]:
    batch = []
    for question in questions:
        made = rows()
        made.payload["request_body"] = payloads.pack_json(
            {"messages": [{"role": "user", "content": question}]}
        )
        made.payload["response_body"] = payloads.pack_json({"choices": [{"message": {"content": answer}}]})
        batch.append(made)
    write(store, batch)
    return [made.record["id"] for made in batch]


def index(store: Store) -> Indexer:
    indexer = Indexer([NODE], store.alias)
    while indexer.work(60):
        pass
    return indexer


def found(store: Store, text: str) -> list[str]:
    records = search.narrow(LogRecord.objects.using(store.alias), text)
    return [pk.hex for pk in records.order_by("pk").values_list("pk", flat=True)]


QUESTIONS = [
    "How do I cook Risotto?",
    "数据库索引是什么?",
    "the index of a book: 100%_sure",
    "Что такое индекс",
    "",
]
ASKED = [
    ("risotto", 0), ("COOK ris", 0), ("索引", 1), ("数", 1), ("库索引是什", 1), ("index of a", 2),
    ("100%_sure", 2),
    ("k:", 2), ("индекс", 3), ("ЧТО", 3), ("?", None), ("据索", None), ("0%s", None), ("risottos", None),
    ('"', None),
]  # fmt: skip


def test_words_are_found_in_any_language_and_length(store):
    ids = record(store, *QUESTIONS, answer="")
    index(store)
    for text, place in ASKED:
        expected = {"?": [ids[0], ids[1]]}.get(text, [ids[place]] if place is not None else [])
        assert found(store, text) == expected, text


@pytest.fixture
def rare(monkeypatch) -> None:
    """Nothing is common: the index is asked."""
    monkeypatch.setattr(query, "COMMON", 10_000)


@pytest.fixture
def common(monkeypatch) -> None:
    monkeypatch.setattr(query, "COMMON", 1)


def test_the_index_finds_the_same(store, rare):
    test_words_are_found_in_any_language_and_length(store)


def test_looking_at_the_newest_records_first_finds_the_same(store, common):
    test_words_are_found_in_any_language_and_length(store)


def test_the_index_is_used_for_what_is_rare(store, rare):
    record(store, *QUESTIONS)
    index(store)
    plan = search.narrow(LogRecord.objects.using(store.alias), "数据").explain()
    assert schema.FULL_TEXT in plan or store.connection.vendor == "postgresql"


def test_a_whole_paragraph_can_be_searched(store, rare):
    latin = "".join(f'{number}"% ' for number in range(50))[:200]
    chinese = "".join(chr(0x4E00 + 7 * number) for number in range(200))
    ids = record(store, latin, chinese, "anything else")
    index(store)
    assert found(store, latin) == [ids[0]]
    assert found(store, chinese) == [ids[1]]


def test_answers_are_found(store):
    (id,) = record(store, "Hello", answer="The answer is 42")
    index(store)
    assert found(store, "answer is 42") == [id]


def test_without_an_index_the_newest_records_are_searched(store, monkeypatch):
    ids = record(store, "first word", "second word", "third word")
    index(store)
    schema.remove(connections[store.alias])
    assert search.is_bounded("word", store.alias)
    monkeypatch.setattr(query, "SCANNED", 2)
    assert found(store, "word") == ids[1:]


# Indexing


def test_the_index_follows_the_records_and_says_how_far_it_is(store):
    record(store, "one", "two")
    assert search.behind(store.alias) == 2
    assert found(store, "one") == []
    index(store)
    assert search.behind(store.alias) == 0
    record(store, "three")
    assert search.behind(store.alias) == 1


def test_a_rival_makes_no_entry_twice(store):
    record(store, "one", "two")
    indexer = Indexer([NODE], store.alias)
    cursor, _ = SearchCursor.objects.using(store.alias).get_or_create(node=NODE)
    index(store)
    with pytest.raises(Overtaken):
        indexer._write(cursor, 2, [])
    assert SearchText.objects.using(store.alias).count() == 2


def test_records_that_are_gone_are_passed_over(store):
    ids = record(store, "one", "two", "three")
    LogRecord.objects.using(store.alias).filter(pk__in=ids[1:]).delete()
    index(store)
    assert search.behind(store.alias) == 0
    assert found(store, "one") == [ids[0]]


def test_what_is_forgotten_is_not_found(store):
    one, two = record(store, "first word", "second word")
    index(store)
    search.forget([one], store.alias)
    assert found(store, "word") == [two]
    assert found(store, "first") == []


def test_what_is_renewed_is_found_as_it_is_now(store):
    (id,) = record(store, "call me at 555-1234")
    index(store)
    body = payloads.pack_json({"messages": [{"role": "user", "content": "call me at [PHONE_1]"}]})
    LogPayload.objects.using(store.alias).filter(pk=id).update(request_body=body)
    search.renew([id], store.alias)
    assert found(store, "555-1234") == []
    assert found(store, "[PHONE_1]") == [id]


def test_a_busy_recorder_is_left_alone_until_it_has_time(store):
    record(store, "one")
    indexer = Indexer([], store.alias)
    indexer.attend([NODE], is_idle=False)
    assert search.behind(store.alias) == 1
    indexer.attend([], is_idle=True)
    assert search.behind(store.alias) == 0


def test_a_payload_that_cannot_be_read_is_searched_by_its_preview(store, caplog):
    bad, good = record(store, "first word", "second word")
    LogPayload.objects.using(store.alias).filter(pk=bad).update(request_body=b"no zstd")
    LogRecord.objects.using(store.alias).filter(pk=bad).update(request_preview="a word of the preview")
    index(store)
    assert found(store, "word") == [bad, good]
    assert found(store, "preview") == [bad]
    assert "cannot be searched" in caplog.text


def test_a_fault_of_the_index_stops_no_recorder(store, monkeypatch, caplog):
    record(store, "one")
    indexer = Indexer([NODE], store.alias)
    monkeypatch.setattr(indexer, "_next", lambda *given: 1 / 0)
    indexer.attend([], is_idle=True)
    assert "stays behind: division by zero" in caplog.text
    monkeypatch.undo()
    indexer.attend([NODE], is_idle=True)  # not again at once
    assert search.behind(store.alias) == 1


def test_a_database_that_is_away_stops_nobody(store, monkeypatch, caplog):
    def away(*args: Any) -> None:
        raise OperationalError("the database is away")

    record(store, "one")
    indexer = Indexer([NODE], store.alias)
    monkeypatch.setattr(indexer, "_advance", away)
    indexer.attend([], is_idle=True)
    assert "stays behind" in caplog.text


def test_a_body_that_nests_without_end_is_searched_to_a_depth():
    nested: Any = "deep"
    for _ in range(50):
        nested = [nested]
    assert said({"input": nested, "prompt": "seen"}) == "seen"
