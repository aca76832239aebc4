#!/usr/bin/env bash
#
# usage: ./geckodriver.sh [--chromium] [--tests] COMMAND [ARGUMENT…]
#        ./geckodriver.sh [--port N]
#
# Makes sure that Firefox and geckodriver are there, puts the driver on PATH and becomes COMMAND: its input, output and exit
# code are the command's own. What has to be installed is said on stderr first: Firefox as a package of the system,
# geckodriver from crates.io. Chromium and its driver come as well when COMMAND names it (`--browser chromium`), or the variable
# FIRSTSERVE_BROWSER_ENGINE does.
#
#   ./geckodriver.sh cargo run --release -- demo
#   ./geckodriver.sh cargo run --release -- demo --browser chromium
#   ./geckodriver.sh --tests cargo test
#
#   --chromium brings Chromium and its driver, whatever COMMAND says: for `engine = "chromium"` in a configuration
#   --tests    brings what the tests need as well: Chromium and its driver, PostgreSQL, Python's venv, shellcheck
#   --port N   without a COMMAND: serves one geckodriver on 127.0.0.1, on this port (4444 unless said otherwise), until it is
#              stopped; then its browsers end too
#
# Works as root, or as a user who may use sudo. Debian and Ubuntu (apt), macOS (brew); elsewhere it says what to install.
# GECKODRIVER_VERSION chooses another driver, CARGO_INSTALL_ROOT another place for it.
#
# Exit codes of its own: 64 used wrongly, 69 something is missing that it cannot install or the port is taken.

set -euo pipefail

readonly GECKODRIVER_VERSION="${GECKODRIVER_VERSION:-0.37.1}"
readonly SNAP_FIREFOX=/snap/firefox/current/usr/lib/firefox/firefox
readonly MOZILLA_KEY="35BAA0B33E9EB396F59CA838C0BA5CE6DC6315A3"

main() {
    local tests=no chromium=no port=4444
    while [ $# -gt 0 ]; do
        case "$1" in
            --chromium) chromium=yes ;;
            --tests) tests=yes ;;
            --port)
                [[ "${2:-}" =~ ^[0-9]+$ ]] || misused "--port needs a number"
                port="$2"
                shift
                ;;
            -h | --help)
                help
                exit 0
                ;;
            --)
                shift
                break
                ;;
            -*) misused "there is no option $1" ;;
            *) break ;;
        esac
        shift
    done

    extend_path
    has_firefox || install_firefox
    has geckodriver || install_geckodriver
    if [ "$tests" = yes ]; then
        install_for_tests
    elif [ "$chromium" = yes ] || names_chromium "$@"; then
        install_chromium
    fi

    if [ $# -gt 0 ]; then
        exec "$@"
    fi
    serve "$port"
}

# Where cargo puts programs may not be on PATH, right after it was installed above all.
extend_path() {
    local home
    for home in "${CARGO_HOME:-${HOME:-/root}/.cargo}" "${CARGO_INSTALL_ROOT:-}"; do
        case ":$PATH:" in
            *":$home/bin:"*) ;;
            *) [ -z "$home" ] || PATH="$home/bin:$PATH" ;;
        esac
    done
    export PATH
}

has() {
    command -v "$1" >/dev/null 2>&1
}

has_firefox() {
    is_browser firefox || is_browser firefox-esr || [ -x /Applications/Firefox.app/Contents/MacOS/firefox ]
}

# Ubuntu's /usr/bin/firefox is a script that only works, and only says so, where the snap is installed as well.
is_browser() {
    local path begins=""
    path="$(command -v "$1")" || return 1
    if [ -r "$path" ]; then
        IFS= read -r -n 2 begins <"$path" || true
    fi
    if [ "$begins" = "#!" ] && [[ "$(<"$path")" == *"/snap/"* ]]; then
        [ -x "$SNAP_FIREFOX" ]
    fi
}

