#!/usr/bin/env python3
"""A reader of .bstk files, written from spec.md alone; slow, complete, and strict.

    python3 reader.py FILE...     one line of JSON for each: what is in it, or the error code

Needs nothing but Python 3.9 and, for compressed chunks, a libzstd that ctypes can find.
The numbers in brackets are sections of spec.md.
"""
import ctypes
import ctypes.util
import hashlib
import json
import math
import struct
import sys

MAGIC = bytes([0x89, 0x42, 0x53, 0x54, 0x4B, 0x0D, 0x0A, 0x1A])
MIB = 1 << 20
ELEMENT_BYTES = dict(zip(range(1, 14), [4, 2, 2, 8, 1, 2, 4, 8, 1, 2, 4, 8, 1]))
NAME_BYTES = set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/")
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
    name, kind, source, rows, columns, levels = struct.unpack_from("<HBBIIH", record)
    require(kind == 1 and source in (1, 2, 3), "UNKNOWN_KIND")
    require(not any(record[14:]), "RESERVED")
    return dict(name=name, source=source, rows=rows, columns=columns, levels=levels)


def parse_object(record):
    """[4.2]"""
    name, kind, type_, count = struct.unpack_from("<HBBB", record)
    dimensions, length = struct.unpack_from("<4I", record, 8), struct.unpack_from("<Q", record, 24)[0]
    require(not any(record[5:8]) and not any(record[32:]), "RESERVED")
    require(kind in (1, 2) or kind > 0x82, "UNKNOWN_KIND")
    if kind == 2:
        require(type_ in ELEMENT_BYTES, "UNKNOWN_KIND")
        require(count <= 4, "LIMIT")
        require(not any(dimensions[count:]) and length == 0, "RESERVED")
    else:
        require(type_ == 0 and count == 0 and not any(dimensions), "RESERVED")
        require(length <= 64 * MIB, "LIMIT")
    return dict(name=name, kind=kind & 0x7F, type=type_, dimensions=dimensions[:count], length=length)


def parse_chunk(record):
    """[4.3]"""
    stored, codec, kind, level, owner, rank, vectors, reserved = struct.unpack_from(
        "<IBBHIHBB", record, 32)
    require(reserved == 0, "RESERVED")
    require(stored > 0, "CHUNK_LENGTH")
    require(stored <= 128 * MIB, "LIMIT")
    require(codec <= 2 and kind in (1, 2), "UNKNOWN_KIND")
    if kind == 1:
        require(level == 0 and rank == 0 and vectors == 0, "RESERVED")
    else:
        require(vectors in (1, 2, 3), "UNKNOWN_KIND")
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
    points = [struct.unpack_from("<IId", data, start + 16 * i) for i in range(count)]
    require(not any(zero for _, zero, _ in points), "RESERVED")
    require(not math.isinf(source) and all(math.isfinite(v) for _, _, v in points), "FLOAT")
    require(all(a[0] < b[0] for a, b in zip(points, points[1:])), "EXTENSION")
    return dict(label=label, source=None if math.isnan(source) else source,
                points=[[chunks, value] for chunks, _, value in points])


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


