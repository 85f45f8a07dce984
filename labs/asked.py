"""What the forms asked about a result before it was saved, and what came of it (R07)."""

from __future__ import annotations

from dataclasses import dataclass

from labs.models import FiredCheck, Result
from labs.rules.numbers import NO_BREAK_SPACE
from labs.selectors import checks_of_forms, results_of_forms
from trial_site.messages import Message
from trial_site.units import spelled


@dataclass(frozen=True)
class Asked:
    """A question or a refusal, the first answer that it was about, and what was saved."""

    check: FiredCheck
    saved: Result | None

    @property
    def question(self) -> Message:
        return Message.from_json(self.check.message)

    @property
    def answer(self) -> Message:
        """The first answer as it was given, with its unit."""
        unit = spelled(self.check.unit)
        return Message("%(answer)s", {"answer": f"{self.check.printed}{NO_BREAK_SPACE}{unit}"})

    @property
    def stood(self) -> bool:
        """Whether the first answer is what was saved."""
        check, saved = self.check, self.saved
        return saved is not None and (saved.printed, saved.unit) == (check.printed, check.unit)


def asked_about(result: Result) -> list[Asked]:
    """What the forms that made ``result`` what it is asked, about it and what came with it."""
    keys = {key for key in result.history.values_list("form_key", flat=True) if key}
    if not keys:
        return []
    saved = {row.analyte: row for row in results_of_forms(result.specimen, keys)}
    checks = checks_of_forms(result.participant, keys)
    return [Asked(check, saved.get(check.analyte)) for check in checks]
