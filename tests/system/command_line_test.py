"""The command line against a real aggregator: exit statuses, forms of output, and clear words when something is wrong."""

import csv
import io
import json
import subprocess
import unittest

from fleet import BIN, Fleet, FleetTest, wait_until

COLLECTOR = """
sample_interval: 500ms
poll_interval: 50ms
logs:
  - include: [{directory}/*.log]
"""


class CommandLineTest(FleetTest):
    def setUp(self):
        super().setUp()
        self.logs = self.fleet.directory / "logs"
        self.logs.mkdir()
        (self.logs / "shop_stdout.log").write_text(
            "2026-01-01 12:00:00,000 - shop - INFO - request done in 120 ms\n"
            "2026-01-01 12:00:01,000 - shop - ERROR - it broke\n"
            "Traceback (most recent call last):\n"
            '  File "shop.py", line 1, in <module>\n'
            "ValueError: no such article\n")
        self.fleet.start_aggregator()
        self.fleet.start_collector("host-a", COLLECTOR.format(directory=self.logs))
        wait_until(lambda: self.fleet.value("sum(ora_log_lines_total)") == 5, "the log is counted")

    def ok(self, *arguments):
        done = self.fleet.ora(*arguments)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr + self.explain())
        return done.stdout

    def test_every_list_has_every_form(self):
        for command in [["hosts", "list"], ["logs", "list"], ["logs", "analyze"], ["query", "up"], ["series", "up"], ["labels"],
                        ["alerts", "list"], ["admin", "status"], ["admin", "cardinality"], ["admin", "delete", "up"], ["version"]]:
            with self.subTest(command=command):
                json.loads(self.ok(*command, "-o", "json"))
                self.assertGreaterEqual(len(list(csv.reader(io.StringIO(self.ok(*command, "-o", "csv"))))), 1)
                self.ok(*command)

    def test_a_fresh_aggregator_starts_from_a_snapshot(self):
        # The host's record is written behind its first `up`, so before the second.
        wait_until(lambda: (self.fleet.value('count_over_time(up{job="ora",instance="host-a"}[5m])') or 0) >= 2, "the host's record is durable")
        told = self.fleet.query("sum by (level) (ora_log_lines_total)")
        snapshot = json.loads(self.ok("admin", "snapshot", "--name", "first", "-o", "json"))
        self.assertGreater(snapshot["bytes"], 0)
        again = self.fleet.ora("admin", "snapshot", "--name", "first")
        self.assertEqual(again.returncode, 1, again.stdout + again.stderr)
        self.assertIn("first", again.stderr)
        self.assertRegex(self.ok("admin", "snapshot"), r"snapshots/[0-9]{8}T[0-9]{6}Z")
        copy = Fleet(storage_uri=snapshot["uri"])
        self.addCleanup(copy.close)
        copy.start_aggregator()
        self.assertEqual(copy.query("sum by (level) (ora_log_lines_total)"), told)
        self.assertIn("host-a", copy.ora("hosts", "list").stdout)
        self.assertEqual(copy.aggregator.stop(), 0, copy.aggregator.log_text())
        self.assertEqual(self.fleet.value("sum(ora_log_lines_total)"), 5)

    def test_cardinality_names_metrics_and_hosts(self):
        report = json.loads(self.ok("admin", "cardinality", "--top", "1000", "-o", "json"))
        hosts = {entry["name"]: entry["count"] for entry in report["hosts"]}
        metrics = {entry["name"]: entry["count"] for entry in report["metrics"]}
        self.assertGreater(hosts["host-a"], 10)
        self.assertLessEqual(hosts["host-a"], report["series"])
        self.assertEqual(metrics["ora_log_lines_total"], len(self.fleet.query("ora_log_lines_total")))
        self.assertGreater(report["series_new"], 10)

    def test_deletion_plans_first_and_then_deletes(self):
        self.assertEqual(self.fleet.collectors["host-a"].stop(), 0, self.explain())
        lines, errors = ("last_over_time(%s[1h])" % metric for metric in ("ora_log_lines_total", "ora_log_errors_total"))
        series = len(self.fleet.query(lines))
        plan = json.loads(self.ok("admin", "delete", "ora_log_lines_total", "-o", "json"))
        self.assertEqual((plan["series"], plan["applied"]), (series, False))
        self.assertEqual({labels["__name__"] for labels in plan["examples"]}, {"ora_log_lines_total"})
        self.assertEqual(self.fleet.value(f"sum({lines})"), 5)
        self.assertIn(f"{series} series deleted", self.ok("admin", "delete", "ora_log_lines_total", "--apply"))
        self.assertEqual(self.fleet.query(lines), [])
        self.assertEqual(self.ok("series", "ora_log_lines_total"), "")
        self.assertEqual(self.fleet.value(f"sum({errors})"), 1)
        self.assertGreaterEqual(json.loads(self.ok("admin", "cardinality", "-o", "json"))["series_forgotten"], series)
        self.fleet.aggregator.kill()
        self.fleet.start_aggregator()
        self.assertEqual(self.fleet.query(lines), [])
        self.assertEqual(self.fleet.value(f"sum({errors})"), 1)

    def test_a_deletion_that_chooses_nothing_is_refused(self):
        for selector in ["{}", '{a=~".*"}', "up +"]:
            with self.subTest(selector=selector):
                done = self.fleet.ora("admin", "delete", selector, "--apply")
                self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertEqual(self.fleet.value("sum(ora_log_lines_total)"), 5)

    def test_logs_are_told_by_component_with_their_errors(self):
        logs = json.loads(self.ok("logs", "list", "-o", "json"))
        self.assertEqual([(log["component"], log["category"], log["lines"], log["error_lines"]) for log in logs], [("shop", "process", 5, 1)])
        analysis = json.loads(self.ok("logs", "analyze", "shop_stdout.log", "-o", "json"))
        self.assertIn("ValueError", json.dumps(analysis))
        self.assertEqual(self.fleet.value('ora_log_errors_total{type="ValueError"}'), 1)
        self.assertEqual(self.fleet.value("ora_log_response_seconds_count"), 1)

    def test_processes_and_the_host_are_there(self):
        self.assertGreater(self.fleet.value('process_resident_memory_bytes{component="ora-aggregator"}') or 0, 1e6)
        self.assertGreater(self.fleet.value("node_memory_MemTotal_bytes") or 0, 1e8)
        wait_until(lambda: self.fleet.value('up{job="ora",instance="host-a"}') == 1, "the host is up")

    def test_wrong_use_is_2_and_says_what_is_wrong(self):
        for arguments, said in [(["query", "sum("], "1:"), (["query", "up", "-o", "xml"], "xml"), (["hosts", "lst"], "lst"), (["nonsense"], "nonsense"),
                                (["query", "nosuchfunction(up)"], "nosuchfunction"), (["query", "up", "--time", "yesterday-ish"], "yesterday-ish")]:
            with self.subTest(arguments=arguments):
                done = self.fleet.ora(*arguments)
                self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
                self.assertIn(said, done.stderr)

    def test_what_is_not_there_is_said(self):
        for arguments in [["alerts", "show", "0123456789abcdef"], ["logs", "analyze", "no-such.log"], ["hosts", "show", "no-such-host"]]:
            with self.subTest(arguments=arguments):
                done = self.fleet.ora(*arguments)
                self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
                self.assertIn("no", done.stderr)

    def test_unreachable_is_3(self):
        self.fleet.aggregator.stop()
        done = self.fleet.ora("hosts", "list", "--timeout", "2s")
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        self.assertIn(f"127.0.0.1:{self.fleet.port}", done.stderr)

    def test_configuration_errors_name_their_place(self):
        for program, text, said in [("ora-collector", "logs:\n  - inclde: [/x]\n", ":2:5: "), ("ora-aggregator", "alerts:\n  growth_threshold_percent: -1\n", ":2:"),
                                    ("ora-collector", "sample_interval: 1ms\n", "sample_interval"), ("ora-aggregator", "listen: [\n", "aggregator")]:
            with self.subTest(program=program, text=text):
                config = self.fleet.directory / "aggregator-or-collector.yml"
                config.write_text(text)
                done = subprocess.run([BIN / program, "--check-config", "--config", config], capture_output=True, text=True, timeout=30)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(said, done.stderr)

    def test_a_second_program_on_the_same_state_is_refused(self):
        second = subprocess.run([BIN / "ora-aggregator", "--config", self.fleet.directory / "aggregator.yml"], capture_output=True, text=True, timeout=30)
        self.assertEqual(second.returncode, 1, second.stderr)
        self.assertIn(str(self.fleet.directory), second.stderr)

    def test_both_stop_cleanly(self):
        self.assertEqual(self.fleet.collectors["host-a"].stop(), 0, self.explain())
        self.assertEqual(self.fleet.aggregator.stop(), 0, self.explain())


if __name__ == "__main__":
    unittest.main()
