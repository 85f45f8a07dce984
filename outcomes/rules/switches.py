"""The sensitivity analysis that censors at a switch of antiviral.

Source: DOMAIN 6 (a switch does not end the primary analysis) and 12 (censored on the day of the
switch).  Days are whole days since day 0.
"""

from __future__ import annotations

from outcomes.rules.survival import Followed


def censored_at_switch(followed: Followed, switch: int | None) -> Followed:
    """``followed`` until the day of the ``switch`` at most; ``None`` is no switch.

    An event on that very day has happened before what follows it and stays one.  Raises
    ``ValueError`` for a day before day 0: what was taken before is no switch.
    """
    if switch is None:
        return followed
    if switch < 0:
        raise ValueError(f"day {switch} is before day 0")
    if switch > followed.days or (followed.event and switch == followed.days):
        return followed
    return Followed(switch, event=False)
