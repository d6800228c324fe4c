#!/usr/bin/env python3
"""Fetches that are killed with SIGKILL again and again, and must end with the right bytes.

    Benchmarks/run kills
    Benchmarks/run kills --kills 20 --size 8MB --seed 4711

A slow nginx serves one file. Fetches of it are started and killed after a random time, over and
over with the same output, until one gets to its end; then the next output begins, until all kills
are spent. Asserts that every output equals the file, that nothing else is left beside it, and that
the server sent, over all runs of an output, at most the file, one span for each connection, and the
header once a run, which tells a fetch that the file is still the same.
"""
import random
import secrets
import subprocess
import time

import sample
import support

# What the program itself keeps to by default: FetchTuning and FetchOptions.
SPAN_BYTES, CONNECTIONS = 8 << 20, 16
HEADER_BYTES = 256


def main():
    parser = support.parser(__doc__)
    parser.add_argument("--kills", type=int, default=200, metavar="N")
    parser.add_argument("--size", type=sample.byte_count, default=34_000_000, metavar="SIZE",
                        help="of the file (default: 34MB)")
    parser.add_argument("--shape", choices=["model", "tiles"], default="model",
                        help="of the file, see sample.py --help (default: model)")
    parser.add_argument("--rate", type=sample.byte_count, default=4_000_000, metavar="SIZE",
                        help="a second and connection that the server sends (default: 4MB)")
    parser.add_argument("--longest", type=float, default=1.0, metavar="SECONDS",
                        help="the latest moment of a kill (default: 1)")
    parser.add_argument("--connections", type=int, default=CONNECTIONS, metavar="N",
                        help=f"of each fetch (default: {CONNECTIONS})")
    parser.add_argument("--seed", type=int, default=None, metavar="N",
                        help="of the file and of the moments (default: a new one)")
    parser.add_argument("--minutes", type=float, default=15, metavar="N",
                        help="fail when it takes longer than this in all (default: 15)")
    options = parser.parse_args()
    bstk = support.prepare(options.bstk, "nginx")
    options.seed = secrets.randbits(31) if options.seed is None else options.seed
    support.describe_machine(bstk, "nginx")
    print(f"seed {options.seed}")
    with support.scratch_folder(3 * options.size) as folder:
        source = folder / "sample.bstk"
        support.make_sample(bstk, source, options.size, options.shape, options.seed)
        # Small chunks make the rate even; by itself nginx sends a second's worth at once.
        settings = f"limit_rate {options.rate}; sendfile_max_chunk 32k;"
        with support.Nginx(folder, settings=settings) as server:
            trial = Trial(options, bstk, server, source)
            trial.run()
            server.stop()
            trial.report(server.requests())


class Trial:
    def __init__(self, options, bstk, server, source):
        self.options, self.bstk, self.server, self.source = options, bstk, server, source
        self.random = random.Random(options.seed)
        self.deadline = time.monotonic() + 60 * options.minutes
        self.kill_counts = []

    def run(self):
        while sum(self.kill_counts) < self.options.kills:
            self.kill_counts.append(0)
            folder = self.source.parent / "out"
            folder.mkdir()
            output = folder / "copy.bstk"
            while not self.fetch(output):
                self.kill_counts[-1] += 1
            support.check_equal(output, self.source)
            rest = {path.name for path in folder.iterdir()} - {output.name}
            support.check(not rest, f"left beside the output: {rest}")
            output.unlink()
            folder.rmdir()

    def address(self, number):
        """The same file under a name of its own, by which the server's log tells outputs apart."""
        return f"{self.source.name}?output={number}"

    def fetch(self, output):
        """Whether the fetch got to its end; otherwise it was killed."""
        left = self.deadline - time.monotonic()
        support.check(left > 0, f"only {sum(self.kill_counts)} kills in the minutes allowed")
        is_last = sum(self.kill_counts) >= self.options.kills
        patience = left if is_last else self.random.uniform(0, self.options.longest)
        command = [self.bstk, "fetch", self.server.url(self.address(len(self.kill_counts) - 1)),
                   "-o", output, "--all", "--quiet", "--connections", str(self.options.connections)]
        with support.ending(subprocess.Popen(command, stdin=subprocess.DEVNULL)) as process:
            try:
                code = process.wait(timeout=patience)
            except subprocess.TimeoutExpired:
                return False
            support.check(code == 0, f"exit code {code} with seed {self.options.seed}")
            return True

    def report(self, requests):
        size = self.source.stat().st_size
        span = min(SPAN_BYTES, size)
        excesses, run_counts = [], [count + 1 for count in self.kill_counts]
        for number, run_count in enumerate(run_counts):
            uri = f"/{self.address(number)}"
            sent = sum(request.body for request in requests if request.uri == uri)
            support.check(sent >= size, f"{uri}: the log knows of {sent} bytes only")
            excesses.append(sent - size)
            bound = self.options.connections * span + HEADER_BYTES * run_count
            support.check(excesses[-1] <= bound,
                          f"{uri}: {excesses[-1]} bytes more than the file, {bound} allowed")
        kills = sum(self.kill_counts)
        print(f"{kills} kills over {len(run_counts)} outputs of {support.megabytes(size)}, "
              "all equal to the source")
        print(f"runs an output: {support.spread(run_counts, digits=0)}; sent beyond the file: "
              f"{support.spread([excess / 1e6 for excess in excesses], ' MB')}, "
              f"{sum(excesses) / max(kills, 1) / 1e3:,.0f} kB a kill; at most "
              f"{support.megabytes(self.options.connections * span)} allowed for each output")


if __name__ == "__main__":
    main()
