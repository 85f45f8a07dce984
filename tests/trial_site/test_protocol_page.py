"""``/protocol/``: the protocol for staff, with the record's words and what was decided."""

from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from trial_site.protocol import current
from trial_site.protocol.definition import Anchor, Comparison, Frequency
from trial_site.roles import PEOPLE, Role
from trial_site.templatetags import protocol as words

pytestmark = pytest.mark.django_db
ADDRESS = "/protocol/"
PROTOCOL = current()
Login = Callable[[Role], Client]


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def page(login: Login) -> str:
    return flat(unescape(login(Role.MONITOR).get(ADDRESS).content.decode()))


@pytest.mark.parametrize("role", sorted(PEOPLE))
def test_all_staff_read_the_protocol(login: Login, role: Role) -> None:
    response = login(role).get(ADDRESS, {"page": "x"})
    assert response.status_code == 200
    assert f"<h1>Protocol {PROTOCOL.version}</h1>" in response.content.decode()


def test_only_staff_reads_it(client: Client) -> None:
    assert client.get(ADDRESS)["Location"] == f"/accounts/login/?next={ADDRESS}"


def test_it_is_for_reading(login: Login) -> None:
    assert login(Role.ADMIN).post(ADDRESS).status_code == 405


def test_every_criterion_stands_with_the_records_words_its_limit_and_reading(page: str) -> None:
    for criterion in PROTOCOL.criteria:
        provenance = criterion.provenance
        assert f'id="{criterion.id}"' in page
        for text in (criterion.title, provenance.quote, criterion.limit_text, provenance.reading):
            assert flat(text) in page


def test_every_contradiction_stands_with_what_was_chosen(page: str) -> None:
    assert len(PROTOCOL.decisions) == 15
    for decision in PROTOCOL.decisions:
        assert f'id="{decision.id}"' in page
        for text in (decision.record_says, decision.chosen, decision.configurable):
            assert flat(text) in page
        assert all(flat(quote) in page for quote in decision.quotes)


def test_every_reading_that_removes_doubt_is_there(page: str) -> None:
    for reading in PROTOCOL.readings:
        assert flat(reading.title) in page
        assert flat(reading.text) in page


def test_every_outcome_stands_with_its_time_frame(page: str) -> None:
    for outcome in PROTOCOL.outcomes:
        for text in (outcome.title, outcome.time_frame, outcome.reading):
            assert flat(text) in page


def test_visits_are_counted_in_words(page: str) -> None:
    for visit in PROTOCOL.visits:
        assert flat(visit.title) in page
    assert "The last ganciclovir dose + 3 months" in page
    assert "0 to +14 d</span> · never early" in page
    assert "The first ganciclovir dose +7 d" in page


def test_doses_and_holds_are_those_of_the_label(page: str) -> None:
    assert "≥ 50 and < 70" in page
    assert "2.5 mg/kg every 12 hours" in page
    assert 'Neutrophils (ANC) <span class="num">< 0.5 ×10⁹/L</span>' in page
    assert "1</span> million IU, SC, every 24 hours" in page


def test_measurements_and_grades_are_there(page: str) -> None:
    assert "Negative below 1,000 copies/mL" in page
    assert "Formula A, E:T 25:1" in page
    for table in PROTOCOL.grades:
        assert table.term in page
    for analyte in PROTOCOL.analytes:
        assert analyte.name in page


def test_the_records_own_words_are_marked_as_english(login: Login) -> None:
    client = login(Role.MONITOR)
    client.cookies["django_language"] = "zh-hans"
    page = flat(unescape(client.get(ADDRESS).content.decode()))
    assert '<html lang="zh-hans"' in page
    quote = flat(PROTOCOL.criterion("I2").provenance.quote)
    assert f'<p lang="en">“{quote}”</p>' in page


def test_it_asks_little(
    login: Login, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = login(Role.MONITOR)
    client.get(ADDRESS)
    with django_assert_max_num_queries(15):
        client.get(ADDRESS)


def test_every_term_of_the_protocol_has_words() -> None:
    assert set(words.ANCHORS) == set(Anchor)
    assert set(words.FREQUENCIES) == set(Frequency)
    assert set(words.SIGNS) == set(Comparison)


@pytest.mark.parametrize(
    ("code", "text"),
    [("SCREENING", "−13 to 0 d"), ("D0", "on that day only"), ("D7", "−1 to +1 d")],
)
def test_a_window_says_the_days_around_its_target(code: str, text: str) -> None:
    assert words.window(PROTOCOL.visit(code)) == text
