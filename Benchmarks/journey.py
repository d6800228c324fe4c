#!/usr/bin/env python3
"""The journey of the bundled model, step by step, beside programs that do as much to plain bytes.

    Benchmarks/run
    Benchmarks/run journey --rounds 21

The model is small, so these are the costs of starting up as much as those of the work; a fetch also
waits for the disk, which curl does not. `bstk serve` is the server, so nothing need be installed.
Asserts that every copy equals the file.
"""
import contextlib
import pathlib
import shutil
import subprocess
import tempfile

import support

MODEL = support.ROOT / "Fixtures/models/pd-llama"


def main():
    parser = support.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=9, metavar="N")
    options = parser.parse_args()
    bstk = support.prepare(options.bstk)
    support.describe_machine(bstk)
    with tempfile.TemporaryDirectory(prefix="bstk-bench-") as name:
        folder = pathlib.Path(name)
        source, output = folder / "model.bstk", folder / "out"
        support.measure([bstk, "compress", MODEL, "-o", source])
        with serving(bstk, folder) as address:
            steps = {
                "compress":
                    [bstk, "compress", MODEL, "-o", output / "copy.bstk"],
                "inspect": [bstk, "inspect", source],
                "verify": [bstk, "verify", source],
                "openssl dgst -sha256": ["openssl", "dgst", "-sha256", source],
                "fetch --all over loopback":
                    [bstk, "fetch", address + source.name, "-o", output / "copy.bstk", "--all"],
                "curl -o": ["curl", "-s", "-f", "-o", output / "copy.bstk", address + source.name],
            }
            steps = {name: step for name, step in steps.items() if shutil.which(step[0])}
            times = {name: [] for name in steps}
            for _ in range(options.rounds):
                for name, step in steps.items():
                    output.mkdir()
                    times[name].append(1000 * support.measure(step).wall)
                    if output.joinpath("copy.bstk").exists():
                        support.check_equal(output / "copy.bstk", source)
                    shutil.rmtree(output)
        print(f"a model of {source.stat().st_size:,} bytes; {options.rounds} rounds")
    support.print_table([("", "ms: median (least to greatest)")] + [
        (name, support.spread(values, digits=1)) for name, values in times.items()])


@contextlib.contextmanager
def serving(bstk, folder):
    """The address under which `bstk serve` offers the folder."""
    command = [bstk, "serve", folder, "--port", "0", "--quiet"]
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
    with support.ending(server):
        yield server.stdout.readline().strip()


if __name__ == "__main__":
    main()
