"""A collector whose disk is full stops reading (the logs are the buffer), says so, and loses nothing. Needs root, for a small tmpfs."""

import subprocess
import unittest

from fleet import FleetTest, wait_until

DISK_BYTES = 512 << 10
COLLECTOR = """
sample_interval: 100ms
poll_interval: 20ms
logs:
  - include: [{directory}/*.log]
"""


class FullDiskTest(FleetTest):
    def test_a_full_disk_under_the_spool_costs_no_line(self):
        state = self.fleet.directory / "host-a.state"
        state.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", state], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", state], check=True)
        logs = self.fleet.directory / "logs"
        logs.mkdir()
        log = logs / "app.log"
        log.write_text("INFO start\n")
        self.fleet.start_aggregator()
        self.fleet.start_collector("host-a", COLLECTOR.format(directory=logs))
        selector = f'ora_log_lines_total{{log="{log}",level="info"}}'
        wait_until(lambda: self.fleet.value(selector) == 1, "the first line arrives")

        self.fleet.aggregator.stop()  # From now on every sample of every process stays on the small disk.
        collector = self.fleet.collectors["host-a"]
        lines = 1
        with open(log, "a", buffering=1) as file:

            def full():
                nonlocal lines
                file.write("INFO more\n" * 100)
                lines += 100
                return "is full" in collector.log_text() or "No space left" in collector.log_text() or not collector.alive()

            wait_until(full, "the collector says that its disk is full")
            self.assertTrue(collector.alive(), self.explain())
            file.write("INFO after\n" * 1000)
            lines += 1000

        self.fleet.start_aggregator()
        wait_until(lambda: self.fleet.value(selector) == lines, f"all {lines} lines arrive")
        self.assertEqual(collector.stop(), 0, self.explain())
        self.assertEqual(self.fleet.value(selector), lines)
        self.assertEqual(self.fleet.value(f"resets({selector}[10m])"), 0)


if __name__ == "__main__":
    unittest.main()
