# shellcheck shell=sh
# Sourced by demo.sh and test.sh: a virtual environment in .venv with opsguide in it. POSIX sh; root where it is root.
# usage: install EXTRAS PACKAGES   -- Debian packages are installed where we may, else named in one line.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
cd "$here"

may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }

# The servers' own start scripts must not start anything: what the tests need they start themselves, on free ports.
apt_install() {
    printf '#!/bin/sh\nexit 101\n' >/tmp/opsguide-policy.$$
    chmod +x /tmp/opsguide-policy.$$
    if [ ! -e /usr/sbin/policy-rc.d ]; then
        cp /tmp/opsguide-policy.$$ /usr/sbin/policy-rc.d
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    rm -f /tmp/opsguide-policy.$$
    apt-get update -qq
    for package in "$@"; do
        # One at a time: a package that this machine refuses must not leave the others unconfigured.
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null ||
            echo "opsguide: the package $package could not be installed; what needs it is skipped by name" >&2
    done
}

install() {
    extras=$1
    shift
    missing=""
    python3 -c 'import venv, ensurepip' 2>/dev/null || missing="python3-venv"
    for package in "$@"; do
        dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
    done
    if [ -n "$missing" ]; then
        # shellcheck disable=SC2086 -- a list of names
        if may_install; then apt_install $missing; else wish "$missing"; fi
    fi
    if [ ! -x .venv/bin/python ]; then python3 -m venv .venv; fi
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[$extras]"
}

wish() {
    case "$1" in
    *python3-venv*)
        echo "opsguide: python3-venv is missing; as root: apt-get install$1" >&2
        exit 2
        ;;
    *) echo "opsguide: not installed, and done without:$1 (as root: apt-get install$1)" >&2 ;;
    esac
}
