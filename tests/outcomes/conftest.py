"""Participants that the outcome tests begin with."""

import pytest

from enrollment.models import Participant
from tests import factories
from tests.outcomes.courses import CONTROL, IL2
from trial_site.models import Site


@pytest.fixture
def treated(site: Site) -> Participant:
    """On IL-2 + ganciclovir since eight o'clock, eight days ago."""
    return factories.on_treatment(site, IL2, days_ago=8)


@pytest.fixture
def control(site: Site) -> Participant:
    """On ganciclovir alone since eight o'clock, eight days ago."""
    return factories.on_treatment(site, CONTROL, days_ago=8)
