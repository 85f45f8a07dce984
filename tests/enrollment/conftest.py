"""The people of this room's tests."""

from collections.abc import Callable

import pytest
from django.test import Client

from enrollment.models import Participant, Screening
from tests import factories
from trial_site.models import Site, User
from trial_site.roles import Role

Login = Callable[[Role], Client]


@pytest.fixture
def coordinator(staff: dict[Role, User]) -> User:
    return staff[Role.COORDINATOR]


@pytest.fixture
def investigator(staff: dict[Role, User]) -> User:
    return staff[Role.INVESTIGATOR]


@pytest.fixture
def desk(login: Login) -> Client:
    """The coordinator's browser."""
    return login(Role.COORDINATOR)


@pytest.fixture
def draft(site: Site) -> Screening:
    """An eligible patient's, with consent."""
    return factories.screening(site)


@pytest.fixture
def treated(site: Site) -> Participant:
    """On day 7 of treatment."""
    return factories.on_treatment(site, days_ago=7)


@pytest.fixture
def waiting(site: Site) -> Participant:
    """Enrolled, with a list to be allocated from."""
    factories.allocation_list()
    return factories.enrolled(site)
