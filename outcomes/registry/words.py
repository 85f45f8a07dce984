"""The registry's own vocabulary, as its pick-lists and its public records have it."""

from __future__ import annotations

from trial_site.protocol.definition import gettext_noop

OVERALL = gettext_noop("Overall Study")
STARTED = gettext_noop("STARTED")
COMPLETED = gettext_noop("COMPLETED")
NOT_COMPLETED = gettext_noop("NOT COMPLETED")

DEATH = gettext_noop("Death")
LOST = gettext_noop("Lost to Follow-up")
WITHDRAWAL = gettext_noop("Withdrawal by Subject")
PHYSICIAN = gettext_noop("Physician Decision")

MEAN = gettext_noop("Mean")
MEDIAN = gettext_noop("Median")
PARTICIPANTS = gettext_noop("Count of Participants")

STANDARD_DEVIATION = gettext_noop("Standard Deviation")
QUARTILES = gettext_noop("Inter-Quartile Range")
FULL_RANGE = gettext_noop("Full Range")
CONFIDENCE_INTERVAL = gettext_noop("95% Confidence Interval")

UNIT_PARTICIPANTS = gettext_noop("Participants")

PRIMARY = gettext_noop("Primary")
SECONDARY = gettext_noop("Secondary")

RANK_SUM = gettext_noop("Wilcoxon (Mann-Whitney)")
LOG_RANK = gettext_noop("Log Rank")
PERMUTATION = gettext_noop("Permutation test")
HODGES_LEHMANN = gettext_noop("Hodges-Lehmann shift")

SYSTEMATIC = gettext_noop("Systematic Assessment")
SERIOUS_TOTAL = gettext_noop("Total, serious adverse events")
OTHER_TOTAL = gettext_noop("Total, other adverse events")
ALL_CAUSE = gettext_noop("Total, all-cause mortality")

TOTAL = gettext_noop("Total")
TOTAL_DESCRIPTION = gettext_noop("Total of all reporting groups")
