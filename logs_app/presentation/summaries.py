"""In a few words: answers that are no conversation. What is not understood has no words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from logs_app.jsonvalues import mappings

MOST_NAMES = 20


def summary(kind: str, body: dict[str, Any]) -> str:
    return _SUMMARIES.get(kind, _of_anything)(body) or _of_anything(body)


def _of_embeddings(body: dict[str, Any]) -> str:
    vectors = mappings(body.get("data"))
    if not vectors:
        return ""
    length = _dimensions(vectors[0].get("embedding"))
    of_what = f" of {length} numbers" if length else ""
    return f"{_count(len(vectors), 'embedding')}{of_what}"


def _dimensions(vector: Any) -> int:
    """Base64 holds floats of four bytes."""
    if type(vector) is str:
        return (len(vector) * 3 // 4 - vector.count("=", -2)) // 4
    return len(vector) if type(vector) is list else 0


def _of_images(body: dict[str, Any]) -> str:
    images = mappings(body.get("data"))
    prompts = [image["revised_prompt"] for image in images if type(image.get("revised_prompt")) is str]
    return "\n".join([f"[{_count(len(images), 'image')}]", *prompts]) if images else ""


def _of_moderations(body: dict[str, Any]) -> str:
    return "\n".join(map(_verdict, mappings(body.get("results"))))


def _verdict(result: dict[str, Any]) -> str:
    categories = result.get("categories")
    named = [name for name, is_so in categories.items() if is_so] if type(categories) is dict else []
    if not result.get("flagged"):
        return "not flagged"
    return f"flagged: {', '.join(named)}" if named else "flagged"


def _of_file(body: dict[str, Any]) -> str:
    if body.get("deleted") or not body.get("filename"):
        return ""
    about = [body.get("purpose"), f"{body['bytes']} bytes" if "bytes" in body else None, body.get("status")]
    return f"{body['filename']} ({', '.join(str(each) for each in about if each)})"


def _of_batch(body: dict[str, Any]) -> str:
    counts = body.get("request_counts")
    if type(counts) is not dict or not counts.get("total"):
        return ""
    done = f"{body.get('status')}: {counts.get('completed', 0)} of {counts['total']} done"
    return f"{done}, {counts['failed']} failed" if counts.get("failed") else done


def _of_anything(body: dict[str, Any]) -> str:
    if type(body.get("data")) is list:
        return _of_list(body["data"])
    if type(body.get("input_tokens")) is int:
        return _count(body["input_tokens"], "token")
    about = ("deleted" if body.get("deleted") else "", body.get("id"), body.get("status"))
    return " ".join(word for word in about if type(word) is str and word)


def _of_list(entries: list[Any]) -> str:
    names = [entry["id"] for entry in mappings(entries) if type(entry.get("id")) is str]
    shown = ", ".join(names[:MOST_NAMES]) + (", …" if len(names) > MOST_NAMES else "")
    counted = _count(len(entries), "entry", "entries")
    return f"{counted}: {shown}" if shown else counted


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


_SUMMARIES: dict[str, Callable[[dict[str, Any]], str]] = {
    "embedding": _of_embeddings,
    "image": _of_images,
    "moderation": _of_moderations,
    "file": _of_file,
    "batch": _of_batch,
}
