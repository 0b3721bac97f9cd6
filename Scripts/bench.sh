#!/bin/bash
# Measures every workload with one and two threads and with every set of kernels that this machine runs, and
# compares with what was measured before.
#
#   Scripts/bench.sh                     measure, and store the records under this commit
#   Scripts/bench.sh --compare           measure, store, and compare with the newest other record
#   Scripts/bench.sh --compare OLD NEW   compare two stored records, nothing is measured
#
# Records lie in Docs/Results/bench, one JSON object a line. Compare the ratios to the machine's bound, which
# were measured in the same run: milliseconds of two runs, or of two machines, say little.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=Docs/Results/bench

# workload mode threads isa median ratio, from one JSON object a line
fields() {
  sed -n 's/^{\(.*\)}$/,\1/p' "$1" | awk '
    function value(name,  rest) {
      if (!match($0, ",\"" name "\":")) return ""
      rest = substr($0, RSTART + RLENGTH)
      sub(/,"[a-z_]*":.*/, "", rest)
      gsub(/"/, "", rest)
      return rest
    }
    value("workload") != "" && value("median_ms") != "" {
      printf "%s_%s_%s_%s %s %s\n", value("workload"), value("mode"), value("threads"), value("isa"),
        value("median_ms"), value("ratio_to_bound")
    }' | sort
}

compare() {
  echo "workload_mode_threads_isa  $(basename "$1" .jsonl) ms, ratio  ->  $(basename "$2" .jsonl) ms, ratio"
  join <(fields "$1") <(fields "$2") | awk '
    { printf "%-24s %9.1f %6.2f  -> %9.1f %6.2f   ratio x %.2f\n", $1, $2, $3, $4, $5, $5 / $3 }'
}

if [ "${1:-}" = --compare ] && [ $# -eq 3 ]; then
  for record in "$2" "$3"; do
    [ -r "$record" ] || { echo "bench: there is no record $record; see $folder" >&2; exit 2; }
  done
  compare "$2" "$3"
  exit
fi

swift build -c release --product pvd
mkdir -p "$folder"
name=$(git rev-parse --short HEAD)
git diff --quiet HEAD -- Sources || name+="-changed"
new="$folder/$name.jsonl"
part=$(mktemp "$folder/.bench.XXXXXX")
trap 'rm -f "$part"' EXIT
.build/release/pvd bench --check --isa all --threads 1,2 --json | tee "$part"
mv "$part" "$new"
if [ "${1:-}" = --compare ]; then
  old=$(find "$folder" -name '*.jsonl' ! -path "$new" -printf '%T@ %p\n' | sort -n | tail -1 | cut -d' ' -f2)
  [ -n "$old" ] || { echo "bench: $folder has no other record" >&2; exit 2; }
  compare "$old" "$new"
fi
