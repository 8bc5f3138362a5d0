#!/usr/bin/env bash
# Installs a Debian package where a command is missing: scripts/need.sh COMMAND PACKAGE...
set -euo pipefail

command=$1
shift
if command -v "$command" >/dev/null 2>&1; then
  exit 0
fi
sudo=()
if [ "$(id -u)" != 0 ]; then
  sudo=(sudo)
fi
if ! command -v apt-get >/dev/null 2>&1 || { [ ${#sudo[@]} -gt 0 ] && ! command -v sudo >/dev/null 2>&1; }; then
  echo "\`$command\` is missing, and cannot be installed from here; please install: $*" >&2
  exit 1
fi
echo "==> installing $* for \`$command\`" >&2
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive sh -ec '
  apt-get install -y --no-install-recommends "$@" || { apt-get update && apt-get install -y --no-install-recommends "$@"; }
' sh "$@" >&2
