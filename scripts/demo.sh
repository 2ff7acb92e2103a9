#!/bin/sh
# A meeting for someone who is alone and wants to see the thing work.
#
#   scripts/demo.sh [LINK]
#
# Two ways in, because a person can be guest or host, and both are worth seeing:
#
# 1. As a guest, at once: the script starts a server and a meeting in which a headless host and two
#    headless guests sit, with moving pictures and voices. It prints the meeting's link; whoever
#    opens it and asks to join is let in by the host.
# 2. As the host: open a meeting in the browser, copy its invite link and paste it into this
#    terminal (or give it as LINK). Two people knock at once and a third a little later, so the
#    waiting room is there to be used: nobody gets in before you admit them.
#
# Why not one meeting with both: the host's key never leaves the device that made the meeting, so a
# person whose browser did not open the meeting cannot be its host.
#
# Uses what `cargo build` has made (or INCAMERA_BIN, a folder with both binaries), clips from a
# cache folder, port 8080 (INCAMERA_DEMO_PORT). Ctrl-C ends everything.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
built=${CARGO_TARGET_DIR:-$root/target}
bin=${INCAMERA_BIN:-$built/release}
[ -x "$bin/incamera" ] || bin=$built/debug
clips=${INCAMERA_DEMO_CLIPS:-${XDG_CACHE_HOME:-$HOME/.cache}/incamera/demo}
port=${INCAMERA_DEMO_PORT:-8080}
work=$(mktemp -d)
pids=

finish() {
    trap - EXIT INT TERM
    # shellcheck disable=SC2086 # one word for each process
    [ -z "$pids" ] || kill $pids 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 0' INT TERM

person() { # FILE-NAME LINK DISPLAY-NAME
    "$bin/incamera" join "$2" --name "$3" --audio "$clips/$1.ogg" \
        --video "$clips/$1-q.ivf,$clips/$1-h.ivf,$clips/$1-f.ivf" \
        >>"$work/people.log" 2>&1 &
    pids="$pids $!"
}

first_line() { # FILE PID: waits for a line or for the process to end
    while [ ! -s "$1" ]; do
        kill -0 "$2" 2>/dev/null || { cat "$1.err" >&2; exit 1; }
        sleep 0.1
    done
    head -n 1 "$1"
}

visitors() { # LINK
    person ben "$1" "Ben"
    person amira "$1" "Amira"
    (sleep 20 && exec "$bin/incamera" join "$1" --name "Yusuf" --audio "$clips/yusuf.ogg" \
        --video "$clips/yusuf-q.ivf,$clips/yusuf-h.ivf,$clips/yusuf-f.ivf" \
        >>"$work/people.log" 2>&1) &
    pids="$pids $!"
    echo "Ben and Amira are knocking; Yusuf follows in 20 seconds. Admit them in your browser."
}

echo "Making the clips (once; about a minute) …"
"$root/demo/make-clips.sh" "$clips"

if [ $# -gt 0 ]; then
    visitors "$1"
    wait
    exit 0
fi

"$bin/incamera-server" --listen "127.0.0.1:$port" --data-dir "$work/data" \
    >"$work/server" 2>"$work/server.err" &
server=$!
pids="$pids $server"
first_line "$work/server" "$server" >/dev/null
base=http://localhost:$port

"$bin/incamera" host "$base" --name "Hanna" --title "In Camera demo" --admit-all \
    --audio "$clips/hanna.ogg" \
    --video "$clips/hanna-q.ivf,$clips/hanna-h.ivf,$clips/hanna-f.ivf" \
    >"$work/host" 2>"$work/host.err" &
host=$!
pids="$pids $host"
link=$(first_line "$work/host" "$host")
person ben "$link" "Ben"
person amira "$link" "Amira"

cat <<TEXT

  Walk in as a guest; Hanna, Ben and Amira are there and Hanna lets you in:

      $link

  Or be the host: open $base, press New meeting and Start meeting,
  copy the invite link and paste it here. People will knock at your door.

  Ctrl-C ends the demo.

TEXT

# Without a terminal there is nothing to paste; the meeting goes on until it is stopped.
while read -r pasted; do
    case $pasted in
    http://*/m/*"#"* | https://*/m/*"#"*) visitors "$pasted" ;;
    "") ;;
    *) echo "That is not an invite link; it looks like $base/m/…#…" ;;
    esac
done
wait "$server"
