"""What this room writes down itself: flags, and decisions about the analysis."""

from outcomes.models.flags import Flag
from outcomes.models.samples import SampleOverrule

__all__ = ["Flag", "SampleOverrule"]
