"""Makes a GGUF file with a tensor of every type that bstk reads, and what the gguf package makes of it.

    make_reference_gguf.py FOLDER [SEED]

FOLDER/types.gguf has one tensor of 3 rows a type, named after it; FOLDER/types.safetensors holds
under the same names what they decode to, and under `input`, `Q8_0.encoded` and `Q4_0.encoded` some
values and what they become.
"""

import sys
from pathlib import Path

import gguf
import numpy
from safetensors.numpy import save_file

WIDTH = 256
# Where a block's fp16 scales are.
SCALES = {
    "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q4_K": [0, 2],
    "Q5_K": [0, 2], "Q6_K": [208],
}


def blocks(generator, name):
    """Random blocks with scales of every size that is finite."""
    elements, width = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[name]]
    count = 3 * WIDTH // elements
    data = generator.integers(0, 256, (count, width), dtype=numpy.uint8)
    for place in SCALES[name]:
        scale = generator.normal(size=count) * 2.0 ** generator.integers(-24, 8, count)
        data[:, place:place + 2] = scale.astype(numpy.float16).view(numpy.uint8).reshape(count, 2)
    return data.reshape(3, -1)


def inputs(generator):
    """Rows with ties, zeros of both signs, tiny and large values."""
    values = generator.normal(size=(8, 64)).astype(numpy.float32)
    values[1, :32] = 0
    values[2] = -0.0
    values[3] = numpy.float32(2) ** generator.integers(-20, 10, 64).astype(numpy.float32)
    values[4, :32] = (numpy.arange(32) - 16) / 2
    values[5, :32] = numpy.where(numpy.arange(32) % 2, 1.5, -1.5)
    values[6] *= numpy.float32(1e-7)
    values[7, ::2] *= numpy.float32(1e4)
    return values


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    generator = numpy.random.default_rng(int(sys.argv[2]) if len(sys.argv) > 2 else 7)
    writer = gguf.GGUFWriter(folder / "types.gguf", "llama")
    golden = {}
    for name in SCALES:
        kind = gguf.GGMLQuantizationType[name]
        data = blocks(generator, name)
        writer.add_tensor(name, data, raw_dtype=kind)
        golden[name] = gguf.dequantize(data, kind).astype(numpy.float32).reshape(3, WIDTH)
    floats = generator.normal(size=(3, WIDTH)).astype(numpy.float32)
    for name in ("F32", "F16", "BF16"):
        kind = gguf.GGMLQuantizationType[name]
        data = gguf.quantize(floats, kind)
        writer.add_tensor(name, data, raw_dtype=kind)
        golden[name] = gguf.dequantize(data, kind).astype(numpy.float32).reshape(3, WIDTH)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    values = inputs(generator)
    golden["input"] = values
    for name in ("Q8_0", "Q4_0"):
        golden[f"{name}.encoded"] = gguf.quantize(values, gguf.GGMLQuantizationType[name])
    save_file({name: numpy.ascontiguousarray(value) for name, value in golden.items()},
              folder / "types.safetensors")


if __name__ == "__main__":
    main()
