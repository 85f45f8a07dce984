"""The laboratory's pages.  None of them shows an arm."""
