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
have() { command -v "$1" >/dev/null 2>&1; }
