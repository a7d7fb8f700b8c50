#!/bin/sh
# Install opsguide into .venv, start the dried-fruits shop and keep its guide true: http://127.0.0.1:8765/
. "$(dirname "$0")/install.sh"
install demo postgresql redis-server nginx-light openssl
exec .venv/bin/opsguide demo "$@"
