#!/usr/bin/env bash
# Makes sure of prometheus and promtool, out of Debian's package and not with it: the package would start a server.
# Safe to run again, and for two at once.
set -euo pipefail
cd "$(dirname "$0")/.."
exec 9> .venv/.prometheus.lock
flock 9

have() { command -v "$1" >/dev/null || [ -x ".venv/bin/$1" ]; }
if have prometheus && have promtool; then exit 0; fi

echo "Installing prometheus and promtool …"
command -v apt-get >/dev/null || { echo "Tests need prometheus and promtool: install them." >&2; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
[ "$(id -u)" != 0 ] || apt-get update -qq >/dev/null
(cd "$folder" && chmod 755 . && apt-get download -qq -o APT::Sandbox::User=root prometheus >/dev/null &&
  dpkg -x prometheus_*.deb prometheus)
install -m 755 "$folder"/prometheus/usr/bin/{prometheus,promtool} .venv/bin/