def block_layout(matrix, chunk):
    """[6] where U and V^T are in a block's payload, and its length"""
    width, scales = (1, 4) if chunk["vectors"] == 3 else (2, 0)
    rank = chunk["rank"]
    u = align(-(-matrix["rows"] * matrix["columns"] // 8), 8)
    u_end = u + rank * (matrix["rows"] * width + scales)
    v = align(u_end, 8)
    v_end = v + rank * (matrix["columns"] * width + scales)
    return dict(u=u, u_end=u_end, v=v, v_end=v_end, end=align(v_end, 8))


class File:
    """A file whose manifest is valid."""

    def __init__(self, data):
        self.data, self.header = data, parse_header(data)
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
        for record in self.matrices + self.objects:
            length = record["name"]
            require(length <= len(pool), "TABLE")
            record["name"] = check_name(pool[:length], record.get("kind", 2) != 2)
            pool = pool[length:]
        require(not pool, "TABLE")
        self.extensions = parse_extensions(index[at:])

    def check_names(self):
        """[18 D 1]"""
        names = [m["name"] for m in self.matrices]
        require(all(a < b for a, b in zip(names, names[1:])), "NAME")
        keys = [(o["kind"], o["name"]) for o in self.objects]
        require(all(a < b for a, b in zip(keys, keys[1:])), "NAME")
        require(not set(names) & {o["name"] for o in self.objects if o["kind"] == 2}, "NAME")
        files = [o["name"].lower() for o in self.objects if o["kind"] == 1]
        require(len(set(files)) == len(files), "NAME")
        for name in files:
            parts = name.split("/")
            require(not any("/".join(parts[:n]) in set(files) for n in range(1, len(parts))), "NAME")

    def check_shapes(self):
        """[18 D 2 to 4], [6] tiles"""
        for matrix in self.matrices:
            require(matrix["rows"] > 0 and matrix["columns"] > 0, "SHAPE")
            require(max(matrix["rows"], matrix["columns"]) <= 1 << 20, "LIMIT")
            require(1 <= matrix["levels"] <= 64, "LIMIT")
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
        base += [(2, number, 0, 0) for number in range(len(self.matrices))]
        self.base = len(base)
        for chunk, (kind, owner, level, tile) in zip(self.chunks, base):
            require((chunk["kind"], chunk["owner"], chunk["level"]) == (kind, owner, level), "LAYOUT")
            chunk["tile"] = tile
        following = [1] * len(self.matrices)
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
            if chunk["kind"] == 1:
                item = self.objects[chunk["owner"]]
                chunk["length"] = min(item["tile"], item["length"] - chunk["tile"] * item["tile"])
                start, width = 0, ELEMENT_BYTES.get(item["type"], 1)
            else:
                matrix = self.matrices[chunk["owner"]]
                require(1 <= chunk["rank"] <= min(matrix["rows"], matrix["columns"]), "SHAPE")
                require(chunk["rank"] <= 1024, "LIMIT")
                layout = block_layout(matrix, chunk)
                chunk["length"] = layout["end"]
                require(chunk["length"] <= 128 * MIB, "LIMIT")
                start, width = layout["u"], 1 if chunk["vectors"] == 3 else 2
            chunk["planes"] = start, width
            if chunk["codec"] == 0:
                require(chunk["stored"] == chunk["length"], "CHUNK_LENGTH")
            else:
                require(chunk["stored"] < chunk["length"], "CHUNK_LENGTH")
                require(chunk["length"] <= 64 * chunk["stored"], "RATIO")
                require(chunk["codec"] == 1 or width > 1, "UNKNOWN_KIND")
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

    def state(self, length, whole):
        """[12] of a file of this length whose first chunks are known to be whole"""
        if length > self.header["file_length"]:
            return "OVERLONG"
        end = self.chunks[whole - 1]["end"] if whole else 0
        if end < self.header["base_end"]:
            return "TOO_SHORT"
        if length == self.header["file_length"] and whole == len(self.chunks):
            return "COMPLETE"
        return f"PREFIX({whole})" + (f"+TAIL({length - end})" if length > end else "")

    def whole_chunks(self):
        return sum(chunk["end"] <= len(self.data) for chunk in self.chunks)

    def payload(self, number):
        """[8], [18 F]"""
        chunk = self.chunks[number]
        gap = self.chunks[number - 1]["end"] if number else self.header["index_end"]
        require(not any(self.data[gap:chunk["offset"]]), "PADDING")
        stored = self.data[chunk["offset"]:chunk["end"]]
        require(hashlib.sha256(stored).digest() == chunk["sha256"], "CHUNK_HASH")
        if chunk["codec"]:
            stored = unzstd(stored, chunk["length"])
        if chunk["codec"] == 2:
            start, width = chunk["planes"]
            count = (len(stored) - start) // width
            joined = bytearray(stored)
            for plane in range(width):
                joined[start + plane::width] = stored[start + plane * count:start + (plane + 1) * count]
            stored = bytes(joined)
        if chunk["kind"] == 2:
            self.check_block(stored, self.matrices[chunk["owner"]], chunk)
        return stored

    def check_block(self, data, matrix, chunk):
        """[9]"""
        layout = block_layout(matrix, chunk)
        bits = matrix["rows"] * matrix["columns"]
        signs = -(-bits // 8)
        for a, b in ((signs, "u"), (layout["u_end"], "v"), (layout["v_end"], "end")):
            require(not any(data[a:layout[b]]), "PADDING")
        require(bits % 8 == 0 or data[signs - 1] & 0xFF >> bits % 8 == 0, "PADDING")
        for part in "uv":
            values = numbers(data[layout[part]:layout[part + "_end"]], chunk)
            require(all(map(math.isfinite, values)), "FLOAT")

    def reconstruct(self, number, available):
        """[9] the matrix from the blocks among the first chunks, row by row"""
        matrix = self.matrices[number]
        rows, columns = matrix["rows"], matrix["columns"]
        weights = [[0.0] * columns for _ in range(rows)]
        for index, chunk in enumerate(self.chunks[:available]):
            if chunk["kind"] == 1 or chunk["owner"] != number:
                continue
            data, rank, layout = self.payload(index), chunk["rank"], block_layout(matrix, chunk)
            u = vectors(data[layout["u"]:layout["u_end"]], chunk, lambda i: i % rank)
            v = vectors(data[layout["v"]:layout["v_end"]], chunk, lambda i: i // columns)
            for r in range(rows):
                for c in range(columns):
                    bit = r * columns + c
                    sign = 1 if data[bit // 8] >> 7 - bit % 8 & 1 else -1
                    weights[r][c] += sign * sum(
                        u[r * rank + j] * v[j * columns + c] for j in range(rank))
        return weights


def numbers(data, chunk):
    """The floating-point numbers of U or V^T: the elements, or the scales of bytes."""
    if chunk["vectors"] == 1:
        return struct.unpack(f"<{len(data) // 2}e", data)
    if chunk["vectors"] == 2:
        return [struct.unpack("<f", b"\0\0" + data[i:i + 2])[0] for i in range(0, len(data), 2)]
    return struct.unpack_from(f"<{chunk['rank']}f", data)


def vectors(data, chunk, component):
    """The values of U or V^T; component tells an element's place in the rank."""
    values = numbers(data, chunk)
    if chunk["vectors"] != 3:
        return values
    integers = struct.unpack(f"<{len(data) - 4 * chunk['rank']}b", data[4 * chunk["rank"]:])
    return [values[component(i)] * integer for i, integer in enumerate(integers)]


def unzstd(stored, length):
    """[8.1] libzstd does the work; that there is one plain frame is checked before."""
    library = ctypes.util.find_library("zstd")
    if library is None:
        raise RuntimeError("libzstd is not installed")
    zstd = ctypes.CDLL(library)
    for name in ("ZSTD_findFrameCompressedSize", "ZSTD_decompress"):
        getattr(zstd, name).restype = ctypes.c_size_t
    zstd.ZSTD_getFrameContentSize.restype = ctypes.c_ulonglong
    size, output = ctypes.c_size_t(len(stored)), ctypes.create_string_buffer(length)
    require(stored[:4] == b"\x28\xB5\x2F\xFD", "CODEC")
    require(zstd.ZSTD_findFrameCompressedSize(stored, size) == len(stored), "CODEC")
    require(zstd.ZSTD_getFrameContentSize(stored, size) == length, "CODEC")
    require(zstd.ZSTD_getDictID_fromFrame(stored, size) == 0, "CODEC")
    require(zstd.ZSTD_decompress(output, ctypes.c_size_t(length), stored, size) == length, "CODEC")
    return output.raw


def view(data):
    """What a reader has to find in a file; the keys are those of Fixtures/v1/index.json."""
    try:
        file = File(data)
    except Invalid as fault:
        return dict(code=str(fault), stage="open")
    whole = file.whole_chunks()
    result = dict(state=file.state(len(data), whole), chunks=len(file.chunks), baseChunks=file.base,
                  root=hashlib.sha256(data[:256]).hexdigest(), blocks=max(whole - file.tiles, 0))
    payloads = []
    try:
        for number in range(whole):
            payloads.append(hashlib.sha256(file.payload(number)).hexdigest())
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
            offsets=[chunk["offset"] for chunk in file.chunks],
            matrices=[file.reconstruct(n, verified) for n in range(len(file.matrices))])
    return result


if __name__ == "__main__":
    for path in sys.argv[1:]:
        with open(path, "rb") as stream:
            print(json.dumps(dict(file=path, **view(stream.read()))))
