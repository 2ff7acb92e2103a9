#!/usr/bin/env bash
# How many lines of cache and instructions a forwarded packet costs, and a receiver's report: a voice to sixty and a mesh of eight, in virtual time, with valgrind's cache
# (48 kB of data, 32 kB of code). Unlike microseconds, it moves by two in a hundred between builds, and by nothing between runs.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v valgrind > /dev/null || { echo "valgrind is missing: apt install valgrind" >&2; exit 1; }
# Without link-time optimisation, so that the functions looked for are still there.
export CARGO_PROFILE_RELEASE_LTO=false CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/footprint"
binary=$(cargo test --release --locked -p incamera-sfu --test scenarios --no-run 2>&1 |
  sed -n 's/.*Executable.*(\(.*\))/\1/p')

measure() { # what, the function around it, how many there were (packets or reports), in which test
  local out
  out=$(valgrind --tool=callgrind --cache-sim=yes --D1=49152,12,64 --I1=32768,8,64 --LL=2097152,16,64 \
    --toggle-collect="$2" --callgrind-out-file=/dev/null "$binary" --exact "$4" --nocapture 2>&1)
  local count
  count=$(sed -n "s/.*$3: \([0-9]*\).*/\1/p" <<< "$out")
  # Instructions, reads, writes, then misses: of code, of reads, of writes.
  awk -v what="$1" -v count="$count" '/Collected :/ {
    if ($4 == 0) { print what ": the function was not found"; exit 1 }
    printf "%s: %.0f instructions, %.1f lines of data read, %.1f written, %.1f of code\n", what, $4/count, $8/count, $9/count, $7/count
  }' <<< "$out"
}

reporting=a_voice_reaches_sixty_and_all_report_it
measure "a packet" '*share_out*' packets $reporting
measure "a packet to whoever watches nothing" '*share_out*' packets who_watches_nothing_is_asked_for_no_reports
mesh=eight_see_and_hear_one_another
measure "a packet among eight" '*share_out*' packets $mesh
measure "a packet that comes" '*MediaTransport*handle_rtp*' received $mesh
measure "whom it is for" '*published*' received $mesh
measure "a report about eight" '*MediaTransport*handle_rtcp*' reports $mesh
measure "a report" '*MediaTransport*handle_rtcp*' reports $reporting
