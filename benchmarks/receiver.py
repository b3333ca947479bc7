"""The receiver in C: compiled, started, and its ledger read while it runs."""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.processes import Child, Children

SOURCE: Final = Path(__file__).with_name("receiver.c")
# Ids of webhook data begin at 1 in every round; 8 MB.
CAPACITY: Final = 1 << 20
_WORD: Final = 8
_REQUESTS, _DUPLICATES, _UNKNOWN, _BROKEN, _DENIED, _COUNTERS = range(6)


@dataclass(slots=True)
class Receiver:
    """What arrived since the last `reset`. Instants are monotonic nanoseconds."""

    child: Child
    port: int
    _ledger: memoryview

    @property
    def url(self) -> str:
        """Where it listens, without a path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def requests(self) -> int:
        """All of them."""
        return int(self._ledger[_REQUESTS])

    @property
    def denied(self) -> int:
        """Those that were answered with 503, or not at all."""
        return int(self._ledger[_DENIED])

    @property
    def accepted(self) -> int:
        """The others."""
        return self.requests - self.denied

    @property
    def duplicates(self) -> int:
        """Those with an id that had been there."""
        return int(self._ledger[_DUPLICATES])

    @property
    def faults(self) -> int:
        """Requests without an id, or that were not HTTP."""
        return int(self._ledger[_UNKNOWN] + self._ledger[_BROKEN])

    def receipts(self, ids: Sequence[int]) -> list[int]:
        """When the first request of each id was there to the end; 0 if never."""
        return [int(self._ledger[_COUNTERS + each]) for each in ids]

    def reset(self) -> None:
        """Forget everything; nothing may be on its way."""
        self._ledger[:] = memoryview(bytes(self._ledger.nbytes)).cast("Q")


@contextmanager
def receiving(children: Children, program: Path) -> Iterator[Receiver]:
    """A receiver for as long as the block lasts; its ledger is beside the program."""
    path = program.with_name("ledger")
    size = (_COUNTERS + CAPACITY) * _WORD
    with path.open("w+b") as file:
        file.truncate(size)
        with mmap.mmap(file.fileno(), size) as shared:
            command = [str(program), str(path), str(CAPACITY)]
            child = children.start("receiver", command)
            with memoryview(shared) as raw, raw.cast("Q") as ledger:
                yield Receiver(child, int(child.hear()), ledger)
