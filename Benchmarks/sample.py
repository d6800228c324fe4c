#!/usr/bin/env python3
"""Writes a valid .bstk file of a given size, filled with random bytes, in seconds.

    Benchmarks/sample.py FILE --size 34MB
    Benchmarks/sample.py FILE --size 2GiB --shape tiles --seed 7

Downloads do not care what a model knows, so nothing is compressed here. Two shapes:

    model   a quarter embedding, the rest eight levels of square matrices at rank 16: chunks of
            0.2 to 2.4 MB, about what `bstk compress` makes of a model of that size
    tiles   nothing but one large tensor, hence chunks of 8 MiB: the coarsest file there is

Written from Spec/v1/spec.md; the numbers in brackets are its sections. The same size, shape and
seed give the same bytes.
"""
import argparse
import hashlib
import random
import struct
import sys

TILE = 8 << 20
RANK = 16
LEVELS = 8
BF16, F16_VECTORS = 3, 1
UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9,
         "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
# Clears the highest bit of a binary16's exponent: every number is then finite. [9]
FINITE = bytes(byte & 0xBF for byte in range(256))


def byte_count(text):
    """34MB, 2GiB or plain bytes."""
    number = text.rstrip("BkKMGi")
    try:
        return int(float(number) * UNITS[text[len(number):] or "B"])
    except (KeyError, ValueError):
        raise argparse.ArgumentTypeError(f"{text} is no size; write 34MB or 2GiB") from None


def align(value, alignment):
    return -(-value // alignment) * alignment


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def random_block(source, count, sign_count):
    vectors = bytearray(source.randbytes(count - sign_count))
    vectors[1::2] = vectors[1::2].translate(FINITE)
    return source.randbytes(sign_count) + vectors


class Plan:
    """Which tensor, matrices and chunks make a file of about `size` bytes."""

    def __init__(self, size, shape):
        # The largest matrices of which the file still has many.
        self.side = next(side for side in (4096, 2048, 1024, 512, 256)
                         if side == 256 or size // self.block_bytes(side) >= 128)
        blocks = 0 if shape == "tiles" else size * 3 // 4 // self.block_bytes(self.side)
        self.matrices = blocks // LEVELS
        row = 2 * self.side
        rest = size - self.matrices * LEVELS * align(self.block_bytes(self.side), 64)
        rest -= 256 + 48 * (self.matrices * LEVELS + rest // TILE + 2) + 64 * self.matrices
        self.rows = max(rest // row, 1)
        length = self.rows * row
        self.tiles = [min(TILE, length - start) for start in range(0, length, TILE)]

    @staticmethod
    def block_bytes(side):
        return side * side // 8 + 2 * side * RANK * 2

    def names(self):
        return [b"layers.%04d.weight" % n for n in range(self.matrices)], b"embed_tokens.weight"

    def chunks(self):
        """(stored bytes, the chunk's record without hash and codec), in file order [7]"""
        for count in self.tiles:
            yield count, struct.pack("<BHIHBB", 1, 0, 0, 0, 0, 0)
        for level in range(LEVELS if self.matrices else 0):
            for matrix in range(self.matrices):
                yield (self.block_bytes(self.side),
                       struct.pack("<BHIHBB", 2, level, matrix, RANK, F16_VECTORS, 0))


def write(path, size, shape="model", seed=1):
    """Writes the file and returns its length, which is a little less than `size`."""
    plan, source = Plan(size, shape), random.Random(seed)
    matrix_names, object_name = plan.names()
    chunk_count = len(plan.tiles) + LEVELS * plan.matrices
    pool = b"".join(matrix_names) + object_name
    index_length = 32 * plan.matrices + 48 + 48 * chunk_count + align(len(pool), 8)

    records, at, base_end = [], 256 + index_length, 0
    with open(path, "wb") as file:
        for number, (count, record) in enumerate(plan.chunks()):
            at = align(at, 64)
            is_tile = number < len(plan.tiles)
            data = (source.randbytes(count) if is_tile
                    else random_block(source, count, plan.side * plan.side // 8))
            file.seek(at)
            file.write(data)
            records.append(hashlib.sha256(data).digest() + struct.pack("<IB", count, 0) + record)
            at += count
            if number < len(plan.tiles) + plan.matrices:
                base_end = at
        index = b"".join(  # [4]
            [struct.pack("<HBBIIHH16x", len(name), 1, BF16, plan.side, plan.side, LEVELS, 1)
             for name in matrix_names]
            + [struct.pack("<HBBB3x4I8x16x", len(object_name), 2, BF16, 2,
                           plan.rows, plan.side, 0, 0)]
            + records + [pool.ljust(align(len(pool), 8), b"\0")])
        assert len(index) == index_length
        header = struct.pack(  # [3]
            "<8sHHI6Q5I44x32s92x", b"\x89BSTK\r\n\x1a", 1, 0, 256, 0, 0, 0, index_length, base_end,
            at, plan.matrices, 1, chunk_count, len(pool), 0, hashlib.sha256(index).digest())
        file.seek(0)
        file.write(header + struct.pack("<I", crc32c(header)) + index)
    return at


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--size", type=byte_count, default=byte_count("34MB"), metavar="SIZE")
    parser.add_argument("--shape", choices=["model", "tiles"], default="model")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    options = parser.parse_args()
    print(write(options.file, options.size, options.shape, options.seed), "bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
