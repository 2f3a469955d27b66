"""Invented text: what a model would say, made from what the user said; the same prompt, the same words."""

from __future__ import annotations

import functools
import re
import zlib

ECHOED_CHARACTERS = 200
TOKEN = re.compile(
    r"[\u3400-\u9fff\u3040-\u30ff\uac00-\ud7af]{1,2}|\s*[^\s\u3400-\u9fff\u3040-\u30ff\uac00-\ud7af]+|\s+"
)
CJK = re.compile(r"[\u3400-\u9fff]")

ENGLISH_TEXT = (
    "the relay keeps every word that passes through it so that nobody has to guess later what was asked "
    "and what was answered which makes a quiet evening out of many a long incident while the bytes on "
    "their way stay exactly as they were written including odd spaces and emoji 🙂 and accents like café"
)
CHINESE_TEXT = (
    "中继 保存 每一 个字 这样 以后 就不 需要 猜测 当时 问了 什么 答了 什么 字节 在路 上保 持原 样 "
    "包括 空格 表情 🙂 和标 点 因此 排查 问题 变得 简单 而且 快速"
)
ENGLISH, CHINESE = ENGLISH_TEXT.split(), CHINESE_TEXT.split()


def tokens(text: str) -> list[str]:
    return TOKEN.findall(text)


def count(text: str) -> int:
    """Tokens, roughly: good enough for usage that never reaches a bill."""
    return (len(text.encode()) + 3) // 4


@functools.lru_cache(maxsize=512)
def answer(prompt: str, pieces: int | None) -> tuple[str, ...]:
    """An answer in so many pieces; without a number, 24 to 64 of them."""
    seed = zlib.crc32(prompt.encode())
    opening = tokens(_opening(" ".join(prompt.split())[:ECHOED_CHARACTERS]))
    wanted = 24 + seed % 41 if pieces is None else pieces
    if len(opening) > wanted:
        return group(opening, wanted) if pieces is not None else tuple(opening)
    return (*opening, *_filler(seed, wanted - len(opening), bool(CJK.search(prompt))))


def _opening(echo: str) -> str:
    return f"你说:“{echo}”。" if CJK.search(echo) else f"You said: “{echo}”."


def _filler(seed: int, number: int, is_chinese: bool) -> list[str]:
    stock, space = (CHINESE, "") if is_chinese else (ENGLISH, " ")
    start = seed % len(stock)
    return [space + stock[(start + i) % len(stock)] for i in range(number)]


def group(parts: list[str], number: int) -> tuple[str, ...]:
    """The parts joined into exactly that many pieces, nothing lost; some are empty if there are too few."""
    if number <= 0:
        return ()
    edges = [len(parts) * i // number for i in range(number + 1)]
    return tuple("".join(parts[a:b]) for a, b in zip(edges, edges[1:], strict=False))


def cut_up(text: str, pieces: int | None) -> tuple[str, ...]:
    """A given text in pieces as a model would stream it."""
    parts = tokens(text)
    if pieces is not None and pieces > len(parts):
        parts = list(text)
    return tuple(parts) if pieces is None else group(parts, pieces)
