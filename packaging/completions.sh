#!/bin/sh
# Writes the completion scripts of all shells into a folder.
set -eu
mkdir -p "$1"
go run ./cmd/rollcall completion bash >"$1/rollcall.bash"
go run ./cmd/rollcall completion zsh >"$1/_rollcall"
go run ./cmd/rollcall completion fish >"$1/rollcall.fish"
go run ./cmd/rollcall completion powershell >"$1/rollcall.ps1"
