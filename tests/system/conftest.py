"""A browser on a live server, and Celery on a real broker."""

import datetime as dt
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright
from redis import Redis

from tests import factories, services
from tests.system import steps
from trial_site.celery import app
from trial_site.models import Site
from trial_site.roles import Role

PROJECT = Path(__file__).resolve().parents[2]
DESK, PHONE = 1440, 360
MORNING = dt.datetime(2026, 3, 18, 2, 30, tzinfo=dt.UTC)  # a Wednesday, half past ten at the site
MOST_MILLISECONDS = 15_000  # for a page to do or to say something
FIRST_REDIS_DATABASE = 10  # one for each process of xdist
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=en-US",
]


@pytest.fixture(scope="session")
def browser(built_bundle: None) -> Iterator[Browser]:
    """The system's Chromium, one for the session."""
    # Playwright keeps an event loop in this thread, which Django takes for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    expect.set_options(timeout=MOST_MILLISECONDS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=services.chromium(), args=CHROMIUM_ARGUMENTS
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def built_bundle() -> None:
    """The figures' JavaScript, which is built and not kept in the repository."""
    from django.core.management import call_command

    call_command("build_figures_bundle", verbosity=0)


@pytest.fixture
def tolerated() -> tuple[str, ...]:
    """What an error in a page's console may say; a module that cuts the line has more."""
    return ()


@pytest.fixture
def open_browser(
    browser: Browser, live_server: Any, tolerated: tuple[str, ...]
) -> Iterator[Callable[..., Page]]:
    """``open_browser(width=DESK, **options)``: a window of its own, with no cookies, on the live
    server.  An error in a page's console, a broken policy and a page error fail the test."""
    complaints: list[str] = []
    contexts = []

    def window(width: int = DESK, **options: Any) -> Page:
        size = {"width": width, "height": 900}
        context = browser.new_context(**{"base_url": live_server.url, "viewport": size} | options)
        context.set_default_timeout(MOST_MILLISECONDS)
        contexts.append(context)
        context.on("console", lambda line: complaints.extend(errors_in(line)))
        context.on("weberror", lambda raised: complaints.append(str(raised.error)))
        return context.new_page()

    yield window
    for context in contexts:
        context.close()
    assert [line for line in complaints if not any(text in line for text in tolerated)] == []


def errors_in(line: ConsoleMessage) -> list[str]:
    """An error of the page; that the page itself was refused is not one."""
    refused = line.page is not None and line.location["url"] == line.page.url
    return [f"{line.text} ({line.location})"] if line.type == "error" and not refused else []


@pytest.fixture
def morning() -> Iterator[time_machine.Traveller]:
    """The server's clock runs from ``MORNING``: what a page asks for depends on the hour."""
    with time_machine.travel(MORNING) as clock:
        yield clock


@pytest.fixture
def sign_in(
    morning: time_machine.Traveller, open_browser: Callable[..., Page], site: Site
) -> Callable[..., Page]:
    """``sign_in(Role.NURSE, width=PHONE)``: a window of that role, signed in at its worklist."""
    cache.clear()

    def at_worklist(role: Role, width: int = DESK, **options: Any) -> Page:
        page = open_browser(width, **options)
        steps.sign_in(page, factories.user(role, site).username)
        return page

    return at_worklist


@pytest.fixture
def redis_url(worker_id: str) -> Iterator[str]:
    """An empty database of the real Redis, for this process of the suite alone."""
    number = FIRST_REDIS_DATABASE + (int(worker_id[2:]) if worker_id.startswith("gw") else 0)
    url = f"{services.REDIS_URL}/{number}"
    with Redis.from_url(url) as client:
        client.flushdb()
        yield url
        client.flushdb()


@pytest.fixture
def celery_worker(
    redis_url: str, transactional_db: None, tmp_path: Path
) -> Iterator[Callable[[str], None]]:
    """``celery_worker("outcomes.tasks.flag_due")`` sends a task to a worker in another process."""
    log = tmp_path / "worker.log"
    command = ["celery", "-A", "trial_site.celery", "worker", "--pool=solo", "--loglevel=INFO"]
    with log.open("wb") as output:
        worker = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", *command, "--without-gossip", "--without-mingle"],
            cwd=PROJECT,
            env=os.environ | worker_environment(redis_url),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        await_line(log, "ready")
        yield lambda task: send(task, redis_url, log)
    finally:
        worker.terminate()
        worker.wait(timeout=20)


def worker_environment(redis_url: str) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "trial_site.settings",
        "DATABASE_URL": database_url(),
        "REDIS_URL": redis_url,
        "SECRET_KEY": settings.SECRET_KEY,
        "ALLOCATION_KEY": settings.ALLOCATION_KEY,
        "LOG_LEVEL": "INFO",
    }


def database_url() -> str:
    """The test database, as another process has to name it."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    server, _, _ = services.POSTGRES_URL.rpartition("/")
    return f"{server}/{name}"


def send(task: str, redis_url: str, log: Path) -> None:
    """Send ``task`` and wait until the worker's log says that it succeeded."""
    with app.connection_for_write(redis_url) as broker:
        result = app.send_task(task, connection=broker)
    await_line(log, f"{result.id}] succeeded")


def await_line(log: Path, text: str) -> None:
    """Wait until ``log`` holds ``text``; show what it holds instead where that never happens."""
    try:
        await_true(lambda: text in log.read_text())
    except TimeoutError:
        pytest.fail(f"{text!r} did not appear in:\n{log.read_text()}")


def await_true(happened: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} s")
        time.sleep(0.1)
