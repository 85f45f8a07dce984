"""Many rows into a table by COPY, PostgreSQL's own way: several times as fast as one INSERT.

Constraints and triggers hold as ever, and every value is kept as an INSERT would keep it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.backends.postgresql.psycopg_any import Jsonb
from django.db.utils import DatabaseError

from oversight.fields import ExactDecimalField

FEWEST = 50  # below, keys that are reserved first cost more than is won
_LINES_AT_ONCE = 64
_NULL = r"\N"
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})

Row = Mapping[str, Any]
Speller = Callable[[Any], str]


def is_worth_it(rows: int) -> bool:
    """Whether so many new rows are better copied, by this database."""
    return rows >= FEWEST and connection.vendor == "postgresql"


def insert_rows(model: type[models.Model], rows: Iterable[dict[str, Any]], number: int) -> None:
    """Insert ``number`` rows, each a value for every column but the key, which is put into it."""
    key = model._meta.pk.attname
    if is_worth_it(number):
        _copy(model, _keyed(rows, key, _reserved(model, number)))
        return
    given = list(rows)
    made = model._base_manager.bulk_create([model(**row) for row in given], batch_size=2000)
    for row, one in zip(given, made, strict=True):
        row[key] = one.pk


def _keyed(rows: Iterable[dict[str, Any]], key: str, numbers: list[int]) -> Iterator[Row]:
    for row, number in zip(rows, numbers, strict=True):
        row[key] = number
        yield row


def copy_new(model: type[models.Model], records: Sequence[models.Model]) -> None:
    """Insert ``records``, unsaved, as ``bulk_create`` does: each has its key afterwards."""
    for record, key in zip(records, _reserved(model, len(records)), strict=True):
        # What points to a row that is not saved itself is refused, as in bulk_create.
        record._prepare_related_fields_for_save("bulk_create")  # type: ignore[attr-defined]
        record.pk = key
    _copy(model, map(vars, records))
    for record in records:
        record._state.adding, record._state.db = False, connection.alias


def _reserved(model: type[models.Model], number: int) -> list[int]:
    """So many primary keys, rising, that no other row of ``model`` will be given."""
    table, key = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(own.name) FROM generate_series(1, %s), (SELECT "
            "pg_get_serial_sequence(%s, %s)::regclass AS name OFFSET 0) AS own",
            (number, connection.ops.quote_name(table), key),
        )
        return sorted(key for (key,) in cursor.fetchall())


def _copy(model: type[models.Model], rows: Iterable[Row]) -> None:
    """Write ``rows``, each a value for every column of ``model``, its key included.

    They are taken one by one while the server writes those before: what makes them must not use
    the database.  Raises what ``bulk_create`` raises for a value that the table does not take.
    """
    quoted = connection.ops.quote_name
    spellers = [(field.attname, _Spellers(field)) for field in model._meta.concrete_fields]
    columns = ", ".join(quoted(str(field.column)) for field in model._meta.concrete_fields)
    lines = _Lines(_line(row, spellers) for row in rows)
    with connection.cursor() as cursor:
        try:
            with connection.wrap_database_errors:
                cursor.copy_expert(
                    f"COPY {quoted(model._meta.db_table)} ({columns}) FROM STDIN", lines
                )
        except DatabaseError:
            if lines.error is not None:  # the server only says that no more came
                raise lines.error from None
            raise


class _Lines:
    """Lines as a file to be read; ``error`` is what went wrong while they were made."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.error: Exception | None = None

    def read(self, size: int) -> bytes:
        try:
            return "".join([f"{line}\n" for line in islice(self._lines, _LINES_AT_ONCE)]).encode()
        except Exception as error:
            self.error = error
            raise


class _Spellers(dict[type, Speller]):
    """How a value of ``field`` is spelled, by its type: at once where the field would not change
    it.  A million values are, so that each is found and spelled in as few steps as can be."""

    def __init__(self, field: Any) -> None:
        column = field
        while isinstance(column, models.ForeignKey):
            column = column.target_field
        has_own_spelling = getattr(column, "encoder", None) is not None  # of JSON
        super().__init__({} if has_own_spelling else _AT_ONCE.get(type(column), {}))
        self._prepared, self._own = field.get_db_prep_save, connections[DEFAULT_DB_ALIAS]
        self[type(None)] = {None: self._as_prepared(None)}.__getitem__
        if type(column) is models.DateTimeField:
            self[dt.datetime] = self._moment

    def __missing__(self, kind: type) -> Speller:
        return self._as_prepared

    def _moment(self, value: dt.datetime) -> str:
        return value.isoformat() if value.tzinfo else self._as_prepared(value)

    def _as_prepared(self, value: Any) -> str:
        return _spelled(self._prepared(value, self._own))


def _line(row: Row, spellers: Sequence[tuple[str, _Spellers]]) -> str:
    return "\t".join([own[row[name].__class__](row[name]) for name, own in spellers])


def _json(value: list[Any] | dict[str, Any]) -> str:
    return _escaped(json.dumps(value)) if value else str(value)  # most are empty: [] or {}


def _spelled(value: Any) -> str:
    """A value that a field prepared for the database, as COPY reads it."""
    match value:
        case None:
            return _NULL
        case bool():
            return "t" if value else "f"
        case str():
            return _escaped(str.__str__(value))
        case int():
            return int.__repr__(value)
        case float() | Decimal() | UUID():
            return str(value)
        case dt.date() | dt.time():  # a moment is a date, too
            return value.isoformat()
        case Jsonb():
            return _escaped(value.dumps(value.adapted))
    raise TypeError(f"COPY of {type(value).__name__} is not provided for")


def _escaped(text: str) -> str:
    if text.isprintable() and "\\" not in text:
        return text
    if "\0" in text:  # in the words of the driver, which refuses it in an INSERT
        raise ValueError("A string literal cannot contain NUL (0x00) characters.")
    return text.translate(_ESCAPES)


# By the very class of a field: the types of values that it hands to the database as they are.
_AT_ONCE: Mapping[type, Mapping[type, Speller]] = {
    models.CharField: {str: _escaped},
    models.TextField: {str: _escaped},
    models.BigAutoField: {int: int.__repr__},
    models.BigIntegerField: {int: int.__repr__},
    models.PositiveIntegerField: {int: int.__repr__},
    models.PositiveSmallIntegerField: {int: int.__repr__},
    models.PositiveBigIntegerField: {int: int.__repr__},
    models.UUIDField: {UUID: str},
    models.JSONField: {list: _json, dict: _json},
    ExactDecimalField: {Decimal: "{:f}".format},
}
