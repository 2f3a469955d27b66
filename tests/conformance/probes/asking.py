"""The questions of a script: a function each, which raises when the answer is not right."""

from __future__ import annotations

import json
import os
from collections.abc import Callable  # old SDKs run on old Pythons
from typing import Any

Question = Callable[[Any], None]


class Questions:
    def __init__(self) -> None:
        self.asked: dict[tuple[str, str], Question] = {}

    def about(self, row: str, column: str) -> Callable[[Question], Question]:
        def register(question: Question) -> Question:
            self.asked[row, column] = question
            return question

        return register

    def put(self, client: Any, row: str, column: str) -> dict[str, str]:
        """Absent is what the SDK has no word for: a method or an argument it does not know."""
        answer = {"row": row, "column": column, "verdict": "pass", "figure": ""}
        try:
            self.asked[row, column](client)
        except (AttributeError, TypeError) as error:
            answer.update(verdict="absent" if _is_of_the_sdk(error) else "fail", figure=str(error)[:200])
        except Exception as error:
            answer.update(verdict="fail", figure=f"{type(error).__name__}: {error}"[:200])
        return answer

    def main(self, connect: Callable[[str, str], Any]) -> None:
        client = connect(os.environ["RELAY_URL"], os.environ["RELAY_KEY"])
        for row, column in self.asked:
            print(json.dumps(self.put(client, row, column)), flush=True)


def _is_of_the_sdk(error: Exception) -> bool:
    return any(
        words in str(error) for words in ("has no attribute", "unexpected keyword argument", "no overload")
    )


def heard(text: Any, words: str) -> None:
    """The simulated provider answers with the caller's own words."""
    if words not in str(text):
        raise ValueError(f"{words!r} was asked, and the answer is {str(text)[:100]!r}")


def true(condition: Any, words: str) -> None:
    if not condition:
        raise ValueError(words)


Rows = list[dict[str, str]]
