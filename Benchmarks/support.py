"""What the transport benchmarks share: a web server, measured programs, and tables with spreads."""
import argparse
import contextlib
import dataclasses
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BSTK = ROOT / ".build/release/bstk"
RUN_SECONDS = 900


def parser(text):
    """A parser whose --help is the program's own first comment."""
    result = argparse.ArgumentParser(
        description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    result.add_argument("--bstk", type=pathlib.Path, default=BSTK, metavar="PROGRAM",
                        help="the program to measure (default: the release build)")
    return result


def skip(reason):
    """Ends the benchmark without a verdict, saying why."""
    print(f"skipped: {reason}")
    sys.exit(0)


def refuse(reason):
    """Ends the benchmark with exit code 1, saying why."""
    sys.exit(f"{pathlib.Path(sys.argv[0]).name}: {reason}")


def prepare(bstk, *needed):
    """The full path of bstk, when all needed programs are there. From now on a signal that ends the
    benchmark also ends what it started."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    # A server in a system folder is found even where the user's own path does not have it.
    os.environ["PATH"] += os.pathsep + "/usr/sbin"
    if not os.access(bstk, os.X_OK):
        refuse(f"there is no program {bstk}; run `make build`")
    for program in needed:
        if shutil.which(program) is None:
            skip(f"{program} is not installed")
    return bstk.resolve()


def describe_machine(*programs):
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    print(f"{os.cpu_count()} cores, load {load}; {', '.join(map(version, programs))}")


def version(program):
    text = subprocess.run([program, "-v" if program == "nginx" else "--version"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
    number = re.search(r"\d+(\.\d+)+", text)
    return f"{pathlib.Path(program).name} {number[0] if number else '?'}"


@contextlib.contextmanager
def scratch_folder(byte_count, least_memory=64 << 20):
    """A folder in memory, or a refusal when `byte_count` bytes do not fit there."""
    place = "/dev/shm" if os.path.isdir("/dev/shm") else tempfile.gettempdir()
    free = free_bytes(place)
    if byte_count + least_memory > free:
        refuse(f"{place} has room for {megabytes(free)}, {megabytes(byte_count)} are needed; "
               "choose a smaller --size")
    with tempfile.TemporaryDirectory(prefix="bstk-bench-", dir=place) as folder:
        yield pathlib.Path(folder)


def free_bytes(place="/dev/shm"):
    """What fits into a folder in memory: the folder's own bound, and the memory that is there."""
    free = shutil.disk_usage(place).free if os.path.isdir(place) else 0
    with contextlib.suppress(OSError), open("/proc/meminfo") as file:
        fields = dict(line.split(":") for line in file)
        free = min(free, int(fields["MemAvailable"].split()[0]) * 1024)
    return free


@contextlib.contextmanager
def held_memory(byte_count):
    """So much of the memory that a virtual machine's host does not take back meanwhile."""
    check(byte_count > 0, "there is too little memory to hold some of it")
    process = subprocess.Popen([sys.executable, ROOT / "Benchmarks/hold.py", str(byte_count)],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with ending(process):
        check(process.stdout.readline() == "held\n", "memory cannot be held")
        yield


def make_sample(bstk, path, size, shape="model", seed=1):
    """A file to publish; checked once, so that a wrong one is not blamed on the download.

    Made by a process of its own: what a measured program is told to have used at its peak is never
    less than what this one had when it started it.
    """
    subprocess.run([sys.executable, ROOT / "Benchmarks/sample.py", path, "--size", str(size),
                    "--shape", shape, "--seed", str(seed)],
                   check=True, stderr=subprocess.DEVNULL)
    subprocess.run([bstk, "verify", path], check=True, stdout=subprocess.DEVNULL)
    return path.stat().st_size


def megabytes(count):
    return f"{count / 1e6:,.1f} MB"


def check(condition, message):
    """What a wrong answer ends."""
    if not condition:
        refuse(message)


def check_equal(output, source):
    check(subprocess.run(["cmp", "-s", output, source]).returncode == 0,
          f"{output} differs from {source}")


@contextlib.contextmanager
def ending(process):
    """Whatever happens, the process is gone afterwards."""
    try:
        yield process
    finally:
        if process.returncode is None and process.poll() is None:
            process.kill()
            process.wait()


# Measured programs


@dataclasses.dataclass
class Measurement:
    """What one run of a program took: seconds of wall and CPU, and its memory's peak in bytes."""
    wall: float
    cpu: float
    peak: int


def measure(command):
    """Runs a program that has to succeed; its output goes nowhere."""
    return follow(command, lambda *_: None)


def follow(command, take):
    """Runs a program that has to succeed and calls take(line, seconds since its start) per line."""
    command = [str(word) for word in command]
    start = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    with ending(process):
        watchdog = threading.Timer(RUN_SECONDS, process.kill)
        watchdog.start()
        try:
            for line in process.stdout:
                take(line, time.monotonic() - start)
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.monotonic() - start
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            watchdog.cancel()
    check(process.returncode == 0, f"exit code {process.returncode}: {' '.join(command)}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Measurement(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit)


def follow_fetch(command):
    """Runs `bstk fetch --json`; the measurement, and the events with the `seconds` they came at."""
    events = []
    result = follow(command, lambda line, at: events.append({**json.loads(line), "seconds": at}))
    return result, events


# The server


class Nginx:
    """One nginx process serving a folder, with a log of every range it sent.

    Use it in a `with` statement; `prefix` is put before its command, to run it somewhere else.
    """

    def __init__(self, folder, address="127.0.0.1", prefix=(), settings=""):
        self.folder, self.address, self.prefix, self.settings = folder, address, prefix, settings
        self.state = tempfile.mkdtemp(prefix="bstk-nginx-")
        self.port = self.free_port() if not prefix else 8080

    @staticmethod
    def free_port():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    def url(self, name):
        return f"http://{self.address}:{self.port}/{name}"

    def __enter__(self):
        path = os.path.join(self.state, "nginx.conf")
        places = "".join(f"{name}_temp_path {self.state}/{name};" for name in (
            "client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        # One process, so that ending it is ending all of it.
        with open(path, "w") as file:
            file.write(
                f"daemon off; master_process off; pid {self.state}/pid; worker_rlimit_nofile 1024;"
                f"error_log {self.state}/error.log; events {{ worker_connections 256; }} http {{"
                "log_format ranges '$msec\\t$connection\\t$request_uri\\t$http_range\\t$status"
                "\\t$body_bytes_sent\\t$bytes_sent\\t$request_time';"
                f"access_log {self.state}/access.log ranges; {places}"
                "sendfile on; tcp_nopush on; keepalive_requests 100000;"
                f"{self.settings} server {{ listen {self.address}:{self.port};"
                f"root {self.folder}; }} }}\n")
        command = [*self.prefix, shutil.which("nginx"), "-p", self.state, "-c", path,
                   "-e", f"{self.state}/error.log"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                        start_new_session=True)
        deadline = time.monotonic() + 10
        while not os.path.exists(f"{self.state}/pid"):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                refuse("nginx does not start; its message is above")
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.state, ignore_errors=True)

    def stop(self):
        """Ends the server; afterwards the log is complete."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def requests(self, uri=None):
        """The requests answered so far, oldest first; of one address when it is named."""
        with contextlib.suppress(FileNotFoundError), open(f"{self.state}/access.log") as file:
            found = [Request.parse(line) for line in file if line.endswith("\n")]
            return [request for request in found if uri in (None, request.uri)]
        return []


@dataclasses.dataclass
class Request:
    """A line of the server's log; `end` in seconds since 1970, counts in bytes."""
    end: float
    connection: int
    uri: str
    range: str
    status: int
    body: int
    sent: int
    seconds: float

    @staticmethod
    def parse(line):
        end, connection, uri, range_, status, body, sent, seconds = line.rstrip("\n").split("\t")
        return Request(float(end), int(connection), uri, range_.removeprefix("bytes="), int(status),
                       int(body), int(sent), float(seconds))


# Figures


def spread(values, unit="", digits=2):
    """The median, and the least and the greatest behind it."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.{digits}f}{unit} ({low:.{digits}f} to {high:.{digits}f})"


def ratios(values, base):
    """Round by round: rounds share whatever else the machine was doing."""
    return [value / other for value, other in zip(values, base)]


def print_table(rows):
    """Rows of texts, the first a heading."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip())


class Targets:
    """What has to hold. Prints each and remembers whether one failed."""

    def __init__(self):
        self.failures = 0

    def at_most(self, what, value, bound, unit=""):
        holds = value <= bound
        self.failures += not holds
        print(f"{'holds ' if holds else 'missed'}  {what}: {value:,.3f}{unit}, "
              f"at most {bound:,.3f}{unit}")

    def below(self, what, value, bound):
        holds = value < bound
        self.failures += not holds
        print(f"{'holds ' if holds else 'missed'}  {what}: {value:,.4f}, below {bound}")

    def exit(self, is_report_only):
        if self.failures and not is_report_only:
            refuse(f"{self.failures} of the targets not met")
