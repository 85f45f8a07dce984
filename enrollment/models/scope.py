"""Whose rows are whose: another site's numbers do not exist for a reader."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import models

from oversight.records import RecordQuerySet
from trial_site.models import User

Rows = TypeVar("Rows", bound="models.QuerySet[Any]")


def at_sites_of(queryset: Rows, user: User, path: str = "site") -> Rows:
    """Only what belongs to the sites of ``user``."""
    return queryset.filter(**{f"{path}__in": user.sites.all()})


class SiteQuerySet(RecordQuerySet):
    """Rows that have a site of their own."""

    def visible_to(self, user: User) -> SiteQuerySet:
        return at_sites_of(self, user)
