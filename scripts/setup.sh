#!/usr/bin/env bash
# Makes .venv from the hash-pinned lock, puts the speech model into it, and makes sure that ffmpeg and fonts are
# there. Safe to run again.
set -euo pipefail
cd "$(dirname "$0")/.."

find_python() {
  for candidate in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  echo "Reelbus needs Python 3.11 or newer. Install it, or name it: make PYTHON=/path/to/python3.11" >&2
  exit 1
}

have_ffmpeg() {
  command -v "${REELBUS_FFMPEG:-ffmpeg}" >/dev/null && command -v "${REELBUS_FFPROBE:-ffprobe}" >/dev/null
}

PACKAGES="ffmpeg fontconfig fonts-liberation fonts-dejavu-core fonts-noto-core fonts-noto-cjk"

have_fonts() {
  .venv/bin/python -m reelbus.fonts 2>/dev/null
}

python=$(find_python)
if [ ! -x .venv/bin/python ]; then
  echo "Creating .venv with $("$python" --version) …"
  rm -rf .venv
  "$python" -m venv .venv || {
    echo "Python's venv module is missing. On Debian: apt-get install -y python3-venv" >&2
    exit 1
  }
fi

echo "Installing the locked dependencies …"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .

echo "Putting the speech model together …"
.venv/bin/python -m reelbus.models

if ! have_ffmpeg || ! have_fonts; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing ffmpeg and fonts …"
    apt-get update -qq >/dev/null
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $PACKAGES >/dev/null
  else
    have_ffmpeg || echo "ffmpeg and ffprobe are missing; nothing works without them." >&2
    have_fonts || echo "Fonts are missing; captions in some writings cannot be drawn without them." >&2
    echo "Install what is missing, then run make again. On Debian or Ubuntu:" >&2
    echo "  sudo apt-get install -y --no-install-recommends $PACKAGES" >&2
    have_ffmpeg || exit 1
  fi
fi
if command -v fc-cache >/dev/null; then fc-cache || true; fi # so that no rendering has to look through all fonts
touch .venv/.installed
echo "Ready."
