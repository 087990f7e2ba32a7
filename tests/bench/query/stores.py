"""Servers that hold workload W1, for the query benchmarks: Ora's aggregator, and its peers from Debian."""

import ctypes
import http.client
import json
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

HOSTS = 100
STEP_SECONDS = 10
START_LIMIT_SECONDS = 120
QUIET_SECONDS, SETTLE_LIMIT_SECONDS = 10, 180
# A server's first dozens of queries measure its page faults, and how long an idle processor takes to wake; its data are others in every turn.
ASK_TURNS, ASK_WARM_UP = 24, 32
# The newest steps come last and are not settled, as in a fleet that is alive: ten minutes.
LIVE_STEPS = 60


def tool(build, name, *words):
    answer = subprocess.run([build / "bench" / name, *map(str, words)], stdout=subprocess.PIPE, text=True)
    if answer.returncode != 0:
        raise SystemExit(f"figures: {name} {' '.join(map(str, words))} ended with {answer.returncode}")
    return [json.loads(line) for line in answer.stdout.splitlines()]


class Span:
    """The stretch of time of which samples are stored; it ends now."""

    def __init__(self, steps):
        self.steps = steps
        self.end = int(time.time()) // 60 * 60
        self.start = self.end - steps * STEP_SECONDS

    def parts(self):
        """What settles and what does not: the first second, and how many steps."""
        settled = self.steps - LIVE_STEPS
        return (self.start, settled), (self.start + settled * STEP_SECONDS, LIVE_STEPS)

    def words(self):
        return ("--hosts", HOSTS, "--start-millis", self.start * 1000, "--end-millis", self.end * 1000)


class Server:
    """A process with a directory of its own, which goes with it."""

    def __enter__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="ora_query_bench_"))
        self.process = None
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def begin(self, words, is_up):
        self.process = subprocess.Popen([str(word) for word in words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        began = time.monotonic()
        while not is_up():
            if self.process.poll() is not None or time.monotonic() - began > START_LIMIT_SECONDS:
                raise SystemExit(f"figures: {words[0]} did not start")
            time.sleep(0.05)

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
        self.process = None

    def settle(self):
        """Waits until its files have stood still for a while."""
        before, quiet, began = None, 0, time.monotonic()
        while quiet < QUIET_SECONDS and time.monotonic() - began < SETTLE_LIMIT_SECONDS:
            time.sleep(1)
            files = sorted((str(file), file.stat().st_size) for file in self.directory.rglob("*") if file.is_file())
            quiet, before = (quiet + 1 if files == before else 0), files

    def cpu_ms(self):
        """Of all its threads, to the nanosecond: clock_getcpuclockid(3) makes the clock's number of the process's."""
        clock = ctypes.c_int()
        if ctypes.CDLL(None).clock_getcpuclockid(self.process.pid, ctypes.byref(clock)) != 0:
            raise SystemExit(f"figures: process {self.process.pid} is gone")
        return time.clock_gettime_ns(clock.value) / 1e6


class Ora(Server):
    def __init__(self, build):
        self.build = build

    def start(self):
        port_file = self.directory / "port"
        port_file.unlink(missing_ok=True)
        self.begin([self.build / "bin" / "ora-aggregator", "--listen", "127.0.0.1:0", "--state-dir", self.directory / "state",
                    "--port-file", port_file, "--log-level", "error"], lambda: port_file.exists() and port_file.read_text().strip())
        self.address = port_file.read_text().strip()

    def load(self, span):
        settled, live = span.parts()
        self.start()
        self.send(*settled)
        self.stop()  # Seals what is open, as half an hour of rest would.
        self.start()
        self.settle()
        self.send(*live)

    def send(self, start, steps):
        tool(self.build, "ora-load", "--json", "--aggregator", self.address, "--pid", self.process.pid, "--hosts", HOSTS,
             "--batches", steps, "--start", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(start)))

    def ask(self, span):
        """The figures of the nine, by name."""
        figures = tool(self.build, "query-load", "--aggregator", self.address, "--pid", self.process.pid, "--turns", ASK_TURNS,
                       "--warm-up", ASK_WARM_UP, *span.words())
        return {one["name"]: one for one in figures}


class HttpPeer(Server):
    """One that takes Prometheus's remote write and answers its query API."""

    more_parameters = {}

    def __init__(self, build):
        self.build = build

    def free_port(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        return self.port

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        try:
            connection.request("GET", path)
            return connection.getresponse().read()
        except OSError:
            return None
        finally:
            connection.close()

    def load(self, span):
        settled, live = span.parts()
        self.start()
        self.send(*settled)
        self.settle()
        self.send(*live)

    def send(self, start, steps):
        tool(self.build, "remote-write-load", "--port", self.port, "--hosts", HOSTS, "--batches", steps, "--steps-a-request", 60,
             "--hosts-a-request", 5, "--start-millis", start * 1000)

    def ask(self, span):
        """Median CPU milliseconds of the nine, by name."""
        queries = tool(self.build, "query-load", "--list", "--turns", ASK_TURNS, "--warm-up", ASK_WARM_UP, *span.words())
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        turns = {}
        for query in queries:
            parameters = {"query": query["query"], **self.more_parameters}
            if query["step"]:
                path = "/api/v1/query_range"
                parameters.update(start=query["start"] / 1000, end=query["end"] / 1000, step=query["step"] / 1000)
            else:
                path = "/api/v1/query"
                parameters.update(time=query["end"] / 1000)
            before = self.cpu_ms()
            connection.request("GET", f"{path}?{urllib.parse.urlencode(parameters)}")
            answer = connection.getresponse()
            body = answer.read()
            cpu = self.cpu_ms() - before
            if answer.status != 200:
                raise SystemExit(f"figures: {type(self).__name__} answers {answer.status} to {query['query']}: {body[:200]}")
            turns.setdefault(query["name"], []).append((cpu, len(json.loads(body)["data"]["result"])))
        return {name: {"cpu_ms": statistics.median(cpu for cpu, _ in each[ASK_WARM_UP:]), "series_returned": each[-1][1]}
                for name, each in turns.items()}


class Victoria(HttpPeer):
    more_parameters = {"nocache": "1"}  # What is asked twice is worked out twice, as by the others.

    def start(self):
        self.begin(["victoria-metrics", f"-httpListenAddr=127.0.0.1:{self.free_port()}", f"-storageDataPath={self.directory}/store",
                    "-loggerLevel=ERROR", "-search.latencyOffset=0s"], lambda: self.get("/health"))

    def settle(self):
        self.get("/internal/force_flush")
        super().settle()


class Prometheus(HttpPeer):
    def start(self):
        (self.directory / "prometheus.yml").write_text("global: {}\n")
        self.begin(["prometheus", f"--config.file={self.directory}/prometheus.yml", f"--storage.tsdb.path={self.directory}/store",
                    f"--web.listen-address=127.0.0.1:{self.free_port()}", "--web.enable-remote-write-receiver", "--log.level=error"],
                   lambda: b"Ready" in (self.get("/-/ready") or b""))


def say(name, value, unit):
    print(json.dumps({"name": name, "value": round(value, 4), "unit": unit, "n": ASK_TURNS}), flush=True)


def steps_wanted():
    """The second word of the command line: steps of 10 s; a day without it."""
    return int(sys.argv[2]) if len(sys.argv) > 2 else 24 * 3600 // STEP_SECONDS


def build_folder():
    build = pathlib.Path(sys.argv[1]).resolve()
    subprocess.run(["ninja", "-C", build, "--quiet", "query-load", "ora-load", "ora-aggregator"], check=True, stdout=sys.stderr)
    return build
