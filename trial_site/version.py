"""Which code this is: the commit that every report and every data cut names.

An image is told it when it is built, because it carries no repository; a checkout reads it from its
own.  Read once, when the process starts: what changes on disk later is not what is running.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

UNKNOWN = "unknown"
ROOT = Path(__file__).resolve().parents[1]


def version_of(root: Path, environ: Mapping[str, str]) -> str:
    """``CODE_VERSION`` where it is set, else the commit checked out below ``root``."""
    return environ.get("CODE_VERSION") or _commit(root / ".git") or UNKNOWN


def _commit(git: Path) -> str:
    """What the branch of the repository ``git`` stands at; empty where that cannot be read."""
    head = _text(git / "HEAD")
    name = head.removeprefix("ref: ")
    if name == head:
        return head  # a commit is checked out, no branch
    return _text(git / name) or _packed(_text(git / "packed-refs"), name)


def _packed(refs: str, name: str) -> str:
    """The commit of ``name`` in the file where a repository keeps branches that rest."""
    lines = (line.partition(" ") for line in refs.splitlines())
    return next((commit for commit, _, branch in lines if branch == name), "")


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


_RUNNING = version_of(ROOT, os.environ)


def code_version() -> str:
    """The version of the code that is running: a commit, or whatever the image was told."""
    return _RUNNING
