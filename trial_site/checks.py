"""System checks: Django refuses to start on a protocol with gaps, overlaps or loose ends."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import Error, register

from trial_site import protocol
from trial_site.protocol.consistency import problems


@register("protocol")
def check_protocol(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[Error]:
    """Every problem of every version, since stored verdicts are read with the version they name."""
    return [
        Error(f"Protocol {version}: {problem}.", id="trial_site.E001")
        for version, definition in protocol.VERSIONS.items()
        for problem in problems(definition)
    ]
