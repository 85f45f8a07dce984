"""What a factory wrote once is put back row by row the next time, instead of acted out again.

Most tests begin where others begin: a site with its staff, an enrolled participant.  The real
actions write such a beginning once in each process of the suite; a later test that asks the same
of the same record gets the same rows, history and audit trail included.

Which record it is, the heads of the audit chains say: every write is hashed into one of them.  So
a record that a test has touched is never mistaken for another: what it asks for is acted out.
"""

import copy
import datetime as dt
import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

import time_machine
from django.apps import apps
from django.conf import Settings, settings
from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.translation import get_language

from oversight.trail import AuditChain
from trial_site import clock

P = ParamSpec("P")
T = TypeVar("T")
Heads = tuple[tuple[str, str], ...]
Rows = dict[type[models.Model], dict[Any, tuple[Any, ...]]]
Statement = tuple[str, list[Any]]
EMPTY: Heads = ()


@dataclass(frozen=True)
class Step:
    """What one call wrote, and what it returned, beside the arguments that it was given."""

    statements: list[Statement]
    arguments: list[Any]
    result: Any


_steps: dict[tuple[Any, ...], Step] = {}
# How many steps led to a record that nothing but remembered steps has written.
_depth: dict[Heads, int] = {EMPTY: 0}
_changed: Callable[[], bool] = bool  # nothing has
_acting = False


@contextmanager
def unless(changed: Callable[[], bool]) -> Iterator[None]:
    """While ``changed()`` says that a test has changed the program, no memory is used or left."""
    global _changed
    outside, _changed = _changed, changed
    try:
        yield
    finally:
        _changed = outside


def remembered(make: Callable[P, T]) -> Callable[P, T]:
    """A factory that is acted out once for each record and each way of calling it.

    While it acts the clock stands, at the beginning of the second and a microsecond more for each
    step before: what it wrote keeps its order and is in no later test's future.  It may not change
    its arguments, nor delete anything.
    """

    @functools.wraps(make)
    def called(*args: P.args, **kwargs: P.kwargs) -> T:
        heads = _heads()
        moment = _moment(_depth.get(heads, 0))
        key = _key(make, heads, moment, args, kwargs)
        if key is None:
            return make(*args, **kwargs)
        given = [*args, *kwargs.values()]
        if key in _steps:
            result: T = _repeated(_steps[key], given)
            return result
        if _acting:  # a part of something larger, which will be remembered as a whole
            return make(*args, **kwargs)
        with time_machine.travel(moment, tick=False):
            result, statements = _acted(lambda: make(*args, **kwargs))
        arguments, copied = copy.deepcopy((given, result))
        _steps[key] = Step(statements, arguments, copied)
        _depth[_heads()] = _depth[heads] + 1
        return result

    return called


def _moment(depth: int) -> dt.datetime:
    now = timezone.now()
    return min(now, now.replace(microsecond=0) + dt.timedelta(microseconds=depth))


def _key(
    make: Callable[..., Any], heads: Heads, moment: dt.datetime, args: Any, kwargs: Any
) -> tuple[Any, ...] | None:
    """The record and the call; none where either cannot be told from others."""
    overridden = not isinstance(settings._wrapped, Settings)  # type: ignore[misc]
    played = abs(clock.now() - moment) > dt.timedelta(seconds=2)
    if heads not in _depth or _changed() or overridden or played:
        return None
    call = "|".join(
        [*map(_spelled, args), *(f"{name}={_spelled(kwargs[name])}" for name in kwargs)]
    )
    if " at 0x" in call:  # the address of an object tells nothing about it
        return None
    return make.__name__, call, heads, moment, clock.today(), get_language()


def _spelled(argument: Any) -> str:
    if isinstance(argument, models.Model):
        values = [getattr(argument, field.attname) for field in argument._meta.concrete_fields]
        return f"{argument._meta.label}{values!r}"
    if isinstance(argument, dict):
        return repr({name: _spelled(value) for name, value in argument.items()})
    return repr(argument)


def _heads() -> Heads:
    """The whole record in a few hashes."""
    chains = AuditChain._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT name, head_hash FROM {chains} ORDER BY name")  # noqa: S608
        return tuple(cursor.fetchall())


def _repeated(step: Step, given: list[Any]) -> Any:
    with transaction.atomic(), connection.cursor() as cursor:
        for statement, values in step.statements:
            cursor.execute(statement, values)
    mine = {id(theirs): own for theirs, own in zip(step.arguments, given, strict=True)}
    return copy.deepcopy(step.result, mine)


def _acted(make: Callable[[], T]) -> tuple[T, list[Statement]]:
    global _acting
    before = _rows()
    _acting = True
    try:
        result = make()
    finally:
        _acting = False
    return result, _difference(before, _rows())


def _rows() -> Rows:
    """Everything that the rooms' tables hold, by primary key."""
    found: Rows = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            if model._meta.app_label in settings.ROOMS:
                columns = [field.column for field in model._meta.concrete_fields]
                cursor.execute(f"SELECT {_names(columns)} FROM {_names([model._meta.db_table])}")  # noqa: S608
                at = columns.index(model._meta.pk.column)
                found[model] = {row[at]: row for row in cursor.fetchall()}
    return found


def _difference(before: Rows, after: Rows) -> list[Statement]:
    statements: list[Statement] = []
    for model, rows in after.items():
        old = before[model]
        if old.keys() - rows.keys():
            raise AssertionError(f"A factory that deletes cannot be remembered: {model.__name__}")
        # What a new row replaces is closed before it.
        statements += [
            _update(model, key, old[key], row)
            for key, row in rows.items()
            if key in old and old[key] != row
        ]
        statements += _inserts(model, [row for key, row in rows.items() if key not in old])
    return statements


def _inserts(model: type[models.Model], rows: list[tuple[Any, ...]]) -> list[Statement]:
    columns = [field.column for field in model._meta.concrete_fields]
    into = f"INSERT INTO {_names([model._meta.db_table])} ({_names(columns)}) VALUES "  # noqa: S608
    one = f"({', '.join(['%s'] * len(columns))})"
    size = (connection.features.max_query_params or 10_000) // len(columns)
    parts = [rows[first : first + size] for first in range(0, len(rows), size)]
    return [
        (into + ", ".join([one] * len(part)), [value for row in part for value in row])
        for part in parts
    ]


def _update(
    model: type[models.Model], key: Any, old: tuple[Any, ...], new: tuple[Any, ...]
) -> Statement:
    """Only what differs: a login beside it stays."""
    columns = [field.column for field in model._meta.concrete_fields]
    changed = {
        column: value for column, was, value in zip(columns, old, new, strict=True) if was != value
    }
    places = ", ".join(f"{_names([column])} = %s" for column in changed)
    where = f"WHERE {_names([model._meta.pk.column])} = %s"
    table = _names([model._meta.db_table])
    return f"UPDATE {table} SET {places} {where}", [*changed.values(), key]  # noqa: S608


def _names(names: list[str]) -> str:
    return ", ".join(map(connection.ops.quote_name, names))
