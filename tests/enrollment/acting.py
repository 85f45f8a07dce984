"""What tests of actions share."""

from collections.abc import Callable
from typing import Any

import pytest

from oversight.refusals import Refused

CONSENT: dict[str, Any] = {
    "form_version": "1.1",
    "language": "zh-hans",
    "explained_by": "Dr Wang",
}


def refusal(act: Callable[[], object]) -> str:
    """Why ``act`` was refused."""
    with pytest.raises(Refused) as refused:
        act()
    return str(refused.value.message)
