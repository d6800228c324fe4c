#!/usr/bin/env python3
"""What compression loses, beside the published reference code.

    Benchmarks/quality.py [MODEL] [--bstk PROGRAM] [--curve FILE]

MODEL is a folder with calibration.txt and eval.txt (by default ../shared/models/pd-llama), FILE
what the reference reached on it (by default ../shared/research/reference-curve.json). Asserts

1. with the reference's profile and rank, at most 1.02 times its perplexity at every one of its
   sizes, and
2. with the order by worth, at most the area under excess perplexity over bytes that the
   reference's own sweep reaches on the same blocks, in at most a twentieth of its forward passes.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
LEVELS = 8
MATRICES_A_LAYER = 7
PROBE_WINDOWS = 4
SWEEP_WINDOWS = 32


def compress(bstk, model, output, *options):
    start = time.monotonic()
    subprocess.run(
        [bstk, "compress", model, "-o", output, "--levels", str(LEVELS), "--profile", "reference",
         "--calibration", f"{model}/calibration.txt", "--json", *options],
        check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - start


def curve(bstk, model, file, sizes=()):
    """(bytes, perplexity) of a file, ascending, at cuts within `sizes` or spread evenly."""
    budgets = ["--mb", ",".join(f"{size}B" for size in sizes)] if sizes else ["--points", "40"]
    report = subprocess.run(
        [bstk, "eval", file, "--text", f"{model}/eval.txt", "--json", *budgets],
        check=True, stdout=subprocess.PIPE).stdout
    rows = json.loads(report)["rows"]
    return sorted((row["bytes"], row["perplexity"]) for row in rows)


def area(points, low, high):
    """The integral of the perplexity over bytes, straight lines between the points."""
    total = 0.0
    for (a, p), (b, q) in zip(points, points[1:]):
        start, end = max(a, low), min(b, high)
        if start < end:
            middle = (start + end) / 2
            total += (p + (q - p) * (middle - a) / (b - a)) * (end - start)
    return total


def compare_curves(bstk, model, work, reference):
    worst = 0.0
    for rank in (1, 2, 4):
        file = f"{work}/rank{rank}.bstk"
        compress(bstk, model, file, "--rank", str(rank))
        whole = int(json.loads(subprocess.run(
            [bstk, "inspect", file, "--json"], check=True, stdout=subprocess.PIPE
        ).stdout)["published_bytes"])
        expected = reference[f"reference k={rank}"]
        ours = curve(bstk, model, file, [min(size, whole) for size, _ in expected])
        print(f"\nrank {rank}\n{'bytes':>12} {'reference':>10} {'bstk':>10} {'ratio':>7}")
        for size, theirs in expected:
            best = min(value for count, value in ours if count <= size)
            print(f"{size:>12,} {theirs:>10.3f} {best:>10.3f} {best / theirs:>7.4f}")
            worst = max(worst, best / theirs)
    print(f"\nworst ratio {worst:.4f}")
    return worst <= 1.02


def compare_orders(bstk, model, work, source):
    seconds, curves = {}, {}
    for order in ("worth", "reference"):
        file = f"{work}/{order}.bstk"
        seconds[order] = compress(bstk, model, file, "--rank", "1", "--order", order)
        curves[order] = curve(bstk, model, file)
    low = max(points[0][0] for points in curves.values())
    high = min(points[-1][0] for points in curves.values())
    areas = {order: area(points, low, high) - source * (high - low)
             for order, points in curves.items()}
    with open(f"{model}/config.json") as file:
        matrices = MATRICES_A_LAYER * json.load(file)["num_hidden_layers"]
    passes = {"worth": (matrices + 1) * PROBE_WINDOWS,
              "reference": matrices * (LEVELS - 1) * SWEEP_WINDOWS}
    print(f"\n{'order':>12} {'excess area':>14} {'passes':>8} {'seconds':>8}")
    for order in curves:
        print(f"{order:>12} {areas[order]:>14,.0f} {passes[order]:>8,} {seconds[order]:>8.1f}")
    ratio = areas["worth"] / areas["reference"]
    share = passes["worth"] / passes["reference"]
    print(f"area ratio {ratio:.4f} in 1/{1 / share:.1f} of the passes")
    return ratio <= 1.0 and share <= 1 / 20


def main():
    sys.stdout.reconfigure(line_buffering=True)
    shared = ROOT.parent / "shared"
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", nargs="?", default=str(shared / "models/pd-llama"))
    parser.add_argument("--bstk", default=str(ROOT / ".build/release/bstk"))
    parser.add_argument("--curve", default=str(shared / "research/reference-curve.json"))
    options = parser.parse_args()
    with open(options.curve) as file:
        reference = json.load(file)
    with tempfile.TemporaryDirectory() as work:
        results = {
            "at most 1.02 x the reference at every size":
                compare_curves(options.bstk, options.model, work, reference),
            "order by worth no worse, in 1/20 of the passes":
                compare_orders(options.bstk, options.model, work, reference["fp32"]),
        }
    print()
    for name, holds in results.items():
        print(f"{'holds' if holds else 'FAILS'}: {name}")
    sys.exit(0 if all(results.values()) else 1)


if __name__ == "__main__":
    main()
