"""Issues a token to emit with, and says it."""

from __future__ import annotations

from apps.api_tokens.models import Scope, issue
from benchmarks.talk import say

if __name__ == "__main__":
    _, text = issue("benchmark", [Scope.EMIT], None)
    say(text)
