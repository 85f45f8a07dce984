"""What a printed result says about a limit: a number, a bound that decides it, or nothing."""

from __future__ import annotations

from decimal import Decimal

from trial_site.protocol.definition import Bound


def deciding_value(operator: str, value: Decimal | None, bound: Bound) -> Decimal | None:
    """The value to hold against ``bound`` (same unit); ``None`` where the result leaves it open.

    ``<L`` at or under the limit is under it for certain, so the number next below L stands for
    it; ``>U`` at or over the limit is not under it.  Anything else says nothing.
    """
    if value is None:
        return None
    match operator:
        case "=":
            return value
        case "<" if value <= bound.value:
            return value.next_minus()
        case ">" if value >= bound.value:
            return value.next_plus()
        case _:
            return None
