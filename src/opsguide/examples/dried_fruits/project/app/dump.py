"""Dump and load the shop's SQLite file, where PostgreSQL is not installed: `python -m app.dump [check]`."""

from __future__ import annotations

import os
import sqlite3
import sys


def main() -> None:
    """Write the database as SQL; with `check` load standard input into memory and count the orders."""
    if sys.argv[1:] == ["check"]:
        scratch = sqlite3.connect(":memory:")
        scratch.executescript(sys.stdin.read())
        print(scratch.execute("select count(*) from orders").fetchone()[0])
        return
    for line in sqlite3.connect(os.environ["SHOP_DATABASE"]).iterdump():
        print(line)


if __name__ == "__main__":
    main()
