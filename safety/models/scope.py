"""Whose rows are whose."""

from __future__ import annotations

from enrollment.models import at_sites_of
from oversight.records import RecordQuerySet
from trial_site.models import User


class SafetyQuerySet(RecordQuerySet):
    def visible_to(self, user: User) -> SafetyQuerySet:
        return at_sites_of(self, user, "participant__site")
