"""Many rows into a table by COPY, PostgreSQL's own way: several times as fast as one INSERT.

Constraints and triggers hold as ever, and every value is kept as an INSERT would keep it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.db.backends.postgresql.psycopg_any import Jsonb
from django.db.utils import DatabaseError

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
        record._prepare_related_fields_for_save(operation_name="bulk_create")
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
    quoted, spellers = connection.ops.quote_name, _spellers(model)
    columns = ", ".join(quoted(field.column) for field in model._meta.concrete_fields)
    lines = _Lines("\t".join([spell(row[name]) for name, spell in spellers]) for row in rows)
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


@cache
def _spellers(model: type[models.Model]) -> tuple[tuple[str, Speller], ...]:
    return tuple((field.attname, _speller(field)) for field in model._meta.concrete_fields)


def _speller(field: Any) -> Speller:
    """How a value of ``field`` is spelled: at once where the field would not change it."""
    nothing = _spelled(field.get_db_prep_save(None, connection))
    column = field
    while isinstance(column, models.ForeignKey):
        column = column.target_field
    direct = _AS_IT_IS.get(type(column))

    def spell(value: Any) -> str:
        if value is None:
            return nothing
        if direct is not None and type(value) is direct[0]:
            return direct[1](value)
        return _spelled(field.get_db_prep_save(value, connection))

    return spell


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


# By the very class of a field: the type of value that it hands to the database as it is.
_AS_IT_IS: Mapping[type, tuple[type, Speller]] = {
    **dict.fromkeys((models.CharField, models.TextField), (str, _escaped)),
    **dict.fromkeys(
        (
            models.AutoField,
            models.BigAutoField,
            models.IntegerField,
            models.BigIntegerField,
            models.PositiveIntegerField,
            models.PositiveSmallIntegerField,
            models.PositiveBigIntegerField,
        ),
        (int, int.__repr__),
    ),
    models.UUIDField: (UUID, str),
}
