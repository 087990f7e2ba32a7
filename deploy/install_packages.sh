#!/usr/bin/env bash
# Installs what deploy/packages.txt names and is not there yet. Needs root or sudo on Debian 12; quiet when nothing is missing.
#   deploy/install_packages.sh [build|peers]   build: only what the programs are built from; peers: what comparisons with other
#                                              systems need; without a word: what the programs and the tests need
set -euo pipefail
list="$(dirname "$(readlink -f "$0")")/packages.txt"
section() { sed -n "/^# $1\$/,/^# /p" "$list" | grep -v '^#'; }
case "${1:-}" in
  "") packages="$(section build; section tests)" ;;
  build | peers) packages="$(section "$1")" ;;
  *) echo "usage: deploy/install_packages.sh [build|peers]" >&2; exit 2 ;;
esac

missing=()
while read -r package; do
  dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done <<< "$packages"
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "install_packages: needs root or sudo to install: ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
echo "installing ${#missing[@]} packages: ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
