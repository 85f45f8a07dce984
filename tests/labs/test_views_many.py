"""With five hundred results of one participant each page still asks the database a few times."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from enrollment.models import Participant
from labs.models import Result, Specimen
from oversight.recording import recorded
from oversight.records import record_many
from tests import factories
from tests.labs.examples import hours_ago, plated
from trial_site.models import User
from trial_site.protocol import current
from trial_site.roles import Role

pytestmark = pytest.mark.django_db
Login = Callable[[Role], Client]
TUBES, MOST_QUERIES = 20, 15


@pytest.fixture
def measured(treated: Participant, lab: User) -> Participant:
    """25 analytes in each of 20 tubes, a day apart."""
    analytes = [analyte for analyte in current().analytes if analyte.code != "nk_lysis"]
    with recorded(by=lab):
        tubes = record_many(
            Specimen,
            [
                Specimen(
                    participant=treated,
                    kind=Specimen.Kind.WHOLE_BLOOD,
                    collected_at=hours_ago(4) - dt.timedelta(days=day),
                )
                for day in range(TUBES)
            ],
        )
        results = [
            Result(
                participant=treated,
                specimen=tube,
                analyte=analyte.code,
                value=Decimal(1),
                unit=analyte.unit,
                canonical_value=Decimal(1),
                canonical_unit=analyte.unit,
                grade=3 if analyte.code == "anc" else None,
                collected_at=tube.collected_at,
            )
            for tube in tubes
            for analyte in analytes
        ]
        assert len(record_many(Result, results)) >= 500
    plated(treated)
    return treated


@pytest.fixture
def treated(site: object) -> Participant:
    return factories.on_treatment(site, days_ago=8)  # type: ignore[arg-type]


PAGES = [
    "/labs/",
    "/labs/?participant={subject}",
    "/labs/?participant={subject}&analyte=anc",
    "/labs/inbox/",
    "/labs/results/{result}/",
    "/labs/specimens/{specimen}/",
    "/labs/cytotoxicity/{plate}/",
    "/labs/import/",
    "/labs/laboratories/",
    "/participants/{subject}/course/",
    "/participants/{subject}/course/?analyte=anc",
    "/participants/{subject}/",
]


def test_pages_ask_the_database_a_bounded_number_of_times(
    measured: Participant, login: Login
) -> None:
    result = measured.results.latest("collected_at", "pk")
    keys = {
        "subject": measured.subject,
        "result": result.pk,
        "specimen": result.specimen_id,
        "plate": measured.cytotoxicity_assays.get().pk,
    }
    client = login(Role.INVESTIGATOR)
    client.get("/")  # the first page of a session writes it
    client.get(f"/participants/{measured.subject}/")  # kept from then on, until the record changes
    asked = {page: queries(client, page.format(**keys)) for page in PAGES}
    assert {page: count for page, count in asked.items() if count > MOST_QUERIES} == {}


def test_entry_forms_ask_the_database_a_bounded_number_of_times(
    measured: Participant, login: Login
) -> None:
    result = measured.results.filter(analyte="anc").latest("collected_at", "pk")
    plate = f"/labs/cytotoxicity/{measured.cytotoxicity_assays.get().pk}"
    panels = ("pcr", "safety", "flow", "elisa", "cytotoxicity")
    pages = [
        *(f"/labs/{panel}/new/?participant={measured.subject}" for panel in panels),
        "/labs/pcr/run/",
        f"/labs/results/{result.pk}/correct/",
        f"/labs/results/{result.pk}/in-error/",
        f"/labs/specimens/{result.specimen_id}/correct/",
        *(f"{plate}/{page}/" for page in ("repeat", "correct", "files", "in-error")),
        "/",
        "/labs/results.csv",
        "/labs/inbox.csv",
        f"/participants/{measured.subject}/course/anc.csv",
    ]
    client = login(Role.LAB)
    client.get("/")
    asked = {page: queries(client, page) for page in pages}
    assert {page: count for page, count in asked.items() if count > MOST_QUERIES} == {}
    investigator = login(Role.INVESTIGATOR)
    investigator.get("/")
    assert queries(investigator, f"/labs/results/{result.pk}/acknowledge/") <= MOST_QUERIES
    assert queries(investigator, "/") <= MOST_QUERIES


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        response = client.get(url)
        assert response.status_code == 200, url
        b"".join(response)  # a download asks while it is read
    return len(captured)
