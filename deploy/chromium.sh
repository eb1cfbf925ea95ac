# Sourced by ./test: the browser of the browser tests. CHROMIUM is left empty when playwright's own is to be used.

# Ubuntu has a `chromium` that only says it is not there: the browser must answer.
works() {
    command -v "$1" >/dev/null 2>&1 && "$1" --version >/dev/null 2>&1
}

chromium_on_path() {
    for name in chromium-headless-shell chromium chromium-browser google-chrome; do
        works "$name" && { command -v "$name"; return 0; }
    done
    return 1
}

apt_install() {
    DEBIAN_FRONTEND=noninteractive apt-get install -y "$1"
}

find_chromium() {
    CHROMIUM=$(chromium_on_path) || CHROMIUM=
    if [ -z "$CHROMIUM" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "Installing Chromium for the browser tests, once …"
        # Without a screen to draw on it is a fifth less to download, and a quarter less work for the processor.
        { apt-get update && { apt_install chromium-headless-shell || apt_install chromium; }; } >>"$LOG" 2>&1
        CHROMIUM=$(chromium_on_path) || CHROMIUM=
    fi
    if [ -z "$CHROMIUM" ]; then
        .venv/bin/playwright install chromium >>"$LOG" 2>&1 \
            || fail "no Chromium for the browser tests: install one (PATH: chromium). The whole story: $LOG"
    fi
    export CHROMIUM
}
