"""Adverse events, what was reported of the serious ones, and who was told again."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from dosing.models import Reaction
from enrollment.models import Participant, Retractable, retracted_by_somebody
from labs.models import Result
from oversight.records import Record
from safety.models.scope import SafetyQuerySet
from trial_site.models import User


class AdverseEvent(Retractable):
    """Anything untoward that happened to a participant, whatever caused it.

    ``term`` is free text: MedDRA is licensed, its code optional.  ``criteria`` are the words of the
    grade as they were in force.  ``serious`` lists the protocol's criteria of seriousness, and is
    empty otherwise; ``serious_aware_at`` starts the clocks.  The investigator's assessment
    (relation, action, expectedness) has its own time and person.
    """

    class Relation(models.TextChoices):
        UNRELATED = "unrelated", _("Unrelated")
        UNLIKELY = "unlikely", _("Unlikely")
        POSSIBLE = "possible", _("Possible")
        PROBABLE = "probable", _("Probable")
        DEFINITE = "definite", _("Definite")
        NOT_GIVEN = "not_given", _("The drug was not given")

    class Action(models.TextChoices):
        NONE = "none", _("Dose not changed")
        REDUCED = "reduced", _("Dose reduced")
        HELD = "held", _("Drug held")
        WITHDRAWN = "withdrawn", _("Drug withdrawn")
        NOT_GIVEN = "not_given", _("The drug was not given")

    class Outcome(models.TextChoices):
        RECOVERED = "recovered", _("Recovered")
        RECOVERING = "recovering", _("Recovering")
        NOT_RECOVERED = "not_recovered", _("Not recovered")
        SEQUELAE = "sequelae", _("Recovered with sequelae")
        FATAL = "fatal", _("Fatal")
        UNKNOWN = "unknown", _("Unknown")

    participant = models.ForeignKey(
        Participant, on_delete=models.PROTECT, related_name="adverse_events"
    )
    term = models.CharField(_("event"), max_length=120)
    criteria_code = models.CharField(_("term of CTCAE"), max_length=24, blank=True)
    meddra_code = models.CharField(_("MedDRA code"), max_length=12, blank=True)
    onset_on = models.DateField(_("began"))
    onset_time = models.TimeField(_("at"), null=True, blank=True)
    ended_on = models.DateField(_("ended"), null=True, blank=True)
    grade = models.PositiveSmallIntegerField(_("CTCAE grade"))
    criteria = models.JSONField(_("criteria of the grade"), default=dict)
    serious = models.JSONField(_("serious because"), default=list, blank=True)
    serious_aware_at = models.DateTimeField(_("known to be serious since"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=13, choices=Outcome.choices)
    treatment = models.TextField(_("treatment given"), blank=True)
    note = models.TextField(_("what happened"), blank=True)
    reaction = models.ForeignKey(
        Reaction, null=True, blank=True, on_delete=models.PROTECT, related_name="adverse_events"
    )
    result = models.ForeignKey(
        Result, null=True, blank=True, on_delete=models.PROTECT, related_name="adverse_events"
    )
    reported_at = models.DateTimeField(_("reported"))
    reported_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    relation_il2 = models.CharField(
        _("relation to interleukin-2"), max_length=9, choices=Relation.choices, blank=True
    )
    relation_ganciclovir = models.CharField(
        _("relation to ganciclovir"), max_length=9, choices=Relation.choices, blank=True
    )
    action_il2 = models.CharField(
        _("interleukin-2"), max_length=9, choices=Action.choices, blank=True
    )
    action_ganciclovir = models.CharField(
        _("ganciclovir"), max_length=9, choices=Action.choices, blank=True
    )
    is_expected = models.BooleanField(_("expected"), null=True, blank=True)
    assessed_at = models.DateTimeField(_("assessed"), null=True, blank=True)
    assessed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ("onset_on", "pk")
        verbose_name = _("adverse event")
        verbose_name_plural = _("adverse events")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(grade__gte=1, grade__lte=5),
                name="event_grade_is_a_grade",
                violation_error_message=_("A grade is 1 to 5"),
            ),
            models.CheckConstraint(
                condition=Q(ended_on=None) | Q(ended_on__gte=F("onset_on")),
                name="event_ends_after_it_begins",
                violation_error_message=_("An event ends after it begins"),
            ),
            models.CheckConstraint(
                condition=Q(serious=[], serious_aware_at=None)
                | (~Q(serious=[]) & Q(serious_aware_at__isnull=False)),
                name="serious_event_has_its_awareness",
                violation_error_message=_("Say since when it is known to be serious"),
            ),
            models.CheckConstraint(
                condition=Q(assessed_at=None, assessed_by=None)
                | (
                    Q(assessed_at__isnull=False, assessed_by__isnull=False)
                    & ~Q(relation_il2="")
                    & ~Q(relation_ganciclovir="")
                ),
                name="event_assessed_by_somebody",
                violation_error_message=_("An assessment says how each drug is related"),
            ),
            models.UniqueConstraint(
                fields=("reaction",),
                condition=Q(retracted_at=None),
                name="one_event_a_reaction",
                violation_error_message=_("This reaction is an adverse event already"),
            ),
            models.UniqueConstraint(
                fields=("result",),
                condition=Q(retracted_at=None),
                name="one_event_a_result",
                violation_error_message=_("This result is an adverse event already"),
            ),
            retracted_by_somebody("event"),
        ]

    def __str__(self) -> str:
        return f"{self.participant} · {self.term}"

    @property
    def is_serious(self) -> bool:
        return bool(self.serious)


class SafetyReport(Record):
    """One report of a serious event as it was sent.  Never changed: a follow-up is another."""

    class Kind(models.TextChoices):
        INITIAL = "initial", _("Initial report")
        FOLLOW_UP = "follow_up", _("Follow-up report")

    class Recipient(models.TextChoices):
        SPONSOR = "sponsor", _("Sponsor")
        AUTHORITY = "authority", _("Authority")
        ETHICS = "ethics", _("Ethics committee")

    immutable = True
    participant = models.ForeignKey(
        Participant, on_delete=models.PROTECT, related_name="safety_reports"
    )
    event = models.ForeignKey(AdverseEvent, on_delete=models.PROTECT, related_name="reports")
    kind = models.CharField(_("kind"), max_length=9, choices=Kind.choices)
    recipient = models.CharField(_("sent to"), max_length=9, choices=Recipient.choices)
    number = models.PositiveSmallIntegerField(_("number"))
    content = models.JSONField(_("the event as reported"))
    narrative = models.TextField(_("narrative"))
    sent_at = models.DateTimeField(_("sent"))
    reported_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar = SafetyQuerySet.as_manager()

    class Meta:
        ordering = ("sent_at", "pk")
        verbose_name = _("safety report")
        verbose_name_plural = _("safety reports")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("event", "recipient", "number"), name="one_report_a_number"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} · {self.get_kind_display()} {self.number}"

    @property
    def audit_site_id(self) -> int:
        return self.participant.site_id


class Escalation(Record):
    """Somebody was told again that a clock of a serious event runs out, or ran out.  Once each."""

    immutable = True
    participant = models.ForeignKey(
        Participant, on_delete=models.PROTECT, related_name="escalations"
    )
    event = models.ForeignKey(AdverseEvent, on_delete=models.PROTECT, related_name="escalations")
    clock = models.CharField(_("clock"), max_length=24)
    level = models.CharField(_("level"), max_length=8)
    due_at = models.DateTimeField(_("due"))
    escalated_at = models.DateTimeField(_("told"))
    told = models.JSONField(_("whom"), default=list)

    objects: ClassVar = SafetyQuerySet.as_manager()

    class Meta:
        ordering = ("escalated_at", "pk")
        verbose_name = _("escalation")
        verbose_name_plural = _("escalations")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("event", "clock", "level", "due_at"), name="one_escalation_a_level"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} · {self.clock} · {self.level}"

    @property
    def audit_site_id(self) -> int:
        return self.participant.site_id
