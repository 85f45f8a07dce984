"""What this room writes down itself: flags, decisions about the analysis, data cuts."""

from outcomes.models.cuts import CutSignature, DataCut, FrozenSite
from outcomes.models.digests import Digest
from outcomes.models.flags import Flag
from outcomes.models.samples import SampleOverrule

__all__ = ["CutSignature", "DataCut", "Digest", "Flag", "FrozenSite", "SampleOverrule"]
