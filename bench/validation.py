"""``make validate``: the long checks, and what they came to, kept in ``docs/validation.md``.

Each check is a test of the suite, made longer or harder by the environment; nothing is timed.  A
check that fails is written down as failed, and the command fails with it.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests import services

PROJECT = Path(__file__).resolve().parent.parent
REPORT = PROJECT / "docs" / "validation.md"
SEQUENCES = 1000
POSTGRES = {"DATABASE_URL": services.POSTGRES_URL}


@dataclass(frozen=True, eq=False)  # each is its own
class Check:
    """``tests`` are pytest's; ``figures`` puts the counts they report into a sentence."""

    title: str
    database: str
    tests: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    figures: str = ""


RECORD = "tests/enrollment/test_record_machine.py"
RECORD_FIGURES = (
    "{sequences:,} sequences, {steps:,} steps: {went through:,} actions went through, "
    "{refused:,} were refused; no contradiction"
)
IMPORT = "tests/labs/test_import_kills.py"
IMPORT_TITLE = "An import whose workers are killed at random moments loses and doubles nothing"
IMPORT_FIGURES = (
    "{kills:,} workers killed in {files:,} imports of {rows:,} rows: {results:,} results, each once"
)
MONTH_FIGURES = (
    "{days:,} days, {slots:,} slots, {attempts:,} attempts, {kills:,} processes killed, "
    "{unheard:,} of them after they had saved: {administrations:,} administrations, each once; "
    "{entries:,} stock entries balance"
)
WORKER_FIGURES = (
    "{kills:,} workers and {broker_kills:,} brokers killed in the middle of runs: {flags:,} flags, "
    "each once"
)
TRUTH_FIGURES = (
    "{trials:,} simulated trials of five and five: 95 % intervals cover {mean_coverage:.1f} % "
    "(mean) and {shift_coverage:.1f} % (Hodges-Lehmann); size at 5 % {rank_size:.1f} % (rank sum), "
    "{log_rank_size_60:.1f} % (log-rank, permuted); power for the worked example {rank_power:.0f} %"
)
MANY_KILLS = {"IMPORT_KILLS": "100"}
MANY_WORKERS = {"WORKER_KILLS": "30"}
WHOLE_MONTH = {"MONTH_DAYS": "30"}
MANY_TRIALS = {"SIMULATED_TRIALS": "2000"}
MANY_EXAMPLES = {"ORACLE_EXAMPLES": "1000"}
LONG = {"RECORD_SEQUENCES": str(SEQUENCES)}
CHECKS = (
    Check(
        "No sequence of actions reaches a contradictory record",
        "SQLite",
        (RECORD,),
        LONG,
        RECORD_FIGURES,
    ),
    Check(
        "No sequence of actions reaches a contradictory record",
        "PostgreSQL",
        (RECORD,),
        LONG | POSTGRES,
        RECORD_FIGURES,
    ),
    Check(
        "Two hundred clicks share and skip no slot; a killed process leaves nothing half-done",
        "PostgreSQL",
        ("tests/enrollment/test_concurrency.py",),
        POSTGRES,
    ),
    Check(
        "The intervals cover the truth and the tests keep their size",
        "none",
        ("tests/outcomes/test_truth.py",),
        MANY_TRIALS,
        TRUTH_FIGURES,
    ),
    Check(
        "Statistics are those of SciPy, NumPy and lifelines on 1,000 random data sets each",
        "none",
        ("tests/outcomes/test_rules_statistics.py", "tests/outcomes/test_rules_survival.py"),
        MANY_EXAMPLES,
    ),
    Check(IMPORT_TITLE, "SQLite", (IMPORT,), MANY_KILLS, IMPORT_FIGURES),
    Check(IMPORT_TITLE, "PostgreSQL", (IMPORT,), MANY_KILLS | POSTGRES, IMPORT_FIGURES),
    Check(
        "Workers and Redis killed in the middle of runs lose and double no flag",
        "PostgreSQL",
        ("tests/system/test_scheduler_kills.py",),
        MANY_WORKERS | POSTGRES,
        WORKER_FIGURES,
    ),
    Check(
        "A month of double clicks, retries, parallel nurses and killed processes records each dose "
        "once, and the stock balances",
        "PostgreSQL",
        ("tests/dosing/test_month.py",),
        WHOLE_MONTH | POSTGRES,
        MONTH_FIGURES,
    ),
)


@dataclass(frozen=True)
class Finding:
    check: Check
    passed: bool
    result: str

    @property
    def line(self) -> str:
        verdict = "passed" if self.passed else "**failed**"
        return f"| {self.check.title} | {self.check.database} | {self.result} | {verdict} |"


def main() -> int:
    """Beside each other: what PostgreSQL shows, on one database of its own, and all the rest."""
    with ThreadPoolExecutor() as lanes:
        done = [lanes.submit(run_all, on_postgres) for on_postgres in (False, True)]
        found = {finding.check: finding for lane in done for finding in lane.result()}
    findings = [found[check] for check in CHECKS]
    REPORT.write_text(document(findings))
    print(f"Written to {REPORT.relative_to(PROJECT)}")
    return 0 if all(finding.passed for finding in findings) else 1


def run_all(on_postgres: bool) -> list[Finding]:
    chosen = [check for check in CHECKS if (check.database == "PostgreSQL") is on_postgres]
    return [run(check) for check in chosen]


def run(check: Check) -> Finding:
    print(f"{check.title}, on {check.database}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder) / "counts.json"
        inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        done = subprocess.run(  # noqa: S603 - our own tests
            [sys.executable, "-m", "pytest", "-q", *check.tests],
            cwd=PROJECT,
            env=inherited | dict(check.environment) | {"VALIDATION_REPORT": str(counts)},
            capture_output=True,
            text=True,
            check=False,
        )
        passed = done.returncode == 0
        if not passed:
            print(done.stdout[-4000:])
        last = done.stdout.strip().splitlines()[-1].partition(" in ")[0] if done.stdout else ""
        if passed and check.figures:
            last = check.figures.format_map(json.loads(counts.read_text()))
    return Finding(check, passed, last)


def document(findings: list[Finding]) -> str:
    lines = [
        "# Validation",
        "",
        "What the long checks came to when they were last run with `make validate`. The tests that",
        "trace requirements are listed in [requirements.md](requirements.md).",
        "",
        f"Run on {dt.datetime.now(dt.UTC).date().isoformat()}, Python {platform.python_version()}, "
        f"{os.cpu_count()} processors.",
        "",
        "| check | database | result | verdict |",
        "| --- | --- | --- | --- |",
        *(finding.line for finding in findings),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
