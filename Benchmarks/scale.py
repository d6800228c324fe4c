#!/usr/bin/env python3
"""What compressing a large model takes, beside the same work in PyTorch.

    Benchmarks/scale.py [--profile NAME] [--layers N] [--torch-layers N] [--bstk PROGRAM] [--json FILE]

Makes a model of Llama 3.2 1B's shape with random weights and compresses it on a pseudo-terminal:
first with the reference profile, a calibration text, the order by worth, 8 levels and rank 16, then
to nested planes with `bstk calibrate` and `bstk compress`. Asserts of each

1. that no more memory is resident at any time than four times the largest tensor in fp32 and
   1 GiB, and
2. that the progress line never stands still for longer than some seconds.

Beside the reference profile stands PyTorch, where it is installed, on some layers of the same shape: the calibration's
forward pass with the norm of every input channel, and at each level the full SVD of the residual's
absolute value, cut to the rank and taken off. All layers have equal shapes, so that seconds a layer
compare. The published method's ordering is not run but calculated from the forward pass, as it is
(levels - 1) x 7 x layers passes over 32 windows of the whole model.
"""
import argparse
import fcntl
import json
import os
import pathlib
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time

import support

TEXTS = support.ROOT / "Fixtures/models/pd-llama"
HIDDEN, INTERMEDIATE, HEADS, KEY_VALUE_HEADS, HEAD_DIMENSION = 2048, 8192, 32, 8, 64
VOCABULARY = 128256
WINDOW = 256
SWEEP_WINDOWS = 32
CONFIGURATION = dict(
    architectures=["LlamaForCausalLM"], model_type="llama", hidden_size=HIDDEN,
    intermediate_size=INTERMEDIATE, num_attention_heads=HEADS,
    num_key_value_heads=KEY_VALUE_HEADS, head_dim=HEAD_DIMENSION, vocab_size=VOCABULARY,
    rms_norm_eps=1e-5, rope_theta=500000.0, max_position_embeddings=131072, hidden_act="silu",
    rope_scaling=dict(rope_type="llama3", factor=32.0, low_freq_factor=1.0, high_freq_factor=4.0,
                      original_max_position_embeddings=8192),
    tie_word_embeddings=True, torch_dtype="bfloat16", bos_token_id=0, eos_token_id=1)
LAYER = {
    "self_attn.q_proj": (HEADS * HEAD_DIMENSION, HIDDEN),
    "self_attn.k_proj": (KEY_VALUE_HEADS * HEAD_DIMENSION, HIDDEN),
    "self_attn.v_proj": (KEY_VALUE_HEADS * HEAD_DIMENSION, HIDDEN),
    "self_attn.o_proj": (HIDDEN, HEADS * HEAD_DIMENSION),
    "mlp.gate_proj": (INTERMEDIATE, HIDDEN),
    "mlp.up_proj": (INTERMEDIATE, HIDDEN),
    "mlp.down_proj": (HIDDEN, INTERMEDIATE),
}


# The model

