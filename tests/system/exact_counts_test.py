"""Every line is counted exactly once: through rename rotations, copytruncate, compression, and kill -9 of both ends."""

import gzip
import os
import random
import shutil
import threading
import time
import unittest

from fleet import FleetTest, wait_until

LINES_PER_SECOND = 10_000
LINES_PER_ROTATION = 4_000
ROTATIONS = 50  # Of each kind.
KILLS = 10  # Of each program.
BACKUPS = 2 * ROTATIONS + 1  # Nothing is deleted: what a dead collector has not read must still be there.
COLLECTOR = """
sample_interval: 500ms
poll_interval: 50ms
discovery_interval: 500ms
processes: {{disabled: true}}
host: {{disabled: true}}
logs:
  - include: [{directory}/*.log]
"""


class Writer:
    """A program that logs at a steady pace and rotates its own log, first by rename, then by copytruncate."""

    def __init__(self, path):
        self.path = path
        self.lines = 0
        self.errors = 0
        self.bytes = 0
        self.file = open(path, "ab", buffering=0)

    def write(self, count):
        parts = []
        for _ in range(count):
            level = "ERROR" if self.lines % 50 == 0 else "INFO"
            self.errors += level == "ERROR"
            parts.append(f"2026-01-01 12:00:00,{self.lines % 1000:03d} - app - {level} - line number {self.lines} of the test\n")
            self.lines += 1
        text = "".join(parts).encode()
        self.file.write(text)
        self.bytes += len(text)

    def shift_backups(self):
        for number in range(BACKUPS, 0, -1):
            for suffix in ("", ".gz"):
                if os.path.exists(f"{self.path}.{number}{suffix}"):
                    os.rename(f"{self.path}.{number}{suffix}", f"{self.path}.{number + 1}{suffix}")

    def compress_newest(self):
        with open(f"{self.path}.1", "rb") as text, gzip.open(f"{self.path}.1.gz", "wb") as packed:
            shutil.copyfileobj(text, packed)
        os.unlink(f"{self.path}.1")

    def rotate_by_rename(self):
        self.shift_backups()
        os.rename(self.path, f"{self.path}.1")
        self.write(20)  # A writer that has not yet noticed.
        self.file.close()
        self.file = open(self.path, "ab", buffering=0)

    def rotate_by_copytruncate(self):
        self.shift_backups()
        shutil.copyfile(self.path, f"{self.path}.1")
        os.truncate(self.path, 0)

    def run(self):
        batch = 100
        started = time.monotonic()
        for rotation in range(2 * ROTATIONS):
            for _ in range(LINES_PER_ROTATION // batch):
                self.write(batch)
                ahead = self.lines / LINES_PER_SECOND - (time.monotonic() - started)
                if ahead > 0:
                    time.sleep(ahead)  # The pace, not a wait for anything.
            if rotation < ROTATIONS:
                self.rotate_by_rename()
            else:
                self.rotate_by_copytruncate()
            if rotation % 2 == 0:
                self.compress_newest()  # Read or not.
        self.write(batch)
        self.file.close()


class ExactCountsTest(FleetTest):
    def test_rotations_and_kills_lose_and_double_nothing(self):
        logs = self.fleet.directory / "logs"
        logs.mkdir()
        writer = Writer(str(logs / "app.log"))
        self.fleet.start_aggregator()
        self.fleet.start_collector("host-a", COLLECTOR.format(directory=logs))
        writing = threading.Thread(target=writer.run)
        writing.start()

        seed = int(os.environ.get("ORA_SEED", time.time_ns() % 1_000_000))
        print(f"seed {seed}")
        chance = random.Random(seed)
        victims = ["collector"] * KILLS + ["aggregator"] * KILLS
        chance.shuffle(victims)
        for victim in victims:
            time.sleep(chance.uniform(0.3, 2.0))  # When a crash comes, and how long it takes to be noticed.
            if victim == "collector":
                self.fleet.collectors["host-a"].kill()
                time.sleep(chance.uniform(0.0, 1.2))
                self.fleet.start_collector("host-a")
            else:
                self.fleet.aggregator.kill()
                time.sleep(chance.uniform(0.0, 1.2))
                self.fleet.start_aggregator()
        writing.join()

        selector = f'{{log="{writer.path}"}}'
        wait_until(lambda: (self.fleet.value(f"sum(ora_log_lines_total{selector})") or 0) >= writer.lines,
                   f"{writer.lines} lines are counted")
        self.assertEqual(self.fleet.collectors["host-a"].stop(), 0, self.explain())
        for expression, expected in [
            (f"sum(ora_log_lines_total{selector})", writer.lines),
            (f"sum(ora_log_appended_bytes_total{selector})", writer.bytes),
            (f'sum(ora_log_lines_total{{log="{writer.path}",level="error"}})', writer.errors),
            (f"sum(ora_log_errors_total{selector})", writer.errors),
            (f"sum(ora_log_lost_bytes_total{selector}) or vector(0)", 0),
        ]:
            self.assertEqual(self.fleet.value(expression), expected, f"{expression}; seed {seed}\n{self.explain()}")
        # Not once on the way did a counter go back: increase() over it would double.
        self.assertEqual(self.fleet.value(f"sum(resets(ora_log_lines_total{selector}[10m]))"), 0, f"seed {seed}")


if __name__ == "__main__":
    unittest.main()
