"""Readings that remove doubt (DOMAIN 12)."""

from trial_site.protocol.definition import Reading, gettext_noop

READINGS = (
    Reading(
        "Age",
        gettext_noop("Age"),
        gettext_noop("Born on 29 February, a year is completed on 1 March in common years."),
    ),
    Reading(
        "I1",
        gettext_noop("Rheumatic disease"),
        gettext_noop(
            "Met only with diagnosis code, named criteria set, date of diagnosis and the "
            "investigator's attestation; any missing makes it unknown."
        ),
    ),
    Reading(
        "CorticosteroidWindow",
        gettext_noop("Corticosteroid window"),
        gettext_noop(
            "Calendar days -7 to -1 before allocation. A total of 0 mg passes whatever the weight "
            "(and is flagged); a dose above 0 without a weight at most 7 days old is unknown."
        ),
    ),
    Reading(
        "EBV",
        gettext_noop("Epstein-Barr virus"),
        gettext_noop("One of the two tests (DNA, VCA-IgM) negative and none positive is enough."),
    ),
    Reading(
        "Syphilis",
        gettext_noop("Syphilis"),
        gettext_noop(
            "Discordant treponemal test and RPR are unknown until the investigator decides with a "
            "reason."
        ),
    ),
    Reading(
        "PostBaselinePCR",
        gettext_noop("Post-baseline PCR"),
        gettext_noop(
            "Collected after the first dose of day 0; a sample of day 0 itself is baseline."
        ),
    ),
    Reading(
        "ConfirmedConversion",
        gettext_noop("Confirmed conversion"),
        gettext_noop(
            "The earliest negative for which a later negative, at least 5 days after it, exists "
            "with no result between them that is not negative (exactly 1000, above, or "
            "undecidable breaks the run). The two need not be neighbours."
        ),
    ),
    Reading(
        "Relapse",
        gettext_noop("Relapse"),
        gettext_noop(
            "After the first conversion date, two successive results above 1000, dated at the "
            "first of them; a single one is shown as suspected."
        ),
    ),
    Reading(
        "AntiviralSwitch",
        gettext_noop("Switch of antiviral"),
        gettext_noop("The sensitivity analysis censors on the day of the switch."),
    ),
    Reading(
        "NoBaseline",
        gettext_noop("CTCAE without a baseline"),
        gettext_noop(
            'Graded against the ULN as if the baseline were normal, and flagged "no baseline".'
        ),
    ),
    Reading(
        "KaplanMeierMedian",
        gettext_noop("Kaplan-Meier median"),
        gettext_noop("The first time at which S is at most 0.5."),
    ),
    Reading(
        "NKQuality",
        gettext_noop("NK quality limits"),
        gettext_noop(
            "They fire strictly beyond the number: spontaneous death above 15 percent, maximum "
            "below 85 percent, coefficient of variation above 20 percent, fewer than 5,000 "
            "targets."
        ),
    ),
)
