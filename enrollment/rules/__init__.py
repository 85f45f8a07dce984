"""Pure rules of enrolment: frozen values in, verdicts and reasons out; exact arithmetic."""
