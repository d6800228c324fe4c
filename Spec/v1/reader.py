#!/usr/bin/env python3
"""A reader of .bstk files, written from spec.md alone; slow, complete, and strict.

    reader.py FILE...                           one line of JSON for each: what is in it or the code
    reader.py --digest HEX FILE...              the same, with a root digest that is demanded
    reader.py [--mb X] [--ram Y] [--blocks N] FILE...       the cut for a budget
    reader.py --weights NAME [--levels N] FILE  the values of a tensor in levels, a row on each line
    reader.py --rebuild FOLDER FILE             every tensor as raw values
    reader.py --extract FOLDER FILE             the auxiliary files
    reader.py --check Fixtures/v1/index.json    compares itself with what is listed there

Needs nothing but Python 3.9 and, for compressed chunks, a libzstd that ctypes can find.
The numbers in brackets are sections of spec.md.
"""
import argparse
import array
import ctypes
import ctypes.util
import hashlib
import itertools
import json
import math
import os
import struct
import sys
from fractions import Fraction

MAGIC = bytes([0x89, 0x42, 0x53, 0x54, 0x4B, 0x0D, 0x0A, 0x1A])
MIB = 1 << 20
ELEMENT_BYTES = dict(zip(range(1, 14), [4, 2, 2, 8, 1, 2, 4, 8, 1, 2, 4, 8, 1]))
NAME_BYTES = set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/")
BOUND = 2.0 ** 120
F16, BF16, INT8, LOG8 = 1, 2, 3, 4
DEVICES = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))}


class Invalid(Exception):
    """The file is invalid; the message is the error code."""


def require(condition, code):
    if not condition:
        raise Invalid(code)


