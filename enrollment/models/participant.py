"""The participant, and every move between states."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from enrollment.models.scope import at_sites_of
from enrollment.models.screening import Screening
from enrollment.states import BEFORE_ENROLMENT, ENDED, State
from oversight.records import Record, RecordQuerySet
from trial_site.models import Site, User


class ParticipantQuerySet(RecordQuerySet):
    def visible_to(self, user: User) -> ParticipantQuerySet:
        return at_sites_of(self, user)

    def with_arm(self) -> ParticipantQuerySet:
        return self.select_related("allocation", "site")


class Participant(Record):
    """A consented, eligible person in the trial.

    ``day0_at`` is the first ganciclovir dose and ``withdrawn_on`` the day of the last one of the
    first course; the dosing room writes both down through this room's actions.
    """

    subject = models.CharField(_("subject"), max_length=16, unique=True)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="participants")
    screening = models.OneToOneField(
        Screening, on_delete=models.PROTECT, related_name="participant"
    )
    state = models.CharField(_("state"), max_length=16, choices=State.choices)
    enrolled_at = models.DateTimeField(_("enrolled"))
    day0_at = models.DateTimeField(_("first dose"), null=True, blank=True)
    withdrawn_on = models.DateField(_("drug withdrawal"), null=True, blank=True)

    objects: ClassVar = ParticipantQuerySet.as_manager()

    class Meta:
        ordering = ("subject",)
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=State.values) & ~Q(state__in=BEFORE_ENROLMENT),
                name="participant_state_known",
                violation_error_message=_("Choose one of the states"),
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_on=None) | Q(day0_at__isnull=False),
                name="participant_dosed_before_withdrawal",
                violation_error_message=_("Drug withdrawal needs a first dose"),
            ),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def audit_chain(self) -> str:
        return f"participant:{self.pk}"

    @property
    def audit_site_id(self) -> int:
        return self.site_id

    @property
    def arm(self) -> str | None:
        """The arm's code, or None before allocation."""
        return self.allocation.arm if hasattr(self, "allocation") else None

    @property
    def allocated_in_error(self) -> bool:
        return hasattr(self, "allocation_error")

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED


class Move(Record):
    """One move from a state to the next; ``participant`` is empty before enrolment."""

    immutable = True
    screening = models.ForeignKey(Screening, on_delete=models.PROTECT, related_name="moves")
    participant = models.ForeignKey(
        Participant, null=True, blank=True, on_delete=models.PROTECT, related_name="moves"
    )
    before = models.CharField(max_length=16, choices=State.choices, blank=True)
    after = models.CharField(max_length=16, choices=State.choices)
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    why = models.TextField(_("why"), blank=True)

    class Meta:
        ordering = ("at", "pk")
        verbose_name = _("change of state")
        verbose_name_plural = _("changes of state")

    def __str__(self) -> str:
        return f"{self.participant or self.screening}: {self.get_after_display()}"

    @property
    def audit_site_id(self) -> int:
        return self.screening.site_id
