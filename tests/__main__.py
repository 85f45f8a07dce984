"""``make test``: the suite on SQLite, then on PostgreSQL where one answers; says what was left out.

Arguments go to pytest: ``python -m tests -k allocation``.
"""

import os
import subprocess
import sys

from tests import services

IN_PARALLEL = ["-n", "auto", "--maxprocesses", "4", "--dist", "worksteal", "-rfER"]
# Pure functions and the developers' tools know no database, the demo brings its own, and what a
# page looks like does not depend on it: the run on SQLite has tested them.
TOUCHES_DATABASE = [
    *("--ignore-glob=*/test_rules_*", "--ignore-glob=*/test_protocol_*"),
    *("--ignore=tests/scripts", "--ignore=tests/demo"),
    "--ignore=tests/system/test_accessibility.py",
    "--ignore=tests/system/test_journeys_boundaries.py",
    # On PostgreSQL ``make validate`` runs it, ten times as long.
    "--ignore=tests/enrollment/test_record_machine.py",
]


def main(arguments: list[str]) -> int:
    left_out = {
        "the run on PostgreSQL": services.without_postgres(),
        "tests on Redis": services.without_redis(),
        "browser journeys": services.without_chromium(),
        "tests on the registry's documents": services.without_shared(),
    }
    reasons = [f"{part} ({reason})" for part, reason in left_out.items() if reason]
    if services.IN_CI and reasons:
        print(f"CI may leave nothing out: {'; '.join(reasons)}")
        return 1
    failed = run("SQLite", arguments, {})
    if not left_out["the run on PostgreSQL"]:
        failed |= run(
            "PostgreSQL", [*TOUCHES_DATABASE, *arguments], {"DATABASE_URL": services.POSTGRES_URL}
        )
    print(f"Left out: {'; '.join(reasons)}." if reasons else "Nothing was left out.")
    return failed


def run(database: str, arguments: list[str], environment: dict[str, str]) -> int:
    print(f"On {database}", flush=True)
    inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    command = [sys.executable, "-m", "pytest", *IN_PARALLEL, *arguments]
    return subprocess.call(command, env=inherited | environment)  # noqa: S603 - the developer's own


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
