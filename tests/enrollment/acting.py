"""What tests of actions share."""

from collections.abc import Callable

import pytest

from oversight.refusals import Refused


def refusal(act: Callable[[], object]) -> str:
    """Why ``act`` was refused."""
    with pytest.raises(Refused) as refused:
        act()
    return str(refused.value.message)
