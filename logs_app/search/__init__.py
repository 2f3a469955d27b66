"""Free-text search in what was asked and answered.

No payload is read for a question: the recorder's process keeps a folded, capped text of each record (`texts`,
`spelling`) in a table of its own, behind the records by as much as `query.behind` says, indexed by trigrams
(`schema`). The texts are made of what is stored, so what was redacted cannot be found.
"""

from logs_app.search.forgetting import forget, forget_texts, renew
from logs_app.search.query import behind, is_bounded, narrow

__all__ = ["behind", "forget", "forget_texts", "is_bounded", "narrow", "renew"]
