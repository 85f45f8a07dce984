"""What makes a site active: its ethics approvals (R23); and its recruitment target."""

import datetime as dt
from uuid import UUID

from enrollment.models import RecruitmentTarget, SiteApproval
from enrollment.permissions import MANAGE_SITES
from oversight.recording import recorded
from oversight.records import locked
from trial_site.models import Site, User
from trial_site.roles import Role


def record_approval(
    site: Site,
    *,
    number: str,
    approved_on: dt.date,
    expires_on: dt.date,
    protocol_version: str,
    by: User,
    key: UUID | None = None,
) -> SiteApproval:
    """Record an ethics approval; an extension is one more.

    Raises ``ValidationError`` for a number recorded before or dates in the wrong order,
    ``AlreadyRecorded``, ``PermissionDenied``.
    """
    _check_manager(by)
    with recorded(by=by, key=key):
        approval = SiteApproval(
            site=site,
            number=number.strip(),
            approved_on=approved_on,
            expires_on=expires_on,
            protocol_version=protocol_version,
        )
        approval.full_clean()
        approval.save()
        return approval


def correct_approval(
    approval: SiteApproval,
    *,
    number: str,
    approved_on: dt.date,
    expires_on: dt.date,
    protocol_version: str,
    version: int,
    reason: str,
    by: User,
    key: UUID | None = None,
) -> SiteApproval:
    """Correct an approval that was mistyped, or one that the committee ended early.

    Raises ``StaleRecord``, ``ReasonRequired``, ``ValidationError``, ``AlreadyRecorded``,
    ``PermissionDenied``.
    """
    _check_manager(by)
    with recorded(by=by, reason=reason.strip(), key=key):
        approval = locked(SiteApproval.objects.filter(pk=approval.pk), version=version)
        approval.number, approval.protocol_version = number.strip(), protocol_version
        approval.approved_on, approval.expires_on = approved_on, expires_on
        approval.full_clean()
        approval.save()
        return approval


def set_target(
    site: Site,
    *,
    participants: int,
    starts_on: dt.date,
    ends_on: dt.date,
    by: User,
    reason: str = "",
    key: UUID | None = None,
) -> RecruitmentTarget:
    """Set how many participants ``site`` allocates between two days; a change needs a reason.

    Raises ``ReasonRequired``, ``ValidationError``, ``AlreadyRecorded``, ``PermissionDenied``.
    """
    _check_manager(by)
    with recorded(by=by, reason=reason.strip(), key=key):
        Site.objects.select_for_update().get(pk=site.pk)
        target = RecruitmentTarget.objects.filter(site=site).first() or RecruitmentTarget(site=site)
        target.participants = participants
        target.starts_on, target.ends_on = starts_on, ends_on
        target.full_clean()
        target.save()
        return target


def _check_manager(by: User) -> None:
    if by.role != Role.SYSTEM:
        MANAGE_SITES.check(by)
