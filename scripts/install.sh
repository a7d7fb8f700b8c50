# shellcheck shell=sh
# Sourced by demo.sh and test.sh: a virtual environment in .venv with opsguide in it. POSIX sh.
# usage: install EXTRAS PACKAGE...   -- Debian packages are installed where we are root, else named in one line.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
cd "$here"

install() {
    extras=$1
    shift
    missing=""
    python3 -c 'import venv, ensurepip' 2>/dev/null || missing=" python3-venv"
    for package in "$@"; do
        dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
    done
    if [ -n "$missing" ]; then provide "$missing"; fi
    if [ ! -x .venv/bin/python ]; then python3 -m venv .venv; fi
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[$extras]"
}

# What is missing, installed where we may; otherwise one line that says what root has to do.
provide() {
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        apt_install "$1"
        return
    fi
    case "$1" in
    *python3-venv*)
        echo "opsguide: python3-venv is missing; as root: apt-get install$1" >&2
        exit 2
        ;;
    *) echo "opsguide: going on without$1 (as root: apt-get install$1)" >&2 ;;
    esac
}

# Packages' own scripts must start no service: what is needed is started by us, on free ports, and stopped again.
apt_install() {
    echo "opsguide: installing$1"
    log=$(mktemp)
    policy=/usr/sbin/policy-rc.d
    ours=""
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
        ours=yes
    fi
    apt-get update -qq >"$log" 2>&1 || cat "$log" >&2
    for package in $1; do
        # One at a time: a package that this machine refuses must not leave the others unconfigured.
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >"$log" 2>&1 || {
            tail -n 3 "$log" >&2
            echo "opsguide: $package could not be installed; what needs it is left out and says so" >&2
        }
    done
    if [ -n "$ours" ]; then rm -f "$policy"; fi
    rm -f "$log"
}
