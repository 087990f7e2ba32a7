"""A collector whose aggregator is away keeps everything and delivers it later, with the original times."""

import json
import time
import unittest

from fleet import FleetTest, wait_until

COLLECTOR = """
sample_interval: 500ms
poll_interval: 50ms
processes: {{disabled: true}}
host: {{disabled: true}}
logs:
  - include: [{directory}/*.log]
"""


class AggregatorAwayTest(FleetTest):
    aggregator_config = "ingest: {heartbeat_interval: 1s}\n"

    def test_what_was_spooled_arrives_with_its_own_times(self):
        logs = self.fleet.directory / "logs"
        logs.mkdir()
        log = logs / "app.log"
        log.write_text("INFO start\n")
        self.fleet.start_aggregator()
        self.fleet.start_collector("host-a", COLLECTOR.format(directory=logs))
        selector = f'ora_log_lines_total{{log="{log}",level="info"}}'
        wait_until(lambda: self.fleet.value(selector) == 1, "the first line arrives")

        self.fleet.aggregator.stop()
        away_from = time.time()
        lines = 1
        for _ in range(40):  # 10 s of a log that grows while nobody listens.
            with open(log, "a") as file:
                file.write("INFO more\n" * 25)
            lines += 25
            time.sleep(0.25)
        away_to = time.time()
        self.fleet.collectors["host-a"].kill()  # A crash in the middle of it changes nothing.
        self.fleet.start_collector("host-a")
        self.fleet.start_aggregator()
        wait_until(lambda: self.fleet.value(selector) == lines, f"all {lines} lines arrive")

        answer = self.fleet.ora("query", selector, "--start", f"{away_from + 1:.3f}", "--end", f"{away_to - 1:.3f}", "--step", "500ms", "-o", "json")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        values = [float(value) for _, value in json.loads(answer.stdout)["data"]["result"][0]["values"]]
        self.assertEqual(values, sorted(values))
        # Were the times those of the delivery, the whole outage would show one value.
        self.assertGreater(len(set(values)), 10, values)
        self.assertEqual(self.fleet.value(f"resets({selector}[10m])"), 0)

    def test_a_silent_host_is_named_within_seconds(self):
        logs = self.fleet.directory / "logs"
        logs.mkdir()
        self.fleet.start_aggregator()
        self.fleet.start_collector("host-a", COLLECTOR.format(directory=logs))
        states = lambda: [h["state"] for h in json.loads(self.fleet.ora("hosts", "list", "-o", "json").stdout or "[]")]
        wait_until(lambda: states() == ["live"], "the host is live")
        self.fleet.collectors["host-a"].kill()
        wait_until(lambda: states() == ["silent"], "the host is silent", seconds=30)
        self.fleet.start_collector("host-a")
        wait_until(lambda: states() == ["live"], "the host is live again")



if __name__ == "__main__":
    unittest.main()
