#!/usr/bin/env bash
# How many charges a second the server posts to one hot agent over 64 connections: as it is, and with a transaction for
# each. Measured in alternation, in one run, over HTTP, in release; the books are proved afterwards.
#
#   scripts/postgres.sh --durable benches/group_commit.sh
set -euo pipefail
cd "$(dirname "$0")/.."

: "${TEST_PG_URL:?run scripts/postgres.sh --durable benches/group_commit.sh}"
rounds=${ROUNDS:-5} seconds=${SECONDS_A_ROUND:-6}
scripts/need.sh wrk wrk
scripts/need.sh psql postgresql-client
scripts/need.sh curl curl
for setting in fsync synchronous_commit; do
  [ "$(psql -qtA "$TEST_PG_URL" -c "SHOW $setting")" = on ] || { echo "$setting must be on: --durable" >&2; exit 1; }
done
# SERVER names a release binary that is there already.
server=${SERVER:-${CARGO_TARGET_DIR:-target}/release/agent-program}
[ -n "${SERVER-}" ] || cargo build --release --locked

work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT

# A server with an agent at 3%, a customer of its, and a switch: its URL, the switch's key and the account's number.
declare -A url key account database
begin() {
  local name=$1 batch=$2 port=$3
  psql -q "$TEST_PG_URL" -c "CREATE DATABASE bench_$name"
  database[$name]=${TEST_PG_URL/localhost\/postgres/localhost/bench_$name}
  export DATABASE_URL=${database[$name]} TOKEN_KEY_FILE=$work/$name.key LOG=warn
  echo 'a quiet harbour' | "$server" operator add --email operator@example.com --name Operator >"$work/$name.log" 2>&1 ||
    { cat "$work/$name.log" >&2; exit 1; }
  LISTEN=127.0.0.1:$port LEDGER_MAX_BATCH=$batch "$server" serve >>"$work/$name.log" 2>&1 &
  url[$name]=http://127.0.0.1:$port
  until curl -sf "${url[$name]}/health/ready" >/dev/null; do kill -0 $! || { cat "$work/$name.log" >&2; exit 1; }; done
  local operator application number
  operator=$(ask "$name" '' 'mutation { signIn(input: {email: "operator@example.com", password: "a quiet harbour"}) { session { accessToken } } }' accessToken)
  application=$(ask "$name" '' 'mutation { applyToProgram(input: {kind: INDIVIDUAL, name: "Agent", email: "agent@example.com", business: "A shop", plan: "By word of mouth", promotion: [WORD_OF_MOUTH], involvement: [SETUP], markets: [LOCAL], projection: {oneMonth: 1, threeMonths: 1, sixMonths: 1, oneYear: 1}}) { application { id } } }' id)
  number=$(ask "$name" "$operator" "mutation { approveApplication(input: {applicationId: \"$application\", commissionRate: \"3\"}) { agent { agentNumber } } }" agentNumber)
  account[$name]=$(ask "$name" '' "mutation { signUpWithAgent(input: {name: \"Customer\", email: \"customer@example.com\", password: \"a quiet harbour\", agentNumber: \"$number\"}) { customer { accountNumber } } }" accountNumber)
  key[$name]=$(ask "$name" "$operator" 'mutation { createApiKey(input: {name: "switch", role: SWITCH}) { secret } }' secret)
}

# Asks NAME's server with a token, and takes one field's text out of the answer.
ask() {
  local answer
  answer=$(curl -s "${url[$1]}/graphql" -H 'content-type: application/json' ${2:+-H "authorization: Bearer $2"} \
    -d "{\"query\":\"${3//\"/\\\"}\"}")
  sed -n "s/.*\"$4\":\"\([^\"]*\)\".*/\1/p" <<<"$answer" | grep . || { echo "$answer" >&2; exit 1; }
}

# Posts for some seconds over 64 connections: charges a second, and the slowest hundredth in milliseconds.
round() {
  local name=$1 lasting=$2
  ROUND=$name-$3 SWITCH_KEY=${key[$name]} ACCOUNT=${account[$name]} NOW=$(date -u +%Y-%m-%dT%H:%M:%SZ) \
    wrk -t2 -c64 -d"${lasting}s" -s benches/charges.lua "${url[$name]}/graphql" | tail -n 1
}

begin grouped 256 18001
begin single 1 18002
round grouped 2 warm >/dev/null
round single 2 warm >/dev/null
printf '%6s %14s %8s %16s %8s\n' round 'group commit' 'p99 ms' 'batches of one' 'p99 ms'
for i in $(seq "$rounds"); do
  read -r with with_p99 < <(round grouped "$seconds" "$i")
  read -r without without_p99 < <(round single "$seconds" "$i")
  printf '%6s %14s %8s %16s %8s\n' "$i" "$with" "$with_p99" "$without" "$without_p99"
  echo "$with $without" >>"$work/rates"
done
middle() { cut -d' ' -f"$1" "$work/rates" | sort -n | sed -n "$(((rounds + 1) / 2))p"; }
awk -v a="$(middle 1)" -v b="$(middle 2)" 'BEGIN { printf "%6s %14d %8s %16d %8s   %.1f times\n", "median", a, "", b, "", a / b }'
for name in grouped single; do
  DATABASE_URL=${database[$name]} TOKEN_KEY_FILE=$work/$name.key LOG=warn "$server" verify | sed -n '1p;$p'
done
