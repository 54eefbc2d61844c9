"""The one exception the loader raises on purpose."""

from __future__ import annotations


class LoadError(Exception):
    """A load cannot go on, and the message says in one line why and what to do.

    It ends the program with exit code 1 and no traceback. Whatever was not committed before it is
    rolled back, and no STATE that covers it is written.
    """
