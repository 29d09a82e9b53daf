#!/bin/sh
# Installs Debian packages as root or with sudo, or says which command does it.
# usage: debian.sh WHAT PACKAGE...
set -eu
what=$1
shift
command="apt-get install -y --no-install-recommends $*"

if ! command -v apt-get >/dev/null; then
    echo "error: $what is missing. Install it with your system's packages" >&2
    echo "  (on Debian: $command)" >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=sudo
else
    echo "error: $what is missing. Install it with this command, then run make again:" >&2
    echo "  sudo apt-get update && sudo $command" >&2
    exit 1
fi
echo "set-up: installing $what (once)"
log=$(mktemp)
if ! { $as_root apt-get update -q && DEBIAN_FRONTEND=noninteractive $as_root $command; } >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    echo "error: $what could not be installed (log: $log). The command was: $command" >&2
    exit 1
fi
rm -f "$log"
