#!/usr/bin/env bash
# Installs, builds and starts Ora on this host, and shows what it sees.
#   deploy/quickstart.sh [--once] [--port PORT] [--state-dir DIR]
#     --once           show the fleet, stop everything that was started, exit 0
#     --port PORT      where the aggregator listens on 127.0.0.1; default 7460, 0 takes a free port
#     --state-dir DIR  data, configuration and Ora's own logs; default /var/lib/ora as root, else ~/.local/state/ora
# The aggregator and a collector run on loopback and watch this host's logs and processes, Ora's own too. Without --once they
# run until Ctrl-C. A second run reuses the build and the state.
set -euo pipefail
root="$(dirname "$(readlink -f "$0")")/.."
root="$(readlink -f "$root")"

once=0
port=7460
if [ "$(id -u)" -eq 0 ]; then state=/var/lib/ora; else state="${XDG_STATE_HOME:-$HOME/.local/state}/ora"; fi
usage() { sed -n '2,8s/^# \{0,1\}//p' "$0"; }
wrong() { echo "quickstart: $*; see --help" >&2; exit 2; }
while [ $# -gt 0 ]; do
  case "$1" in
    --once) once=1 ;;
    --port) [ $# -gt 1 ] || wrong "--port needs a number"; port=$2; shift ;;
    --state-dir) [ $# -gt 1 ] || wrong "--state-dir needs a directory"; state=$2; shift ;;
    -h | --help) usage; exit 0 ;;
    *) wrong "unknown argument $1" ;;
  esac
  shift
done
[[ "$port" =~ ^[0-9]+$ ]] && [ "$port" -le 65535 ] || wrong "--port $port is not a port, 0 to 65535"
mkdir -p "$state/logs"
state="$(readlink -f "$state")"

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '\n%s\n' "$*"; }

say "1/4 packages"
"$root/deploy/install_packages.sh" build

say "2/4 build (Release, in $root/build)"
cd "$root"
[ -f build/build.ninja ] || cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Release -DORA_BUILD_TESTS=OFF >"$state/logs/configure.txt" ||
  { cat "$state/logs/configure.txt" >&2; exit 1; }
ninja -C build ora-aggregator ora-collector ora
bin="$root/build/bin"

say "3/4 start, state in $state"
rm -f "$state/address"
cat >"$state/aggregator.yml" <<YAML
# Written by deploy/quickstart.sh at each start.
listen: 127.0.0.1:$port
storage_uri: file://$state/aggregator
YAML

collector_pid=
aggregator_pid=
stop() {
  trap - EXIT INT TERM
  # The collector first, so that its last batch still finds the aggregator.
  for pid in $collector_pid $aggregator_pid; do
    kill -TERM "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

failed() {  # what, its log
  echo "quickstart: $1; the end of $2:" >&2
  tail -n 15 "$2" >&2
  exit 1
}

"$bin/ora-aggregator" --config "$state/aggregator.yml" --port-file "$state/address" >>"$state/logs/ora-aggregator_stdout.log" 2>>"$state/logs/ora-aggregator_stderr.log" &
aggregator_pid=$!
for _ in $(seq 300); do
  [ -s "$state/address" ] && break
  kill -0 "$aggregator_pid" 2>/dev/null || failed "the aggregator did not start" "$state/logs/ora-aggregator_stderr.log"
  sleep 0.1
done
[ -s "$state/address" ] || failed "the aggregator was not ready within 30 s" "$state/logs/ora-aggregator_stderr.log"
export ORA_AGGREGATOR=$(cat "$state/address")

cat >"$state/collector.yml" <<YAML
# Written by deploy/quickstart.sh at each start.
aggregator: $ORA_AGGREGATOR
state_directory: $state/collector
sample_interval: 5s
logs:
  - include: [$state/logs/*.log]
    category: application
  - include: ["/var/log/**/*.log", /var/log/syslog, /var/log/messages, /var/log/auth.log, /var/log/kern.log]
    category: system
YAML
"$bin/ora-collector" --config "$state/collector.yml" >>"$state/logs/ora-collector_stdout.log" 2>>"$state/logs/ora-collector_stderr.log" &
collector_pid=$!

# Two samples of each process: the second one makes a rate.
arrived() {
  "$bin/ora" query 'count(rate(process_cpu_seconds_total{job="process"}[1m]))' -o csv 2>/dev/null | tail -n +2 | grep -q . &&
    "$bin/ora" query 'count(ora_log_size_bytes)' -o csv 2>/dev/null | tail -n +2 | grep -q .
}
for _ in $(seq 120); do
  arrived && break
  kill -0 "$collector_pid" 2>/dev/null || failed "the collector did not start" "$state/logs/ora-collector_stderr.log"
  kill -0 "$aggregator_pid" 2>/dev/null || failed "the aggregator stopped" "$state/logs/ora-aggregator_stderr.log"
  sleep 0.5
done
arrived || failed "no data arrived within 60 s" "$state/logs/ora-collector_stderr.log"

say "4/4 what Ora sees (aggregator at $ORA_AGGREGATOR)"
say "\$ ora hosts list"
"$bin/ora" hosts list
say "\$ ora logs list"
"$bin/ora" logs list
say "\$ ora query 'topk(8, process_resident_memory_bytes)'        # the heaviest processes by memory"
"$bin/ora" query 'topk(8, sum by (component) (process_resident_memory_bytes{job="process"}))'
say "\$ ora query 'topk(5, rate(process_cpu_seconds_total[1m]))'  # and by processor, in cores"
"$bin/ora" query 'topk(5, sum by (component) (rate(process_cpu_seconds_total{job="process"}[1m])))'
say "\$ ora alerts list"
"$bin/ora" alerts list

if [ "$once" -eq 1 ]; then
  say "stopping"
  stop
  exit 0
fi
say "Running until Ctrl-C. In another terminal:"
echo "  export ORA_AGGREGATOR=$ORA_AGGREGATOR PATH=\"$bin:\$PATH\""
echo "  ora logs analyze"
wait -n "$aggregator_pid" "$collector_pid" || true
kill -0 "$aggregator_pid" 2>/dev/null || failed "the aggregator stopped" "$state/logs/ora-aggregator_stderr.log"
failed "the collector stopped" "$state/logs/ora-collector_stderr.log"
