"""The demo: a running trial from nothing, in one process, for this machine only."""