def make_model(folder, layers):
    """Writes a folder in the layout of Hugging Face; returns the bytes of its tensors."""
    try:
        import numpy
    except ImportError:
        support.skip(f"{sys.executable} has no numpy")
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(CONFIGURATION | {"num_hidden_layers": layers}))
    shutil.copy(TEXTS / "tokenizer.json", folder)
    shapes = {"model.embed_tokens.weight": (VOCABULARY, HIDDEN), "model.norm.weight": (HIDDEN,)}
    for index in range(layers):
        prefix = f"model.layers.{index}."
        for name, shape in LAYER.items():
            shapes[f"{prefix}{name}.weight"] = shape
        for name in ("input_layernorm", "post_attention_layernorm"):
            shapes[f"{prefix}{name}.weight"] = (HIDDEN,)
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name, shape in shapes.items():
        start, end = end, end + 2 * int(numpy.prod(shape))
        header[name] = dict(dtype="BF16", shape=list(shape), data_offsets=[start, end])
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    random = numpy.random.default_rng(0)
    with open(folder / "model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for shape in shapes.values():
            count = int(numpy.prod(shape))
            while count:
                size = min(count, 1 << 22)
                values = (numpy.ones(size, numpy.float32) if len(shape) == 1
                          else random.standard_normal(size, dtype=numpy.float32) * 0.02)
                file.write((values.view(numpy.uint32) >> 16).astype(numpy.uint16).tobytes())
                count -= size
    return end


# bstk

class Watch:
    """What a program wrote on its terminal, and when."""

    def __init__(self, command):
        start = time.monotonic()
        process, terminal = pty.fork()
        if process == 0:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.execv(command[0], command)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.lines = [(0.0, "the start")]
        while True:
            select.select([terminal], [], [])
            try:
                data = os.read(terminal, 1 << 16)
            except OSError:  # the other end is closed
                break
            if not data:
                break
            line = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", data.decode(errors="replace"))
            line = [part.strip() for part in re.split(r"[\r\n]", line) if part.strip()]
            self.lines.append((time.monotonic() - start, line[-1] if line else self.lines[-1][1]))
        os.close(terminal)
        _, status, usage = os.wait4(process, 0)
        self.seconds = time.monotonic() - start
        self.status = os.waitstatus_to_exitcode(status)
        self.cpu_seconds = usage.ru_utime + usage.ru_stime
        self.memory = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)

    def longest_silence(self):
        """Its seconds, and the line that stood still."""
        ends = [when for when, _ in self.lines[1:]] + [self.seconds]
        return max((end - when, line) for (when, line), end in zip(self.lines, ends))

    def seconds_of(self, pattern):
        """From the first line that matches to the next that does not."""
        start = end = None
        for when, line in self.lines:
            if re.search(pattern, line):
                start = when if start is None else start
                end = None
            elif start is not None and end is None:
                end = when
        return 0.0 if start is None else (end or self.seconds) - start


def run_watched(command):
    """Runs it on a terminal of its own; refuses to go on where it fails."""
    watch = Watch([str(part) for part in command])
    if watch.status:
        support.refuse(f"bstk ended with {watch.status}: {watch.lines[-1][1]}")
    return watch


# PyTorch

def run_torch(options):
    """The worker: prints seconds a layer as JSON."""
    import torch
    from torch.nn import functional

    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    inverse = 1 / 500000.0 ** (torch.arange(0, HEAD_DIMENSION, 2) / HEAD_DIMENSION)
    angles = torch.outer(torch.arange(WINDOW), inverse)
    cosine, sine = (torch.cat([part, part], -1) for part in (angles.cos(), angles.sin()))

    def rotate(x):
        half = HEAD_DIMENSION // 2
        return x * cosine + torch.cat([-x[..., half:], x[..., :half]], -1) * sine

    def norm(x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5)

    def observed(norms, name, x):
        if norms is not None:
            norms.setdefault(name, []).append(x.norm(dim=1))
        return x

    def forward(weights, x, norms):
        batch = x.shape[0]
        y = observed(norms, "attention", norm(x))
        query, key, value = (
            (y @ weights[f"self_attn.{name}_proj"].T)
            .view(batch, WINDOW, -1, HEAD_DIMENSION).transpose(1, 2) for name in "qkv")
        groups = HEADS // KEY_VALUE_HEADS
        key, value = (part.repeat_interleave(groups, 1) for part in (rotate(key), value))
        y = functional.scaled_dot_product_attention(rotate(query), key, value, is_causal=True)
        y = observed(norms, "output", y.transpose(1, 2).reshape(batch, WINDOW, -1))
        x = x + y @ weights["self_attn.o_proj"].T
        y = observed(norms, "mlp", norm(x))
        y = functional.silu(y @ weights["mlp.gate_proj"].T) * (y @ weights["mlp.up_proj"].T)
        return x + observed(norms, "down", y) @ weights["mlp.down_proj"].T

    def through(weights, states, norms):
        start = time.monotonic()
        result = torch.cat([forward(weights, part, norms) for part in states.split(8)])
        return result, time.monotonic() - start

    inputs = {"self_attn.o_proj": "output", "mlp.down_proj": "down"}
    calibration = decomposition = plain = 0.0
    with torch.inference_mode():
        states = torch.randn(options.windows, WINDOW, HIDDEN) * 0.02
        for _ in range(options.torch_layers):
            weights = {name: torch.randn(shape) * 0.02 for name, shape in LAYER.items()}
            _, seconds = through(weights, states[:SWEEP_WINDOWS], None)
            plain += seconds
            norms = {}
            states, seconds = through(weights, states, norms)
            calibration += seconds
            scales = {name: torch.cat(parts).mean(0) + 1e-3 for name, parts in norms.items()}
            start = time.monotonic()
            for name, weight in weights.items():
                default = "attention" if name.startswith("self") else "mlp"
                residual = weight * scales[inputs.get(name, default)]
                for _ in range(options.torch_levels):
                    u, s, vt = torch.linalg.svd(residual.abs(), full_matrices=False)
                    magnitude = (u[:, :options.rank] * s[:options.rank]) @ vt[:options.rank]
                    residual -= torch.where(residual >= 0, magnitude, -magnitude)
            decomposition += time.monotonic() - start
    layers = options.torch_layers
    windows = min(SWEEP_WINDOWS, options.windows)
    json.dump({
        "version": torch.__version__, "layers": layers, "levels": options.torch_levels,
        "calibration": calibration / layers,
        "decomposition": decomposition / layers * options.levels / options.torch_levels,
        "window": plain / layers / windows}, sys.stdout)


