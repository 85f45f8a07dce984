"""Settings, people and protocol of the trial."""
