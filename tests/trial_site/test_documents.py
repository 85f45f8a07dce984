"""Documents that people rely on name everything that the code has."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
README = (PROJECT / "README.md").read_text()
SETTINGS = (PROJECT / "trial_site" / "settings.py").read_text()
COMPOSE = (PROJECT / "docker-compose.yml").read_text()
# Never set on a trial, or left at what suits the compose file's own services.
NOT_IN_COMPOSE = {"DEMO", "DEBUG", "HTTPS", "CONN_MAX_AGE"}


def read_from_environment(source: str) -> set[str]:
    return set(re.findall(r"env\.\w+\(\s*\"([A-Z_]+)\"", source))


def test_every_setting_stands_in_the_configuration_table() -> None:
    table = set(re.findall(r"`([A-Z_]+)`", README.split("## Configuration")[1].split("\n## ")[0]))
    assert read_from_environment(SETTINGS) >= {"SECRET_KEY", "DATABASE_URL"}
    assert read_from_environment(SETTINGS) <= table


def test_every_setting_reaches_the_containers() -> None:
    given = set(re.findall(r"^    ([A-Z_]+):", COMPOSE, re.MULTILINE))
    assert read_from_environment(SETTINGS) - NOT_IN_COMPOSE <= given


def test_the_example_names_every_value_that_compose_requires() -> None:
    required = set(re.findall(r"\$\{([A-Z_]+):\?", COMPOSE))
    example = set(re.findall(r"^([A-Z_]+)=", (PROJECT / ".env.example").read_text(), re.MULTILINE))
    assert required
    assert required <= example


@pytest.mark.parametrize(
    "page", sorted((PROJECT / "docs" / "adr").glob("0*.md")), ids=lambda page: page.stem
)
def test_every_decision_is_in_the_index_under_its_title(page: Path) -> None:
    [(number, title)] = re.findall(r"\A# (\d+)\. (.+)", page.read_text())
    assert page.name.startswith(f"{int(number):04}-")
    index = (PROJECT / "docs" / "adr" / "README.md").read_text()
    assert f"- {number}. [{title}]({page.name})" in index
