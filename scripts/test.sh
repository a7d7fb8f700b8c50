#!/bin/sh
# Install what the tests need into .venv (and, where we are root, the servers), and run them with all checks.
. "$(dirname "$0")/install.sh"
install dev postgresql redis-server mariadb-server nginx-light openssl git make curl
.venv/bin/ruff check src tests bench
.venv/bin/ruff format --check src tests bench
.venv/bin/lint-imports
.venv/bin/mypy
exec .venv/bin/pytest "$@"
