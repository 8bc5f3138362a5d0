#!/usr/bin/env bash
# Says where a Python is that has what a file of requirements names: scripts/python.sh REQUIREMENTS
#
# It is a virtual environment within target, made anew when the file has changed.
set -euo pipefail

requirements=$(realpath "$1")
cd "$(dirname "$0")/.."
python3 -c 'import ensurepip, venv' 2>/dev/null || scripts/need.sh 'python3 -m venv' python3 python3-venv

folder=$PWD/target/python
if ! cmp -s "$requirements" "$folder/requirements.txt"; then
  rm -rf "$folder"
  python3 -m venv "$folder" >&2
  "$folder/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements" >&2
  cp "$requirements" "$folder/requirements.txt"
fi
echo "$folder/bin/python"
