"""Why a request is not granted."""

from __future__ import annotations


class Refused(ValueError):
    """A request that cannot be granted: a code of contract section 2.5, the field
    that is to blame, and a sentence for the one who asked."""

    def __init__(self, code: str, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.field = field
        self.sentence = sentence
