"""OpenAI's byte pair encodings, read from the files in `logs_app/encodings`: nothing is ever downloaded.

tiktoken's own loader would fetch them at first use, without a timeout, and leave a copy in the temporary
folder; so the files are read here. The split patterns and the hashes are tiktoken's (MIT licence).
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache, lru_cache
from pathlib import Path

import tiktoken
import tiktoken.model

FOLDER = Path(__file__).resolve().parent.parent / "encodings"
NEWEST = "o200k_base"

SHA256 = {
    "cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    "o200k_base": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
}
UPPER, LOWER = r"\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}", r"\p{Ll}\p{Lm}\p{Lo}\p{M}"
ENDINGS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
PATTERNS = {
    "cl100k_base": (
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+"
        r"| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
    ),
    "o200k_base": (
        rf"[^\r\n\p{{L}}\p{{N}}]?[{UPPER}]*[{LOWER}]+{ENDINGS}"
        rf"|[^\r\n\p{{L}}\p{{N}}]?[{UPPER}]+[{LOWER}]*{ENDINGS}"
        r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    ),
}
# Encodings that are not kept here, and the nearest that is.
NEAREST = {"o200k_harmony": "o200k_base"}


@cache
def load(name: str) -> tiktoken.Encoding:
    """Takes 0.1 to 0.3 s, once."""
    ranks = read_ranks(FOLDER / f"{name}.tiktoken", SHA256[name])
    # No special tokens: what a user writes is text, "<|endoftext|>" too.
    return tiktoken.Encoding(name, pat_str=PATTERNS[name], mergeable_ranks=ranks, special_tokens={})


def read_ranks(path: Path, sha256: str) -> dict[bytes, int]:
    """Raises ValueError when the file is not the one that OpenAI published."""
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ValueError(f"{path.name} is damaged")
    pairs = (line.split() for line in content.splitlines())
    return {base64.b64decode(token): int(rank) for token, rank in pairs}


@lru_cache(maxsize=1024)
def name_for(model: str | None) -> str:
    """Of a model nobody knows (or of another vendor): the newest, as the nearest guess."""
    bare = (model or "").rpartition("/")[2]
    try:
        name = tiktoken.model.encoding_name_for_model(bare)
    except KeyError:
        return NEWEST
    return NEAREST.get(name, name if name in PATTERNS else "cl100k_base")
