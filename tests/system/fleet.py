"""Real binaries for system tests: an aggregator, collectors and the command line, each test in a directory of its own."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("ORA_BIN", ROOT / "build" / "bin"))
WAIT_SECONDS = 90  # For what must happen; far more than it takes, since the machine may be busy.


def wait_until(condition, what, seconds=WAIT_SECONDS):
    """Asks again and again until `condition` gives something true, and returns it."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.1)


class Program:
    """One process of ours, its log beside it."""

    def __init__(self, name, arguments, directory):
        self.log = directory / f"{name}.err"
        self.name = name
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([BIN / name.split(".")[0], *map(str, arguments)], stdin=subprocess.DEVNULL,
                                            stdout=subprocess.DEVNULL, stderr=log)

    def alive(self):
        return self.process.poll() is None

    def kill(self):
        """As a crash would: no word, no clean-up."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """As an operator would; returns the exit status."""
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=WAIT_SECONDS)

    def log_text(self):
        return self.log.read_text(errors="replace")


class Fleet:
    """An aggregator on a port that the system gives, kept through restarts, and collectors by name."""

    def __init__(self, aggregator_config="", storage_uri=None):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="ora_system_"))
        self.storage_uri = storage_uri or f"file://{self.directory}/store"
        self.port = 0
        self.http = ""  # HOST:PORT of the aggregator's HTTP.
        self.aggregator = None
        self.collectors = {}
        self.collector_configs = {}
        self.aggregator_config = aggregator_config

    def start_aggregator(self):
        port_file = self.directory / "port"
        port_file.unlink(missing_ok=True)
        http_file = self.directory / "http"
        config = self.directory / "aggregator.yml"
        config.write_text(f"listen: 127.0.0.1:{self.port}\nstorage_uri: {self.storage_uri}\n{self.aggregator_config}")
        self.aggregator = Program("ora-aggregator", ["--config", config, "--port-file", port_file, "--http-listen", "127.0.0.1:0",
                                                     "--http-port-file", http_file], self.directory)
        wait_until(lambda: port_file.exists() and port_file.read_text().strip() or not self.aggregator.alive(), "the aggregator listens")
        if not self.aggregator.alive():
            raise AssertionError("the aggregator did not start:\n" + self.aggregator.log_text())
        self.port = int(port_file.read_text().strip().rsplit(":", 1)[1])
        self.http = http_file.read_text().strip()

    def start_collector(self, name, config=None):
        """`config`: YAML without aggregator, instance and state_directory; that of the last start if None."""
        if config is not None:
            self.collector_configs[name] = config
        path = self.directory / f"{name}.yml"
        path.write_text(f"aggregator: 127.0.0.1:{self.port}\ninstance: {name}\nstate_directory: {self.directory}/{name}.state\n" +
                        self.collector_configs[name])
        self.collectors[name] = Program(f"ora-collector.{name}", ["--config", path], self.directory)

    def ora(self, *arguments, timeout=60):
        """Runs the command line; returns the finished process with its text."""
        environment = dict(os.environ, ORA_AGGREGATOR=f"127.0.0.1:{self.port}")
        return subprocess.run([BIN / "ora", *map(str, arguments)], env=environment, capture_output=True, text=True, timeout=timeout)

    def query(self, expression):
        """The instant vector as [(labels, value)]; empty while the aggregator is away."""
        answer = self.ora("query", expression, "-o", "json")
        if answer.returncode != 0:
            return []
        return [(row["metric"], float(row["value"][1])) for row in json.loads(answer.stdout)["data"]["result"]]

    def value(self, expression):
        """The value of the only series of the answer; None if there is none."""
        rows = self.query(expression)
        return rows[0][1] if len(rows) == 1 else None

    def close(self):
        for program in [*self.collectors.values(), self.aggregator]:
            if program is not None and program.alive():
                program.kill()
        shutil.rmtree(self.directory, ignore_errors=True)


class FleetTest(unittest.TestCase):
    """A test with a fleet of its own."""

    aggregator_config = ""

    def setUp(self):
        self.fleet = Fleet(self.aggregator_config)
        self.addCleanup(self.fleet.close)

    def explain(self):
        """The end of each program's log, for the message of a failed check."""
        programs = [self.fleet.aggregator, *self.fleet.collectors.values()]
        return "\n".join(f"--- {p.name}\n" + "\n".join(p.log_text().splitlines()[-15:]) for p in programs if p is not None)