def align(value, alignment):
    return -(-value // alignment) * alignment


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def parse_header(data):
    """[3], [18 A]"""
    require(data[:8] == MAGIC[: len(data)], "MAGIC")
    require(len(data) >= 256, "TOO_SHORT")
    require(struct.unpack_from("<I", data, 252)[0] == crc32c(data[:252]), "HEADER_CRC")
    (major, minor, header_length, incompat, ro_compat, compat, index_length, base_end, file_length,
     matrices, objects, chunks, pool, extension) = struct.unpack_from("<HHI6Q5I", data, 8)
    require(major == 1, "VERSION")
    require(header_length == 256, "LAYOUT")
    require(incompat & ~1 == 0, "FLAG")
    require(not any(data[84:128]) and not any(data[160:252]), "RESERVED")
    require(256 + index_length <= (16 * MIB if incompat & 1 else MIB), "LIMIT")
    require(base_end <= 1 << 53 and file_length <= 1 << 53, "LIMIT")
    require(matrices <= 1 << 16 and objects <= 1 << 16 and chunks <= 1 << 18, "LIMIT")
    require(32 * matrices + 48 * objects + 48 * chunks + align(pool, 8) + extension == index_length,
            "TABLE")
    require(chunks > 0, "TABLE")
    require(256 + index_length < base_end <= file_length, "LAYOUT")
    return dict(minor=minor, ro_compat=ro_compat, compat=compat, index_end=256 + index_length,
                base_end=base_end, file_length=file_length, matrices=matrices, objects=objects,
                chunks=chunks, pool=pool, extension=extension, index_sha256=data[128:160])


def parse_matrix(record):
    """[4.1]"""
    name, kind, source, rows, columns, levels, base, outliers, first = struct.unpack_from(
        "<HBBIIHHII", record)
    require(kind in (1, 2) and source in (1, 2, 3), "UNKNOWN_KIND")
    require(kind == 2 or outliers == 0, "RESERVED")
    require(not any(record[24:]), "RESERVED")
    return dict(name=name, form=kind, source=source, rows=rows, columns=columns, levels=levels,
                base=base, outliers=outliers, firstRow=first)


def parse_object(record):
    """[4.2]"""
    name, kind, type_, count = struct.unpack_from("<HBBB", record)
    *dimensions, length = struct.unpack_from("<4IQ", record, 8)
    require(not any(record[5:8]) and not any(record[32:]), "RESERVED")
    require(kind in (1, 2) or kind > 0x82, "UNKNOWN_KIND")
    if kind == 2:
        require(type_ in ELEMENT_BYTES, "UNKNOWN_KIND")
        require(count <= 4, "LIMIT")
        require(not any(dimensions[count:]) and length == 0, "RESERVED")
    else:
        require(type_ == 0 and count == 0 and not any(dimensions), "RESERVED")
        require(length <= 64 * MIB, "LIMIT")
    return dict(name=name, kind=kind & 0x7F, ignorable=kind > 0x7F, type=type_,
                dimensions=dimensions[:count], length=length)


def parse_chunk(record):
    """[4.3]"""
    stored, codec, kind, level, owner, rank, vectors, reserved = struct.unpack_from(
        "<IBBHIHBB", record, 32)
    require(reserved == 0, "RESERVED")
    require(stored > 0, "CHUNK_LENGTH")
    require(stored <= 128 * MIB, "LIMIT")
    require(codec <= 3 and kind in (1, 2), "UNKNOWN_KIND")
    if kind == 1:
        require(level == 0 and rank == 0 and vectors == 0, "RESERVED")
    else:
        require(vectors <= 4, "UNKNOWN_KIND")
    return dict(sha256=record[:32], stored=stored, codec=codec, kind=kind, level=level, owner=owner,
                rank=rank, vectors=vectors)


def check_name(name, is_file):
    """[5]"""
    require(1 <= len(name) <= 255 and set(name) <= NAME_BYTES, "NAME")
    for part in name.split(b"/"):
        require(part, "NAME")
        if is_file:
            require(part[:1] != b"." and part[-1:] != b".", "NAME")
            require(part.split(b".")[0].lower().decode() not in DEVICES, "NAME")
    if is_file:
        require(not name.lower().endswith((b".safetensors", b".safetensors.index.json")), "NAME")
    return name.decode()


def text(data, line_feeds=False):
    """[11] printable text"""
    try:
        string = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Invalid("EXTENSION") from None
    for character in map(ord, string):
        allowed = character == 10 and line_feeds
        require(allowed or character > 0x9F or 0x20 <= character < 0x7F, "EXTENSION")
    return string


def parse_quality(data):
    """[11.3]"""
    require(len(data) >= 16, "EXTENSION")
    metric, label_length, count, source = struct.unpack_from("<HHId", data)
    require(metric == 1 and label_length <= 255, "EXTENSION")
    start = 16 + align(label_length, 8)
    require(start <= len(data), "EXTENSION")
    label = text(data[16:16 + label_length])
    require(not any(data[16 + label_length:start]), "RESERVED")
    require(len(data) - start == 16 * count, "EXTENSION")
    require(not math.isinf(source), "FLOAT")
    points = []
    for chunks, zero, value in struct.iter_unpack("<IId", data[start:]):
        require(zero == 0, "RESERVED")
        require(math.isfinite(value), "FLOAT")
        require(not points or chunks > points[-1][0], "EXTENSION")
        points.append([chunks, value])
    return dict(label=label, source=None if math.isnan(source) else source, points=points)


def parse_extensions(data):
    """[11]"""
    found, at, previous = {}, 0, 0
    while at < len(data):
        require(len(data) - at >= 8, "EXTENSION")
        type_, flags, length = struct.unpack_from("<HHI", data, at)
        require(type_ > previous, "EXTENSION")
        require(flags & ~1 == 0, "RESERVED")
        end = at + 8 + align(length, 8)
        require(end <= len(data), "EXTENSION")
        payload = data[at + 8:at + 8 + length]
        require(not any(data[at + 8 + length:end]), "RESERVED")
        if type_ == 1:
            require(length <= 4096, "EXTENSION")
            found["provenance"] = text(payload, line_feeds=True)
        elif type_ == 2:
            require(length % 4 == 0, "EXTENSION")
            found["worths"] = list(struct.unpack(f"<{length // 4}f", payload))
            require(all(map(math.isfinite, found["worths"])), "FLOAT")
        elif type_ == 3:
            found["quality"] = parse_quality(payload)
        else:
            require(flags & 1, "UNKNOWN_KIND")
        previous, at = type_, end
    return found


def vectors_length(count, chunk):
    """[6] bytes of U or V^T with this many elements for each component"""
    width, scale = (1, 4) if chunk["vectors"] in (INT8, LOG8) else (2, 0)
    return chunk["rank"] * (count * width + scale)


def block_layout(matrix, chunk):
    """[6] the parts of a block's payload as name: (start, end), and where the payload ends"""
    rows, columns, k = matrix["rows"], matrix["columns"], matrix["outliers"]
    if matrix["form"] == 1:
        parts = [("plane", -(-rows * columns // 8), 8), ("u", vectors_length(rows, chunk), 8),
                 ("v", vectors_length(columns, chunk), 8)]
    else:
        parts = [("plane", rows * -(-columns // 8), 8)]
        if chunk["level"] == 0:
            parts += [("u", vectors_length(rows, chunk), 8),
                      ("v", vectors_length(columns, chunk), 8), ("factor", 4, 1), ("gain", 4, 1),
                      ("gaps", 4 * k, 1), ("excess", 2 * k, 8)]
        else:
            parts += [("gain", 4, 8)]
    layout, at = {}, 0
    for name, length, alignment in parts:
        layout[name] = at, at + length
        at = align(at + length, alignment)
    return layout, at


class File:
    """A file whose manifest is valid."""

    def __init__(self, data, digest=None):
        self.data, self.header = data, parse_header(data)
        self.root = hashlib.sha256(data[:256]).hexdigest()
        require(digest in (None, self.root), "ROOT_DIGEST")
        end = self.header["index_end"]
        require(len(data) >= end, "TOO_SHORT")
        index = data[256:end]
        require(hashlib.sha256(index).digest() == self.header["index_sha256"], "INDEX_HASH")
        self.parse_index(index)
        self.check_names()
        self.check_shapes()
        self.check_order()
        self.check_lengths()

    def parse_index(self, index):
        """[4], [18 C]"""
        at = 0

        def records(count, size, parse):
            nonlocal at
            at += count * size
            return [parse(index[i:i + size]) for i in range(at - count * size, at, size)]

        self.matrices = records(self.header["matrices"], 32, parse_matrix)
        self.objects = records(self.header["objects"], 48, parse_object)
        self.chunks = records(self.header["chunks"], 48, parse_chunk)
        pool = index[at:at + self.header["pool"]]
        at += len(pool)
        require(not any(index[at:align(at, 8)]), "PADDING")
        at = align(at, 8)
        taken = 0
        for record in self.matrices + self.objects:
            start, taken = taken, taken + record["name"]
            require(taken <= len(pool), "TABLE")
            record["name"] = check_name(pool[start:taken], record.get("kind", 2) != 2)
        require(taken == len(pool), "TABLE")
        self.extensions = parse_extensions(index[at:])

    def check_names(self):
        """[18 D 1]"""
        for a, b in zip(self.matrices, self.matrices[1:]):
            is_part = b["firstRow"] > 0 and a["name"] == b["name"]
            require(a["name"] < b["name"] or is_part, "NAME")
        keys = [(o["kind"], o["name"]) for o in self.objects]
        require(all(a < b for a, b in zip(keys, keys[1:])), "NAME")
        names = {m["name"] for m in self.matrices}
        require(not names & {o["name"] for o in self.objects if o["kind"] == 2}, "NAME")
        files = [o["name"].lower() for o in self.objects if o["kind"] == 1]
        taken = set(files)
        require(len(taken) == len(files), "NAME")
        for name in files:
            slashes = (at for at, character in enumerate(name) if character == "/")
            require(not any(name[:at] in taken for at in slashes), "NAME")

    def check_shapes(self):
        """[18 D 2 to 4], [6] tiles"""
        for previous, matrix in zip([None] + self.matrices, self.matrices):
            require(matrix["rows"] > 0 and matrix["columns"] > 0, "SHAPE")
            require(max(matrix["rows"], matrix["columns"]) <= 1 << 20, "LIMIT")
            if matrix["firstRow"] > 0:
                require(previous, "SHAPE")
                require(matrix["firstRow"] == previous["firstRow"] + previous["rows"], "SHAPE")
                require(all(matrix[key] == previous[key]
                            for key in ("name", "form", "source", "columns")), "SHAPE")
            require(matrix["firstRow"] + matrix["rows"] <= 1 << 20, "LIMIT")
            require(1 <= matrix["levels"] <= (64 if matrix["form"] == 1 else 8), "LIMIT")
            require(1 <= matrix["base"] <= matrix["levels"], "LIMIT")
            count = matrix["rows"] * matrix["columns"]
            require(matrix["form"] == 1 or count <= 1 << 30, "LIMIT")
            require(matrix["outliers"] <= count, "SHAPE")
        for item in self.objects:
            item["tile"] = 8 * MIB
            if item["kind"] == 2:
                item["length"] = ELEMENT_BYTES[item["type"]]
                for dimension in item["dimensions"]:
                    require(dimension > 0, "SHAPE")
                    item["length"] *= dimension
                    require(item["length"] <= 1 << 40, "LIMIT")
                if len(item["dimensions"]) > 1:
                    row = item["length"] // item["dimensions"][0]
                    require(row <= 128 * MIB, "LIMIT")
                    item["tile"] = max(8 * MIB // row, 1) * row
            item["tiles"] = -(-item["length"] // item["tile"])
        self.tiles = sum(o["tiles"] for o in self.objects)
        require(len(self.chunks) == self.tiles + sum(m["levels"] for m in self.matrices), "TABLE")

    def check_order(self):
        """[7], [18 D 5 and 6]"""
        base = [(1, number, 0, tile) for number, item in enumerate(self.objects)
                for tile in range(item["tiles"])]
        base += [(2, number, level, 0) for number, matrix in enumerate(self.matrices)
                 for level in range(matrix["base"])]
        self.base = len(base)
        for chunk, (kind, owner, level, tile) in zip(self.chunks, base):
            found = chunk["kind"], chunk["owner"], chunk["level"]
            require(found == (kind, owner, level), "LAYOUT")
            chunk["tile"] = tile
        following = [matrix["base"] for matrix in self.matrices]
        for chunk in self.chunks[self.base:]:
            require(chunk["kind"] == 2, "LAYOUT")
            owner = chunk["owner"]
            require(owner < len(self.matrices), "TABLE")
            require(chunk["level"] == following[owner], "ORDER")
            require(chunk["level"] < self.matrices[owner]["levels"], "ORDER")
            following[owner] += 1

    def check_lengths(self):
        """[6], [8], [18 D 7 to 9]"""
        for chunk in self.chunks:
            mirrored = False
            if chunk["kind"] == 1:
                item = self.objects[chunk["owner"]]
                chunk["length"] = min(item["tile"], item["length"] - chunk["tile"] * item["tile"])
                start, end, width = 0, chunk["length"], ELEMENT_BYTES.get(item["type"], 1)
            else:
                matrix = self.matrices[chunk["owner"]]
                self.check_block_record(matrix, chunk)
                layout, chunk["length"] = block_layout(matrix, chunk)
                require(chunk["length"] <= 128 * MIB, "LIMIT")
                start = layout["u"][0] if "u" in layout else 0
                end = layout["factor"][0] if "factor" in layout else chunk["length"]
                width = 2 if chunk["vectors"] in (F16, BF16) else 1
                mirrored = matrix["form"] == 2 and chunk["level"] > 0
            chunk["planes"] = start, end, width
            if chunk["codec"] == 0:
                require(chunk["stored"] == chunk["length"], "CHUNK_LENGTH")
            else:
                require(chunk["stored"] < chunk["length"], "CHUNK_LENGTH")
                require(chunk["length"] <= 64 * chunk["stored"], "RATIO")
                require(chunk["codec"] != 2 or width > 1, "UNKNOWN_KIND")
                require(chunk["codec"] != 3 or mirrored, "UNKNOWN_KIND")
        if "worths" in self.extensions:
            require(len(self.extensions["worths"]) == len(self.chunks) - self.tiles, "EXTENSION")
        for count, _ in self.extensions.get("quality", {}).get("points", []):
            require(self.base <= count <= len(self.chunks), "EXTENSION")
        end = self.header["index_end"]
        for chunk in self.chunks:
            chunk["offset"] = align(end, 64)
            end = chunk["end"] = chunk["offset"] + chunk["stored"]
        require(self.chunks[self.base - 1]["end"] == self.header["base_end"], "LAYOUT")
        require(end == self.header["file_length"], "LAYOUT")

    @staticmethod
    def check_block_record(matrix, chunk):
        """[4.3], [18 D 7] rank and vector type by the kind of matrix and the level"""
        if matrix["form"] == 2 and chunk["level"] > 0:
            require(chunk["rank"] == 0, "SHAPE")
            require(chunk["vectors"] == 0, "RESERVED")
            return
        most = min(matrix["rows"], matrix["columns"]) if matrix["form"] == 1 else 1
        require(1 <= chunk["rank"] <= most, "SHAPE")
        require(chunk["rank"] <= 1024, "LIMIT")
        require(chunk["vectors"] > 0, "UNKNOWN_KIND")

    def state(self, length, whole):
        """[12] of a file of this length whose first chunks are known to be whole"""
        if length > self.header["file_length"]:
            return "OVERLONG"
        if length < self.header["base_end"]:
            return "TOO_SHORT"
        end = self.chunks[whole - 1]["end"] if whole else 0
        if end < self.header["base_end"]:
            return "TOO_SHORT"
        if length == self.header["file_length"] and whole == len(self.chunks):
            return "COMPLETE"
        return f"PREFIX({whole})" + (f"+TAIL({length - end})" if length > end else "")

    def whole_chunks(self):
        return sum(chunk["end"] <= len(self.data) for chunk in self.chunks)

    def is_ignorable(self, chunk):
        return chunk["kind"] == 1 and self.objects[chunk["owner"]]["ignorable"]

    def payload(self, number):
        """[8], [18 F] None for a chunk of an ignorable object, which is not decoded"""
        chunk = self.chunks[number]
        gap = self.chunks[number - 1]["end"] if number else self.header["index_end"]
        require(not any(self.data[gap:chunk["offset"]]), "PADDING")
        stored = self.data[chunk["offset"]:chunk["end"]]
        require(hashlib.sha256(stored).digest() == chunk["sha256"], "CHUNK_HASH")
        if self.is_ignorable(chunk):
            return None
        if chunk["codec"]:
            stored = unzstd(stored, chunk["length"])
        if chunk["codec"] == 2:
            start, end, width = chunk["planes"]
            count = (end - start) // width
            joined = bytearray(stored)
            for plane in range(width):
                at = start + plane * count
                joined[start + plane:end:width] = stored[at:at + count]
            stored = bytes(joined)
        if chunk["codec"] == 3:
            first = self.first_plane(chunk["owner"])
            stored = exclusive_or(stored[:len(first)], first) + stored[len(first):]
        if chunk["kind"] == 2:
            matrix = self.matrices[chunk["owner"]]
            if matrix["form"] == 1:
                check_sign_block(stored, matrix, chunk)
            else:
                check_plane_block(stored, matrix, chunk)
                if chunk["level"] == 0 and matrix["levels"] > 1:
                    matrix["first"] = stored[:block_layout(matrix, chunk)[0]["plane"][1]]
        return stored

    def first_plane(self, owner):
        """[8.3] the plane of level 0, which every prefix holds"""
        if "first" not in self.matrices[owner]:
            self.payload(next(number for number, chunk in enumerate(self.chunks)
                              if (chunk["kind"], chunk["owner"], chunk["level"]) == (2, owner, 0)))
        return self.matrices[owner]["first"]

    def reconstruct(self, number, available, levels=64):
        """[9] the matrix from the blocks among the first chunks, row by row"""
        matrix, blocks = self.matrices[number], self.blocks_of(number, available, levels)
        return (sum_of_blocks if matrix["form"] == 1 else nested_planes)(matrix, blocks)

    def blocks_of(self, number, available, levels):
        """The first levels of a matrix among the first chunks: records and payloads"""
        return [(chunk, self.payload(index)) for index, chunk in enumerate(self.chunks[:available])
                if (chunk["kind"], chunk["owner"]) == (2, number) and chunk["level"] < levels]

    def cut(self, file_bytes=None, resident_bytes=None, blocks=None):
        """[13] the longest prefix within the bounds that this file holds"""
        resident = sum(o["length"] for o in self.objects if o["kind"] == 2)
        best = None
        for number, chunk in enumerate(self.chunks[:self.whole_chunks()], 1):
            resident += chunk["length"] if chunk["kind"] == 2 else 0
            point = dict(chunks=number, fileBytes=chunk["end"], residentBytes=resident,
                         blocks=number - self.tiles)
            if number < self.base:
                continue
            for name, bound in (("fileBytes", file_bytes), ("residentBytes", resident_bytes),
                                ("blocks", blocks)):
                if bound is not None and point[name] > bound:
                    return best or dict(code="BUDGET_TOO_SMALL", bound=name, least=point[name])
            best = point
        return best


def exclusive_or(a, b):
    """[8.3]"""
    return (int.from_bytes(a, "little") ^ int.from_bytes(b, "little")).to_bytes(len(a), "little")


def parts_of(data, matrix, chunk):
    """[6] the parts of a payload; what lies between them is zero"""
    layout, length = block_layout(matrix, chunk)
    edges = [start for start, _ in layout.values()] + [length]
    for (_, end), following in zip(layout.values(), edges[1:]):
        require(not any(data[end:following]), "PADDING")
    return {name: data[start:end] for name, (start, end) in layout.items()}


def magnitudes(data, chunk):
    """[9.3] for each component the bound on what is in it, at least 1"""
    rank, values = chunk["rank"], numbers(data, chunk)
    require(all(map(math.isfinite, values)), "FLOAT")
    if chunk["vectors"] == INT8:
        return [max(1.0, 128 * abs(scale)) for scale in values]
    if chunk["vectors"] == LOG8:
        return [max(1.0, abs(scale)) for scale in values]
    return values


def check_sign_block(data, matrix, chunk):
    """[9.1], [18 F]"""
    parts = parts_of(data, matrix, chunk)
    unused = -(matrix["rows"] * matrix["columns"]) % 8
    require(parts["plane"][-1] & (1 << unused) - 1 == 0, "PADDING")
    u, v = magnitudes(parts["u"], chunk), magnitudes(parts["v"], chunk)
    if chunk["vectors"] in (F16, BF16):
        rank, columns = chunk["rank"], matrix["columns"]
        u = [max(1.0, *map(abs, u[j::rank])) for j in range(rank)]
        v = [max(1.0, *map(abs, v[j * columns:(j + 1) * columns])) for j in range(rank)]
    bound = 0.0
    for a, b in zip(u, v):
        bound += a * b
    require(bound < BOUND, "FLOAT")


def check_plane_block(data, matrix, chunk):
    """[9.2], [18 F]"""
    parts = parts_of(data, matrix, chunk)
    row_bytes, unused = -(-matrix["columns"] // 8), -matrix["columns"] % 8
    last = set(parts["plane"][row_bytes - 1::row_bytes])
    require(not any(byte & (1 << unused) - 1 for byte in last), "PADDING")
    if chunk["level"] > 0:
        check_gain(parts["gain"])
        return
    u, v = (max(1.0, *map(abs, magnitudes(parts[part], chunk))) for part in "uv")
    factor, = struct.unpack("<f", parts["factor"])
    require(math.isfinite(factor), "FLOAT")
    check_gain(parts["gain"])
    positions, excess = sparse(parts)
    require(all(p < matrix["rows"] * matrix["columns"] for p in positions), "SHAPE")
    require(all(map(math.isfinite, excess)), "FLOAT")
    largest = max(map(abs, excess), default=0.0)
    require(u * v * max(1.0, 2048 * abs(factor) + largest) < BOUND, "FLOAT")


def check_gain(data):
    gain, = struct.unpack("<f", data)
    require(math.isfinite(gain) and abs(gain) <= 1024, "FLOAT")


def sparse(parts):
    """[9.2] positions and excesses"""
    count = len(parts["excess"]) // 2
    gaps, excess = (bytes(data[plane * count + i] for i in range(count) for plane in range(width))
                    for data, width in ((parts["gaps"], 4), (parts["excess"], 2)))
    positions, following = [], 0
    for gap in struct.unpack(f"<{count}I", gaps):
        positions.append(following + gap)
        following += gap + 1
    return positions, struct.unpack(f"<{count}e", excess)


def numbers(data, chunk):
    """The floating-point numbers of U or V^T: the elements, or the scales of bytes."""
    if chunk["vectors"] == F16:
        return struct.unpack(f"<{len(data) // 2}e", data)
    if chunk["vectors"] == BF16:
        widened = b"".join(b"\0\0" + data[i:i + 2] for i in range(0, len(data), 2))
        return struct.unpack(f"<{len(data) // 2}f", widened)
    return struct.unpack_from(f"<{chunk['rank']}f", data)


def vectors(data, chunk, component):
    """[9.3] the values of U or V^T; component tells an element's place in the rank"""
    values = numbers(data, chunk)
    if chunk["vectors"] in (F16, BF16):
        return values
    stored = data[4 * chunk["rank"]:]
    if chunk["vectors"] == LOG8:
        return [values[component(i)] * (2.0 ** (-b / 16) if b < 255 else 0.0)
                for i, b in enumerate(stored)]
    return [values[component(i)] * (b - 256 if b > 127 else b) for i, b in enumerate(stored)]


def sum_of_blocks(matrix, blocks):
    """[9.1]"""
    rows, columns = matrix["rows"], matrix["columns"]
    weights = [[0.0] * columns for _ in range(rows)]
    for chunk, data in blocks:
        parts, rank = parts_of(data, matrix, chunk), chunk["rank"]
        u = vectors(parts["u"], chunk, lambda i: i % rank)
        v = vectors(parts["v"], chunk, lambda i: i // columns)
        for r in range(rows):
            for c in range(columns):
                bit = r * columns + c
                sign = 1 if data[bit // 8] >> 7 - bit % 8 & 1 else -1
                weights[r][c] += sign * sum(
                    u[r * rank + j] * v[j * columns + c] for j in range(rank))
    return weights


def nested_planes(matrix, blocks, bounds=False):
    """[9.2] the values; or what [9.4] measures their errors by"""
    rows, columns, row_bytes = matrix["rows"], matrix["columns"], -(-matrix["columns"] // 8)
    parts = [parts_of(data, matrix, chunk) for chunk, data in blocks]
    first, n = blocks[0][0], len(blocks)
    u, v = (vectors(parts[0][part], first, lambda i: 0) for part in "uv")
    factor, = struct.unpack("<f", parts[0]["factor"])
    gain, = struct.unpack("<f", parts[-1]["gain"])
    excess = dict(zip(*sparse(parts[0])))
    step = gain * factor * 2.0 ** (1 - n)
    weights = []
    for r in range(rows):
        row = []
        for c in range(columns):
            integer = 0
            for part in parts:
                integer = 2 * integer + (part["plane"][r * row_bytes + c // 8] >> 7 - c % 8 & 1)
            odd = 2 * integer - (2 ** n - 1)
            extra = excess.get(r * columns + c, 0.0)
            if bounds:
                row.append(abs(u[r] * v[c]) * (2 * abs(gain * factor) + abs(extra)))
            else:
                row.append(u[r] * v[c] * (step * odd + extra))
        weights.append(row)
    return weights


def check_frame(data, length):
    """[8.1] the frame's outline, without decoding it"""
    at = 0

    def take(count):
        nonlocal at
        require(count <= len(data) - at, "CODEC")
        at += count
        return int.from_bytes(data[at - count:at], "little")

    require(take(4) == 0xFD2FB528, "CODEC")
    descriptor = take(1)
    require(descriptor & 0x38 == 0x20, "CODEC")
    require(take((0, 1, 2, 4)[descriptor & 3]) == 0, "CODEC")
    size = descriptor >> 6
    require(take(1 << size) + (256 if size == 1 else 0) == length, "CODEC")
    most, is_last = min(length, 128 << 10), False
    while not is_last:
        header = take(3)
        is_last, kind, count = header & 1, header >> 1 & 3, header >> 3
        require(kind < 3 and count <= most, "CODEC")
        start = at
        take(1 if kind == 1 else count)
        if kind == 2:
            check_compressed_block(data[start:at], most)
    take(4 if descriptor & 4 else 0)
    require(at == len(data), "CODEC")


def check_compressed_block(data, most):
    """[8.1] literals and the head of the sequences"""
    require(data, "CODEC")
    kind, form = data[0] & 3, data[0] >> 2 & 3
    if kind < 2:
        head, shift, width = ((1, 3, 5), (2, 4, 12), (1, 3, 5), (3, 4, 20))[form]
    else:
        head, shift, width = ((3, 4, 10), (3, 4, 10), (4, 4, 14), (5, 4, 18))[form]
    require(head <= len(data), "CODEC")
    sizes = int.from_bytes(data[:head], "little") >> shift
    literals = sizes & (1 << width) - 1
    require(literals <= most, "CODEC")
    stored = literals if kind == 0 else 1 if kind == 1 else sizes >> width
    rest = data[head + stored:]
    require(rest, "CODEC")
    if rest[0] == 0:
        require(len(rest) == 1, "CODEC")
        return
    count = 1 if rest[0] < 128 else 2 if rest[0] < 255 else 3
    require(len(rest) > count and rest[:2] != b"\x80\0", "CODEC")
    require(rest[count] & 3 == 0, "CODEC")


class Buffer(ctypes.Structure):
    """ZSTD_inBuffer and ZSTD_outBuffer."""
    _fields_ = [("data", ctypes.c_void_p), ("size", ctypes.c_size_t), ("at", ctypes.c_size_t)]


def load_zstd():
    name = ctypes.util.find_library("zstd")
    if name is None:
        sys.exit("reader.py: compressed chunks need libzstd, which is not installed")
    zstd = ctypes.CDLL(name)
    zstd.ZSTD_createDStream.restype = ctypes.c_void_p
    zstd.ZSTD_freeDStream.argtypes = [ctypes.c_void_p]
    zstd.ZSTD_decompressStream.restype = ctypes.c_size_t
    zstd.ZSTD_decompressStream.argtypes = [ctypes.c_void_p] + 2 * [ctypes.POINTER(Buffer)]
    zstd.ZSTD_isError.argtypes = [ctypes.c_size_t]
    zstd.ZSTD_getErrorName.argtypes = [ctypes.c_size_t]
    zstd.ZSTD_getErrorName.restype = ctypes.c_char_p
    return zstd


def unzstd(stored, length):
    """[8.1] libzstd decodes what check_frame let pass; fed in two pieces it sees to the size of
    every block, which it does not when it decodes a frame in one step."""
    global zstd
    check_frame(stored, length)
    zstd = zstd or load_zstd()
    data = ctypes.create_string_buffer(stored, len(stored))
    content = ctypes.create_string_buffer(length)
    source = Buffer(ctypes.cast(data, ctypes.c_void_p), len(stored) - 1, 0)
    target = Buffer(ctypes.cast(content, ctypes.c_void_p), length, 0)
    stream = zstd.ZSTD_createDStream()
    if not stream:
        raise MemoryError
    try:
        while True:
            before = source.at, target.at, source.size
            left = zstd.ZSTD_decompressStream(stream, target, source)
            if zstd.ZSTD_isError(left):
                if b"emory" in zstd.ZSTD_getErrorName(left):
                    raise MemoryError
                raise Invalid("CODEC")
            if left == 0:
                break
            if source.at == source.size:
                source.size = len(stored)
            require(before != (source.at, target.at, source.size), "CODEC")
    finally:
        zstd.ZSTD_freeDStream(stream)
    require(source.at == len(stored) and target.at == length, "CODEC")
    return content.raw


zstd = None


def view(data, digest=None):
    """What a reader has to find in a file; the keys are those of Fixtures/v1/index.json."""
    try:
        file = File(data, digest)
    except Invalid as fault:
        return dict(code=str(fault), stage="open")
    whole = file.whole_chunks()
    result = dict(state=file.state(len(data), whole), chunks=len(file.chunks), baseChunks=file.base,
                  root=file.root, blocks=max(whole - file.tiles, 0))
    payloads = []
    try:
        for number in range(whole):
            payload = file.payload(number)
            payloads.append(payload if payload is None else hashlib.sha256(payload).hexdigest())
    except Invalid as fault:
        result.update(code=str(fault), stage="verify")
    verified = len(payloads)
    result.update(verifiedChunks=verified, payloads=payloads, verifiedState=file.state(
        len(data), verified) if verified < whole else result["state"])
    if result["state"] in ("TOO_SHORT", "OVERLONG"):
        result.update(code=result["state"], stage="use")
    if "code" not in result:
        result.update(
            names=[r["name"] for r in file.matrices + file.objects], extensions=file.extensions,
            offsets=[chunk["offset"] for chunk in file.chunks])
        if sum(m["rows"] * m["columns"] for m in file.matrices) <= 1 << 20:
            result["matrices"] = [file.reconstruct(n, verified) for n in range(len(file.matrices))]
    return result


def usable(data, digest=None):
    """[18 A to E] the file, if its state allows to use it; chunks are checked as they are read"""
    file = File(data, digest)
    state = file.state(len(data), file.whole_chunks())
    require(state not in ("TOO_SHORT", "OVERLONG"), state)
    return file


def print_weights(file, name, levels):
    parts = [number for number, matrix in enumerate(file.matrices) if matrix["name"] == name]
    if not parts:
        sys.exit(f"reader.py: no matrix is called {name}")
    for number in parts:
        for row in file.reconstruct(number, file.whole_chunks(), levels):
            print(*row)


def new_file(folder, name):
    """[10] a new file within the folder; no link is followed, nothing is overwritten"""
    parts = name.split("/")
    for part in parts[:-1]:
        folder = os.path.join(folder, part)
        os.makedirs(folder, exist_ok=True)
        if os.path.islink(folder):
            sys.exit(f"reader.py: {folder} is a link")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    return os.fdopen(os.open(os.path.join(folder, parts[-1]), flags, 0o644), "wb")


def write_objects(file, folder, kind):
    """The objects of a kind, tile by tile."""
    os.makedirs(folder, exist_ok=True)
    for number, item in enumerate(file.objects):
        if item["ignorable"] or item["kind"] != kind:
            continue
        with new_file(folder, item["name"] if kind == 1 else f"tensor-{number}.bin") as stream:
            for index, chunk in enumerate(file.chunks):
                if (chunk["kind"], chunk["owner"]) == (1, number):
                    stream.write(file.payload(index))
        if kind == 2:
            print(json.dumps(dict(file=f"tensor-{number}.bin", name=item["name"], type=item["type"],
                                  shape=item["dimensions"])))


def rebuild(file, folder):
    """Every dense tensor as it is, and every tensor in levels, all its parts, as binary32."""
    write_objects(file, folder, 2)
    for name, parts in itertools.groupby(range(len(file.matrices)),
                                         lambda number: file.matrices[number]["name"]):
        parts = list(parts)
        first, last = file.matrices[parts[0]], file.matrices[parts[-1]]
        with new_file(folder, f"matrix-{parts[0]}.bin") as stream:
            for number in parts:
                values = array.array("f")
                for row in file.reconstruct(number, file.whole_chunks()):
                    values.extend(row)
                if sys.byteorder == "big":
                    values.byteswap()
                stream.write(values.tobytes())
        print(json.dumps(dict(file=f"matrix-{parts[0]}.bin", name=name, type=1,
                              shape=[last["firstRow"] + last["rows"], first["columns"]])))


def differences(entry, data):
    """Where this reader and a line of index.json differ."""
    found = view(data)
    for key, expected in entry.items():
        if key in ("file", "clause"):
            continue
        if key == "byteCount":
            same = expected == len(data)
        elif key == "nested":
            same = "code" not in found and same_matrices(File(data), expected)
        else:
            same = found.get(key) == expected
        if not same:
            listed, read = (json.dumps(x)[:200] for x in (expected, found.get(key)))
            yield f"{key}: {listed} listed, {read} found"
    for key in ("code", "stage", "state"):
        if key in found and key not in entry:
            yield f"{key}: {found[key]} found, none listed"


def same_matrices(file, expected):
    """Each matrix of planes for each number of levels, value by value, to the tolerance of [9.4]"""
    if len(expected) != len(file.matrices):
        return False
    for number, by_level in enumerate(expected):
        for levels, values in enumerate(by_level or [], 1):
            matrix = file.matrices[number]
            blocks = file.blocks_of(number, file.whole_chunks(), levels)
            ours = sum(nested_planes(matrix, blocks), [])
            bounds = sum(nested_planes(matrix, blocks, bounds=True), [])
            if len(values) != len(ours) or any(
                    abs(a - b) > max(1e-6 * most, 2.0 ** -100)
                    for a, b, most in zip(ours, values, bounds)):
                return False
    return True


def check(path):
    """Whether every file of an index.json is read as it says."""
    with open(path, encoding="utf-8") as stream:
        entries = json.load(stream)
    failures = 0
    for entry in entries:
        with open(os.path.join(os.path.dirname(path), entry["file"]), "rb") as stream:
            for difference in differences(entry, stream.read()):
                failures += 1
                print(f"{entry['file']}: {difference}")
    print(f"{len(entries)} files, {failures} differences")
    return failures > 0


def main():
    parser = argparse.ArgumentParser(description="Reads .bstk files.")
    parser.add_argument("files", nargs="*", metavar="FILE")
    parser.add_argument("--digest", metavar="HEX", type=str.lower, help="the root digest to demand")
    parser.add_argument("--mb", type=Fraction, help="file bytes of the cut, in units of 10^6")
    parser.add_argument("--ram", type=Fraction, help="resident bytes of the cut, in units of 10^6")
    parser.add_argument("--blocks", type=int, help="blocks of the cut")
    parser.add_argument("--weights", metavar="NAME", help="prints a matrix")
    parser.add_argument("--levels", type=int, default=64, help="of it, no more than these levels")
    parser.add_argument("--rebuild", metavar="FOLDER", help="writes tensors and matrices")
    parser.add_argument("--extract", metavar="FOLDER", help="writes the auxiliary files")
    parser.add_argument("--check", metavar="INDEX", help="compares with an index of test files")
    options = parser.parse_args()
    if options.levels < 1:
        parser.error("--levels is at least 1")
    if options.check:
        return check(options.check)
    failed = False
    for path in options.files:
        with open(path, "rb") as stream:
            data = stream.read()
        try:
            if options.weights:
                print_weights(usable(data, options.digest), options.weights, options.levels)
            elif options.rebuild:
                rebuild(usable(data, options.digest), options.rebuild)
            elif options.extract:
                write_objects(usable(data, options.digest), options.extract, 1)
            elif (options.mb, options.ram, options.blocks) != (None, None, None):
                bytes_, resident = (x if x is None else math.floor(x * 10**6)
                                    for x in (options.mb, options.ram))
                cut = usable(data, options.digest).cut(bytes_, resident, options.blocks)
                print(json.dumps(dict(file=path, **cut)))
            else:
                print(json.dumps(dict(file=path, **view(data, options.digest))))
        except Invalid as fault:
            print(json.dumps(dict(file=path, code=str(fault))))
            failed = True
    return failed


if __name__ == "__main__":
    sys.exit(main())
