"""Databases of the benchmark's own on a PostgreSQL server, and how fast that server commits."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import psycopg2
from psycopg2 import sql

SERVER = os.environ.get("BENCH_DATABASE_SERVER", "postgres://root@127.0.0.1:5432")
SECONDS = 3.0


def url(name: str) -> str:
    return urlsplit(SERVER)._replace(path=f"/{name}").geturl()


@contextmanager
def database(name: str) -> Iterator[str]:
    """An empty database ``name``, dropped afterwards; gives its URL.  One that is left over from a
    run that was broken off is dropped first."""
    _drop(name)
    _run(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield url(name)
    finally:
        _drop(name)


def _drop(name: str) -> None:
    _run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _run(statement: sql.Composable) -> None:
    with _connected(url("postgres")) as cursor:
        cursor.execute(statement)


def commits_a_second(database_url: str) -> float:
    """How many single-row INSERTs of a narrow row one connection commits in a second."""
    with _connected(database_url) as cursor:
        cursor.execute("CREATE TABLE bench_commits (id bigserial PRIMARY KEY, value text)")
        started, commits = perf_counter(), 0
        while perf_counter() - started < SECONDS:
            cursor.execute("INSERT INTO bench_commits (value) VALUES (%s)", (str(commits),))
            commits += 1
        seconds = perf_counter() - started
        cursor.execute("DROP TABLE bench_commits")
    return commits / seconds


@contextmanager
def _connected(database_url: str) -> Iterator[Any]:
    """A cursor whose every statement commits."""
    with closing(psycopg2.connect(database_url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor
