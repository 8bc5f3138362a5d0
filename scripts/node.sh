#!/usr/bin/env bash
# Says where a Node of a version, or a later one, is for PATH: the machine's own, Debian's package, or, where that is
# older, the one that npm has.
#
#   scripts/node.sh [20]
set -euo pipefail
cd "$(dirname "$0")/.."

least=${1:-20}
scripts/need.sh node nodejs
scripts/need.sh npm npm
good() { "$1" -e "process.exit(process.versions.node.split('.')[0] < $least ? 1 : 0)" 2>/dev/null; }

if good node; then
  dirname "$(command -v node)"
  exit 0
fi
folder=$PWD/target/node
if ! good "$folder/node_modules/node/bin/node"; then
  echo "==> this machine's Node is $(node --version): getting a later one" >&2
  npm install --prefix "$folder" --no-save --no-audit --no-fund --loglevel=error node@22 >&2
  good "$folder/node_modules/node/bin/node" || { echo "scripts/node.sh: no Node of version $least or later" >&2; exit 1; }
fi
echo "$folder/node_modules/node/bin"
