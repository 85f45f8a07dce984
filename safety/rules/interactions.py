"""Medicines that matter beside the trial's drugs, found in what was typed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Protocol, TypeVar

from trial_site.messages import Message
from trial_site.protocol.definition import InteractingDrug


class Worded(Protocol):
    """A row of the protocol that is found in what was typed."""

    @property
    def words(self) -> tuple[str, ...]: ...


Row = TypeVar("Row", bound=Worded)


def medicines_named(name: str, table: Iterable[Row]) -> tuple[Row, ...]:
    """The rows of ``table`` with a word that ``name`` contains, whatever the case or the width of
    its letters: ``TIENAM (imipenem/cilastatin)``, ``注射用亚胺培南``."""
    typed = _folded(name)
    return tuple(row for row in table if any(_folded(word) in typed for word in row.words))


def warnings_of(name: str, table: Iterable[InteractingDrug]) -> tuple[Message, ...]:
    """The warnings that ``name`` raises, one a medicine.  They warn and forbid nothing."""
    return tuple(
        Message(
            "%(name)s: %(warning)s", {"name": Message(row.name), "warning": Message(row.warning)}
        )
        for row in medicines_named(name, table)
    )


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
