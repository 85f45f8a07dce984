"""How the numbers of the report came about, from the protocol and from the rules that compute."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from labs.rules.numbers import quantity
from outcomes.report.document import (
    Block,
    Column,
    Facts,
    Heading,
    Items,
    Notice,
    Paragraph,
    table,
    texts,
)
from outcomes.rules.statistics import CONFIDENCE, MAX_ENUMERATED
from outcomes.rules.survival import MAX_ARRANGEMENTS, Transform
from trial_site.protocol import current
from trial_site.protocol.definition import AllocationMode, VisitRule
from trial_site.templatetags.protocol import anchor, window
from trial_site.templatetags.trial import exact, say, signed


def exploratory() -> str:
    return (
        gettext("Exploratory.")
        + " "
        + gettext(
            "Ten participants give no power and no multiplicity claim. Every participant is drawn; "
            "read the points before the means."
        )
    )


def methods(mode: AllocationMode) -> Iterator[Block]:
    yield Heading(gettext("Methods"))
    yield Notice(exploratory())
    yield from _design(mode)
    yield from _outcomes()
    yield from _visits()
    yield from _analysis()
    yield from _statistics()


def _design(mode: AllocationMode) -> Iterator[Block]:
    trial = current().identification
    is_random = mode is AllocationMode.RANDOMISED
    yield Heading(gettext("Design"), 2)
    yield Paragraph(
        gettext(
            "Everything in this report was computed from the electronic record of the trial as it "
            "stood at the data cut-off. What was entered or corrected later is not in it."
        )
    )
    yield Facts(
        (
            (gettext("Official title"), trial.official_title),
            (gettext("Phase"), trial.phase),
            (
                gettext("Allocation"),
                gettext("Randomised") if is_random else gettext("Assigned by the investigator"),
            ),
            (gettext("Masking"), trial.masking_quote),
            (gettext("Enrolment target"), str(trial.enrolment_target)),
            *((say(arm.short_label), say(arm.provenance.reading)) for arm in current().arms),
        )
    )


def _outcomes() -> Iterator[Block]:
    kinds = {"primary": gettext("Primary outcome"), "secondary": gettext("Secondary outcome")}
    yield Heading(gettext("Outcomes"), 2)
    yield table(
        gettext("The outcomes in the registry's words, and how this trial reads them"),
        [
            Column(gettext("Kind")),
            Column(gettext("Outcome"), wide=True),
            Column(gettext("Time frame"), wide=True),
            Column(gettext("Reading"), wide=True),
        ],
        [
            (kinds[outcome.kind], outcome.title, outcome.time_frame, say(outcome.reading))
            for outcome in current().outcomes
        ],
    )
    yield Items(
        (
            say(current().cytotoxicity.provenance.reading),
            say(current().pcr.provenance.reading),
        )
    )


def _visits() -> Iterator[Block]:
    yield Heading(gettext("Visits and windows"), 2)
    yield table(
        gettext("When a visit is due, and on which days it counts"),
        [
            *texts(gettext("Visit"), gettext("Counted from"), gettext("Due")),
            Column(gettext("Window")),
        ],
        [
            (say(visit.title), anchor(visit.anchor), _due(visit), window(visit))
            for visit in current().visits
        ],
    )


def _due(visit: VisitRule) -> str:
    if visit.offset_months:
        months = gettext("%(months)s months") % {"months": visit.offset_months}
        return f"{months} {signed(visit.offset_days)}" if visit.offset_days else months
    return gettext("day %(day)s") % {"day": signed(visit.offset_days)}


def _analysis() -> Iterator[Block]:
    yield Heading(gettext("Analysis sets"), 2)
    yield Paragraph(say(current().analysis.provenance.reading))
    yield Paragraph(
        gettext(
            "Arms are compared as the first against the second: %(first)s against %(second)s. "
            "Harm is counted by the treatment that was received, in everybody who was dosed."
        )
        % dict(
            zip(("first", "second"), (say(arm.short_label) for arm in current().arms), strict=True)
        )
    )


def _statistics() -> Iterator[Block]:
    yield Heading(gettext("Statistics"), 2)
    yield Items((*_descriptions(), *_tests(), *_times()))


def _descriptions() -> Iterator[str]:
    yield gettext(
        "Means have a standard deviation (n − 1) and a %(level)s %% confidence interval by "
        "Student's t. Quartiles are of type 7."
    ) % {"level": _level()}
    yield gettext(
        "A value below the limit of its assay stays so: rank tests tie such values lowest, and a "
        "median that falls among them is printed as the limit. Half the limit stands in for them "
        "in means alone, which are marked."
    )
    yield gettext(
        "Changes are computed within one kit only: numbers of different kits do not compare."
    )
    yield gettext("Nothing is imputed. What is missing is counted, with the reason.")


def _tests() -> Iterator[str]:
    yield gettext(
        "Two arms are compared by the exact two-sided Wilcoxon–Mann–Whitney test: all ways to deal "
        "the mid-ranks out to the arms are enumerated, ties included. Beyond %(limit)s values no "
        "test is printed; no approximation takes its place."
    ) % {"limit": MAX_ENUMERATED}
    yield gettext(
        "The Hodges–Lehmann shift is the median of all differences between the arms. Its interval "
        "runs between two of the ordered differences, and is printed with its true coverage, at "
        "least %(level)s %%; arms too small for one have none."
    ) % {"level": _level()}


def _times() -> Iterator[str]:
    rule = current().pcr
    yield gettext(
        "Days to conversion are counted from the first ganciclovir dose to the collection of the "
        "first result below %(threshold)s. Who has none is censored at the last PCR."
    ) % {"threshold": quantity(rule.threshold, rule.unit)}
    yield gettext(
        "Kaplan–Meier: the median is the first day on which S is at or below a half. Its "
        "%(level)s %% confidence interval is given on two scales, each named: %(scales)s."
    ) % {
        "level": _level(),
        "scales": ", ".join(transform.value for transform in Transform),
    }
    yield gettext(
        "The log-rank test has an asymptotic p and, for up to %(limit)s arrangements, an exact one "
        "by permutation of the same statistic."
    ) % {"limit": f"{MAX_ARRANGEMENTS:,}"}
    yield gettext(
        "Adverse events and laboratory values are graded by CTCAE v5.0. A participant counts once "
        "in a row, by the worst grade."
    )


def _level() -> str:
    """The level of confidence in percent."""
    return exact(CONFIDENCE * 100)
