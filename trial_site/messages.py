"""Sentences that rules produce, kept apart from their translation.

A rule says *what* it found as a template and its parameters; a stored verdict keeps both, so that
the same record can be read in either language, years later, without computing anything again.
Standard library only: the ``say`` template tag does the translating.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Message:
    """``text`` is an English template with ``%(name)s`` places, marked with ``gettext_noop``.

    A parameter is either ready to print (a formatted number, a code) or a ``Message`` that is
    translated in its turn.
    """

    text: str
    params: Mapping[str, str | Message] = field(default_factory=dict)

    def render(self, translate: Callable[[str], str] = str) -> str:
        """The sentence, passed through ``translate`` (English when none is given)."""
        filled = {
            name: value.render(translate) if isinstance(value, Message) else value
            for name, value in self.params.items()
        }
        return translate(self.text) % filled if filled else translate(self.text)

    def to_json(self) -> dict[str, Any]:
        params = {
            name: value.to_json() if isinstance(value, Message) else value
            for name, value in self.params.items()
        }
        return {"text": self.text, "params": params}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Message:
        params = {
            name: cls.from_json(value) if isinstance(value, dict) else value
            for name, value in data.get("params", {}).items()
        }
        return cls(data["text"], params)

    def __str__(self) -> str:
        return self.render()
