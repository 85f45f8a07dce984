"""Fixtures that every room's tests share."""

import datetime as dt
import os
from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_django
import time_machine
from django.conf import settings
from django.core.cache import cache, caches
from django.db import connection
from django.template import Context, Template, engines
from django.test import Client
from django.test.utils import instrumented_test_render  # type: ignore[attr-defined]
from django.utils import translation

from oversight import triggers
from oversight.scheduler import HEALTH, Health
from tests import factories, remembered
from trial_site.models import Site, User
from trial_site.roles import Role

NOON = dt.datetime(2026, 3, 18, 12, 0, tzinfo=ZoneInfo(settings.TIME_ZONE))


@pytest.fixture(autouse=True)
def _every_test_begins_at_noon(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test may depend on the hour that it is run at; a browser or a worker has its own clock."""
    outside = ("browser", "redis")
    if any(request.node.get_closest_marker(name) for name in outside):
        yield
    else:
        with time_machine.travel(NOON):
            yield


@pytest.fixture(autouse=True)
def _every_test_begins_in_english() -> Iterator[None]:
    """A page that a test reads in Chinese leaves the thread in Chinese."""
    with translation.override(settings.LANGUAGE_CODE):
        yield


@pytest.fixture(autouse=True)
def _nothing_is_kept_from_another_test() -> None:
    """What is kept is kept under the state of the record, and each test has a record of its own."""
    cache.clear()
    # No beat runs beside a test; those of the scheduler's health look for themselves.
    caches["process"].set(HEALTH, Health(gaps=(), broker_answers=True), None)


@pytest.fixture(autouse=True)
def _patched_actions_are_not_remembered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test changes in the program must not reach the beginnings of other tests."""
    with remembered.unless(lambda: bool(monkeypatch._setattr)):
        yield


@pytest.fixture(scope="session", autouse=True)
def _the_context_of_whole_pages_is_kept(django_test_environment: None) -> Iterator[None]:
    """The test client would copy that of each included piece and widget too, thousands a page."""

    def render(template: Template, context: Context) -> Any:
        engine = engines["django"].engine  # type: ignore[attr-defined]
        if context.template is template and template.engine is engine:
            return instrumented_test_render(template, context)
        return template.nodelist.render(context)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Template, "_render", render)
        yield


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker
) -> Iterator[None]:
    """Before the database is dropped: threads of servers and workers may still hold it."""
    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture
def site(db: None) -> Site:
    return factories.site()


@pytest.fixture
def other_site(db: None) -> Site:
    return factories.site(code="OTH", name="Another hospital")


@pytest.fixture
def staff(site: Site) -> dict[Role, User]:
    """One account of each role, at ``site``."""
    return factories.staff(site)


@pytest.fixture
def login(client: Client, staff: dict[Role, User]) -> Callable[[Role], Client]:
    """A browser session of the account with that role."""

    def as_role(role: Role) -> Client:
        client.force_login(staff[role])
        return client

    return as_role


@pytest.fixture(autouse=True)
def _append_only_tables_can_be_emptied(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests that commit are cleaned up by emptying tables, which the triggers would refuse.

    Emptying ends with ``post_migrate``, which puts the triggers back for the next test.
    """
    commits = {"transactional_db", "live_server"} & set(request.fixturenames)
    marker = request.node.get_closest_marker("django_db")
    if commits or (marker and marker.kwargs.get("transaction")):
        request.getfixturevalue("transactional_db")
        yield
        triggers.remove(connection)
    else:
        yield


def pytest_report_header() -> str:
    return f"database: {os.environ.get('DATABASE_URL', 'SQLite')}"
