#!/bin/sh
# Installs LaTeX (and pdftotext, for the tests) on Debian and its kin, or says how to.
# usage: latex.sh ENGINE
set -eu
packages=$(grep -v '^#' "$1/tools/latex-packages.txt" | tr '\n' ' ')
command="apt-get install -y --no-install-recommends $packages"

if command -v apt-get >/dev/null; then
    if [ "$(id -u)" = 0 ]; then
        as_root=
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        as_root=sudo
    else
        echo "error: LaTeX is missing. Install it with this command, then run make again:" >&2
        echo "  sudo apt-get update && sudo $command" >&2
        echo "  (make html needs no LaTeX)" >&2
        exit 1
    fi
    echo "set-up: installing LaTeX (once; about 500 MB)"
    log=$(mktemp)
    if ! { $as_root apt-get update -q && DEBIAN_FRONTEND=noninteractive $as_root $command; } >"$log" 2>&1; then
        tail -n 5 "$log" >&2
        echo "error: LaTeX could not be installed (log: $log). The command was: $command" >&2
        exit 1
    fi
    rm -f "$log"
else
    echo "error: LaTeX is missing. Install latexmk, pdfLaTeX and pdftotext with your system's packages" >&2
    echo "  (on Debian: $command)" >&2
    exit 1
fi
