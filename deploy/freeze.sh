#!/bin/sh
# Writes constraints.txt anew: every package that requirements-dev.txt pulls in, from an environment made for it alone.
cd "$(dirname "$0")/.." || exit 1
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder" && "$folder/bin/python" -m pip install --quiet -r requirements-dev.txt || exit 1
{
    echo "# Everything the requirements files pull in, frozen: a clone of tomorrow installs what today's did."
    echo "# Written by deploy/freeze.sh."
    "$folder/bin/python" -m pip freeze
} >"$folder/constraints.txt" && mv "$folder/constraints.txt" constraints.txt
