"""The samples of the inbox in words: what they are, how they stand, and the next thing to do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime

from labs.inbox import Sample
from labs.models import Specimen
from labs.rules.inbox import SampleState
from trial_site import clock
from trial_site.messages import Message
from trial_site.presentation import WorkRow
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

# How a sample stands: the kind of its badge, and the word in it.
BADGES = {
    SampleState.EXPECTED: ("due", gettext_noop("Expected")),
    SampleState.UNUSABLE: ("bad", gettext_noop("Cannot be used")),
    SampleState.RECEIVED: ("unknown", gettext_noop("Awaiting results")),
    SampleState.MISSING: ("late", gettext_noop("Missing")),
    SampleState.TO_COME: ("planned", gettext_noop("To come")),
    SampleState.COMPLETE: ("done", gettext_noop("Results in")),
}
ENTRY_PAGES = {
    "pcr": "labs:pcr-new",
    "safety": "labs:safety-new",
    "cytotoxicity": "labs:cytotoxicity-new",
    "subset": "labs:flow-new",
    "cytokine": "labs:elisa-new",
    "serology": "labs:elisa-new",
}
_OUTSTANDING = gettext_noop("Without a result: %(names)s")
_NO_RESULT = gettext_noop("No result yet")
_MINUTE = "%Y-%m-%dT%H:%M"  # a moment as the input of a form takes it


@dataclass(frozen=True)
class InboxRow:
    """A sample, with the specimen that it is measured in where one came."""

    sample: Sample
    specimen: Specimen | None = None

    @property
    def badge(self) -> tuple[str, str]:
        return BADGES[self.sample.state]

    @property
    def title(self) -> Message:
        return joined(Message(words) for words in self.sample.panel.content)

    @property
    def kinds(self) -> str:
        """The specimens that it is measured in, the usual one first."""
        return " / ".join(str(Specimen.Kind(kind).label) for kind in self.sample.panel.specimens)

    @property
    def when(self) -> Message:
        """The day that matters now: of the window, or of the blood."""
        sample, window = self.sample, self.sample.window
        if sample.tube and sample.state in {SampleState.RECEIVED, SampleState.UNUSABLE}:
            return _on(gettext_noop("drawn %(day)s"), sample.tube.collected_on)
        if sample.state is SampleState.TO_COME:
            return _on(gettext_noop("from %(day)s"), window.opens)
        if window.closes is None:
            return Message(gettext_noop("before the first dose"))
        is_over = window.closes < sample.today
        text = gettext_noop("closed %(day)s") if is_over else gettext_noop("until %(day)s")
        return _on(text, window.closes)

    @property
    def why(self) -> Message | None:
        """Why it stands so, where the badge does not say enough."""
        sample = self.sample
        if sample.state is SampleState.UNUSABLE and self.specimen:
            return Message(self.specimen.unusable)
        if sample.state is SampleState.RECEIVED:
            return unmeasured(sample)
        if sample.state is SampleState.MISSING and sample.window.missed:
            return Message(gettext_noop("The visit was missed"))
        return None

    @property
    def entry_url(self) -> str:
        """The form of the panel, begun with all that is known."""
        begun = {"participant": self.sample.subject, "visit": self.sample.window.code}
        return f"{reverse(ENTRY_PAGES[self.sample.panel.group])}?{urlencode(begun | self._drawn)}"

    @property
    def receipt_url(self) -> str:
        begun = {
            "participant": self.sample.subject,
            "visit": self.sample.window.code,
            "kind": self.sample.panel.specimens[0],
        }
        return f"{reverse('labs:specimen-new')}?{urlencode(begun)}"

    @property
    def may_be_received(self) -> bool:
        """Whether a tube may still come: late, if need be, but not into the future."""
        states = {SampleState.EXPECTED, SampleState.MISSING, SampleState.UNUSABLE}
        return self.sample.state in states and not self.sample.window.missed

    @property
    def may_be_entered(self) -> bool:
        return self.may_be_received or self.sample.state is SampleState.RECEIVED

    @property
    def _drawn(self) -> dict[str, str]:
        return tube_address(self.specimen) if self.specimen and self._is_usable else {}

    @property
    def _is_usable(self) -> bool:
        return self.specimen is not None and not self.specimen.unusable


def tube_address(specimen: Specimen) -> dict[str, str]:
    """What an entry form begins with for a tube that is here."""
    values = {
        "kind": specimen.kind,
        "collected_at": localtime(specimen.collected_at).strftime(_MINUTE),
        "visit": specimen.visit,
    }
    if specimen.received_at:
        values["received_at"] = localtime(specimen.received_at).strftime(_MINUTE)
    if specimen.laboratory_id:
        values["laboratory"] = str(specimen.laboratory_id)
    return {name: value for name, value in values.items() if value}


def inbox_rows(samples: Iterable[Sample]) -> list[InboxRow]:
    """``samples`` with their specimens, in one query."""
    found = list(samples)
    keys = [sample.tube.key for sample in found if sample.tube]
    specimens: Mapping[int, Specimen] = Specimen.objects.in_bulk(keys)
    return [
        InboxRow(sample, specimens.get(sample.tube.key) if sample.tube else None)
        for sample in found
    ]


def unmeasured(sample: Sample) -> Message:
    """Which analytes of the panel have no result, or that none has one."""
    if len(sample.outstanding) == len(sample.needs):
        return Message(_NO_RESULT)
    order = [analyte.code for analyte in current().analytes]
    firsts = (min(need, key=order.index) for need in sample.outstanding)
    names = joined(Message(current().analyte(code).name) for code in firsts)
    return Message(_OUTSTANDING, {"names": names})


def joined(messages: Iterable[Message], separator: str = ", ") -> Message:
    """``Blood count, Chemistry``, each in the reader's language."""
    named = {f"part{number}": message for number, message in enumerate(messages)}
    return Message(separator.join(f"%({name})s" for name in named), named)


def _on(text: str, day: dt.date) -> Message:
    return Message(text, {"day": date_format(day, "MONTH_DAY_FORMAT")})


# --- the worklist -----------------------------------------------------------------------------


def work_rows(samples: Iterable[Sample]) -> list[WorkRow]:
    """What the laboratory misses or soon will, one row a visit."""
    missing = [
        sample
        for sample in samples
        if sample.state in {SampleState.EXPECTED, SampleState.MISSING} and not sample.window.missed
    ]
    visits = sorted(missing, key=lambda sample: (sample.subject, sample.window.code))
    by_visit = groupby(visits, key=lambda sample: (sample.subject, sample.window.code))
    return [_work_row(list(of_visit)) for _, of_visit in by_visit]


def _work_row(samples: list[Sample]) -> WorkRow:
    first = InboxRow(samples[0])
    subject, window = first.sample.subject, first.sample.window
    closes = window.closes or clock.today()
    is_late = first.sample.state is SampleState.MISSING
    query = urlencode({"participant": subject, "visit": window.code})
    return WorkRow(
        state="late" if is_late else "due",
        badge=Message(first.badge[1]),
        when=first.when,
        subject=subject,
        subject_url=f"{reverse('labs:index')}?participant={subject}",
        title=joined(Message(words) for sample in samples for words in sample.panel.content),
        why=Message(
            gettext_noop("%(visit)s: no sample is here"),
            {"visit": Message(first.sample.rule.title)},
        ),
        action=Message(gettext_noop("Open inbox")),
        url=f"{reverse('labs:inbox')}?{query}",
        sort=(closes, closes, subject),
    )
