#!/usr/bin/env bash
# What action.yml does: measures, shows the result as the summary of the job, and compares it.
#
# Takes SIZING (the command), SCENARIO, BASELINE, CHANGES (lines of KEY=VALUE), STACK, OUT, FAIL_ON and
# GITHUB_STEP_SUMMARY from the environment; ends with the exit code of `dagster-sizing`.
set -uo pipefail
read -r -a sizing <<<"$SIZING"

changes=()
while IFS= read -r line; do
  [ -z "${line// /}" ] || changes+=(--set "$line")
done <<<"${CHANGES:-}"

"${sizing[@]}" bench "$SCENARIO" "${changes[@]}" --stack "$STACK" --out "$OUT"
code=$?
[ ! -f "$OUT/report.md" ] || cat "$OUT/report.md" >>"$GITHUB_STEP_SUMMARY"
[ "$code" -eq 0 ] || exit "$code"
[ -n "${BASELINE:-}" ] || exit 0

"${sizing[@]}" compare "$BASELINE" "$OUT" --out "$OUT" --fail-on "$FAIL_ON"
code=$?
[ ! -f "$OUT/comparison.md" ] || cat "$OUT/comparison.md" >>"$GITHUB_STEP_SUMMARY"
exit "$code"
