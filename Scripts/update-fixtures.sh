#!/bin/bash
# Writes the generated cases of Fixtures/generated, and their hashes, with the library as it is.
#
# Run it after an operation or its bounds changed, and look at the difference before committing it.
set -euo pipefail
cd "$(dirname "$0")/.."

swift build -c release --product pvd
folder=Fixtures/generated
rm -rf "$folder"
.build/release/pvd golden generate --out "$folder" --seed 0
(cd "$folder" && sha256sum -- *.safetensors >SHA256SUMS)
du -sh "$folder"
