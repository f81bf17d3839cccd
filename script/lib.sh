# shellcheck shell=bash
# Sourced by every script: where the checkout is, and the few words that all of them use.
# shellcheck disable=SC2034 # ROOT, BUILD and PYTHON are for the scripts that source this file.

ROOT="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)"
BUILD="$ROOT/.build"
VENV="$ROOT/.venv"
PYTHON="$VENV/bin/python"

# Progress and problems go to stderr: stdout belongs to what a script produces.
say() { printf '%s\n' "$*" >&2; }
title() { printf '\n== %s\n' "$*" >&2; }
fail() {
    printf 'error: %s\n' "$*" >&2
    exit 3
}
# Brings an npm package into a folder of .build unless that version is there; says why when it cannot be had.
npm_package() {
    local folder="$BUILD/$1" package="$2" version="$3"
    [[ "$(cat "$folder/version" 2>/dev/null || true)" != "$version" ]] || return 0
    if ! have node || ! have npm; then
        say "no $package: node and npm are not installed"
        return 0
    fi
    mkdir -p "$folder"
    if timeout 180 npm install --prefix "$folder" --no-save --no-audit --no-fund --ignore-scripts --fetch-retries=1 \
        --loglevel=error "$package@$version" >"$folder/log" 2>&1; then
        printf '%s' "$version" >"$folder/version"
    else
        say "no $package: npm could not bring it (see $folder/log)"
    fi
}
have() { command -v "$1" >/dev/null 2>&1; }
