#!/usr/bin/env bash
# Creates the virtual environment and installs the pinned packages into it. Usage: install.sh VENV
set -euo pipefail
venv=$1
python=${PYTHON:-python3}

say() { printf '\033[1m%s\033[0m\n' "$*"; }

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "Fireside needs Python 3.11 or newer; '$python' is $("$python" --version 2>&1 || echo missing)." >&2
  echo "Mend: install it (on Debian: apt-get install python3 python3-venv) or name one: make PYTHON=/path/to/python3.11" >&2
  exit 1
fi

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "Installing python3-venv (Debian keeps it apart from python3)"
    apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null
  else
    echo "Python's venv module is missing. Mend (Debian): sudo apt-get install python3-venv" >&2
    exit 1
  fi
fi

say "Installing packages into $venv"
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check uv==0.13.8
# uv brings its own list of certificate authorities; prefer the machine's when it has one.
if [ -z "${SSL_CERT_FILE:-}" ] && [ -f /etc/ssl/certs/ca-certificates.crt ]; then
  export SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
fi
uv() { "$venv/bin/uv" pip "$@" --python "$venv/bin/python" --quiet; }
uv install --requirements pyproject.toml --group dev --group bare-needs --constraints requirements/constraints.txt
uv install --no-deps --group bare
# The `fireside` command, from this checkout.
uv install --no-deps --editable .
