"""A report handed out, and how a file is recognised later: by the hash that the audit trail has."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from dataclasses import dataclass

from outcomes.report.build import report_pdf
from oversight.recording import event, recorded
from oversight.selectors import visible_entries
from oversight.trail import AuditEntry
from trial_site import clock
from trial_site.models import User
from trial_site.protocol import current
from trial_site.version import code_version

KIND = "report"
EARLIEST = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)  # no record is older
LISTED = 20
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Issued:
    """The file, its name and its hash."""

    pdf: bytes
    name: str
    sha256: str


@dataclass(frozen=True)
class Made:
    """What the audit trail knows of a report that was handed out."""

    at: dt.datetime
    by: str
    cutoff: dt.datetime
    language: str
    code: str
    sha256: str


def latest_cut_off() -> dt.datetime:
    """The end of the last minute that is over: what is recorded from now on is later than that."""
    return clock.now().replace(second=0, microsecond=0) - dt.timedelta.resolution


def cut_off(moment: dt.datetime) -> dt.datetime:
    """``moment``, if the record of it is complete.  Raises ``ValueError`` for a naive moment, for
    one that is to come, and for one before any record."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs its offset")
    if not EARLIEST <= moment <= latest_cut_off():
        raise ValueError("a report is of a minute that is over")
    return moment


def issue(user: User, moment: dt.datetime, language: str) -> Issued:
    """The report, handed out to ``user``: the audit trail keeps its hash (R08).

    Raises ``ValueError`` for a moment that no report can be of, and ``ReportNotSet``.
    """
    pdf = report_pdf(user, cut_off(moment), language)
    sha256 = hashlib.sha256(pdf).hexdigest()
    day = f"{moment.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}"
    name = f"{current().identification.registry_id}-{day}-{language}.pdf"
    with recorded(by=user):
        event(
            "exported",
            file=name,
            kind=KIND,
            cutoff=moment,
            language=language,
            sites=_sites(user),
            code=code_version(),
            sha256=sha256,
        )
    return Issued(pdf, name, sha256)


def made(user: User) -> list[Made]:
    """The last reports of the user's own sites, newest first."""
    rows = visible_entries(user).filter(
        event="exported", changes__kind=KIND, changes__sites=_sites(user)
    )
    return [_made(row) for row in rows.order_by("-at", "-pk")[:LISTED]]


def recognised(user: User, sha256: str) -> Made | None:
    """Who was first handed out the report with this hash, whatever its sites; None: nobody."""
    wanted = sha256.strip().lower()
    if not _SHA256.fullmatch(wanted):
        return None
    rows = visible_entries(user).filter(
        event="exported", changes__kind=KIND, changes__sha256=wanted
    )
    row = rows.order_by("at", "pk").first()
    return _made(row) if row else None


def _made(entry: AuditEntry) -> Made:
    told = entry.changes
    return Made(
        at=entry.at,
        by=entry.actor_name,
        cutoff=dt.datetime.fromisoformat(told["cutoff"]),
        language=told["language"],
        code=told["code"],
        sha256=told["sha256"],
    )


def _sites(user: User) -> str:
    return ",".join(user.sites.order_by("code").values_list("code", flat=True))
