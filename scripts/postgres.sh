#!/usr/bin/env bash
# Runs a command beside a PostgreSQL of its own: starts one in a temporary folder, passes its URL as TEST_PG_URL, and
# takes it away again at the end, however the command ended.
#
#   scripts/postgres.sh cargo nextest run
#   scripts/postgres.sh --durable benches/group_commit.sh     # waits for the disk, as one with data does
#   scripts/postgres.sh --durable --restarts                  # says the URL, then crashes and starts again for each line read
#
# The binaries: `initdb` on PATH, else the newest of /usr/lib/postgresql, else Debian's package is installed. It listens
# on a socket in its folder only and, unless told to, does not wait for the disk: for tests, never for data.
set -euo pipefail

wait_for_disk=off
restarts=no
while :; do
  case "${1-}" in
    --durable) wait_for_disk=on ;;
    --restarts) restarts=yes ;;
    *) break ;;
  esac
  shift
done
[ $# -gt 0 ] || [ "$restarts" = yes ] || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)

find_binaries() {
  local initdb
  initdb=$(command -v initdb || find /usr/lib/postgresql -path '*/bin/initdb' 2>/dev/null | sort -V | tail -n 1)
  [ -n "$initdb" ] && dirname "$(readlink -f "$initdb")"
}

if ! bin=$(find_binaries); then
  # No cluster of the machine's own: only the binaries are wanted.
  if [ "$(id -u)" = 0 ] && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
  fi
  "$here/need.sh" initdb postgresql
  bin=$(find_binaries) || { echo "scripts/postgres.sh: no initdb, even after installing postgresql" >&2; exit 1; }
fi

# PostgreSQL refuses to run as root, so root lends it to another user.
as=()
if [ "$(id -u)" = 0 ]; then
  user=postgres
  id "$user" >/dev/null 2>&1 || user=nobody
  as=(setpriv "--reuid=$user" "--regid=$(id -g "$user")" --clear-groups env -u HOME)
fi

folder=$(mktemp -d /tmp/agent-program-pg.XXXXXX)
[ ${#as[@]} = 0 ] || chown "$user" "$folder"

stop() {
  status=$?
  trap - EXIT INT TERM
  (cd / && "${as[@]}" "$bin/pg_ctl" stop -D "$folder/data" -m immediate >/dev/null 2>&1) || true
  rm -rf "$folder"
  exit "$status"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

start() {
  cd /
  "${as[@]}" "$bin/initdb" --pgdata="$folder/data" --username=postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync
  "${as[@]}" "$bin/pg_ctl" start -w -t 60 -D "$folder/data" -l "$folder/log" -o "-c listen_addresses='' \
    -c unix_socket_directories='$folder' -c fsync=$wait_for_disk -c synchronous_commit=$wait_for_disk -c full_page_writes=$wait_for_disk \
    -c max_connections=400 -c shared_buffers=256MB"
}
if ! (start) >"$folder.out" 2>&1; then
  cat "$folder.out" "$folder/log" >&2 || true
  rm -f "$folder.out"
  echo "scripts/postgres.sh: PostgreSQL did not start" >&2
  exit 1
fi
rm -f "$folder.out"

export TEST_PG_URL="postgres://postgres@localhost/postgres?host=$folder"
if [ "$restarts" = no ]; then
  "$@"
  exit
fi
echo "$TEST_PG_URL"
while read -r _; do
  (cd / && "${as[@]}" "$bin/pg_ctl" restart -w -t 60 -m immediate -D "$folder/data" -l "$folder/log" >/dev/null 2>&1)
  echo restarted
done
