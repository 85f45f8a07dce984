"""What the room's pages read, already narrowed to the sites of the reader."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Count,
    Exists,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    prefetch_related_objects,
)
from django.utils import timezone

from enrollment.actions.gates import site_problem
from enrollment.models import (
    AllocationPlan,
    Consent,
    ConsentVersion,
    Participant,
    ParticipantQuerySet,
    RecruitmentTarget,
    Screening,
    SiteApproval,
    SiteQuerySet,
)
from enrollment.permissions import MANAGE_SITES
from enrollment.states import ENDED, State
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import Site, User
from trial_site.protocol import current
from trial_site.roles import SEES_ARM

APPROVAL_WARNING_DAYS = 60  # an extension takes a committee's meeting or two
SUBJECT_ORDER = ("site__code", "pk")  # as text PKU-1000 would come before PKU-101
PARTICIPANT_ORDERS = {
    "subject": "pk",
    "state": "state",
    "arm": "allocation__arm",
    "first-dose": "day0_at",
    "site": "site__code",
}


def consents(path: str = "") -> Prefetch[Any]:
    """What is signed for screenings at ``path``, with the versions of the form, in one query."""
    return Prefetch(f"{path}consents", Consent.objects.select_related("form"))


def screenings(user: User) -> SiteQuerySet:
    """Screenings with everything that a row or a page of them shows."""
    found = Screening.objects.visible_to(user).select_related(
        "site",
        "previous",
        "rescreening",
        "consent_withdrawal",
        "participant__allocation",
        "submitted_by",
        "confirmed_by",
    )
    plan = AllocationPlan.objects.values("mode")[:1]
    planned: SiteQuerySet = found.annotate(planned_mode=Subquery(plan))
    return planned.prefetch_related(consents())


def still_screened() -> Q:
    """Screenings that may still lead to an allocation."""
    left = Q(participant__isnull=False) & ~Q(participant__state=State.ENROLLED)
    return ~Q(status=Screening.Status.FAILED) & ~Q(state__in=ENDED) & ~left


def waiting_screenings(user: User) -> SiteQuerySet:
    """The open ones; and those of participants who have to sign a newer form of the consent, or
    whose screening was corrected after the allocation and waits for the investigator."""
    valid = Consent.objects.filter(
        Q(form__valid_to=None) | Q(form__valid_to__gte=clock.today()), screening=OuterRef("pk")
    )
    goes_on = Q(participant__isnull=False) & ~Q(participant__state__in=ENDED)
    waits = goes_on & (Q(confirmed_at=None) | ~Exists(valid))
    return screenings(user).filter(waits | still_screened()).order_by("pk")


def participants(
    user: User, *, state: str = "", arm: str = "", site: str = "", text: str = "", order: str = ""
) -> ParticipantQuerySet:
    """The participants of the user's sites in one ``state``, of one ``arm`` (whatever its value
    when empty), ordered by a column (``-`` reverses).

    The laboratory can neither choose nor order by arm: either would tell it.
    """
    found = Participant.objects.visible_to(user).with_arm().select_related("allocation_error")
    sees_arm = SEES_ARM.allows(user)
    wanted = {"state": state, "site__code": site, "subject__icontains": text}
    if sees_arm:
        wanted["allocation__arm"] = arm
    found = found.filter(**{column: value for column, value in wanted.items() if value})
    name = order.removeprefix("-")
    column = PARTICIPANT_ORDERS.get(name) if sees_arm or name != "arm" else None
    if column is None:
        return found.order_by(*SUBJECT_ORDER)
    return found.order_by("-" + column if order.startswith("-") else column, *SUBJECT_ORDER)


def counted(found: QuerySet[Any], column: str) -> dict[str, int]:
    """How many rows have each value of ``column``; values without any are left out."""
    return dict(found.order_by().values_list(column).annotate(number=Count("pk")))


def participant_pages(user: User) -> ParticipantQuerySet:
    """Participants with the screening that they came from, for the pages of one of them."""
    found = Participant.objects.visible_to(user).with_arm().select_related("allocation_error")
    found = found.select_related("screening__confirmed_by", "screening__consent_withdrawal")
    return found.prefetch_related(consents("screening__"))


def consent_versions() -> list[ConsentVersion]:
    """Every version of the consent form, the newest first."""
    return list(ConsentVersion.objects.order_by("-valid_from", "language"))


def sites(user: User) -> list[Site]:
    """The sites of a person, with approvals and targets; all of them for who manages sites.

    A person's own are kept on ``user``: every page of a request reads them.
    """
    found = Site.objects.select_related("target").prefetch_related("approvals").order_by("code")
    if MANAGE_SITES.allows(user):
        return list(found)
    prefetch_related_objects([user], Prefetch("sites", found))
    return list(user.sites.all())


@dataclass(frozen=True)
class SiteLine:
    """A site with its approvals and how it stands on a day."""

    site: Site
    approvals: list[SiteApproval]
    today: dt.date

    @property
    def target(self) -> RecruitmentTarget | None:
        return getattr(self.site, "target", None)

    @property
    def problem(self) -> Message | None:
        """Why the site may not enrol today."""
        return site_problem(self.site, self.today)

    @property
    def in_force(self) -> SiteApproval | None:
        """The approval that carries the site longest from today."""
        version = current().version
        valid = [one for one in self.approvals if one.covers(self.today, version)]
        return max(valid, key=lambda one: one.expires_on, default=None)

    @property
    def days_left(self) -> int | None:
        return (self.in_force.expires_on - self.today).days if self.in_force else None

    @property
    def expires_soon(self) -> bool:
        return self.days_left is not None and self.days_left <= APPROVAL_WARNING_DAYS


def site_lines(user: User) -> list[SiteLine]:
    today = clock.today()
    return [SiteLine(site, list(site.approvals.all()), today) for site in sites(user)]


def treatment_day(participant: Participant) -> int | None:
    """Elapsed days since the first dose, while on treatment."""
    if participant.state != State.ON_TREATMENT or participant.day0_at is None:
        return None
    return (clock.today() - timezone.localdate(participant.day0_at)).days
