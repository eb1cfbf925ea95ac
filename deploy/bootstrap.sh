# Sourced by ./run and ./test: finds Python, makes .venv or brings it up to date. Needs the current folder to be the
# repository. `prepare demo` is enough for ./run, `prepare dev` for ./test.

VENV=.venv
UNFINISHED=$VENV/rolecall-unfinished
STATE=.rolecall
LOG=$STATE/bootstrap.log
job=
NEEDED_KB=1500000   # a fresh .venv of requirements-dev.txt takes some 600 MB, its download and unpacking as much again

fail() {
    echo "Rolecall: $*" >&2
    exit 1
}

# A name on PATH is not enough: pyenv's shims exist for versions that are not installed.
is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    for name in python3 python3.13 python3.12 python3.11; do
        if is_new_enough "$name"; then
            command -v "$name"
            return 0
        fi
    done
    found=$(python3 -c 'import platform; print("python3 is " + platform.python_version())' 2>/dev/null)
    fail "needs Python 3.11 or newer, ${found:-and there is no python3}. Install one and start again."
}

# What .venv must have been made from: the interpreter, the platform and every pinned line.
fingerprint() {
    "$1" - <<'PYTHON'
import hashlib, pathlib, platform, sys
names = ("requirements.txt", "requirements-demo.txt", "requirements-dev.txt", "constraints.txt")
texts = b"\0".join(pathlib.Path(name).read_bytes() for name in names)
print(sys.version_info[0], sys.version_info[1], platform.machine(), hashlib.sha256(texts).hexdigest())
PYTHON
}

# ready; behind (pip can bring it up); unusable (left by a bootstrap that was broken off, or its Python does not work).
# A .venv that somebody made by hand is theirs: it is completed, never removed.
venv_state() {
    kind=$1 wanted=$2
    [ -e "$VENV" ] || { echo missing; return; }
    [ -e "$UNFINISHED" ] && { echo unusable; return; }
    is_new_enough "$VENV/bin/python" || { echo unusable; return; }
    for stamp in "$VENV/rolecall-dev" "$VENV/rolecall-$kind"; do   # whoever has dev has demo
        [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && { echo ready; return; }
    done
    echo behind
}

# In the background, since a shell heeds a signal only between two commands, or while it waits.
logged() {
    "$@" >>"$LOG" 2>&1 &
    job=$!
    wait "$job"
}

last_error() {
    grep -i 'error' "$LOG" | tail -n 1 | cut -c1-200
}

make_venv() {
    python=$(find_python) || exit 1
    rm -rf "$VENV" || fail "cannot remove the old $VENV. Remove it by hand and start again."
    free=$(df -Pk . | awk 'NR == 2 { print $4 }')
    [ "${free:-$NEEDED_KB}" -ge "$NEEDED_KB" ] || fail "the disk has $((free / 1024)) MB free; making $VENV needs 1500 MB. Make room first."
    mkdir "$VENV" && : >"$UNFINISHED"
    logged "$python" -m venv "$VENV" \
        || fail "cannot make $VENV (Debian, Ubuntu: apt install python3-venv). The whole story: $LOG"
}

install() {
    kind=$1 wanted=$2
    rm -f "$VENV/rolecall-demo" "$VENV/rolecall-dev"
    logged "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
        -r "requirements-$kind.txt" -c constraints.txt \
        || fail "installing failed: $(last_error) The whole story: $LOG"
    echo "$wanted" >"$VENV/rolecall-$kind"
    rm -f "$UNFINISHED"
}

# One process at a time makes .venv; a lock whose owner is dead is taken over.
take_turn() {
    until mkdir "$STATE/bootstrap.lock" 2>/dev/null; do
        owner=$(cat "$STATE/bootstrap.lock/pid" 2>/dev/null)
        [ -n "$owner" ] && kill -0 "$owner" 2>/dev/null \
            && fail "process $owner is making $VENV right now. Wait for it, then start again."
        rm -rf "$STATE/bootstrap.lock"
    done
    echo $$ >"$STATE/bootstrap.lock/pid"
    trap 'rm -rf "$STATE/bootstrap.lock"' EXIT
    trap 'kill "$job" 2>/dev/null; exit 130' INT TERM HUP
}

end_turn() {
    rm -rf "$STATE/bootstrap.lock"
    trap - EXIT INT TERM HUP
}

prepare() {
    python=$VENV/bin/python   # asked first: it starts faster than the shims of a version manager
    is_new_enough "$python" || python=$(find_python) || exit 1
    { mkdir -p "$STATE" && : >"$STATE/.writable" && rm "$STATE/.writable"; } 2>/dev/null \
        || fail "cannot write in $PWD/$STATE. Give this folder to $(id -un), or clone into one that is yours."
    wanted=$(fingerprint "$python") || fail "a requirements file is missing. Is this the whole repository?"
    state=$(venv_state "$1" "$wanted")
    [ "$state" = ready ] && return 0
    take_turn
    : >"$LOG"
    case $state in
        missing) echo "Making $VENV and installing, once (a minute or two) …"; make_venv ;;
        unusable) echo "$VENV was made only in half, or its Python is gone: making it anew …"; make_venv ;;
        behind) echo "$VENV lacks something that the requirements name: bringing it up to date …" ;;
    esac
    install "$1" "$wanted"
    end_turn
}
