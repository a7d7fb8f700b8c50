"""What is wrong with a query, told to whoever wrote it."""

from __future__ import annotations


class QueryFault(Exception):  # noqa: N818 -- a fault of the query, shown as a sentence
    """A query that cannot be parsed or evaluated. column: 1-based place in its text, 0 where it has none.

    hint: the smallest change that would help, "" where none is known.
    """

    def __init__(self, message: str, column: int = 0, hint: str = "") -> None:
        """Keep the sentence, the place and the mend."""
        super().__init__(message)
        self.message = message
        self.column = column
        self.hint = hint
