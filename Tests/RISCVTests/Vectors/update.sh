#!/bin/sh
# Makes qemu.txt and float.txt anew. Needs qemu-riscv64 (Debian package qemu-user).
cd "$(dirname "$0")/../../.." && UPDATE_GOLDENS=1 swift test --filter 'GoldenVectorTests|FloatDifferentialTests'
