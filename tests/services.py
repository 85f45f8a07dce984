"""What the machine offers decides which tests run here; CI accepts no excuse.

PostgreSQL has a run of its own (``python -m tests``).  Tests that need Redis or Chromium are
skipped, with the reason, where those do not answer.
"""

import os
import shutil
from collections.abc import Generator
from typing import Any

import pytest

from tests.shared import SHARED

POSTGRES_URL = os.environ.get("TEST_DATABASE_URL", "postgres://root@127.0.0.1:5432/test")
REDIS_URL = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
IN_CI = os.environ.get("CI") == "true"
ON_POSTGRES = os.environ.get("DATABASE_URL", "").startswith("postgres")


def chromium() -> str | None:
    """The program to drive, ``CHROMIUM`` or the system's."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)


def without_postgres() -> str:
    """Why the run on PostgreSQL is impossible, in words; empty where it is possible."""
    import psycopg2

    try:
        psycopg2.connect(POSTGRES_URL, connect_timeout=3).close()
    except psycopg2.OperationalError as error:
        return f"PostgreSQL does not answer at TEST_DATABASE_URL: {str(error).splitlines()[0]}"
    return ""


def without_redis() -> str:
    import redis

    try:
        with redis.Redis.from_url(REDIS_URL, socket_connect_timeout=3) as client:
            client.ping()
    except redis.RedisError as error:
        return f"Redis does not answer at TEST_REDIS_URL: {error}"
    return ""


def without_chromium() -> str:
    return "" if chromium() else "Chromium is not installed, or not named by CHROMIUM"


def without_shared() -> str:
    return "" if SHARED.is_dir() else "../shared is not beside the project"


NEEDED = {"redis": without_redis, "browser": without_chromium}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave PostgreSQL's tests to its own run; skip what lacks a service."""
    elsewhere = [item for item in items if item.get_closest_marker("postgres") and not ON_POSTGRES]
    if elsewhere:
        config.hook.pytest_deselected(items=elsewhere)
        items[:] = [item for item in items if item not in set(elsewhere)]
    if IN_CI:
        _take_journeys_twice(items)
    for name, missing in NEEDED.items():
        wanting = [item for item in items if item.get_closest_marker(name)]
        if wanting and (reason := missing()):
            for item in wanting:
                item.add_marker(pytest.mark.skip(reason=reason))


def _take_journeys_twice(items: list[pytest.Item]) -> None:
    """A browser on two busy cores can be late for once; twice running is a fault.

    The summary names every journey that was taken again, so that none of them is forgotten.
    """
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, pytest.TestReport]:
    """In CI a test that was skipped has shown nothing, so it has failed."""
    report: pytest.TestReport = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"CI may skip nothing: {report.longrepr}"
    return report
