#!/usr/bin/env bash
# Makes sure of what builds and tries images without a container engine. Safe to run again, and quick when all is there.
set -euo pipefail

missing=()
for program in buildah mmdebstrap; do
  command -v "$program" >/dev/null || missing+=("$program")
done
[ -d /usr/share/pocketsphinx/test/data/librivox ] || missing+=(pocketsphinx-testdata)

if [ "$(id -u)" != 0 ]; then
  echo "Images are built and tried by root alone: sudo make images" >&2
  echo "With a container engine: docker build --build-arg SERVICE=edge ." >&2
  exit 1
fi
if [ ${#missing[@]} != 0 ]; then
  if ! command -v apt-get >/dev/null; then
    echo "Install first: ${missing[*]}" >&2
    exit 1
  fi
  echo "Installing ${missing[*]} …"
  apt-get update -qq >/dev/null
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
