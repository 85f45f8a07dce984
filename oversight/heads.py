"""Where the audit trail stands: the heads of all its chains, and one hash over them."""

from __future__ import annotations

from dataclasses import dataclass

from oversight.canonical import digest
from oversight.trail import AuditChain


@dataclass(frozen=True)
class AuditHead:
    """``heads`` are length and hash of the last entry, by chain.

    Whoever has the entries up to the same moment comes to the same hash (``verify_audit``).
    """

    heads: dict[str, tuple[int, str]]

    @property
    def chains(self) -> int:
        return len(self.heads)

    @property
    def entries(self) -> int:
        return sum(length for length, _ in self.heads.values())

    @property
    def sha256(self) -> str:
        return digest({name: list(head) for name, head in self.heads.items()})


def audit_head() -> AuditHead:
    """The head now; while looking back, that of the past."""
    rows = AuditChain.objects.order_by("name").values_list("name", "length", "head_hash")
    return AuditHead({name: (length, head) for name, length, head in rows})
