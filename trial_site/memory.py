"""Python's collector of garbage, out of the way while rows are made by the thousand."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_garbage() -> Iterator[None]:
    """Tens of thousands of rows live at once and none of them in a cycle: a collector that looks
    for cycles among them takes a quarter of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
