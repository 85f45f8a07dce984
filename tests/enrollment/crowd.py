"""Many threads on one database: all start together, some at a time hold a connection."""

import fcntl
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier, BoundedSemaphore

from django.db import connections

CONNECTIONS = 50  # at once: PostgreSQL allows 100 by default, and other workers test beside this


@contextmanager
def one_crowd_at_a_time() -> Iterator[None]:
    """Two crowds at once would use up what PostgreSQL allows."""
    with (Path(tempfile.gettempdir()) / "cmv-il2-trial-crowd.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def at_once(attempt: Callable[[int], str], attempts: int) -> Counter[str]:
    """What came of every attempt, by its number; each has a connection of its own."""
    together, free = Barrier(attempts), BoundedSemaphore(CONNECTIONS)

    def start(number: int) -> str:
        together.wait(timeout=60)
        with free:
            try:
                return attempt(number)
            finally:
                connections.close_all()

    with ThreadPoolExecutor(attempts) as threads:
        return Counter(threads.map(start, range(attempts)))
