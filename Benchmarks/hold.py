#!/usr/bin/env python3
"""Keeps memory in a virtual machine while something is measured in it.

    Benchmarks/hold.py BYTES

A host takes back what its guest has freed, in large pieces, and gives it again page by page when it
is next touched; the same write then takes one second or five. This program touches so many bytes
once and frees all but one page of every MiB, which leaves no piece large enough to be taken. It says
"held" and then waits until its standard input ends.
"""
import mmap
import sys

PIECE, PAGE = 1 << 20, mmap.PAGESIZE


def main():
    count = int(sys.argv[1]) // PIECE
    # Shared memory has no part in it: it would count against the folder that is measured.
    memory = mmap.mmap(-1, count * PIECE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    zeros = bytes(PIECE)
    for index in range(count):
        memory[index * PIECE:(index + 1) * PIECE] = zeros
    for index in range(count):
        memory.madvise(mmap.MADV_DONTNEED, index * PIECE + PAGE, PIECE - PAGE)
    print("held", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
