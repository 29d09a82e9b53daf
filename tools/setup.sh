#!/bin/sh
# Makes a virtual environment and installs requirements.lock into it, byte-compiled.
# usage: setup.sh ENGINE VENV
set -eu
engine=$1 venv=$2
uv='uv==0.13.9'

fits() {
    command -v "$1" >/dev/null && "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

python=${PYTHON:-}
if [ -n "$python" ] && ! fits "$python"; then
    echo "error: PYTHON=$python is not Python 3.11, 3.12 or 3.13" >&2
    exit 1
fi
for name in python3.13 python3.12 python3.11 python3; do
    [ -n "$python" ] && break
    if fits "$name"; then python=$name; fi
done
if [ -z "$python" ]; then
    echo "error: Python 3.11, 3.12 or 3.13 is needed and none was found" >&2
    echo "  Install one (Debian 12: apt-get install python3 python3-venv), or name it: make PYTHON=/path/to/python3.12" >&2
    exit 1
fi

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    sh "$engine/tools/debian.sh" "Python's venv module" "${python##*/}-venv"
fi

if [ -L "$venv" ]; then
    echo "error: $venv is a link: installing would empty the environment that it leads to" >&2
    echo "  Remove the link, or name another place: make VENV=/path/to/venv" >&2
    exit 1
fi
if [ -e "$venv" ] && [ ! -e "$venv/pyvenv.cfg" ]; then
    echo "error: $venv is there and is no virtual environment" >&2
    echo "  Move it away, or name another place: make VENV=/path/to/venv" >&2
    exit 1
fi

echo "set-up: installing requirements.lock into $venv (once; about 3 GB)"
"$python" -m venv --clear "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$uv"
"$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --require-hashes --compile-bytecode -r "$engine/requirements.lock"
cp "$engine/requirements.lock" "$venv/installed.lock"