install_firefox() {
    if is_mac; then
        brew_install --cask firefox
    elif has apt-get; then
        apt_update
        if apt_offers firefox-esr; then
            apt_install firefox-esr
        elif has snap && snap list >/dev/null 2>&1; then
            say "installing Firefox (snap)"
            as_root snap install firefox </dev/null >&2
        else
            add_mozilla_packages
            # Ubuntu's script has a higher version than any Firefox.
            apt_install --allow-downgrades firefox
        fi
    else
        missing "Firefox is not installed, and this system has neither apt nor brew: install Firefox and run this again"
    fi
    has_firefox || missing "Firefox was installed and is not on PATH"
}

# Ubuntu's own package needs a running snapd, which containers do not have; this is Mozilla's.
add_mozilla_packages() {
    say "adding Mozilla's package source (packages.mozilla.org)"
    apt_install ca-certificates curl gnupg
    local key=/etc/apt/keyrings/packages.mozilla.org.asc found
    as_root install -d -m 0755 /etc/apt/keyrings
    curl -fsSL https://packages.mozilla.org/apt/repo-signing-key.gpg </dev/null | as_root tee "$key" >/dev/null
    found="$(gpg -q --show-keys --with-colons "$key" </dev/null | awk -F: '$1 == "fpr" { print $10; exit }')"
    if [ "$found" != "$MOZILLA_KEY" ]; then
        as_root rm -f "$key"
        missing "the key of packages.mozilla.org is not the one that Mozilla has published"
    fi
    printf 'deb [signed-by=%s] https://packages.mozilla.org/apt mozilla main\n' "$key" |
        as_root tee /etc/apt/sources.list.d/mozilla.list >/dev/null
    printf 'Package: *\nPin: origin packages.mozilla.org\nPin-Priority: 1000\n' |
        as_root tee /etc/apt/preferences.d/mozilla >/dev/null
    apt_updated=no
    apt_update
}

install_geckodriver() {
    if is_mac && has brew; then
        brew_install geckodriver
    else
        has cargo || missing "geckodriver is not installed, and cargo, which installs it, is not either: see https://rustup.rs"
        has cc || install_compiler
        say "installing geckodriver $GECKODRIVER_VERSION from crates.io (two minutes or so)"
        cargo install geckodriver --locked --version "$GECKODRIVER_VERSION" </dev/null >&2 ||
            missing "cargo could not install geckodriver"
    fi
    has geckodriver || missing "geckodriver was installed and is not on PATH"
}

install_compiler() {
    has apt-get || missing "cargo needs a C compiler for linking: install cc and run this again"
    apt_update
    apt_install build-essential
}

# Whether the command or its environment asks for Chromium; what a configuration says is not read.
names_chromium() {
    local word before=""
    [ "${FIRSTSERVE_BROWSER_ENGINE:-}" != chromium ] || return 0
    for word in "$@"; do
        case "$before $word" in
            "--browser chromium" | *" --browser=chromium" | *" FIRSTSERVE_BROWSER_ENGINE=chromium") return 0 ;;
        esac
        before="$word"
    done
    return 1
}

