"""The whole report of the trial, as of a moment, as PDF.

The same bytes for the same moment, code, language and sites: it is read from the record as it stood
then (``oversight.as_of``), and nothing in it depends on when, where or by whom it is made.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.utils import translation
from django.utils.translation import gettext

from enrollment.models import Participant
from outcomes import dashboard, flow
from outcomes.analysis import allocated, conversion_rows, nk_rows, total_rows
from outcomes.levels import courses_of
from outcomes.registry import registry_results
from outcomes.report import words
from outcomes.report.appendix import appendix
from outcomes.report.baseline import baseline
from outcomes.report.conversion import conversion
from outcomes.report.document import Block, Document
from outcomes.report.efficacy import primary_outcome, secondary_outcomes
from outcomes.report.harm import harm
from outcomes.report.listings import listings
from outcomes.report.methods import exploratory, methods
from outcomes.report.people import analysis_sets, flow_of_participants
from outcomes.report.press import press
from outcomes.safety_board import board
from outcomes.sets import analysed
from oversight.as_of import as_of
from oversight.heads import audit_head
from trial_site.models import User
from trial_site.protocol import current
from trial_site.version import code_version

SHORT = 12  # digits of a commit that tell it apart on a page


def report_pdf(user: User, moment: dt.datetime, language: str) -> bytes:
    """The report of the user's sites as the record stood at ``moment`` (aware, past).

    Raises ``ReportNotSet``.  Not to be called while looking back: it looks back itself.
    """
    with as_of(moment), translation.override(language):
        document = _document(user, moment, language)
    return press(document, moment)


def _document(user: User, moment: dt.datetime, language: str) -> Document:
    trial, people = current().identification, allocated(user)
    cutoff = words.instant(moment)
    marks = {"cutoff": cutoff, "code": code_version()[:SHORT]}
    version = gettext("protocol %(version)s") % {"version": current().version}
    return Document(
        title=trial.official_title,
        subtitle=f"{trial.registry_id} · {version}",
        kind=gettext("Report of the trial"),
        author=trial.sponsor,
        language=language,
        facts=tuple(_facts(user, people, cutoff, language)),
        notice=exploratory(),
        contents=gettext("Contents"),
        running=f"{trial.registry_id} · {version}",
        mark=gettext("data cut-off %(cutoff)s · code %(code)s") % marks,
        blocks=tuple(_blocks(user, people)),
    )


def _facts(
    user: User, people: list[Participant], cutoff: str, language: str
) -> Iterator[tuple[str, str]]:
    trial, chains = current().identification, audit_head()
    sites = ", ".join(user.sites.order_by("code").values_list("code", flat=True))
    yield gettext("Registry number"), trial.registry_id
    yield gettext("Sponsor"), trial.sponsor
    yield gettext("Sites"), sites
    yield gettext("Protocol version"), current().version
    yield gettext("Data cut-off"), cutoff
    yield (
        gettext("Participants"),
        gettext("%(allocated)s of %(target)s allocated")
        % {"allocated": len(people), "target": trial.enrolment_target},
    )
    yield gettext("Language"), translation.get_language_info(language)["name_local"]
    yield gettext("Code version"), code_version()
    yield (
        gettext("Audit trail"),
        gettext("%(entries)s entries in %(chains)s chains")
        % {
            "entries": f"{chains.entries:,}",
            "chains": chains.chains,
        },
    )
    yield gettext("Audit head"), f"sha256 {chains.sha256}"


def _blocks(user: User, people: list[Participant]) -> Iterator[Block]:
    overview, conversions = dashboard.overview(user), conversion_rows(people)
    measured = courses_of([one for one in current().outcomes if one.analytes], people)
    yield from methods(flow.mode())
    yield from flow_of_participants(user)
    yield from analysis_sets(analysed(people))
    yield from baseline(registry_results(user).baseline)
    yield from primary_outcome(overview, people)
    yield from secondary_outcomes(overview, measured, people)
    yield from conversion(overview, conversions, people)
    yield from harm(user, people)
    yield from listings(
        nk_rows(people), total_rows(people), conversions, measured, board(user).exposed
    )
    yield from appendix(people)
