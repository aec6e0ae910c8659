"""What files hold, as values."""

from __future__ import annotations


class Program(bytes):
    """The contents of a file that may be executed. COPY keeps that, so it is part of what is copied."""

    __slots__ = ()
