"""What people ask a model in a day, for the demo: questions in two languages, tools, pictures, mistakes."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from proxy.simulator.answers.images import picture

QUESTIONS = [
    "How do I undo the last commit without losing my changes?",
    "Summarise the meeting notes: shipping on Thursday, Ana takes the release, two bugs are open.",
    "Write a polite reminder that the invoice of 12 March is still open.",
    "What is the difference between a process and a thread?",
    "Translate to French: the quick brown fox jumps over the lazy dog.",
    "Give me three names for a café near a railway station.",
    "Why does my SQL query use a sequential scan although there is an index?",
    "Explain to a child why the sky is blue.",
]
CHINESE_QUESTIONS = [
    "用三句话介绍一下上海的早餐。",
    "帮我写一封请假邮件，明天要去医院。",
    "为什么我的程序在凌晨会变慢？",
    "把这句话翻译成英文：山重水复疑无路，柳暗花明又一村。",
]
TOPICS = ["refund policy", "opening hours", "delivery to islands", "gift cards", "lost parcel"]
SYSTEM = "You are a helpful assistant of a small company. Answer briefly."
CHAT_MODELS = ["gpt-4o-mini", "gpt-4o-mini", "gpt-4o", "gpt-4.1", "deepseek-reasoner"]
PEOPLE = [f"user-{name}" for name in ("ana", "bo", "chen", "dara", "emil", "fatima", "gu", "hana")]
TOOLS: list[dict[str, Any]] = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": description,
            "parameters": {
                "type": "object",
                "properties": {key: {"type": "string"} for key in keys},
                "required": list(keys),
            },
        },
    }
    for name, description, keys in (
        ("get_weather", "The weather at a place", ("city",)),
        ("find_flights", "Flights between two places", ("origin", "destination")),
    )
]


@dataclass(slots=True)
class Visit:
    """One request a client makes; `leaves_after` seconds it loses patience."""

    path: str
    payload: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    leaves_after: float | None = None


Scenario = Callable[[random.Random], Visit]


def chat(chance: random.Random) -> Visit:
    return _chat(chance, chance.choice(QUESTIONS))


def chinese(chance: random.Random) -> Visit:
    return _chat(chance, chance.choice(CHINESE_QUESTIONS), stream=chance.random() < 0.5)


def stream(chance: random.Random) -> Visit:
    return _chat(chance, chance.choice(QUESTIONS), stream=True)


def conversation(chance: random.Random) -> Visit:
    """A support case of a few turns: each visit of one session is one turn longer."""
    number = chance.randrange(40)
    turns = chance.randint(1, 4)
    topic = TOPICS[number % len(TOPICS)]
    visit = _chat(chance, f"Question {turns} about {topic}, case {number}", stream=True)
    history = [
        {"role": role, "content": f"{text} {turn} about {topic}"}
        for turn in range(1, turns)
        for role, text in (("user", "Question"), ("assistant", "Answer"))
    ]
    visit.payload["messages"][1:1] = history
    visit.headers["x-relay-session"] = f"case-{number}"
    visit.headers["x-relay-tags"] = "support"
    return visit


def tools(chance: random.Random) -> Visit:
    visit = _chat(
        chance, "Is it worth flying from Basel to Lisbon this weekend?", stream=chance.random() < 0.5
    )
    visit.payload["tools"] = TOOLS
    return visit


def structured(chance: random.Random) -> Visit:
    visit = _chat(chance, "Extract the due date: please pay by 31 May 2027.")
    properties = {"due": {"type": "string"}, "is_certain": {"type": "boolean"}}
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    schema["required"] = list(properties)
    wish = {"name": "due_date", "strict": True, "schema": schema}
    visit.payload["response_format"] = {"type": "json_schema", "json_schema": wish}
    return visit


def vision(chance: random.Random) -> Visit:
    colour = f"colour {chance.randrange(12)}"
    content = [
        {"type": "text", "text": "Which colour is this?"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{picture(colour)}"}},
    ]
    return _chat(chance, content, model="gpt-4o")


def responses(chance: random.Random) -> Visit:
    payload = {"model": "gpt-5-mini", "input": chance.choice(QUESTIONS), "stream": chance.random() < 0.5}
    return Visit("/responses", payload | {"reasoning": {"effort": "low"}})


def messages(chance: random.Random) -> Visit:
    asked = [{"role": "user", "content": chance.choice(QUESTIONS)}]
    payload = {"model": "claude-sonnet-5", "max_tokens": 400, "messages": asked}
    return Visit(
        "/messages", payload | {"stream": chance.random() < 0.7}, {"anthropic-version": "2023-06-01"}
    )


def embeddings(chance: random.Random) -> Visit:
    texts = chance.sample(QUESTIONS, chance.randint(1, 4))
    return Visit("/embeddings", {"model": "text-embedding-3-small", "input": texts, "dimensions": 256})


def moderation(chance: random.Random) -> Visit:
    return Visit("/moderations", {"input": chance.choice(QUESTIONS)})


def rate_limited(chance: random.Random) -> Visit:
    return _chat(chance, f"{chance.choice(QUESTIONS)} [[sim status=429 retry_after=2]]")


def server_error(chance: random.Random) -> Visit:
    return _chat(chance, f"{chance.choice(QUESTIONS)} [[sim status=500]]")


def too_long(chance: random.Random) -> Visit:
    return _chat(chance, f"{chance.choice(QUESTIONS)} [[sim status=400 code=context_length_exceeded]]")


def cut_off(chance: random.Random) -> Visit:
    return _chat(chance, f"{chance.choice(QUESTIONS)} [[sim cut=12]]", stream=True)


def impatient(chance: random.Random) -> Visit:
    visit = _chat(chance, f"{chance.choice(QUESTIONS)} [[sim chunks=120]]", stream=True)
    visit.leaves_after = chance.uniform(0.8, 2.0)
    return visit


def _chat(chance: random.Random, content: Any, *, stream: bool = False, model: str | None = None) -> Visit:
    person = chance.choice(PEOPLE)
    payload: dict[str, Any] = {
        "model": model or chance.choice(CHAT_MODELS),
        "messages": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": content}],
        "temperature": 0.7,
        "user": person,
    }
    if stream:
        payload["stream"] = True
    return Visit("/chat/completions", payload, {"x-relay-user": person, "x-relay-tags": "demo"})


WEIGHTS: dict[Scenario, int] = {
    chat: 22,
    stream: 22,
    conversation: 14,
    chinese: 10,
    tools: 6,
    structured: 4,
    vision: 3,
    responses: 5,
    messages: 4,
    embeddings: 5,
    moderation: 1,
    rate_limited: 2,
    server_error: 1,
    too_long: 1,
    cut_off: 1,
    impatient: 2,
}


def choose(chance: random.Random) -> Visit:
    (scenario,) = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))
    return scenario(chance)
