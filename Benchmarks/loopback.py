#!/usr/bin/env python3
"""What a fetch costs when the network costs nothing, beside programs that do less.

    Benchmarks/run loopback
    Benchmarks/run loopback --size 512MiB --rounds 9 --report-only
    Benchmarks/run loopback --hold-memory

nginx serves one file from memory over loopback. In every round `bstk fetch --all`, one stream of
curl and (where installed) aria2 with eight connections each write it back to memory, in changing
order; `openssl dgst -sha256` reads the same bytes. A fetch hashes every byte, which the others do
not. Server and client share the cores. Asserts that every copy equals the file and that, as medians
over the rounds,

1. wall time is at most that of curl,
2. CPU seconds, user and system, are at most those of curl and openssl together, and
3. memory stays within 32 MiB at its peak.

In a virtual machine whose host takes back free memory most of a run can be the wait for fresh pages,
another one each time; --hold-memory keeps the host from it (see hold.py; takes a minute or two).
"""
import contextlib
import resource
import shutil
import statistics

import sample
import support

MEMORY_BOUND = 32 << 20
DEFAULT_SIZE, LEAST_SIZE = 2 << 30, 128 << 20


def main():
    parser = support.parser(__doc__)
    parser.add_argument("--size", type=sample.byte_count, metavar="SIZE",
                        help="of the file (default: 2GiB, less where memory is short)")
    parser.add_argument("--shape", choices=["model", "tiles"], default="model",
                        help="of the file, see sample.py --help (default: model)")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--hold-memory", action="store_true",
                        help="keep a virtual machine's host from taking back freed memory")
    parser.add_argument("--report-only", action="store_true",
                        help="exit 0 whatever the figures are")
    options = parser.parse_args()
    bstk = support.prepare(options.bstk, "nginx", "curl", "openssl")
    size = options.size or fitting_size()
    with support.scratch_folder(2 * size) as folder:
        source = folder / "sample.bstk"
        size = support.make_sample(bstk, source, size, options.shape)
        with support.Nginx(folder) as server:
            programs = commands(bstk, server.url(source.name), source, folder / "out")
            peers = [name for name in programs if name not in ("bstk", "openssl")]
            support.describe_machine(bstk, "nginx", *peers)
            print(f"{support.megabytes(size)}, shape {options.shape}, loopback and memory only; "
                  f"{options.rounds} rounds after one to warm up")
            free = support.free_bytes(folder) - size - (1 << 30)
            with support.held_memory(free) if options.hold_memory else contextlib.nullcontext():
                figures = measure(programs, source, folder / "out", options.rounds)
    report(figures, options.report_only)


def fitting_size():
    """2 GiB, or the largest half of it and so on of which two fit into half of what is free."""
    size = DEFAULT_SIZE
    while size > LEAST_SIZE and 4 * size > support.free_bytes():
        size //= 2
    return size


def commands(bstk, url, source, folder):
    output = folder / "copy.bstk"
    result = {
        "bstk": [bstk, "fetch", url, "-o", output, "--all", "--quiet"],
        "curl": ["curl", "-s", "-f", "-o", output, url],
        "openssl": ["openssl", "dgst", "-sha256", source],
    }
    if shutil.which("aria2c"):
        result["aria2c"] = ["aria2c", "--quiet", "--no-conf", "-x8", "-s8", "-k1M",
                            "--file-allocation=none", "-d", folder, "-o", output.name, url]
    return result


def measure(programs, source, folder, rounds):
    figures = {name: [] for name in programs}
    names = list(programs)
    for number in range(-1, rounds):
        for name in names[number % len(names):] + names[:number % len(names)]:
            folder.mkdir()
            result = support.measure(programs[name])
            if name != "openssl":
                support.check_equal(folder / "copy.bstk", source)
            shutil.rmtree(folder)
            if number >= 0:
                figures[name].append(result)
    return figures


def report(figures, is_report_only):
    wall = {name: [run.wall for run in runs] for name, runs in figures.items()}
    cpu = {name: [run.cpu for run in runs] for name, runs in figures.items()}
    peak = {name: max(run.peak for run in runs) for name, runs in figures.items()}
    allowed = [a + b for a, b in zip(cpu["curl"], cpu["openssl"])]
    rows = [("", "wall s", "of curl's", "CPU s", "of curl + openssl", "peak MiB")]
    rows += [(name, support.spread(wall[name]),
              support.spread(support.ratios(wall[name], wall["curl"])), support.spread(cpu[name]),
              support.spread(support.ratios(cpu[name], allowed)), f"{peak[name] / (1 << 20):.1f}")
             for name in figures]
    support.print_table(rows)
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"medians (least to greatest); ratios are of the same round; peaks below {own:.0f} MiB, "
          "this program's own, do not show")
    targets = support.Targets()
    targets.at_most("wall time over curl's",
                    statistics.median(support.ratios(wall["bstk"], wall["curl"])), 1.0)
    targets.at_most("CPU over that of curl and openssl",
                    statistics.median(support.ratios(cpu["bstk"], allowed)), 1.0)
    targets.at_most("peak memory", peak["bstk"] / (1 << 20), MEMORY_BOUND / (1 << 20), " MiB")
    targets.exit(is_report_only)


if __name__ == "__main__":
    main()