install_chromium() {
    if is_mac; then
        brew_chromium
    else
        local wanted=()
        has_chromium || wanted+=("$(apt_first chromium chromium-browser)")
        has chromedriver || wanted+=("$(apt_first chromium-driver chromium-chromedriver)")
        if [ ${#wanted[@]} -gt 0 ]; then
            has apt-get || missing "Chromium or chromedriver is not installed, and this system has neither apt nor brew: install both and run this again"
            apt_update
            apt_install "${wanted[@]}"
        fi
    fi
    has_chromium || missing "Chromium was installed and is not on PATH"
    has chromedriver || missing "chromedriver was installed and is not on PATH"
}

# Google's own counts too: beside it and its driver, Chromium would be of another version.
has_chromium() {
    has chromium || has chromium-browser || has google-chrome || has google-chrome-stable || has_chrome_app
}

brew_chromium() {
    has_chromium || brew_install --cask chromium
    has chromedriver || brew_install --cask chromedriver
}

install_for_tests() {
    if is_mac; then
        brew_chromium
        has_postgres || brew_install postgresql@15
        has shellcheck || brew_install shellcheck
        return
    fi
    local wanted=()
    has chromium || has chromium-browser || wanted+=("$(apt_first chromium chromium-browser)")
    has chromedriver || wanted+=("$(apt_first chromium-driver chromium-chromedriver)")
    has_postgres || wanted+=("$(apt_first postgresql-15 postgresql)")
    has_venv || wanted+=(python3-venv)
    has shellcheck || wanted+=(shellcheck)
    [ ${#wanted[@]} -gt 0 ] || return 0
    has apt-get || missing "the tests need Chromium, chromedriver, PostgreSQL, Python's venv and shellcheck: install them and run this again"
    apt_update
    apt_install "${wanted[@]}"
}

has_chrome_app() {
    [ -x /Applications/Chromium.app/Contents/MacOS/Chromium ]
}

has_postgres() {
    has postgres || compgen -G "/usr/lib/postgresql/*/bin/postgres" >/dev/null
}

has_venv() {
    has python3 && python3 -c 'import ensurepip, venv' >/dev/null 2>&1 </dev/null
}

is_mac() {
    [ "$(uname -s)" = Darwin ]
}

brew_install() {
    has brew || missing "brew is not installed: see https://brew.sh"
    say "installing $* (brew)"
    brew install "$@" </dev/null >&2 || missing "brew could not install $*"
}

apt_updated=no
apt_update() {
    [ "$apt_updated" = no ] || return 0
    say "reading the package lists"
    as_root apt-get -q -o DPkg::Lock::Timeout=300 update </dev/null >&2 || missing "apt could not read the package lists"
    apt_updated=yes
}

apt_install() {
    say "installing $* (apt)"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@" </dev/null >&2 ||
        missing "apt could not install $*"
}

apt_offers() {
    local policy
    has apt-cache || return 1
    # Read whole before it is searched: with pipefail, a grep that stops early would make apt-cache fail.
    policy=$(LC_ALL=C apt-cache policy "$1" 2>/dev/null </dev/null)
    [[ $policy == *"Candidate: "[!\(]* ]]
}

# The first package that this system has; the first of all when it has none, so that apt says so.
apt_first() {
    local name
    for name in "$@"; do
        if apt_offers "$name"; then
            echo "$name"
            return
        fi
    done
    echo "$1"
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif has sudo; then
        sudo "$@"
    else
        missing "this must be done as root, and there is no sudo: $*"
    fi
}

# Serves one geckodriver until it is stopped. The driver and its browsers are one process group, ended whole.
serve() {
    local port="$1"
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
        missing "port $port is in use: give another with --port"
    fi
    profiles="$(mktemp -d)"
    driver=""
    trap 'stop' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    set -m
    geckodriver --host 127.0.0.1 --port "$port" --websocket-port 0 --profile-root "$profiles" </dev/null &
    driver=$!
    set +m
    say "serving geckodriver on http://127.0.0.1:$port/ (stop it with Ctrl-C)"
    wait "$driver"
}

stop() {
    local code=$? patience=30
    trap '' HUP INT TERM
    if [ -n "$driver" ]; then
        kill -TERM -- "-$driver" 2>/dev/null || true
        while [ "$patience" -gt 0 ] && kill -0 -- "-$driver" 2>/dev/null; do
            sleep 0.1
            patience=$((patience - 1))
        done
        kill -KILL -- "-$driver" 2>/dev/null || true
        wait "$driver" 2>/dev/null || true
    fi
    rm -rf -- "$profiles"
    exit "$code"
}

say() {
    printf 'geckodriver.sh: %s\n' "$*" >&2
}

missing() {
    say "$*"
    exit 69
}

misused() {
    say "$*"
    help >&2
    exit 64
}

# The head of this file.
help() {
    awk 'NR > 2 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "${BASH_SOURCE[0]}"
}

main "$@"
