"""Safetensors files and Hugging Face folders as arrays of NumPy, which has no bf16 of its own."""
import json
import pathlib
import shutil
import struct

import numpy

AUXILIARY = ("config.json", "generation_config.json", "tokenizer.json", "tokenizer.model",
             "tokenizer_config.json", "special_tokens_map.json")


class Reader:
    """A safetensors file of which tensors are read one by one, as fp32."""

    def __init__(self, path):
        with open(path, "rb") as file:
            length = struct.unpack("<Q", file.read(8))[0]
            self.entries = json.loads(file.read(length))
        self.entries.pop("__metadata__", None)
        self.bytes = numpy.memmap(path, numpy.uint8, "r", offset=8 + length)

    def __contains__(self, name):
        return name in self.entries

    def __getitem__(self, name):
        entry = self.entries[name]
        start, end = entry["data_offsets"]
        data = self.bytes[start:end]
        if entry["dtype"] == "BF16":
            values = (data.view("<u2").astype(numpy.uint32) << 16).view(numpy.float32)
        else:
            values = data.view({"F16": "<f2", "F32": "<f4"}[entry["dtype"]]).astype(numpy.float32)
        return values.reshape(entry["shape"])


def write(path, tensors):
    """Writes arrays of fp16 or fp32 as a safetensors file."""
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name, values in tensors.items():
        kind = {"float16": "F16", "float32": "F32"}[values.dtype.name]
        header[name] = dict(dtype=kind, shape=values.shape, data_offsets=[end, end + values.nbytes])
        end += values.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for values in tensors.values():
            file.write(numpy.ascontiguousarray(values).data)


def read_model(folder):
    """Every tensor of a model folder by name, as fp32."""
    files = sorted(pathlib.Path(folder).glob("*.safetensors"))
    readers = [Reader(path) for path in files if not path.name.startswith("golden")]
    return {name: reader[name] for reader in readers for name in reader.entries}


class Sharded:
    """A model folder whose weights come in parts that are replaced one at a time."""

    def __init__(self, folder, source):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.parts = {}
        for name in AUXILIARY:
            if (path := pathlib.Path(source) / name).exists():
                shutil.copyfile(path, self.folder / name)

    def put(self, part, tensors):
        file = f"{part}.safetensors"
        write(self.folder / file, tensors)
        self.parts[part] = {name: file for name in tensors}
        index = {"weight_map": {name: file for part in self.parts.values()
                                for name, file in part.items()}}
        (self.folder / "model.safetensors.index.json").write_text(json.dumps(index))


def auxiliary_bytes(folder):
    """What configuration and tokenizer come to, each as `bstk` stores it."""
    import zstandard
    compressor = zstandard.ZstdCompressor(level=19)
    paths = [pathlib.Path(folder) / name for name in AUXILIARY]
    return sum(len(compressor.compress(path.read_bytes())) for path in paths if path.exists())
