"""Stored JSON in words: one short text for each leaf that a reader can compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from trial_site.messages import Message

Path = tuple[str, ...]
EMPTY: tuple[Any, ...] = (None, "", [], {})


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """``(path, text)`` of everything in ``value`` that is not empty, keys in words.

    A sentence that a rule stored is one leaf, and so is each entry of a list, named by what it
    calls itself (``criterion_id``) or else by its place.
    """
    if value in EMPTY:
        return
    if isinstance(value, dict) and not _is_message(value):
        for key, part in sorted(value.items()):  # PostgreSQL keeps keys in an order of its own
            yield from leaves(part, (*path, in_words(key)))
    elif _is_list_of_entries(value):
        for number, entry in enumerate(value, start=1):
            name = next((key for key in entry if key.endswith("_id")), None)
            parts = {key: part for key, part in entry.items() if key != name}
            yield (*path, str(entry[name] if name else number)), text(parts)
    else:
        yield path, text(value)


def text(value: Any) -> str:
    """``value`` on one line, texts as they were recorded; nothing for what is empty."""
    if value in EMPTY:
        return ""
    match value:
        case bool():
            return _("yes") if value else _("no")
        case str():
            return value
        case dict() if _is_message(value):
            return Message.from_json(value).render(_)
        case dict():
            named = ((in_words(key), text(part)) for key, part in sorted(value.items()))
            return ", ".join(f"{name} {part}" for name, part in named if part)
        case list():
            return "; ".join(text(part) for part in value)
    return str(value)


def in_words(key: str) -> str:
    """``birth_date`` as "birth date", translated where the catalogue has it."""
    return _(key.replace("_", " ")) if key else ""


def _is_message(value: Mapping[str, Any]) -> bool:
    return set(value) == {"text", "params"}


def _is_list_of_entries(value: Any) -> bool:
    """Whether ``value`` lists things with parts of their own, and not words or sentences."""
    return isinstance(value, list) and all(
        isinstance(entry, dict) and not _is_message(entry) for entry in value
    )