def torch_figures(options):
    command = [options.python, __file__, "--torch-worker", "--threads", str(options.threads),
               "--torch-layers", str(options.torch_layers), "--levels", str(options.levels),
               "--torch-levels", str(options.torch_levels or options.levels),
               "--rank", str(options.rank), "--windows", str(options.windows)]
    if subprocess.run([options.python, "-c", "import torch"], stderr=subprocess.DEVNULL).returncode:
        print(f"skipped: {options.python} has no torch; --python can name one that has")
        return None
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


# The report

def figures_of(watch):
    silence, line = watch.longest_silence()
    return {"seconds": watch.seconds, "cpu_seconds": watch.cpu_seconds,
            "resident_bytes": watch.memory, "longest_silence": {"seconds": silence, "line": line}}


def judge(name, figures, silence, targets):
    bound = 4 * VOCABULARY * HIDDEN * 4 + (1 << 30)
    targets.at_most(f"{name}: resident memory", figures["resident_bytes"] / 1e9, bound / 1e9, " GB")
    longest = figures["longest_silence"]
    targets.at_most(f"{name}: silence, at \"{longest['line']}\"", longest["seconds"], silence, " s")


def measure_reference(options, bstk, model, work, targets):
    watch = run_watched([
        bstk, "compress", model, "-o", f"{work}/reference.bstk", "--profile", "reference",
        "--levels", options.levels, "--rank", options.rank,
        "--calibration", TEXTS / "calibration.txt", "--calibration-windows", options.windows,
        "--threads", options.threads])
    steps = {
        "calibrating": watch.seconds_of(r"^calibrating"),
        "decomposing": watch.seconds_of(r"matrix \d+ of"),
        "weighing blocks": watch.seconds_of(r"^weighing"),
    }
    size = os.path.getsize(f"{work}/reference.bstk")
    print(f"\n{f'reference profile, {size:,} bytes':<36} {'seconds':>9} {'a layer':>9}")
    for name, seconds in steps.items():
        print(f"{name:<36} {seconds:>9.1f} {seconds / options.layers:>9.2f}")
    print(f"{'all, with reading, writing':<36} {watch.seconds:>9.1f} "
          f"{watch.seconds / options.layers:>9.2f}   (CPU {watch.cpu_seconds:.1f})\n")
    figures = figures_of(watch)
    judge("reference profile", figures, options.silence, targets)
    torch = torch_figures(options) if options.torch_layers else None
    if torch:
        order = (options.levels - 1) * len(LAYER) * options.layers * SWEEP_WINDOWS
        print(f"\n{'PyTorch ' + torch['version']:<36} {'':>9} {'a layer':>9} {'ratio':>7}   "
              f"({torch['layers']} layers, {torch['levels']} levels run)")
        for name, ours, theirs in (
            ("calibrating", "calibrating", torch["calibration"]),
            ("decomposing", "decomposing", torch["decomposition"]),
            ("ordering, calculated", "weighing blocks", torch["window"] * order),
        ):
            ratio = theirs / max(steps[ours] / options.layers, 1e-9)
            print(f"{name:<36} {'':>9} {theirs:>9.2f} {ratio:>6.1f}x")
    return figures | {"file_bytes": size, "steps": steps, "torch": torch}


