"""The people of this room's tests."""

from collections.abc import Callable

import pytest
from django.test import Client

from trial_site.models import User
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
