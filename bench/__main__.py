"""``make bench``: measure, print one table, keep it as JSON."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from statistics import mean
from typing import Any

from bench.browser import Browser
from bench.databases import commits_a_second, database
from bench.measure import Figure, Import, Memory, Size, measure
from bench.pages import Staff, bare_view, reading, writing
from bench.report import table
from bench.server import in_environment, memory_megabytes, serving

PASSWORD = "trial-demo-2020"  # noqa: S105 - the demo's, which is published
RESULTS = Path(__file__).parent / "results" / "latest.json"
FEWEST_RUNS = 5
IMPORTED_ROWS = 10_000


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[10, 1000], help="participants")
    parser.add_argument("--runs", type=int, default=7, help=f"at least {FEWEST_RUNS}")
    options = parser.parse_args()
    if options.runs < FEWEST_RUNS:
        parser.error(f"A median of fewer than {FEWEST_RUNS} runs says little")
    sizes = [bench(participants, options.runs) for participants in sorted(options.rows)]
    print(table(sizes))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps([asdict(size) for size in sizes], indent=2) + "\n")


def bench(participants: int, runs: int) -> Size:
    """Fill a database, serve it, measure every page, drop it."""
    with database(f"bench_{participants}") as url:
        environment = in_environment(url)
        print(f"Simulating {participants} participants", flush=True)
        _python(environment, "manage.py", "migrate", "--verbosity", "0")
        before = commits_a_second(url)
        simulated = _data(environment, "trial", participants)
        commits = mean([before, commits_a_second(url)])
        print("Measuring", flush=True)
        figures, memory = _serve_and_measure(environment, runs)
        print(f"Importing {IMPORTED_ROWS:,} rows", flush=True)
        imported = _import(environment, url)
    return Size(
        participants, figures, memory, commits_a_second=commits, imported=imported, **simulated
    )


def _import(environment: Mapping[str, str], url: str) -> Import:
    before = commits_a_second(url)
    done = json.loads(
        _python(environment, "-m", "bench.imports", "file", str(IMPORTED_ROWS)).splitlines()[-1]
    )
    return Import(**done, commits_a_second=mean([before, commits_a_second(url)]))


def _serve_and_measure(
    environment: Mapping[str, str], runs: int
) -> tuple[tuple[Figure, ...], Memory]:
    with serving("bench.settings", environment) as port, serving("bench.bare", environment) as bare:
        staff = Staff(port, PASSWORD)
        bare_page = bare_view(Browser(bare, "coordinator", PASSWORD))
        figures = measure([bare_page, *reading(staff)], runs)
        # Only now: whoever waits for allocation would stand in the lists.  One more warms up.
        waiting = iter(_data(environment, "waiting", runs + 1))
        figures += measure([bare_page, *writing(staff, waiting)], runs)[1:]
        worker = staff["coordinator"].get("/").worker
        after_pages = memory_megabytes(worker)
        staff["investigator"].get("/outcomes/figures/viral-load.svg")
        return tuple(figures), Memory(after_pages, memory_megabytes(worker))


def _data(environment: Mapping[str, str], what: str, number: int) -> Any:
    """Run ``bench.data`` and read its report."""
    return json.loads(_python(environment, "-m", "bench.data", what, str(number)).splitlines()[-1])


def _python(environment: Mapping[str, str], *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own arguments
        [sys.executable, *arguments], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


if __name__ == "__main__":
    main()
