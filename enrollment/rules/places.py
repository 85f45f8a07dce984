"""Where a screened patient stands before treatment, and why one was not taken into the trial."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from enrollment.rules.verdicts import State


class Place(StrEnum):
    """Every screened patient is in exactly one of these (CONSORT: assessed = their sum).

    Once allocated a patient stays ``ALLOCATED``, whatever happens later.  The four before it are
    those who left before they were allocated.
    """

    SCREENING = "screening"  # a draft, or criteria that are not decided
    WAITING = "waiting"  # eligible, perhaps enrolled, but not allocated yet
    FAILED = "screen_failed"
    WITHDREW = "withdrew"
    LOST = "lost"
    DIED = "died"
    STOPPED = "stopped"
    ALLOCATED = "allocated"


EXCLUDED = (Place.FAILED, Place.WITHDREW, Place.LOST, Place.DIED, Place.STOPPED)


def failed_criteria(eligibility: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids of the criteria that are decided, against entry, of a verdict as it is stored.

    The same as ``Eligibility.failed``, for a thousand verdicts at once: no sentence is read.
    """
    return _criteria(eligibility, lambda one: not one["passes"] and one["state"] != State.UNKNOWN)


def undecided_criteria(eligibility: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids of the criteria that are unknown, as ``Eligibility.unknown``."""
    return _criteria(eligibility, lambda one: one["state"] == State.UNKNOWN)


def blocking_criteria(eligibility: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids of the criteria that fail or are unknown, in the protocol's order."""
    return _criteria(eligibility, lambda one: not one["passes"])


def _criteria(
    eligibility: Mapping[str, Any], wanted: Callable[[Mapping[str, Any]], bool]
) -> tuple[str, ...]:
    return tuple(one["criterion_id"] for one in eligibility.get("verdicts", ()) if wanted(one))
