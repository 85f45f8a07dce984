"""Where the documents that lie beside the project are found, for the tests that use them."""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


def shared_path(relative: str) -> Path:
    """The file ``relative`` beside the project; skips the test where it is absent, except in CI."""
    path = SHARED / relative
    if not path.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"../shared/{relative} is required in CI")
        pytest.skip(f"../shared/{relative} is not beside the project")
    return path
