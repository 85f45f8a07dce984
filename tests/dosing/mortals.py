"""Nurses who send forms at once, each click a process of its own; some die before the answer.

Whoever got no answer sends the same form again, with its one-time key, until there is one.
"""

import os
import random
import signal
import sys
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from threading import Timer
from typing import Any, NoReturn
from uuid import UUID

from django.db import connection, connections

from oversight.recording import AlreadyRecorded
from oversight.records import StaleRecord
from oversight.refusals import Refused
from trial_site.models import User

AT_ONCE = 6  # connections to the database; other tests have theirs
KILLED = 0.12  # of all processes
MOST_STATEMENTS = 24  # of one form; whoever sends fewer dies when all is written, unanswered
LONGEST_SECONDS = 0.2  # of one form


class Answer(IntEnum):
    """As a process says it when it ends; any other end is a failure."""

    SAVED = 0
    SAVED_BEFORE = 3
    REFUSED = 4


@dataclass(frozen=True)
class Form:
    """What the account ``by`` sends under ``key``; ``send`` writes it."""

    key: UUID
    by: str
    send: Callable[[User, UUID], object]


@dataclass
class Answers:
    """How often each form was answered how, by its key; how many processes were begun, and killed
    before they answered."""

    by_key: dict[UUID, Counter[Answer]] = field(default_factory=lambda: defaultdict(Counter))
    attempts: int = 0
    kills: int = 0


@dataclass(frozen=True)
class Doom:
    """The end of a process: before a statement (the first is 1), or by the clock; whichever is
    ``None`` does not happen.  One that is done sooner dies before it can answer."""

    statement: int | None
    seconds: float | None


def answered(clicks: Iterable[Form], chance: random.Random) -> Answers:
    """Send each of ``clicks``, some at a time, until every one of them has its answer."""
    connections.close_all()
    waiting, at_work, came = [*clicks], dict[int, Form](), Answers()
    while waiting or at_work:
        while waiting and len(at_work) < AT_ONCE:
            form = waiting.pop()
            at_work[_begun(form, _doom(chance))] = form
            came.attempts += 1
        process, status = os.wait()
        form = at_work.pop(process)
        if os.WIFSIGNALED(status):
            came.kills += 1
            waiting.insert(chance.randint(0, len(waiting)), form)
        else:
            came.by_key[form.key][Answer(os.WEXITSTATUS(status))] += 1
    return came


def _doom(chance: random.Random) -> Doom | None:
    if chance.random() >= KILLED:
        return None
    if chance.random() < 0.7:
        return Doom(chance.randint(1, MOST_STATEMENTS), None)
    return Doom(None, chance.uniform(0, LONGEST_SECONDS))


def _begun(form: Form, doom: Doom | None) -> int:
    """A process that sends ``form``; it leaves without tidying up."""
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        status = _sent(form, doom)
    except BaseException:  # also what only ends a process: this one must not go on as its parent
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _sent(form: Form, doom: Doom | None) -> Answer:
    by = User.objects.get(username=form.by)
    if doom is None:
        return _answer(form, by)
    if doom.seconds is not None:
        Timer(doom.seconds, _die).start()
    with connection.execute_wrapper(_Counting(doom.statement)):
        _answer(form, by)
    _die()


def _answer(form: Form, by: User) -> Answer:
    try:
        form.send(by, form.key)
    except AlreadyRecorded:
        return Answer.SAVED_BEFORE
    except (Refused, StaleRecord):
        return Answer.REFUSED
    return Answer.SAVED


class _Counting:
    """Dies before the statement with this number."""

    def __init__(self, last: int | None) -> None:
        self.left = last

    def __call__(self, execute: Callable[..., Any], *statement: Any) -> Any:
        if self.left is not None:
            self.left -= 1
            if self.left == 0:
                _die()
        return execute(*statement)


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("alive")
