#!/bin/bash
# Builds counter.elf with the clang and lld of the Swift toolchain; the directory for the result is the argument.
set -e
here="$(cd "$(dirname "$0")" && pwd)"
out="${1:-$here/out}"
mkdir -p "$out"
tools="${TOOLCHAIN:-$(dirname "$(readlink -f "$(command -v swift)")")}"
"$tools/clang" --target=riscv64-unknown-elf -march=rv64imac -mabi=lp64 -mcmodel=medany -O1 -g -std=gnu11 \
  -ffreestanding \
  -fno-pic -fno-omit-frame-pointer -fno-stack-protector -Wall -Wextra -nostdlib -static -fuse-ld=lld \
  -Wl,--build-id=none,--no-relax,-z,norelro,-T,"$here/link.ld" \
  "$here/start.S" "$here/genode.c" "$here/counter.c" -o "$out/counter.elf"
