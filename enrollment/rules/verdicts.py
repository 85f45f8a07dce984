"""The answers of eligibility: three states a criterion, and their whole.  Unknown never passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple, Self

from trial_site.messages import Message
from trial_site.protocol.definition import Criterion, CriterionKind


class State(StrEnum):
    """Whether what a criterion describes is so.  For an exclusion, ``MET`` excludes."""

    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, answer: bool | None) -> State:
        """The state of a three-valued answer; ``None`` is unknown."""
        if answer is None:
            return cls.UNKNOWN
        return cls.MET if answer else cls.NOT_MET


@dataclass(frozen=True)
class CriterionVerdict:
    """The state of one criterion, its consequence, and why.

    ``steps`` are the values and the computation; ``needed`` says in words what is missing for a
    decision; ``flags`` are for the reader's attention and decide nothing.  A criterion that does
    not apply to the patient is not met, and says so (``applies``).
    """

    criterion_id: str
    state: State
    passes: bool
    steps: tuple[Message, ...] = ()
    needed: tuple[Message, ...] = ()
    flags: tuple[Message, ...] = ()
    applies: bool = True

    @classmethod
    def of(
        cls,
        criterion: Criterion,
        answer: bool | None,
        *,
        steps: Sequence[Message] = (),
        needed: Sequence[Message] = (),
        flags: Sequence[Message] = (),
    ) -> Self:
        """The verdict of ``criterion`` for a three-valued answer (``None`` is unknown)."""
        state = State.of(answer)
        passing = State.MET if criterion.kind is CriterionKind.INCLUSION else State.NOT_MET
        return cls(criterion.id, state, state is passing, tuple(steps), tuple(needed), tuple(flags))

    @classmethod
    def not_applicable(cls, criterion: Criterion, reason: Message) -> Self:
        """An exclusion that cannot hold for this patient: not met, for ``reason``."""
        return replace(cls.of(criterion, False, steps=[reason]), applies=False)

    @property
    def blocks(self) -> bool:
        return not self.passes

    def to_json(self) -> dict[str, Any]:
        return {
            "criterion_id": self.criterion_id,
            "state": self.state.value,
            "passes": self.passes,
            "steps": _dump(self.steps),
            "needed": _dump(self.needed),
            "flags": _dump(self.flags),
            **({} if self.applies else {"applies": False}),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(
            data["criterion_id"],
            State(data["state"]),
            data["passes"],
            _load(data["steps"]),
            _load(data["needed"]),
            _load(data["flags"]),
            data.get("applies", True),
        )


class Counts(NamedTuple):
    """How many criteria pass, block because they fail, and block because they are unknown."""

    passed: int
    failed: int
    unknown: int


@dataclass(frozen=True)
class Eligibility:
    """All verdicts of one evaluation, in the protocol's order.

    ``warnings`` are label stops that the registry record does not name: shown, never deciding.
    """

    verdicts: tuple[CriterionVerdict, ...]
    warnings: tuple[Message, ...]
    protocol_version: str
    judged_on: date

    @property
    def eligible(self) -> bool:
        """Every inclusion met and every exclusion not met; nothing judged is not eligible."""
        return bool(self.verdicts) and all(verdict.passes for verdict in self.verdicts)

    @property
    def failed(self) -> tuple[CriterionVerdict, ...]:
        """The verdicts that are decided, against entry."""
        return tuple(v for v in self.verdicts if v.blocks and v.state is not State.UNKNOWN)

    @property
    def unknown(self) -> tuple[CriterionVerdict, ...]:
        return tuple(v for v in self.verdicts if v.state is State.UNKNOWN)

    @property
    def counts(self) -> Counts:
        failed, unknown = len(self.failed), len(self.unknown)
        return Counts(len(self.verdicts) - failed - unknown, failed, unknown)

    def verdict(self, criterion_id: str) -> CriterionVerdict:
        """The verdict of one criterion.  Raises ``LookupError`` when it was not judged."""
        for verdict in self.verdicts:
            if verdict.criterion_id == criterion_id:
                return verdict
        raise LookupError(criterion_id)

    def to_json(self) -> dict[str, Any]:
        return {
            "verdicts": [verdict.to_json() for verdict in self.verdicts],
            "warnings": _dump(self.warnings),
            "protocol_version": self.protocol_version,
            "judged_on": self.judged_on.isoformat(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(
            tuple(CriterionVerdict.from_json(row) for row in data["verdicts"]),
            _load(data["warnings"]),
            data["protocol_version"],
            date.fromisoformat(data["judged_on"]),
        )


def _dump(messages: Sequence[Message]) -> list[dict[str, Any]]:
    return [message.to_json() for message in messages]


def _load(rows: Sequence[Mapping[str, Any]]) -> tuple[Message, ...]:
    return tuple(Message.from_json(row) for row in rows)
