"""Where the registry record contradicts itself, and what was chosen (DOMAIN 1.3)."""

from trial_site.protocol.definition import Decision, gettext_noop

DECISIONS = (
    Decision(
        "D1",
        record_says=gettext_noop("Randomly distributed, and an allocation that is not randomised."),
        chosen=gettext_noop(
            "Randomise 1:1: the text says so repeatedly, and the sponsor's successor trial of "
            "2025, NCT06971913, is randomised 1:1."
        ),
        configurable=gettext_noop(
            "Mode randomised or assigned. The mode, the list, the actor and the reason are "
            "stored, and exports print the conflict."
        ),
        quotes=(
            "it will be randomly distributed in low-dose IL-2 and ganciclovir group",
            "Non-Randomized",
        ),
    ),
    Decision(
        "D2",
        record_says=gettext_noop("A placebo comparator in an open-label trial without placebo."),
        chosen=gettext_noop("Active comparator, ganciclovir alone; there are no placebo records."),
        configurable=gettext_noop(
            "The label of the arm's type. There is no unblinding; the laboratory may be blind to "
            "the arm."
        ),
        quotes=("Placebo Comparator", "None (Open Label)"),
    ),
    Decision(
        "D3",
        record_says=gettext_noop("One listed intervention for both arms."),
        chosen=gettext_noop("Two drugs, and a table of which arm gets which."),
        configurable=gettext_noop("Nothing."),
        quotes=("Low-dose IL-2 and ganciclovir",),
    ),
    Decision(
        "D4",
        record_says=gettext_noop(
            "Positive, above 10^3 and below 10^3: exactly 10^3 is in no class."
        ),
        chosen=gettext_noop(
            "Above 1000 is allocatable, below 1000 is negative; exactly 1000 is not negative and "
            "not allocatable: repeat."
        ),
        configurable=gettext_noop(
            "Threshold, unit and specimen. The raw value and its operator are stored."
        ),
        quotes=(
            "CMV-DNA are positive.",
            "CMV-DNA are more than 10^3 copies",
            "Days when CMV-DNA are less than 10^3 copies.",
        ),
    ),
    Decision(
        "D5",
        record_says=gettext_noop('The unit is "copies", without a volume.'),
        chosen=gettext_noop("Copies per millilitre; IU/mL is never silently converted."),
        configurable=gettext_noop("A factor for each assay, with its source."),
        quotes=("CMV-DNA are more than 10^3 copies",),
    ),
    Decision(
        "D6",
        record_says=gettext_noop("Current CMV infection, without saying viraemia or disease."),
        chosen=gettext_noop("Viraemia is enough; organ disease is recorded separately."),
        configurable=gettext_noop("Nothing."),
        quotes=("Patients have current CMV infection, CMV-DNA are positive.",),
    ),
    Decision(
        "D7",
        record_says=gettext_noop("Seven days after treatment: after its start or after its end?"),
        chosen=gettext_noop("After the start: seven elapsed days from the first dose."),
        configurable=gettext_noop("Anchor, offset and window."),
        quotes=("Days 7 after treatment",),
    ),
    Decision(
        "D8",
        record_says=gettext_noop("Drug withdrawal, without saying of which drug."),
        chosen=gettext_noop(
            "The last ganciclovir dose of the first course; the end of IL-2 is stored separately."
        ),
        configurable=gettext_noop("Anchor."),
        quotes=("Day for drug withdrawal.",),
    ),
    Decision(
        "D9",
        record_says=gettext_noop("At least 3 months, and 3 months."),
        chosen=gettext_noop(
            "A visit 3 calendar months after withdrawal, up to 14 days late, never early."
        ),
        configurable=gettext_noop("The late side of the window. Early is never accepted."),
        quotes=(
            "We will follow these patients for at least 3 months after drug withdrawal.",
            "Day for drug withdrawal and 3 months.",
        ),
    ),
    Decision(
        "D10",
        record_says=gettext_noop("Bilirubin above the ULN beside ALT above 3 times the ULN."),
        chosen=gettext_noop("Literal: Gilbert's syndrome fails. It is not corrected to 1.5 times."),
        configurable=gettext_noop("Where the ULN comes from; it is stored with each result."),
        quotes=(
            "serum ALT or AST >3 times the ULN, or total bilirubin >ULN for the central "
            "laboratory conducting the test",
        ),
    ),
    Decision(
        "D11",
        record_says=gettext_noop("Corticosteroid below 1.0 mg/kg/d, the agent unnamed."),
        chosen=gettext_noop(
            "Prednisone equivalents; 0.75 mg of betamethasone, where other tables have 0.6 mg."
        ),
        configurable=gettext_noop("The version of the table, and the window."),
        quotes=("Apply corticosteroid less than 1.0mg/kg/d.",),
    ),
    Decision(
        "D12",
        record_says=gettext_noop("Anti-viral drugs in the title, ganciclovir in the description."),
        chosen=gettext_noop("Intravenous ganciclovir is primary; others are shown apart."),
        configurable=gettext_noop("Whether valganciclovir is included."),
        quotes=("The total dose for anti-viral drugs.", "The total dose of ganciclovir"),
    ),
    Decision(
        "D13",
        record_says=gettext_noop(
            "Any viral infection triggers rescue with ganciclovir, yet everyone gets ganciclovir."
        ),
        chosen=gettext_noop(
            "CMV relapse or disease after withdrawal; other viruses are adverse events, and the "
            "principal investigator decides."
        ),
        configurable=gettext_noop(
            "The list of triggers. Rescue milligrams are excluded from the outcome and reported "
            "apart."
        ),
        quotes=(
            "If patient belonging to any of these two groups develops a viral infection, then the "
            "patient will receive treatment with ganciclovir.",
        ),
    ),
    Decision(
        "D14",
        record_says=gettext_noop(
            "Phase 1 in the header and phases 1 and 2 in the design; a total number and none for "
            "each arm."
        ),
        chosen=gettext_noop("Phase 1/Phase 2; 5 and 5."),
        configurable=gettext_noop("Nothing."),
        quotes=(
            "Phase 1",
            "Phase 1, Phase 2",
            "10 (Anticipated)",
        ),
    ),
    Decision(
        "D15",
        record_says=gettext_noop(
            "IL-2 every day; the background trial gave it every other day, two weeks on and two "
            "weeks off."
        ),
        chosen=gettext_noop(
            "Daily, until withdrawal or until the principal investigator stops it."
        ),
        configurable=gettext_noop("Frequency, and the greatest number of days."),
        quotes=("1 million IU per day subcutaneously",),
    ),
)
