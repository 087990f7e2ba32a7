"""Prometheus's rule files in the real programs: evaluated, recorded, told over HTTP, read again at SIGHUP, listed, checked and tested."""

import json
import shutil
import signal
import subprocess
import unittest
import urllib.request

from fleet import ROOT, FleetTest, wait_until

PROMTOOL = shutil.which("promtool")
RULES = ROOT / "tests" / "data" / "rules"
FILE = """
groups:
  - name: self
    interval: 500ms
    rules:
      - {{record: 'ora:calls:sum', expr: sum(ora_server_calls_total) * 0 + {number}, labels: {{from: file}}}}
      - alert: {alert}
        expr: ora:calls:sum == {number}
        labels: {{severity: page}}
        annotations: {{summary: 'the sum is {{{{ $value }}}}'}}
"""


class RuleFilesTest(FleetTest):
    def setUp(self):
        super().setUp()
        self.rules = self.fleet.directory / "self.rules.yml"
        self.fleet.aggregator_config = f"rules: {{files: ['{self.fleet.directory}/*.rules.yml']}}\nalerts: {{disabled: true}}\n"
        self.write("FromFile", 4)
        self.fleet.start_aggregator()

    def write(self, alert, number):
        self.rules.write_text(FILE.format(alert=alert, number=number))

    def get(self, what):
        with urllib.request.urlopen(f"http://{self.fleet.http}/api/v1/{what}", timeout=30) as answer:
            return json.load(answer)["data"]

    def listed(self):
        done = self.fleet.ora("rules", "list", "-o", "json")
        self.assertEqual(done.returncode, 0, done.stderr + self.explain())
        return json.loads(done.stdout)

    def firing(self):
        return {alert["labels"]["alertname"]: alert for alert in self.get("alerts")["alerts"] if alert["state"] == "firing"}

    def test_rules_of_a_file_are_recorded_fire_and_are_told(self):
        alert = wait_until(lambda: self.firing().get("FromFile"), "the alert fires")
        self.assertEqual(alert["labels"], {"alertname": "FromFile", "from": "file", "severity": "page"})
        self.assertEqual(alert["annotations"], {"summary": "the sum is 4"})
        self.assertEqual(alert["value"], "4e+00")
        self.assertEqual(self.fleet.query("ora:calls:sum"), [({"__name__": "ora:calls:sum", "from": "file"}, 4.0)])
        wait_until(lambda: self.fleet.value('ALERTS{alertname="FromFile",alertstate="firing"}') == 1, "ALERTS is recorded")
        group = [group for group in self.get("rules")["groups"] if group["name"] == "self"][0]
        self.assertEqual([rule["type"] for rule in group["rules"]], ["recording", "alerting"])
        self.assertEqual([rule["health"] for rule in group["rules"]], ["ok", "ok"])
        self.assertEqual((group["file"], group["interval"]), (str(self.rules), 0.5))
        self.assertIn("FromFile", self.fleet.ora("alerts", "list").stdout)

    def test_rules_are_listed_with_how_they_fare(self):
        self.rules.write_text(self.rules.read_text() + "      - {record: 'ora:bad', expr: 'vector(1) * on () (vector(1) or label_replace(vector(1), \"a\", \"b\", \"\", \"\"))'}\n")
        self.fleet.aggregator.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(self.listed()) == 3 and self.listed()[2]["health"] == "failing", "the rule that cannot be evaluated is told")
        wait_until(lambda: "FromFile" in self.firing(), "the alert fires")
        rows = self.listed()
        self.assertEqual([(row["name"], row["kind"], row["group"]) for row in rows],
                         [("ora:calls:sum", "recording", "self"), ("FromFile", "alerting", "self"), ("ora:bad", "recording", "self")])
        self.assertEqual((rows[1]["state"], rows[1]["health"], rows[1]["alerts_firing"]), ("firing", "good", 1))
        self.assertIn("many-to-many matching not allowed", rows[2]["last_error"])
        self.assertTrue(rows[2]["evaluation_time"])
        self.assertEqual(self.fleet.ora("rules", "list").returncode, 0)
        self.assertEqual(self.fleet.ora("rules", "list", "--exit-code").returncode, 1)

    def test_files_are_read_again_at_sighup_and_a_bad_one_changes_nothing(self):
        wait_until(lambda: "FromFile" in self.firing(), "the alert fires")
        self.rules.write_text("groups: [{name: self, rules: [{alert: x, expr: 'up +'}]}]")
        self.fleet.aggregator.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "those in force stay" in self.fleet.aggregator.log_text(), "the mistake is told")
        self.assertRegex(self.fleet.aggregator.log_text(), r"self\.rules\.yml:1:\d+: groups\[0\]\.rules\[0\]\.expr: 1:5: parse error")
        self.assertIn("FromFile", self.firing())
        self.write("Another", 5)
        self.fleet.aggregator.process.send_signal(signal.SIGHUP)
        wait_until(lambda: set(self.firing()) == {"Another"}, "the new rule is in force, and the old one's alert is over")
        wait_until(lambda: self.fleet.value("ora:calls:sum") == 5, "the new number is recorded")
        self.assertEqual(self.fleet.aggregator.stop(), 0, self.explain())

    def test_a_bad_file_stops_the_start_and_the_check_of_the_configuration(self):
        self.fleet.aggregator.stop()
        self.rules.write_text("groups: [{name: self, rules: [{expr: up}]}]")
        with self.assertRaisesRegex(AssertionError, "one of 'record' or 'alert' must be set"):
            self.fleet.start_aggregator()

    def test_the_same_files_are_good_and_pass_here_and_with_promtool(self):
        for tool in [["ora", "rules"], *([["promtool"]] if PROMTOOL else [])]:
            for check, file in [("check", "shop.yml"), ("test", "shop_test.yml")]:
                with self.subTest(tool=tool, check=check):
                    if tool[0] == "ora":
                        done = self.fleet.ora("rules", check, RULES / file)
                    else:
                        done = subprocess.run([PROMTOOL, check, "rules", RULES / file], capture_output=True, text=True, timeout=60)
                    self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_a_mistake_a_failed_test_and_an_aggregator_that_is_away_have_their_statuses(self):
        bad = self.fleet.directory / "bad.yml"
        bad.write_text("groups:\n- name: g\n  rules:\n  - {alert: A, expr: 'up +'}\n")
        done = self.fleet.ora("rules", "check", bad)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{bad}:4:16: groups[0].rules[0].expr: 1:5: parse error", done.stdout)
        bad.write_text(f"rule_files: ['{RULES}/sh?p.yml']\ntests: [{{promql_expr_test: [{{expr: 'vector(1)', eval_time: 0}}]}}]\n")
        done = self.fleet.ora("rules", "test", bad)
        self.assertEqual(done.returncode, 1)
        self.assertIn("expected none; got {} 1", done.stdout)
        self.assertEqual(self.fleet.ora("rules", "check", self.fleet.directory / "absent.yml").returncode, 2)
        self.fleet.aggregator.stop()
        self.assertEqual(self.fleet.ora("rules", "check", RULES / "shop.yml").returncode, 3)


if __name__ == "__main__":
    unittest.main()
