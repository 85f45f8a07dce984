"""Whether a cut still is what was signed: its seal, and the record as of its cut-off read again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from outcomes.cuts.content import Content, content_digest, contents_of, together
from outcomes.models import CutSignature, DataCut, FrozenSite
from outcomes.rules.differences import Difference, differences
from oversight.as_of import as_of
from oversight.heads import audit_head
from oversight.verification import chains, findings_about
from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop
from trial_site.version import code_version

_CONTENT = gettext_noop("the frozen content is not what was signed")
_SIGNATURE = gettext_noop("the signature of %(who)s does not belong to this content")
_NONE = gettext_noop("nobody's signature stands below it")
_TRAIL = gettext_noop("the audit trail up to the cut-off is not the one that was signed")
_BROKEN = gettext_noop("the audit trail is broken: %(finding)s")
_ROW = gettext_noop("the audit trail does not explain the data cut: %(finding)s")
_OTHER = gettext_noop("the record as of the cut-off gives other values: %(count)s")


@dataclass(frozen=True)
class Check:
    """What a check found.  ``problems`` is empty where everything is as it was signed.

    ``differing`` are the values that the record as of the cut-off gives now and did not give then;
    with ``other_code`` the reason may be that the code reads the same record in another way.
    """

    problems: tuple[Message, ...]
    differing: tuple[Difference, ...]
    other_code: bool

    @property
    def is_same(self) -> bool:
        return not self.problems


def frozen(cut: DataCut) -> dict[str, Content]:
    """What was frozen, by code of site."""
    parts = FrozenSite.objects.filter(cut=cut).select_related("site")
    return {part.site.code: part.content for part in parts}


def seal_problems(cut: DataCut) -> list[Message]:
    """What is wrong between the frozen content and the signatures below it (R13)."""
    problems = []
    if content_digest(frozen(cut)) != cut.content_sha256:
        problems.append(Message(_CONTENT))
    signatures = list(cut.signatures.all())
    if not signatures:
        problems.append(Message(_NONE))
    for signature in signatures:
        signature.cut = cut
        if signature.sha256 != signature.binding():
            problems.append(Message(_SIGNATURE, {"who": signature.signed_name}))
    return problems


def check(cut: DataCut) -> Check:
    """Hold ``cut`` against its signatures, the audit trail, and the record as of its cut-off.

    Not to be called while looking back: it looks back itself.
    """
    then = frozen(cut)
    sites = [part.site for part in FrozenSite.objects.filter(cut=cut).select_related("site")]
    with as_of(cut.cutoff):
        again, head = contents_of(sites), audit_head()
    differing = tuple(differences(together(then), together(again)))
    problems = [*seal_problems(cut), *_trail_problems()]
    if head.sha256 != cut.audit_sha256:
        problems.append(Message(_TRAIL))
    if differing:
        problems.append(Message(_OTHER, {"count": str(len(differing))}))
    return Check(tuple(problems), differing, cut.code_version != code_version())


def _trail_problems() -> Iterator[Message]:
    """The first finding of each kind: the whole list is for ``verify_audit``."""
    for finding in chains():
        yield Message(_BROKEN, {"finding": str(finding)})
        break
    for model in (DataCut, FrozenSite, CutSignature):
        for finding in findings_about(model):
            yield Message(_ROW, {"finding": str(finding)})
            break
