"""The database's own refusal to change or delete history and audit rows (R02).

Installed after every migration, on each table that history is kept in, so that a model added later
cannot be forgotten.  PostgreSQL and SQLite; a third database would need a third dialect.
"""

from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from simple_history.utils import get_history_model_for_model

from oversight.trail import AuditEntry

MESSAGE = "append-only: history and audit rows are never changed"


def protected_tables() -> list[str]:
    """Every history table, and the audit trail."""
    tracked = [
        model
        for model in apps.get_models()
        if hasattr(model._meta, "simple_history_manager_attribute")
    ]
    histories = [get_history_model_for_model(model)._meta.db_table for model in tracked]
    return sorted([AuditEntry._meta.db_table, *histories])


def install(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers on every protected table that exists; harmless to repeat."""
    existing = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for statement in _function(connection.vendor):
            cursor.execute(statement)
        for table in protected_tables():
            if table in existing:
                for statement in _triggers(connection.vendor, table):
                    cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers off: for tests that empty the database or tamper with it."""
    with connection.cursor() as cursor:
        for table in protected_tables():
            for operation in ("update", "delete", "truncate"):
                name = _name(table, operation)
                if connection.vendor == "sqlite":
                    cursor.execute(f'DROP TRIGGER IF EXISTS "{name}"')
                else:
                    cursor.execute(f'DROP TRIGGER IF EXISTS "{name}" ON "{table}"')


def install_after_migrate(*, using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    install(connections[using])


def _name(table: str, operation: str) -> str:
    return f"{table}_no_{operation}"


def _function(vendor: str) -> list[str]:
    if vendor != "postgresql":
        return []
    return [
        "CREATE OR REPLACE FUNCTION refuse_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; "
        "END $$"
    ]


def _triggers(vendor: str, table: str) -> list[str]:
    if vendor == "sqlite":
        return [
            f'CREATE TRIGGER IF NOT EXISTS "{_name(table, operation)}" BEFORE {operation.upper()} '
            f"ON \"{table}\" BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
            for operation in ("update", "delete")
        ]
    return [
        f'CREATE OR REPLACE TRIGGER "{_name(table, operation)}" BEFORE {operation.upper()} '
        f'ON "{table}" FOR EACH STATEMENT EXECUTE FUNCTION refuse_append_only()'
        for operation in ("update", "delete", "truncate")
    ]
