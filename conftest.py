"""How every run of the suite is set up; fixtures are in ``tests/conftest.py``."""

import os
from pathlib import Path

import pytest
from django.db import connection
from hypothesis import settings

from trial_site.catalogues import compile_catalogues

pytest_plugins = ["tests.services"]

# A loaded machine is slow, not wrong.  CI tries the same examples every time: it judges a change,
# it does not go exploring; a developer's run does.
EXAMPLES = int(os.environ.get("ORACLE_EXAMPLES", "100"))
settings.register_profile("developer", deadline=None, max_examples=EXAMPLES)
settings.register_profile(
    "ci", deadline=None, max_examples=EXAMPLES, derandomize=True, print_blob=True
)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "developer")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # once, not once a process of xdist
        compile_catalogues()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite in a file, as in the demo: a server and a worker beside the test can open it too.

    On PostgreSQL nothing is kept that would outlive a test: neither connections of other threads,
    which would stand in the way of dropping the database, nor the promise to survive a power cut.
    """
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        file: Path = tmp_path_factory.mktemp("database") / "test.sqlite3"
        database["TEST"]["NAME"] = str(file)
    else:
        database["CONN_MAX_AGE"] = 0
        database["OPTIONS"]["options"] = "-c synchronous_commit=off"
