#!/bin/bash
# Builds the library with the C interface, installs the Python package into a fresh environment, and runs its
# tests and examples. Says why and succeeds where Python or its packages are not to be had.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
skip() {
  echo "python: skipped: $*"
  exit 0
}

command -v python3 >/dev/null || skip "there is no python3; apt install python3-venv"
python3 -m venv "$folder/venv" >/dev/null 2>&1 || skip "python3 cannot make environments; apt install python3-venv"
# A copy, because building a wheel leaves folders beside its source.
cp -r Bindings/python "$folder/package"
"$folder/venv/bin/pip" install -q "$folder/package[test]" >"$folder/pip.log" 2>&1 \
  || skip "the packages cannot be installed: $(tail -n 1 "$folder/pip.log")"

swift build -c release --product PVDGolden
swift build -c release --product pvd
PVD_LIBRARY=$(swift build -c release --show-bin-path)/libPVDGolden.so
export PVD_LIBRARY PVD_GOLDEN="$PWD/Fixtures/golden" JAX_PLATFORMS=cpu PYTHONDONTWRITEBYTECODE=1
.build/release/pvd golden generate --out "$folder/own"

echo "python: tests of the package"
(cd "$folder" && "$folder/venv/bin/python" -m pytest -q "$folder/package/tests")
echo "python: the example in NumPy on generated cases"
"$folder/venv/bin/python" Bindings/python/examples/numpy_backend.py "$folder/own"
if "$folder/venv/bin/pip" install -q jax >"$folder/pip.log" 2>&1; then
  echo "python: the example in JAX"
  "$folder/venv/bin/python" Bindings/python/examples/jax_backend.py
  "$folder/venv/bin/python" Bindings/python/examples/jax_backend.py "$folder/own"
else
  echo "python: the example in JAX skipped: $(tail -n 1 "$folder/pip.log")"
fi
