#!/usr/bin/env python3
"""What one progressive file is worth beside fixed-size quantization, megabyte by megabyte.

    Benchmarks/quality.py [MODEL...] [--json FILE] [--svg FILE]

MODEL is smollm2 (SmolLM2-135M-Instruct), mix-llama or pd-llama; all three by default. Each becomes
one .bstk file, calibrated on a text that is not reported, and is measured by `bstk eval` at
prefixes of as many bytes as the peers have. Peers are every K and IQ type of llama.cpp with an
importance matrix from the same statistics and embeddings of 8, 6 and 4 bits, each a point of its
own, and `bstk compress --profile reference`, which is BitStack. Sizes are total bytes: of ours the
whole prefix, of peers the quantized tensors, norms in two bytes, and tokenizer and configuration
under zstd, without names and offsets. Asserts

1. at most 1.02 times the perplexity that a prototype of the encoder reached at given sizes,
2. less than every type from IQ2_XXS to IQ4_XS at its own total bytes,
3. the same on a text of another domain, and
4. at most 1.01 times the source's perplexity at 4.7 bits a weight, everything counted.

Packages are installed into a virtual environment in the user's cache. Models and texts are read
from ../shared. SmolLM2's peers take an hour on two cores; --reuse takes them, and the reference's
curves, from an earlier --json.
"""
import dataclasses
import json
import pathlib
import subprocess
import sys
import tempfile

import environment
import support

SHARED = support.ROOT.parent / "shared"
CORPUS, MODELS = SHARED / "corpus", SHARED / "models"
BITS_NEAR_SOURCE = 4.7
REFERENCE_LEVELS, REFERENCE_RANKS, REFERENCE_POINTS = 8, (4, 16), 10
CURVE_POINTS = 12


