"""The shop's own tests, against the running API: `python -m app.tests`."""

from __future__ import annotations

import os
import subprocess

from .database import rows, tables

TABLES = {"customers", "orders", "products", "schema_migrations", "uploads", "users"}


def main() -> None:
    """Every test, in words; raises SystemExit with the first that fails."""
    health = os.environ["HEALTH_URL"]
    shop = health.removesuffix("/health")
    for path in ("/health", "/api/v1/health/database", "/api/v1/products", "/api/v1/customers", "/api/v1/orders"):
        if subprocess.run(["curl", "-fsS", "-o", os.devnull, shop + path], check=False).returncode != 0:
            raise SystemExit(f"{path} does not answer")
        print(f"ok  {path} answers")
    if not set(tables()) >= TABLES:
        raise SystemExit(f"tables are missing: {', '.join(TABLES - set(tables()))}")
    print("ok  every table is there")
    if {row[0] for row in rows("select role from users")} != {"admin", "clerk", "viewer"}:
        raise SystemExit("a role has no user")
    print("ok  every role has a user")


if __name__ == "__main__":
    main()
