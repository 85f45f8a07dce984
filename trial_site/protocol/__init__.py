"""The protocol as data: the one place where the numbers of the trial stand."""

from collections.abc import Mapping
from types import MappingProxyType

from trial_site.protocol.definition import Protocol
from trial_site.protocol.v1_0 import PROTOCOL as V1_0

# In order of adoption; the last one is in force.
VERSIONS: Mapping[str, Protocol] = MappingProxyType(
    {protocol.version: protocol for protocol in (V1_0,)}
)


class UnknownProtocolVersion(KeyError):
    """A record names a protocol version that this installation does not have."""


def current() -> Protocol:
    """The version in force."""
    return list(VERSIONS.values())[-1]


def by_version(version: str) -> Protocol:
    """The version that a stored verdict was made under; raises ``UnknownProtocolVersion``."""
    try:
        return VERSIONS[version]
    except KeyError:
        raise UnknownProtocolVersion(version) from None
