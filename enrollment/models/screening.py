"""The screening of one patient, from the first question to the investigator's confirmation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from enrollment.facts import ScreeningFacts
from enrollment.models.scope import SiteQuerySet
from enrollment.rules.verdicts import Eligibility
from enrollment.states import BEFORE_ENROLMENT, ENDED, State
from oversight.records import Record
from trial_site.models import Site, User

if TYPE_CHECKING:
    from enrollment.models.consent import Consent, ConsentWithdrawal


class Screening(Record):
    """One patient held against the criteria.  Submitting freezes facts, verdicts and version.

    No name, phone or hospital number is kept: the site's paper list links the screening number to
    the person.  ``status`` is the verdict, ``state`` where the patient stands until enrolment, when
    the participant's own state takes over.  ``previous`` is the screening that this one repeats.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ELIGIBLE = "eligible", _("Eligible")
        BLOCKED = "blocked", _("Undecided")
        FAILED = "failed", _("Screen failure")

    STATES: ClassVar = {
        Status.DRAFT: State.SCREENING,
        Status.BLOCKED: State.SCREENING,
        Status.FAILED: State.SCREEN_FAILED,
        Status.ELIGIBLE: State.ELIGIBLE,
    }

    number = models.CharField(_("number"), max_length=16, unique=True)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="screenings")
    previous = models.OneToOneField(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="rescreening",
        verbose_name=_("repeats"),
    )
    state = models.CharField(
        _("state"), max_length=16, choices=State.choices, default=State.SCREENING
    )
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.DRAFT)
    facts = models.JSONField(_("facts"), default=dict)
    eligibility = models.JSONField(_("verdicts"), default=dict)
    protocol_version = models.CharField(_("protocol version"), max_length=16)
    started_at = models.DateTimeField(_("started"))
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True)
    submitted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    confirmed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar = SiteQuerySet.as_manager()

    class Meta:
        ordering = ("-number",)
        verbose_name = _("screening")
        verbose_name_plural = _("screenings")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(submitted_at=None, submitted_by=None)
                | Q(submitted_at__isnull=False, submitted_by__isnull=False),
                name="screening_submitted_at_by",
                violation_error_message=_("A submission has a time and a person"),
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at=None, confirmed_by=None)
                | Q(confirmed_at__isnull=False, confirmed_by__isnull=False, status="eligible"),
                name="screening_confirmed_eligible",
                violation_error_message=_("Only an eligible screening is confirmed"),
            ),
            models.CheckConstraint(
                condition=Q(status="draft", submitted_at=None)
                | (~Q(status="draft") & Q(submitted_at__isnull=False)),
                name="screening_draft_or_submitted",
                violation_error_message=_("A verdict belongs to a submitted screening"),
            ),
            models.CheckConstraint(
                condition=Q(state="screening", status__in=("draft", "blocked"))
                | Q(state="screen_failed", status="failed")
                | Q(state="eligible", status="eligible")
                | ~Q(state__in=BEFORE_ENROLMENT),
                name="screening_state_follows_verdict",
                violation_error_message=_("The state of a screening follows its verdict"),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def audit_site_id(self) -> int:
        return self.site_id

    @property
    def answers(self) -> ScreeningFacts:
        return ScreeningFacts.from_json(self.facts)

    @property
    def verdict(self) -> Eligibility:
        return Eligibility.from_json(self.eligibility)

    @property
    def is_draft(self) -> bool:
        return self.status == self.Status.DRAFT

    @property
    def has_ended(self) -> bool:
        """Whether the patient left before enrolment."""
        return self.state in ENDED

    @property
    def repeated_as(self) -> Screening | None:
        """The screening that repeats this one."""
        return getattr(self, "rescreening", None)

    @property
    def standing(self) -> State:
        """Where the patient stands now, as a participant if enrolled."""
        participant = getattr(self, "participant", None)
        return State(participant.state if participant else self.state)

    @property
    def consent(self) -> Consent | None:
        """The first signed consent: it precedes everything, and age counts on its day."""
        return next(iter(self.consents.all()), None)

    @property
    def latest_consent(self) -> Consent | None:
        return next(reversed(list(self.consents.all())), None)

    @property
    def withdrawal(self) -> ConsentWithdrawal | None:
        return getattr(self, "consent_withdrawal", None)
