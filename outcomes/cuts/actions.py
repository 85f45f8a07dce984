"""Freezing a data cut, signing it as well, and withdrawing it with a reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Max

from outcomes.cuts.checking import seal_problems
from outcomes.cuts.content import Content, content_digest, contents_of
from outcomes.models import CutSignature, DataCut, FrozenSite
from outcomes.permissions import COUNTERSIGN_CUT, FREEZE_CUT
from outcomes.report.issue import latest_cut_off
from oversight.as_of import as_of
from oversight.heads import AuditHead, audit_head
from oversight.recording import recorded
from oversight.records import locked
from oversight.refusals import Refused
from oversight.signing import Signature
from oversight.verification import verify
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import Site, User
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop
from trial_site.roles import Role
from trial_site.version import code_version

MEANINGS = {
    Role.DATA_MANAGER: CutSignature.Meaning.FROZEN,
    Role.INVESTIGATOR: CutSignature.Meaning.REVIEWED,
    Role.STATISTICIAN: CutSignature.Meaning.ANALYSIS,
}
_WITHDRAWN = gettext_noop("This data cut is withdrawn")


@dataclass(frozen=True)
class Past:
    """What the record says as of a moment: the content by site, and where the trail stood."""

    contents: dict[str, Content]
    head: AuditHead


def past(sites: Iterable[Site], moment: dt.datetime) -> Past:
    """The record of ``sites`` as it stood at ``moment`` (aware, past)."""
    covered = list(sites)
    with as_of(moment):
        return Past(contents_of(covered), audit_head())


def freeze(
    cutoff: dt.datetime, *, title: str, signature: Signature, by: User, key: UUID | None = None
) -> DataCut:
    """Freeze the record of all sites of ``by`` as it stood at ``cutoff`` (aware), and sign it.

    Raises ``Refused`` for a moment that is not over, one before any record or one frozen already,
    for a record that the audit trail does not explain, and for a stale proof; ``ValueError`` for a
    naive moment; ``AlreadyRecorded``; ``PermissionDenied``.  Source: R12, R13, R22.
    """
    FREEZE_CUT.check(by)
    signature.check(by)
    title, sites = title.strip(), list(by.sites.order_by("code"))
    _check_moment(cutoff, title, sites)
    then = past(sites, cutoff)
    if not then.head.entries:
        raise Refused(Message(gettext_noop("Nothing was recorded yet at that moment")))
    with recorded(by=by, key=key):
        list(Site.objects.select_for_update().order_by("pk"))  # one cut at a time: numbers, too
        cut = _new_cut(cutoff, title, sites, then, by)
        for site in sites:
            FrozenSite(cut=cut, site=site, content=then.contents[site.code]).save()
        _sign(cut, signature)
        return cut


def countersign(
    cut: DataCut, *, signature: Signature, by: User, key: UUID | None = None
) -> CutSignature:
    """Sign ``cut`` as well: the role says what for.

    Raises ``Refused`` for a cut that is withdrawn, signed by the same person or no longer what was
    frozen, and for a stale proof; ``AlreadyRecorded``; ``PermissionDenied``.  Source: R12, R13.
    """
    COUNTERSIGN_CUT.check(by)
    signature.check(by)
    with recorded(by=by, key=key):
        cut = _locked(cut, by)
        if cut.signatures.filter(signed_by=by).exists():
            raise Refused(Message(gettext_noop("You have signed this data cut already")))
        if problems := seal_problems(cut):
            raise Refused(Message(gettext_noop("This data cut was altered")), problems)
        return _sign(cut, signature)


def withdraw_cut(
    cut: DataCut, *, why: str, signature: Signature, by: User, key: UUID | None = None
) -> DataCut:
    """Say that ``cut`` is not to be used; it stays as it was, with its signatures.

    Raises ``Refused`` without a reason, for a cut that is withdrawn already and for a stale proof;
    ``AlreadyRecorded``; ``PermissionDenied``.
    """
    FREEZE_CUT.check(by)
    signature.check(by)
    why = why.strip()
    if not why:
        raise Refused(Message(gettext_noop("Say why")))
    with recorded(by=by, reason=why, key=key):
        cut = _locked(cut, by)
        cut.withdrawn_at, cut.withdrawn_by, cut.withdrawn_why = clock.now(), by, why
        cut.save()
        return cut


def _check_moment(cutoff: dt.datetime, title: str, sites: list[Site]) -> None:
    """Raise ``Refused`` where nothing can be frozen at ``cutoff``."""
    if cutoff.tzinfo is None:
        raise ValueError("a moment needs its offset")
    if not title:
        raise Refused(Message(gettext_noop("Give the data cut a title")))
    if not sites:
        raise Refused(Message(gettext_noop("You work at no site: there is nothing to freeze")))
    if cutoff > latest_cut_off():
        raise Refused(Message(gettext_noop("The cut-off must be over: choose an earlier moment")))
    if finding := next(verify(), None):
        raise Refused(
            Message(gettext_noop("The record is not as it was written: nothing can be frozen")),
            [Message(str(finding).replace("%", "%%"))],
        )


def _new_cut(cutoff: dt.datetime, title: str, sites: list[Site], then: Past, by: User) -> DataCut:
    scope = ",".join(site.code for site in sites)
    if DataCut.objects.in_force().filter(cutoff=cutoff, scope=scope).exists():
        raise Refused(Message(gettext_noop("This cut-off is frozen already")))
    last: int | None = DataCut.objects.aggregate(last=Max("number"))["last"]
    cut = DataCut(
        number=(last or 0) + 1,
        title=title,
        cutoff=cutoff,
        protocol_version=current().version,
        code_version=code_version(),
        scope=scope,
        audit_heads={name: list(head) for name, head in then.head.heads.items()},
        audit_sha256=then.head.sha256,
        content_sha256=content_digest(then.contents),
        made_at=clock.now(),
        made_by=by,
    )
    cut.save()
    return cut


def _sign(cut: DataCut, signature: Signature) -> CutSignature:
    signed = CutSignature(
        cut=cut,
        meaning=MEANINGS[Role(signature.by.role)],
        signed_by=signature.by,
        signed_name=signature.by.get_username(),
        role=signature.by.role,
        signed_at=signature.at,
    )
    signed.sha256 = signed.binding()
    signed.save()
    return signed


def _locked(cut: DataCut, by: User) -> DataCut:
    """The cut, held; only for whoever works at every site that it covers, while it is in force."""
    visible = DataCut.objects.visible_to(by).filter(pk=cut.pk)
    if not visible.exists():
        raise PermissionDenied(f"{by} does not work at every site of {cut}")
    held: DataCut = locked(DataCut.objects.filter(pk=cut.pk))
    if held.withdrawn_at is not None:
        raise Refused(Message(_WITHDRAWN))
    return held