@dataclasses.dataclass
class Subject:
    """A model and its texts. `second` is the name of a text of another domain; `figures` has the
    prototype's perplexities by megabytes."""
    name: str
    calibration: pathlib.Path
    text: pathlib.Path
    windows: int
    second: str | None
    figures: dict

    def folder(self, work):
        if self.name != "smollm2":
            return MODELS / self.name
        import smollm2
        return smollm2.make(work / "smollm2")

    def second_text(self, work):
        if self.second != "held-back":
            return self.second and CORPUS / self.second
        # What mix-llama's own report does not reach into.
        text = (MODELS / "mix-llama/eval.txt").read_text(encoding="utf-8")
        path = work / "held-back.txt"
        path.write_text(text[text.index(" ", len(text) // 2):], encoding="utf-8")
        return path


SUBJECTS = {subject.name: subject for subject in (
    Subject("smollm2", CORPUS / "wikitext-2.valid.txt", CORPUS / "wikitext-2.test.txt", 12,
            "held-back", {40: 80.6, 47: 51.2, 54: 41.7, 62: 38.3, 75: 36.5}),
    Subject("mix-llama", MODELS / "mix-llama/calibration.txt", MODELS / "mix-llama/eval.txt", 60,
            "wikitext-2.test.txt", {2.1: 53.7}),
    Subject("pd-llama", MODELS / "pd-llama/calibration.txt", MODELS / "pd-llama/eval.txt", 60,
            None, {0.65: 37.1, 0.8: 34.0, 0.95: 32.2}),
)}


class Trial:
    """One model through everything."""

    def __init__(self, bstk, subject, work):
        self.bstk, self.subject, self.work = bstk, subject, work
        self.model = subject.folder(work)
        self.second = subject.second_text(work)
        self.statistics = work / "statistics.safetensors"
        self.run("calibrate", self.model, "--text", subject.calibration,
                 "-o", self.statistics)

    def run(self, *words):
        say(f"{self.subject.name}: bstk {words[0]} {pathlib.Path(words[1]).name}")
        return subprocess.run([self.bstk, *map(str, words)], check=True,
                              stdout=subprocess.PIPE).stdout

    def measure(self, model, text, *options):
        output = self.run("eval", model, "--text", text, "--windows", self.subject.windows,
                          "--json", *options)
        return json.loads(output)["rows"]

    def measure_folder(self, folder, has_second=True):
        """Both texts' perplexities, by the names that a point has for them."""
        result = {"perplexity": self.measure(folder, self.subject.text)[0]["perplexity"]}
        if has_second and self.second:
            result["second"] = self.measure(folder, self.second)[0]["perplexity"]
        return result

    def peers(self, points, save):
        """Adds to `points` the peers that it lacks."""
        import peers
        trial = peers.Peers(self.model, self.statistics, self.work / "peer")
        known = {(point["code"], point["embedding_bits"]) for point in points}
        for point in trial.points(self.measure_folder, known):
            points.append(dataclasses.asdict(point) | dict(is_contested=point.is_contested))
            save(parameters=trial.parameters, peers=points)

    def compress(self, file, *options):
        self.run("compress", self.model, "-o", file, "--calibration", self.subject.calibration,
                 *options)
        report = json.loads(self.run("inspect", file, "--json"))
        return int(report["base_bytes"]), int(report["published_bytes"])

    def curve(self, file, text, sizes):
        """(bytes, perplexity), ascending, at the largest cuts within `sizes`."""
        if not sizes:
            return []
        rows = self.measure(file, text, "--mb", ",".join(f"{size}B" for size in sorted(set(sizes))))
        return sorted((row["bytes"], row["perplexity"]) for row in rows)

    def reference(self):
        """BitStack's curves by rank."""
        curves = {}
        for rank in REFERENCE_RANKS:
            file = self.work / "reference.bstk"
            base, whole = self.compress(file, "--profile", "reference", "--rank", rank,
                                        "--levels", REFERENCE_LEVELS)
            curves[str(rank)] = self.curve(file, self.subject.text,
                                           evenly(base, whole, REFERENCE_POINTS))
        return curves

    def ours(self, points, parameters):
        """Ours at the sizes of peers and figures, and between them."""
        file = self.work / "ours.bstk"
        base, whole = self.compress(file, "--statistics", self.statistics)
        theirs = [point["bytes"] for point in points]
        contested = [point["bytes"] for point in points if point["is_contested"]]
        wanted = [int(size * 1e6) for size in self.subject.figures]
        wanted.append(bytes_near_source(parameters))
        sizes = theirs + wanted + evenly(base, whole, CURVE_POINTS)
        result = dict(base=base, ours=self.curve(
            file, self.subject.text, [size for size in sizes if size >= base]))
        if self.second:
            result["ours_second"] = self.curve(
                file, self.second, [size for size in contested if size >= base])
        return result


def say(text):
    print(text, file=sys.stderr, flush=True)


def evenly(low, high, count):
    return [low + (high - low) * n // (count - 1) for n in range(count)]


def bytes_near_source(parameters):
    return int(parameters * BITS_NEAR_SOURCE / 8)


def at(curve, size):
    """The perplexity at the largest cut within `size` bytes; none where no cut is so small."""
    return max((point for point in curve if point[0] <= size), default=(0, float("inf")))[1]


# The report

def table(results):
    """Peers and ours by size; beside each peer what ours reaches in as many bytes."""
    megabytes = lambda count: f"{count / 1e6:8.3f}"
    perplexity = lambda value: " " * 9 if value is None else f"{value:9.2f}"
    print(f"{results['name']}: {results['parameters']:,} parameters, perplexity "
          f"{results['source']['perplexity']:.2f}; bits are total bits a parameter\n")
    rows = []
    for point in results["peers"]:
        there = at(results["ours"], point["bytes"])
        second = point["second"] and at(results["ours_second"], point["bytes"])
        rows.append((point["bytes"], point["code"], point["embedding"],
                     perplexity(point["perplexity"]), perplexity(there),
                     f"{there / point['perplexity']:6.3f}",
                     perplexity(point["second"]), perplexity(second),
                     f"{second / point['second']:6.3f}" if second else ""))
    for rank, curve in results["reference"].items():
        for size, value in curve:
            there = at(results["ours"], size)
            rows.append((size, f"BitStack {rank}", "as source", perplexity(value),
                         perplexity(there), f"{there / value:6.3f}", "", "", ""))
    for size, value in results["ours"]:
        rows.append((size, "bstk", "", "", perplexity(value), "", "", "", ""))
    bits = lambda size: f"{size * 8 / results['parameters']:5.2f}"
    support.print_table([
        ("      MB", " bits", "code", "embedding", "   theirs", "     bstk", " ratio",
         "text 2:  ", "     bstk", " ratio")] + [
        (megabytes(row[0]), bits(row[0]), *row[1:]) for row in sorted(rows)])
    print()


def judge(results, subject, targets):
    name, ours = subject.name, results["ours"]
    for size, figure in subject.figures.items():
        targets.at_most(f"{name}, perplexity at {size} MB", at(ours, int(size * 1e6)),
                        1.02 * figure)
    size = bytes_near_source(results["parameters"])
    targets.at_most(f"{name}, ratio to the source at {BITS_NEAR_SOURCE} bits a weight",
                    at(ours, size) / results["source"]["perplexity"], 1.01)
    contested = [point for point in results["peers"] if point["is_contested"]]
    for key, curve, text in (("perplexity", ours, ""),
                             ("second", results.get("ours_second", []), " on the second text")):
        worst = {}
        for point in contested:
            if point[key] is not None:
                ratio = at(curve, point["bytes"]) / point[key]
                kind = point["code"].rstrip("*")
                worst[kind] = max(worst.get(kind, (0, "")), (
                    ratio, f"{point['code']} with {point['embedding']}"))
        for ratio, point in worst.values():
            targets.below(f"{name}, ratio to {point}{text}", ratio, 1)


def draw(path, all_results):
    import chart
    chart.write(path, [chart.Panel(
        title=results["name"], source=results["source"]["perplexity"],
        peers=[chart.Mark(point["bytes"] / 1e6, point["perplexity"], point["code"],
                          point["embedding_bits"], point["is_contested"],
                          f"{point['code']}, {point['embedding']}: "
                          f"{point['bytes'] / 1e6:.2f} MB, {point['perplexity']:.2f}")
               for point in results["peers"]],
        curves={"bstk": megabyte_curve(results["ours"])} | {
            f"BitStack, rank {rank}": megabyte_curve(curve)
            for rank, curve in results["reference"].items()}) for results in all_results])


def megabyte_curve(curve):
    return [(size / 1e6, value) for size, value in curve]


def main():
    sys.stdout.reconfigure(line_buffering=True)
    parser = support.parser(__doc__)
    parser.add_argument("models", nargs="*", metavar="MODEL", help=", ".join(SUBJECTS))
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write all figures here")
    parser.add_argument("--svg", type=pathlib.Path, metavar="FILE", help="draw the curves here")
    parser.add_argument("--reuse", type=pathlib.Path, metavar="FILE",
                        help="take what an earlier --json has of peers and reference")
    parser.add_argument("--peers-only", action="store_true",
                        help="end with source, peers and reference, for a later --reuse")
    parser.add_argument("--work", type=pathlib.Path, metavar="FOLDER",
                        help="for some 12 bytes a parameter; temporary by default")
    parser.add_argument("--python", type=pathlib.Path, metavar="PROGRAM",
                        help="an interpreter that has the packages, instead of making one")
    parser.add_argument("--report-only", action="store_true", help="assert nothing")
    options = parser.parse_args()
    unknown = set(options.models) - set(SUBJECTS)
    if unknown:
        parser.error(f"there is no model {', '.join(sorted(unknown))}")
    bstk = support.prepare(options.bstk)
    if not SHARED.is_dir():
        support.skip(f"there is no {SHARED}")
    environment.enter(options.python)

    support.describe_machine(bstk)
    everything = json.loads(options.reuse.read_text()) if options.reuse else {}
    targets, measured = support.Targets(), []
    for subject in (SUBJECTS[name] for name in options.models or SUBJECTS):
        results = everything.setdefault(subject.name, {"name": subject.name})

        def save(**values):
            results.update(values)
            if options.json:
                options.json.write_text(json.dumps(everything, indent=1))

        with tempfile.TemporaryDirectory(prefix="bstk-bench-", dir=options.work) as work:
            trial = Trial(bstk, subject, pathlib.Path(work))
            if "source" not in results:
                save(source=trial.measure_folder(trial.model))
            trial.peers(results.get("peers", []), save)
            if "reference" not in results:
                save(reference=trial.reference())
            if not options.peers_only:
                save(**trial.ours(results["peers"], results["parameters"]))
        if not options.peers_only:
            measured.append(results)
            table(results)
            judge(results, subject, targets)
            print()
    if options.svg and measured:
        draw(options.svg, measured)
    targets.exit(options.report_only)


if __name__ == "__main__":
    main()
