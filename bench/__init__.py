"""Benchmarks: what a page costs, as a ratio that another machine gives too.  See README.md."""
