"""Screening, consent, participant, allocation, visits."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, TypeVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from enrollment.facts import ScreeningFacts
from enrollment.rules.verdicts import Eligibility
from enrollment.states import ENDED, State
from oversight.records import Record, RecordQuerySet
from trial_site.models import Site, User
from trial_site.protocol.definition import AllocationMode

Rows = TypeVar("Rows", bound="models.QuerySet[Any]")


def at_sites_of(queryset: Rows, user: User, path: str = "site") -> Rows:
    """Only what belongs to the sites of ``user``: another site's numbers do not exist for them."""
    return queryset.filter(**{f"{path}__in": user.sites.all()})


class ScreeningQuerySet(RecordQuerySet):
    def visible_to(self, user: User) -> ScreeningQuerySet:
        return at_sites_of(self, user)


class Screening(Record):
    """One patient held against the criteria.  Submitting freezes facts, verdicts and version.

    No name, phone or hospital number is kept: the site's paper list links the screening number to
    the person.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ELIGIBLE = "eligible", _("Eligible")
        BLOCKED = "blocked", _("Undecided")
        FAILED = "failed", _("Screen failure")

    number = models.CharField(_("number"), max_length=16, unique=True)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="screenings")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.DRAFT)
    facts = models.JSONField(_("facts"), default=dict)
    eligibility = models.JSONField(_("verdicts"), default=dict)
    protocol_version = models.CharField(_("protocol version"), max_length=16)
    started_at = models.DateTimeField(_("started"))
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True)
    submitted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    confirmed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar = ScreeningQuerySet.as_manager()

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


class Consent(Record):
    """The signed consent of the patient behind one screening; it precedes everything else."""

    screening = models.OneToOneField(Screening, on_delete=models.PROTECT, related_name="consent")
    signed_on = models.DateField(_("signed on"))
    form_version = models.CharField(_("form version"), max_length=16)
    language = models.CharField(_("language"), max_length=8)
    explained_by = models.CharField(_("explained by"), max_length=120)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")

    def __str__(self) -> str:
        return f"{self.screening} · {self.form_version}"

    @property
    def audit_site_id(self) -> int:
        return self.screening.site_id


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
                condition=Q(state__in=State.values),
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
    def has_ended(self) -> bool:
        return self.state in ENDED


class Move(Record):
    """One move of a participant from a state to the next."""

    immutable = True
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="moves")
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
        return f"{self.participant}: {self.get_after_display()}"

    @property
    def audit_site_id(self) -> int:
        return self.participant.site_id


class AllocationList(models.Model):
    """A sealed list.  What it holds is published as a hash before the first slot is used.

    ``sealed_file`` is encrypted JSON: ``csv``, whose hash is ``sha256``, and the ``seed`` it came
    from.
    """

    label = models.CharField(max_length=64, unique=True)
    sha256 = models.CharField(max_length=64)
    sealed_file = models.TextField()
    length = models.PositiveIntegerField()
    generated_at = models.DateTimeField()
    generated_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.label


class AllocationSlot(models.Model):
    """One sealed place of the list.  Nobody reads it before its turn, and it never changes."""

    list = models.ForeignKey(AllocationList, on_delete=models.PROTECT, related_name="slots")
    sequence = models.PositiveIntegerField()
    sealed_arm = models.TextField()

    class Meta:
        ordering = ("sequence",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("list", "sequence"), name="one_slot_a_place")
        ]

    def __str__(self) -> str:
        return f"{self.list} #{self.sequence}"


class Allocation(Record):
    """The receipt of one allocation.  Written once, never undone."""

    immutable = True
    participant = models.OneToOneField(
        Participant, on_delete=models.PROTECT, related_name="allocation"
    )
    slot = models.OneToOneField(AllocationSlot, on_delete=models.PROTECT, related_name="allocation")
    arm = models.CharField(_("arm"), max_length=16)
    mode = models.CharField(max_length=12, choices=[(m.value, m.value) for m in AllocationMode])
    allocated_at = models.DateTimeField(_("allocated"))
    allocated_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    eligibility_digest = models.CharField(_("eligibility"), max_length=64)
    protocol_version = models.CharField(_("protocol version"), max_length=16)

    class Meta:
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")

    def __str__(self) -> str:
        return f"{self.participant} · {self.arm}"

    @property
    def audit_site_id(self) -> int:
        return self.participant.site_id


class VisitQuerySet(RecordQuerySet):
    def visible_to(self, user: User) -> VisitQuerySet:
        return at_sites_of(self, user, "participant__site")


class Visit(Record):
    """A planned visit with its window, and what became of it."""

    class Status(models.TextChoices):
        PLANNED = "planned", _("Planned")
        DONE = "done", _("Done")
        MISSED = "missed", _("Missed")

    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="visits")
    code = models.CharField(_("visit"), max_length=16)
    target = models.DateField(_("target day"))
    opens = models.DateField(_("window opens"))
    closes = models.DateField(_("window closes"))
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.PLANNED)
    done_on = models.DateField(_("done on"), null=True, blank=True)

    objects: ClassVar = VisitQuerySet.as_manager()

    class Meta:
        ordering = ("target", "pk")
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("participant", "code"),
                name="visit_planned_once",
                violation_error_message=_("This visit is planned already"),
            ),
            models.CheckConstraint(
                condition=Q(opens__lte=F("target"), target__lte=F("closes")),
                name="visit_window_in_order",
                violation_error_message=_("The window opens before it closes"),
            ),
            models.CheckConstraint(
                condition=Q(status="done", done_on__isnull=False)
                | (~Q(status="done") & Q(done_on=None)),
                name="visit_done_has_a_day",
                violation_error_message=_("A visit that was done has a day"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.participant} · {self.code}"

    @property
    def audit_site_id(self) -> int:
        return self.participant.site_id

    def in_window(self, day: dt.date) -> bool:
        return self.opens <= day <= self.closes
