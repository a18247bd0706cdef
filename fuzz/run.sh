#!/usr/bin/env bash
# Runs the fuzz targets one after the other and says what each did. `make fuzz` calls it.
#   fuzz/run.sh SECONDS [TARGET]
# CARGO_FUZZ is the cargo-fuzz to use. A target that fails does not stop the others.
set -uo pipefail
cd "$(dirname "$0")/.."
seconds=${1:?seconds for each target}
only=${2:-}
nightly=$(rustup toolchain list | grep -o '^nightly[^ ]*' | head -n 1)
export RUSTUP_TOOLCHAIN=$nightly
# The code is safe Rust, where the address sanitizer finds nothing and halves the runs.
options=(--fuzz-dir fuzz --sanitizer none --codegen-units 16)
logs=fuzz/artifacts/logs
mkdir -p "$logs"

targets=$(cd fuzz/fuzz_targets && ls -- *.rs | sed 's/\.rs$//')
if [ -n "$only" ]; then
  if ! grep -qx -- "$only" <<<"$targets"; then
    echo "There is no fuzz target $only. There are:" $targets >&2
    exit 1
  fi
  targets=$only
fi

if ! "$CARGO_FUZZ" build "${options[@]}" $only >"$logs/build.log" 2>&1; then
  tail -n 30 "$logs/build.log" >&2
  exit 1
fi

# Folders that are read besides the seeds: fixtures that the crates' own tests use.
fixtures_of() {
  case $1 in
    stripe_body) echo shared/processors/fixtures/stripe ;;
  esac
}

figure() { grep -o "$1[^0-9]*[0-9]*" "$2" | grep -o '[0-9]*$' | tail -n 1; }

found=()
printf '%-18s %12s %8s  %s\n' target runs seconds result
for target in $targets; do
  mkdir -p "fuzz/corpus/$target" "fuzz/artifacts/$target"
  log=$logs/$target.log
  began=$SECONDS
  "$CARGO_FUZZ" run "${options[@]}" "$target" \
    "fuzz/corpus/$target" "fuzz/corpus-seeds/$target" $(fixtures_of "$target") \
    -- -max_total_time="$seconds" -timeout=10 -print_final_stats=1 >"$log" 2>&1
  status=$?
  result=held
  if [ $status -ne 0 ]; then
    input=$(grep -o 'Test unit written to .*' "$log" | head -n 1 | grep -o 'fuzz/artifacts/.*')
    result="FAILED: $(grep -m 1 -A 1 'panicked at' "$log" | tail -n 1 | cut -c 1-100)"
    found+=("$target ${input:-$log}")
  fi
  runs=$(figure 'stat::number_of_executed_units:' "$log")
  printf '%-18s %12s %8s  %s\n' "$target" "${runs:-?}" $((SECONDS - began)) "$result"
done

if [ ${#found[@]} -gt 0 ]; then
  echo
  echo "Found inputs. Each becomes a failing test of the crate concerned, then a seed; to replay one:"
  for line in "${found[@]}"; do
    echo "  RUSTUP_TOOLCHAIN=$nightly $CARGO_FUZZ run ${options[*]} $line"
  done
  exit 1
fi
