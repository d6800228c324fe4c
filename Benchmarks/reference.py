#!/usr/bin/env python3
"""What compression loses, beside the published reference code.

    Benchmarks/reference.py [MODEL] [--bstk PROGRAM] [--curve FILE]

MODEL is a folder with calibration.txt and eval.txt (by default ../shared/models/pd-llama), FILE
what the reference reached on it (by default ../shared/research/reference-curve.json). For ranks
1, 2 and 4, on the whole evaluation text, asserts

1. with the reference's profile, at most 1.02 times its perplexity at every one of its sizes, and
2. with the order by worth, at most the area under excess perplexity over bytes that the
   reference's own sweep reaches on the same blocks, in at most a twentieth of its forward passes.

A file is evaluated once, for both. Takes about ten minutes on two quiet cores.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
RANKS = (1, 2, 4)
LEVELS = 8
MATRICES_A_LAYER = 7
PROBE_WINDOWS = 2
SWEEP_WINDOWS = 32
# Sizes between a file's base and the reference's smallest, where the curve is steepest.
STEEP_SIZES = 5


class Orders:
    """The curves of one rank by both orders."""

    def __init__(self, bstk, model, work, rank, reference):
        self.rank = rank
        self.seconds, self.curves = {}, {}
        for order in ("worth", "reference"):
            file = f"{work}/{order}{rank}.bstk"
            self.seconds[order] = compress(
                bstk, model, file, "--rank", str(rank), "--order", order)
            report = inspect(bstk, file)
            base, whole = int(report["base_bytes"]), int(report["published_bytes"])
            sizes = [size for size, _ in reference]
            steep = [base + (sizes[0] - base) * n // STEEP_SIZES for n in range(STEEP_SIZES)]
            if order == "reference":
                sizes = sizes[::2]  # enough for an area
            self.curves[order] = curve(
                bstk, model, file, [size for size in steep + sizes if size <= whole] + [whole])

    def excess_areas(self, source):
        low = max(points[0][0] for points in self.curves.values())
        high = min(points[-1][0] for points in self.curves.values())
        return {order: area(points, low, high) - source * (high - low)
                for order, points in self.curves.items()}


def compress(bstk, model, output, *options):
    start = time.monotonic()
    subprocess.run(
        [bstk, "compress", model, "-o", output, "--levels", str(LEVELS), "--profile", "reference",
         "--calibration", f"{model}/calibration.txt", "--json", *options],
        check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - start


def inspect(bstk, file):
    return json.loads(subprocess.run(
        [bstk, "inspect", file, "--json"], check=True, stdout=subprocess.PIPE).stdout)


def curve(bstk, model, file, sizes):
    """(bytes, perplexity) of a file, ascending, at the largest cuts within `sizes`."""
    report = subprocess.run(
        [bstk, "eval", file, "--text", f"{model}/eval.txt", "--json", "--mb",
         ",".join(f"{size}B" for size in sizes)],
        check=True, stdout=subprocess.PIPE).stdout
    return sorted({(row["bytes"], row["perplexity"]) for row in json.loads(report)["rows"]})


def area(points, low, high):
    """The integral of the perplexity over bytes, straight lines between the points."""
    total = 0.0
    for (a, p), (b, q) in zip(points, points[1:]):
        start, end = max(a, low), min(b, high)
        if start < end:
            middle = (start + end) / 2
            total += (p + (q - p) * (middle - a) / (b - a)) * (end - start)
    return total


def compare_curves(results, reference):
    worst = 0.0
    for result in results:
        print(f"\nrank {result.rank}\n{'bytes':>12} {'reference':>10} {'bstk':>10} {'ratio':>7}")
        for size, theirs in reference[f"reference k={result.rank}"]:
            best = min(value for count, value in result.curves["worth"] if count <= size)
            print(f"{size:>12,} {theirs:>10.3f} {best:>10.3f} {best / theirs:>7.4f}")
            worst = max(worst, best / theirs)
    print(f"\nworst ratio {worst:.4f}")
    return worst <= 1.02


def compare_orders(results, source, matrices):
    passes = {"worth": (matrices + 1) * PROBE_WINDOWS,
              "reference": matrices * (LEVELS - 1) * SWEEP_WINDOWS}
    share = passes["worth"] / passes["reference"]
    holds = share <= 1 / 20
    print(f"\n{'rank':>4} {'order':>10} {'excess area':>14} {'passes':>8} {'seconds':>8} {'ratio':>7}")
    for result in results:
        areas = result.excess_areas(source)
        ratio = areas["worth"] / areas["reference"]
        holds = holds and ratio <= 1.0
        for order, value in areas.items():
            print(f"{result.rank:>4} {order:>10} {value:>14,.0f} {passes[order]:>8,} "
                  f"{result.seconds[order]:>8.1f} {f'{ratio:.4f}' if order == 'worth' else '':>7}")
    print(f"forward passes of a window: 1/{1 / share:.1f}")
    return holds


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
    with open(f"{options.model}/config.json") as file:
        matrices = MATRICES_A_LAYER * json.load(file)["num_hidden_layers"]
    start = time.monotonic()
    print(f"load before the start: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    results = []
    with tempfile.TemporaryDirectory() as work:
        for rank in RANKS:
            results.append(Orders(
                options.bstk, options.model, work, rank, reference[f"reference k={rank}"]))
            print(f"rank {rank} measured after {time.monotonic() - start:.0f} s")
    verdicts = {
        "at most 1.02 x the reference at every size": compare_curves(results, reference),
        "order by worth no worse, in 1/20 of the passes":
            compare_orders(results, reference["fp32"], matrices),
    }
    print(f"\nload at the end: {os.getloadavg()[0]:.1f}")
    for name, holds in verdicts.items():
        print(f"{'holds' if holds else 'FAILS'}: {name}")
    sys.exit(0 if all(verdicts.values()) else 1)


if __name__ == "__main__":
    main()
