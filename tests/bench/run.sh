#!/usr/bin/env bash
# Runs benchmarks and prints one JSON object a figure on standard output: {"name":...,"value":...,"unit":...,"n":...}.
#   tests/bench/run.sh [NAME...]     NAMEs are folders of tests/bench; all without any
# Each folder's own `figures` script runs its programs in build/bench and prints the figures. Builds first.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

names=("$@")
if [ ${#names[@]} -eq 0 ]; then
  for script in tests/bench/*/figures; do names+=("$(basename "$(dirname "$script")")"); done
fi
for name in "${names[@]}"; do
  [ -x "tests/bench/$name/figures" ] || {
    echo "tests/bench/run.sh: no benchmark $name; there are: $(cd tests/bench && echo */figures | sed 's|/figures||g')" >&2
    exit 2
  }
done
deploy/install_packages.sh >&2
cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Release -DORA_BUILD_TESTS=ON >&2
ninja -C build --quiet >&2
for name in "${names[@]}"; do
  "tests/bench/$name/figures" build
done
