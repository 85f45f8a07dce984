"""The people of the laboratory's tests."""

import pytest

from enrollment.models import Participant
from tests import factories
from trial_site.models import Site, User
from trial_site.roles import Role


@pytest.fixture
def lab(site: Site) -> User:
    return factories.user(Role.LAB, site)


@pytest.fixture
def participant(site: Site) -> Participant:
    return factories.enrolled(site)


@pytest.fixture
def stranger(other_site: Site) -> Participant:
    """A participant of a site where nobody of ``site`` works."""
    return factories.enrolled(other_site)
