"""llama.cpp's fixed-size types as peers: what each makes of a model, and at how many bytes.

Every matrix goes through llama.cpp's own `ggml_quantize_chunk`, weighed by an importance matrix,
and comes back as fp32, so that the same program measures peers and ours. An importance matrix is
the mean square of every input channel, which is the diagonal of the second moments that
`bstk calibrate` saves.

Most types cut a row into super-blocks of 256 weights. Where a row is no multiple of that, two
readings of a type are both measured:

    Q3_K     nominal: super-blocks run on across rows, which no program does, at the type's own size
    Q3_K*    as llama.cpp does it: such a matrix gets a larger type with smaller blocks
"""
import concurrent.futures
import ctypes
import dataclasses
import math
import os

import gguf
import numpy

import environment
import tensors

# From the smallest; those between the two marks are what ours is held against.
TYPES = ("IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "Q2_K", "IQ3_XXS", "IQ3_S", "Q3_K",
         "IQ4_XS", "IQ4_NL", "Q4_K", "Q5_K", "Q6_K")
CONTESTED = TYPES[TYPES.index("IQ2_XXS"):TYPES.index("IQ4_XS") + 1]
# What llama.cpp takes for a row that is no multiple of a type's block.
FALLBACK = {"Q4_K": "Q5_0", "Q5_K": "Q5_1", "Q6_K": "Q8_0"} | dict.fromkeys(
    ("IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "Q2_K", "IQ3_XXS", "IQ3_S", "Q3_K", "IQ4_XS"),
    "IQ4_NL")
# For embedding and head by bits: the type, and the nearest one for rows that it does not fit.
EMBEDDINGS = {8: ("Q8_0", "Q8_0"), 6: ("Q6_K", "Q5_1"), 4: ("Q4_K", "IQ4_NL")}
EMBEDDING, HEAD = "model.embed_tokens.weight", "lm_head.weight"
# Of linear layers with the same input the statistics may name one alone.
SHARERS = {"k_proj": "q_proj", "v_proj": "q_proj", "up_proj": "gate_proj"}
MOMENTS = ".second_moments"


@dataclasses.dataclass
class Point:
    """A peer: its type, that of its embedding and the bits asked for there, and its figures."""
    code: str
    embedding: str
    embedding_bits: int
    bytes: int
    perplexity: float
    second: float | None = None

    @property
    def is_contested(self):
        return self.code.rstrip("*") in CONTESTED


class Quantizer:
    """llama.cpp's quantization, from the shared library in the wheel xllamacpp."""

    def __init__(self):
        library = ctypes.CDLL(str(environment.packaged("xllamacpp", "*.so")))
        self.call = library.ggml_quantize_chunk
        self.call.restype = ctypes.c_size_t
        self.call.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64,
                              ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p]

    def __call__(self, weight, kind, importance=None):
        """What `weight` is after quantization, and its bytes. Rows are joined where they have to
        be for whole blocks."""
        type_ = gguf.GGMLQuantizationType[kind]
        block, size = gguf.GGML_QUANT_SIZES[type_]
        joined = rows_in_blocks(weight, kind)
        rows = numpy.ascontiguousarray(
            weight.reshape(len(weight) // joined, -1), dtype=numpy.float32)
        if importance is not None:
            importance = numpy.tile(importance.astype(numpy.float32), joined)
        output = numpy.empty((len(rows), rows.shape[1] // block * size), numpy.uint8)
        count = self.call(
            int(type_), rows.ctypes.data, output.ctypes.data, 0, *rows.shape,
            None if importance is None else importance.ctypes.data)
        if count != output.nbytes:
            raise ValueError(f"{kind} wrote {count} bytes instead of {output.nbytes}")
        return gguf.dequantize(output, type_).reshape(weight.shape), count


def rows_in_blocks(weight, kind):
    """How many rows make a whole number of a type's blocks."""
    block, _ = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[kind]]
    return block // math.gcd(block, weight.shape[1])


def fits(weight, kind):
    return rows_in_blocks(weight, kind) == 1


def joins(weight, kind):
    """Whether the nominal reading exists: the rows come out even."""
    return len(weight) % rows_in_blocks(weight, kind) == 0


class Peers:
    """The peers of one model. `measure` is called with a folder and a point's code."""

    def __init__(self, model, statistics, work):
        self.weights = tensors.read_model(model)
        if HEAD in self.weights and EMBEDDING not in self.weights:
            raise ValueError(f"{model} has no {EMBEDDING}")
        self.matrices = [name for name, values in self.weights.items()
                         if values.ndim == 2 and name not in (EMBEDDING, HEAD)]
        self.vectors = {name: values for name, values in self.weights.items() if values.ndim == 1}
        moments = tensors.Reader(statistics)
        self.importance = {name: importance(moments, name) for name in self.matrices}
        self.importance[HEAD] = importance(moments, HEAD, is_needed=False)
        self.quantize = Quantizer()
        self.done = {}
        self.folder = tensors.Sharded(work, model)
        self.folder.put("vectors", self.vectors)
        # Norms in two bytes each; names, shapes and offsets are not counted against a peer.
        self.rest = tensors.auxiliary_bytes(model) + sum(
            2 * values.size for values in self.vectors.values())

    @property
    def parameters(self):
        return sum(values.size for values in self.weights.values())

    def points(self, measure, known):
        """Every peer but those known by code and bits of the embedding, the contested first. What
        types share is not done twice."""
        embeddings = {}
        for kind in sorted(TYPES, key=lambda kind: kind not in CONTESTED):
            readings = [True] if self.fits_all(kind) else [False, True]
            for is_real in readings:
                code = kind + ("" if is_real == readings[0] else "*")
                missing = [bits for bits in EMBEDDINGS if (code, bits) not in known]
                count = self.rest + self.put_matrices(kind, is_real) if missing else 0
                for bits in missing:
                    key = bits, is_real
                    if key not in embeddings:
                        embeddings[key] = self.embedding(bits, is_real)
                    type_, values, size = embeddings[key]
                    self.folder.put("embedding", values)
                    yield Point(code, type_, bits, count + size,
                                **measure(self.folder.folder, kind in CONTESTED))
            self.forget()

    def fits_all(self, kind):
        return all(fits(self.weights[name], kind) for name in self.matrices)

    def chosen(self, name, kind, is_real, fallback):
        weight = self.weights[name]
        return kind if fits(weight, kind) or not is_real and joins(weight, kind) else fallback

    def put_matrices(self, kind, is_real):
        """Writes the layers' part of the folder; returns its bytes when quantized."""
        def work(name):
            type_ = self.chosen(name, kind, is_real, FALLBACK.get(kind))
            if (name, type_) not in self.done:
                self.done[name, type_] = self.quantize(
                    self.weights[name], type_, self.importance[name])
            return self.done[name, type_]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            results = dict(zip(self.matrices, pool.map(work, self.matrices)))
        self.folder.put("layers", {name: values for name, (values, _) in results.items()})
        return sum(size for _, size in results.values())

    def forget(self):
        """Drops what no later type falls back to."""
        kept = set(FALLBACK.values())
        self.done = {key: value for key, value in self.done.items() if key[1] in kept}

    def embedding(self, bits, is_real):
        """The type, values and bytes of embedding and head at so many bits."""
        values, size = {}, 0
        kind, fallback = EMBEDDINGS[bits]
        for name in (EMBEDDING, HEAD):
            if name in self.weights:
                type_ = self.chosen(name, kind, is_real, fallback)
                values[name], count = self.quantize(
                    self.weights[name], type_, self.importance.get(name))
                size += count
        return type_, values, size


def importance(moments, name, is_needed=True):
    """The mean square of each input channel of a linear layer."""
    layer = name.removesuffix(".weight")
    place, _, kind = layer.rpartition(".")
    for candidate in (layer, f"{place}.{SHARERS.get(kind, kind)}"):
        if candidate + MOMENTS in moments:
            return numpy.diagonal(moments[candidate + MOMENTS]) + 1e-8
    if is_needed:
        raise ValueError(f"the statistics have no {layer}{MOMENTS}")
    return None
