#!/bin/bash
# What must hold before a change is pushed: layout, structure, a build without warnings, and tests.
#
#   Scripts/check.sh          everything
#   Scripts/check.sh lint     only what needs no build
set -euo pipefail
cd "$(dirname "$0")/.."

failed=0
fail() {
  echo "check: $*" >&2
  failed=1
}

lint() {
  echo "check: swift format lint"
  swift format lint --strict --recursive --parallel --configuration .swift-format \
    Sources Tests Benchmarks/Sources Benchmarks/Package.swift Package.swift \
    || fail "swift format lint is not clean; run: swift format --in-place --recursive Sources Tests Benchmarks/Sources Package.swift"

  echo "check: hashes of generated cases"
  (cd Fixtures/generated && sha256sum --check --quiet --strict SHA256SUMS) \
    || fail "Fixtures/generated is not what its SHA256SUMS says"

  echo "check: manifest, sizes"
  # A package with unsafe flags cannot be a versioned dependency.
  if grep -n 'unsafeFlags' Package.swift; then fail "Package.swift must not use unsafeFlags"; fi

  local file lines
  while IFS= read -r -d '' file; do
    fail "$file is larger than 1 MiB; large data belongs into Fixtures, or nowhere"
  done < <(find . \( -name '.git' -o -name '.build*' -o -path ./Fixtures -o -path ./runs \) -prune \
    -o -type f -size +1048576c -print0)
  while IFS= read -r -d '' file; do
    lines=$(wc -l <"$file")
    if [ "$lines" -gt 400 ]; then fail "$file has $lines lines, more than 400; split it by operation"; fi
  done < <(find Sources Tests Benchmarks/Sources -type f -name '*.swift' -print0)
}

build() {
  echo "check: release build without warnings"
  local log
  log=$(mktemp)
  # A warning appears only when its module is compiled: on a fresh checkout that is every module, after
  # that those that changed.
  # Tests without testable imports share the build of the programs.
  if ! swift test -c release --disable-testable-imports 2>&1 | tee "$log"; then
    fail "the release build or a test failed"
  fi
  if grep -E '(Sources|Tests)/.*: warning: ' "$log"; then fail "the build has warnings"; fi
  rm -f "$log"
}

tests() {
  # The rest of the suite does not depend on which variant of the kernels runs.
  local isa
  for isa in $(instruction_sets); do
    echo "check: kernel tests with PVD_ISA=$isa"
    PVD_ISA=$isa swift test -c release --disable-testable-imports --skip-build --filter 'NeRFCoreTests' \
      || fail "kernel tests failed with PVD_ISA=$isa"
  done
}

# The x86-64 levels this processor runs; only `base` elsewhere.
instruction_sets() {
  local sets="base" flags
  flags=" $(grep -m1 '^flags' /proc/cpuinfo 2>/dev/null | cut -d: -f2 || true) "
  has() {
    local flag
    for flag in "$@"; do case "$flags" in *" $flag "*) ;; *) return 1 ;; esac; done
  }
  # The conditions of Sources/CNeRFKernels/dispatch.c.
  if has avx2 fma bmi2; then
    sets="$sets v3"
    if has avx512f avx512bw avx512cd avx512dq avx512vl; then sets="$sets v4"; fi
  fi
  echo "$sets"
}

lint
if [ "${1:-all}" != lint ] && [ "$failed" -eq 0 ]; then
  build
  if [ "$failed" -eq 0 ]; then tests; fi
fi
if [ "$failed" -ne 0 ]; then
  echo "check: FAILED" >&2
  exit 1
fi
echo "check: everything holds"