def measure_best(options, bstk, model, work, targets):
    statistics, output = f"{work}/model.statistics", f"{work}/best.bstk"
    threads = ["--threads", options.threads]
    calibration = run_watched([
        bstk, "calibrate", model, "-o", statistics, "--text", TEXTS / "calibration.txt",
        "--windows", options.best_windows, "--gradient-windows", options.gradient_windows, *threads])
    compression = run_watched([
        bstk, "compress", model, "-o", output, "--statistics", statistics, *threads])
    size = os.path.getsize(output)
    print(f"\n{f'nested planes, {size:,} bytes':<36} {'seconds':>9} {'a layer':>9} {'CPU':>9} "
          f"{'GB':>6}")
    windows = f"{options.best_windows} windows, {options.gradient_windows} back"
    for name, watch in ((f"calibrating, {windows}", calibration), ("compressing", compression)):
        print(f"{name:<36} {watch.seconds:>9.1f} {watch.seconds / options.layers:>9.2f} "
              f"{watch.cpu_seconds:>9.1f} {watch.memory / 1e9:>6.2f}")
    print()
    result = {"calibration": figures_of(calibration), "compression": figures_of(compression)}
    for name, figures in result.items():
        judge(f"nested planes, {name}", figures, options.best_silence, targets)
    return result | {"file_bytes": size, "statistics_bytes": os.path.getsize(statistics)}


def main():
    sys.stdout.reconfigure(line_buffering=True)
    parser = support.parser(__doc__)
    parser.add_argument("--profile", choices=("reference", "best"), help="that one alone")
    parser.add_argument("--layers", type=int, default=16)
    parser.add_argument("--levels", type=int, default=8)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--windows", type=int, default=128,
                        help="calibration windows of 256 tokens of the reference profile")
    parser.add_argument("--best-windows", type=int, default=32, help="the same of nested planes")
    parser.add_argument("--gradient-windows", type=int, default=8, help="of these with gradients")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--silence", type=float, default=5.0, help="seconds that are allowed")
    parser.add_argument("--best-silence", type=float, default=60.0,
                        help="the same of nested planes, of which a matrix is one step")
    parser.add_argument("--torch-layers", type=int, default=1, help="0 leaves PyTorch out")
    parser.add_argument("--torch-levels", type=int, default=0, help="fewer levels, scaled up")
    parser.add_argument("--python", default=sys.executable, help="an interpreter with torch")
    parser.add_argument("--work", help="a folder for some 6 bytes a weight; temporary by default")
    parser.add_argument("--json", help="write the figures here")
    parser.add_argument("--torch-worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.torch_worker:
        return run_torch(options)
    bstk = support.prepare(options.bstk)

    load = os.getloadavg()[0]
    targets = support.Targets()
    results = {"layers": options.layers, "threads": options.threads, "load": load}
    with tempfile.TemporaryDirectory(dir=options.work) as work:
        model = pathlib.Path(work) / "model"
        results["model_bytes"] = make_model(model, options.layers)
        print(f"{options.layers} layers, {results['model_bytes']:,} bytes of bf16; "
              f"{options.threads} threads, load {load:.1f} before")
        os.environ["OPENBLAS_NUM_THREADS"] = str(options.threads)
        if options.profile != "best":
            results["reference"] = measure_reference(options, bstk, model, work, targets)
        if options.profile != "reference":
            results["best"] = measure_best(options, bstk, model, work, targets)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(results))
    print()
    targets.exit(False)


if __name__ == "__main__":
    main()
