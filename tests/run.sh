#!/usr/bin/env bash
# Installs what is missing, builds Ora and runs every test.
#   tests/run.sh           everything: release build with all tests, clang with thread-safety analysis under address and
#                          undefined-behaviour sanitizers, thread sanitizer, fuzz smoke, style checks
#   tests/run.sh --fast    the release build with unit, integration and structure tests
# Build folders: build, build-address, build-thread. Exit status 0 only when all passed.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

fast=0
fuzz_seconds=${ORA_FUZZ_SECONDS:-5}
for argument in "$@"; do
  case "$argument" in
    --fast) fast=1 ;;
    -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "tests/run.sh: unknown argument $argument; see --help" >&2; exit 2 ;;
  esac
done

jobs=$(nproc)
started=$SECONDS
step() { printf '\n== %s (%d s)\n' "$*" $((SECONDS - started)); }

configure() {  # folder, then cmake's arguments
  local folder=$1
  shift
  cmake -S . -B "$folder" -G Ninja "$@" >"$folder.configure.log" 2>&1 || { cat "$folder.configure.log" >&2; return 1; }
  rm -f "$folder.configure.log"
}

step packages
deploy/install_packages.sh

step "build (gcc, release)"
configure build -DCMAKE_BUILD_TYPE=Release -DORA_BUILD_TESTS=ON
ninja -C build -j "$jobs" --quiet

# Prometheus's own scripts, where they lie beside the project: never part of it.
promql_testdata=../shared/promql-testdata
run_promql_testdata() {  # build folder
  [ -d "$promql_testdata" ] || return 0
  step "Prometheus's scripts ($1)"
  "$1/bin/promql-script" "$promql_testdata"/*.test
}

step "tests (gcc, release)"
if [ "$fast" -eq 1 ]; then
  ctest --test-dir build --output-on-failure -j "$jobs" -LE 'system|slow'
  run_promql_testdata build
  step "fast tests passed"
  exit 0
fi
ctest --test-dir build --output-on-failure -j "$jobs" -LE 'system|slow'
run_promql_testdata build
step "system tests (real binaries)"
ctest --test-dir build --output-on-failure -L system

step "style"
git ls-files '*.h' '*.cc' | xargs clang-format --dry-run -Werror

step "build (clang, thread-safety analysis, address and undefined-behaviour sanitizers)"
configure build-address -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_COMPILER=clang++ -DORA_SANITIZE=address
ninja -C build-address -j "$jobs" --quiet tests/unit/all tests/integration/all tests/fuzz/all tests/promql/all bench_load_test bench_w1_test
step "unit and integration tests under these sanitizers"
ctest --test-dir build-address --output-on-failure -j "$jobs" -L 'unit|integration'
run_promql_testdata build-address

step "fuzz smoke, $fuzz_seconds s each"
for fuzzer in build-address/fuzz/*_fuzz; do
  name=$(basename "$fuzzer")
  corpus=$(dirname "$(find tests/fuzz -name "$name.cc")")/corpus  # seeds lie beside the source
  [ -d "$corpus" ] || corpus=
  scratch=$(mktemp -d)
  "$fuzzer" -artifact_prefix="$scratch.found-" -max_total_time="$fuzz_seconds" -timeout=10 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=0 "$scratch" ${corpus:+"$corpus"} 2>"$scratch.log" ||
    { cat "$scratch.log" >&2; echo "$name failed" >&2; exit 1; }
  rm -rf "$scratch" "$scratch.log"
  echo "$name passed"
done

step "build (clang, thread sanitizer)"
configure build-thread -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_COMPILER=clang++ -DORA_SANITIZE=thread
ninja -C build-thread -j "$jobs" --quiet tests/unit/all tests/sanitizers/all tests/promql/all bench_load_test bench_w1_test
step "unit tests under the thread sanitizer"
# Debian's libraries are not instrumented: what they order among themselves the sanitizer cannot see.
TSAN_OPTIONS="suppressions=$PWD/tests/sanitizers/tsan.supp ignore_noninstrumented_modules=1 halt_on_error=1" ctest --test-dir build-thread --output-on-failure -j "$jobs" -L 'unit|sanitizer'

step "all passed"
