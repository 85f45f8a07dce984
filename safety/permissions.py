"""Who reports harm, who assesses it, who reads."""

from trial_site.access import Methods

PAGES: dict[str, Methods | None] = {}
