#!/bin/bash
# Builds counter.elf and mean.elf (with floating point) with the clang and lld of the Swift toolchain; the directory for the result is the argument.
set -e
here="$(cd "$(dirname "$0")" && pwd)"
out="${1:-$here/out}"
mkdir -p "$out"
out="$(cd "$out" && pwd)"
tools="${TOOLCHAIN:-$(dirname "$(readlink -f "$(command -v swift)")")}"
# Relative names only: the result must be the same bytes wherever it is built.
cd "$here"
build() {  # name, architecture, ABI
  "$tools/clang" --target=riscv64-unknown-elf -march="$2" -mabi="$3" -mcmodel=medany -O1 -g -std=gnu11 \
    -ffreestanding -fdebug-compilation-dir=. \
    -fno-pic -fno-omit-frame-pointer -fno-stack-protector -Wall -Wextra -nostdlib -static -fuse-ld=lld \
    -Wl,--build-id=none,--no-relax,-z,norelro,-T,link.ld \
    start.S genode.c "$1.c" -o "$out/$1.elf"
}
build counter rv64imac lp64
build mean rv64gc lp64d
