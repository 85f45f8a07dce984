"""Which endpoint pages and figure cards there are."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _


@dataclass(frozen=True)
class EndpointPage:
    """``outcome`` is the protocol's code; ``template`` shows its rows."""

    outcome: str
    template: str


ENDPOINTS = {
    "nk": EndpointPage("nk_cytotoxicity", "outcomes/endpoint_nk.html"),
    "ganciclovir": EndpointPage("total_ganciclovir", "outcomes/endpoint_ganciclovir.html"),
    "conversion": EndpointPage("conversion_day", "outcomes/endpoint_conversion.html"),
}


def figure_cards() -> dict[str, dict[str, Any]]:
    """What ``components/figure_card.html`` needs of each figure."""
    return {
        "primary": _card(
            "primary",
            title=_("NK cytotoxicity, each participant"),
            caption=_("Specific lysis in percent at the protocol's E:T ratio, baseline and day 7."),
            alt=_("Paired lines of NK lysis from baseline to day 7, and the change by arm."),
        ),
        "viral_load": _card(
            "viral-load",
            title=_("Viral load"),
            caption=_("Plasma CMV-DNA. Open triangle: beyond the limit of the assay."),
            alt=_("CMV-DNA by day since first dose on a log axis, one line a participant."),
        ),
    }


def _card(name: str, *, title: str, caption: str, alt: str) -> dict[str, Any]:
    def url(form: str, query: str = "") -> str:
        return reverse("outcomes:figure", args=[name, form]) + query

    return {
        "title": title,
        "caption": caption,
        "alt": alt,
        "is_wide": True,
        "spec_url": url("json"),
        "light": url("svg", "?theme=light"),
        "light_narrow": url("svg", "?theme=light&size=narrow"),
        "dark": url("svg", "?theme=dark"),
        "dark_narrow": url("svg", "?theme=dark&size=narrow"),
        "downloads": [("SVG", url("svg")), ("PDF", url("pdf"))],
    }
