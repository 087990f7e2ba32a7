"""Ora beside Debian's Prometheus on the same samples: every question over HTTP has the same answer, in the same form. The samples lie 7 s
beside every instant that is asked for, since Prometheus 3, as which Ora answers, leaves out a sample at the beginning of a window that 2 takes in."""

import gzip
import importlib
import json
import math
import random
import shutil
import socket
import subprocess
import sys
import threading
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

import grpc

from fleet import ROOT, WAIT_SECONDS, Fleet, wait_until

PROMETHEUS, PROMTOOL = shutil.which("prometheus"), shutil.which("promtool")
STEP_SECONDS, STEPS, BESIDE_SECONDS = 15, 240, 7
INSTANT_QUERIES = [
    "requests_total", "sum by (job) (rate(requests_total[5m]))", "temperature > 20", "max_over_time(temperature[10m])", "-temperature",
    "histogram_quantile(0.9, sum by (le) (rate(wait_seconds_bucket[5m])))", "topk(2, requests_total)", "quantile(0.5, temperature)",
    "increase(requests_total[7m])", "delta(temperature[9m])", "deriv(temperature[10m])", "predict_linear(temperature[10m], 600)",
    "requests_total / on (job, instance) group_left temperature", "temperature and on (job) requests_total{code=\"200\"}", "absent(nothing)",
    "requests_total offset 10m", "avg_over_time(rate(requests_total[2m])[9m30s:1m])", "label_replace(temperature, \"where\", \"$1-x\", \"instance\", \"(.*)\")",
    "count_values(\"v\", count by (job) (requests_total))", "stddev by (job) (temperature)", "1 / 0", "\"text\"", "vector(1.5e300)", "time() - time() + 1e-7",
    "changes(temperature[10m])", "resets(requests_total[30m])", "temperature[1m]", "sort_desc(temperature)", "clamp(temperature, 10, 20)",
]
RANGE_QUERIES = ["temperature", "sum(rate(requests_total[5m]))", "avg by (job) (temperature) > bool 20", "count(requests_total > 1500) or vector(0)",
                 "histogram_quantile(0.5, rate(wait_seconds_bucket[5m]))", "irate(requests_total[2m])", "min_over_time(temperature[3m]) + 1"]
RULES = r"""
groups:
  - name: first
    interval: 1s
    limit: 5
    rules:
      - {record: 'one:two', expr: 'vector(1)+vector(1)', labels: {where: here}}
      - {alert: Fires, expr: 'one:two>1', labels: {severity: page}, annotations: {summary: 'it is {{ $value }} {{ $labels.where }}'}}
      - {alert: Waits, expr: 'one:two == 2', for: 1h, keep_firing_for: 10m, labels: {x: '{{ $value | humanize }}'}, annotations: {a: b}}
      - {alert: Rests, expr: 'vector(0) > 1', labels: {x: y}, annotations: {a: b}}
  - name: second
    interval: 1s
    rules:
      - {record: 'wrong', expr: 'vector(1) * on () (vector(1) or label_replace(vector(1), "a", "b", "", ""))', labels: {x: y}}
"""
BAD = [("query", {"query": "temperature + on (job) requests_total", "time": "AT"}), ("query_range", {"query": "up", "start": "5", "end": "4", "step": "1"}),
       ("query_range", {"query": "up", "start": "0", "end": "11001", "step": "1"}), ("series", {}), ("query", {"query": "up", "time": "x"}),
       *[("query", {"query": "up", "time": time}) for time in ["1e400", "0x10", " 5", "5 ", "2020-01-01", "2020-01-01 00:00:00Z", "1h"]],
       *[("query_range", {"query": "up", "start": "0", "end": "10", "step": step}) for step in ["", "-5", "0", "abc", "5m5", "1.5m", "10000000000000", "Inf"]],
       ("query", {"query": "up", "timeout": "abc"}), ("query_range", {"query": "up", "end": "10", "step": "1"}), ("query", {"query": ""}),
       ("series", {"match[]": "{}"}), ("series", {"match[]": '{a=~".*"}'}), ("series", {"match[]": "up", "start": "x"}), ("metadata", {"limit": "x"}),
       ("label/9/values", {}), ("rules", {"type": "x"})]


def samples_of(start):
    """Series and their samples, the same in every run: [(labels, [(seconds, value)])]."""
    chance = random.Random(4)
    times = [start + BESIDE_SECONDS + i * STEP_SECONDS for i in range(STEPS)]
    for job in ["shop", "mail"]:
        for code in ["200", "500"]:
            value = 1000.0
            values = [value := value + chance.randrange(20) for _ in times]
            yield {"__name__": "requests_total", "job": job, "code": code, "instance": "host-a"}, list(zip(times, values))
        yield {"__name__": "temperature", "job": job, "instance": "host-a"}, [(t, round(chance.uniform(5, 30), 3)) for t in times]
        counts = [0] * 4
        columns = [[] for _ in counts]
        for t in times:
            counts = [count + grown for count, grown in zip(counts, sorted(chance.randrange(30) for _ in counts))]
            for column, count in zip(columns, counts):
                column.append((t, float(count)))
        for bound, column in zip(["0.1", "0.5", "2", "+Inf"], columns):
            yield {"__name__": "wait_seconds_bucket", "job": job, "le": bound, "instance": "host-a"}, column


def fill_prometheus(directory, series):
    """Blocks of Prometheus's own, made by promtool."""
    text = directory / "samples.om"
    with open(text, "w") as out:
        for labels, samples in series:
            name = labels["__name__"]
            rest = ",".join(f'{key}="{value}"' for key, value in labels.items() if key != "__name__")
            out.writelines(f"{name}{{{rest}}} {value!r} {seconds}\n" for seconds, value in samples)
        out.write("# EOF\n")
    subprocess.run([PROMTOOL, "tsdb", "create-blocks-from", "openmetrics", text, directory / "data"], check=True, capture_output=True)


def fill_ora(directory, address, series):
    """One stream of a collector's, in messages that protoc makes from the schema."""
    protos = sorted((ROOT / "proto" / "ora" / "v1").glob("*.proto"))
    subprocess.run(["protoc", "-I", ROOT / "proto", f"--python_out={directory}", *protos], check=True)
    sys.path.insert(0, str(directory))
    pb = importlib.import_module("ora.v1.ingest_service_pb2")
    hello = pb.StreamRequest()
    hello.hello.collector_id, hello.hello.incarnation, hello.hello.instance, hello.hello.version = "twin", 1, "host-a", "1"
    batch = pb.StreamRequest()
    batch.batch.sequence = 1
    by_time = {}
    for number, (labels, samples) in enumerate(series, 1):
        definition = batch.batch.definitions.series.add(id=number)
        for key in sorted(labels):
            definition.labels.labels.add(name=key, value=labels[key])
        for seconds, value in samples:
            by_time.setdefault(seconds, []).append((number, value))
    for seconds, values in sorted(by_time.items()):
        block = batch.batch.blocks.add(time_millis=seconds * 1000)
        block.series_ids.extend(number for number, _ in values)
        block.values.extend(value for _, value in values)
    with grpc.insecure_channel(address) as channel:
        stream = channel.stream_stream("/ora.v1.IngestService/Stream", request_serializer=lambda m: m.SerializeToString(),
                                       response_deserializer=pb.StreamResponse.FromString)
        stored = threading.Event()

        def messages():  # The stream stays open until what it brought is stored.
            yield from [hello, batch]
            stored.wait(WAIT_SECONDS)
        for answer in stream(messages(), timeout=WAIT_SECONDS):
            if answer.HasField("ack"):
                assert answer.ack.sequence == 1 and not answer.ack.rejected, answer
                stored.set()
    assert stored.is_set()


@unittest.skipUnless(PROMETHEUS and PROMTOOL, "prometheus is not installed (Debian's package prometheus)")
class PrometheusTwinTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.start = int(time.time()) // 3600 * 3600 - 7200
        cls.fleet = Fleet("alerts: {disabled: true}\n")
        cls.addClassCleanup(cls.fleet.close)
        rules = cls.fleet.directory / "twin.yml"
        rules.write_text(RULES)
        cls.fleet.aggregator_config = f"alerts: {{disabled: true}}\nrules: {{files: ['{rules}']}}\n"
        cls.fleet.start_aggregator()
        series = list(samples_of(cls.start))
        fill_ora(cls.fleet.directory, f"127.0.0.1:{cls.fleet.port}", series)
        fill_prometheus(cls.fleet.directory, series)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = "127.0.0.1:%d" % free.getsockname()[1]
        (cls.fleet.directory / "prometheus.yml").write_text(f"rule_files: [{rules}]\n")
        cls.prometheus = subprocess.Popen([PROMETHEUS, f"--config.file={cls.fleet.directory}/prometheus.yml", f"--storage.tsdb.path={cls.fleet.directory}/data",
                                           f"--web.listen-address={address}", "--log.level=error"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(lambda: (cls.prometheus.terminate(), cls.prometheus.wait()))
        cls.urls = [f"http://{cls.fleet.http}", f"http://{address}"]

        def ready():
            try:
                return urllib.request.urlopen(f"http://{address}/-/ready", timeout=5).status == 200
            except OSError:
                return False
        wait_until(ready, "prometheus is ready")

    def ask(self, what, **parameters):
        """The status and the answer of both, Ora's first."""
        answers = []
        for url in self.urls:
            try:
                with urllib.request.urlopen(f"{url}/api/v1/{what}?{urllib.parse.urlencode(parameters, doseq=True)}", timeout=60) as answer:
                    answers.append((answer.status, json.load(answer)))
            except urllib.error.HTTPError as error:
                answers.append((error.code, json.load(error)))
        return answers

    def assert_alike(self, ours, theirs, path="answer"):
        """The same, but for the last bits of numbers, which are texts."""
        self.assertEqual(type(ours), type(theirs), path)
        if isinstance(ours, dict):
            self.assertEqual(sorted(ours), sorted(theirs), path)
            for key in ours:
                self.assert_alike(ours[key], theirs[key], f"{path}.{key}")
        elif isinstance(ours, list):
            self.assertEqual(len(ours), len(theirs), path)
            for i, (a, b) in enumerate(zip(ours, theirs)):
                self.assert_alike(a, b, f"{path}[{i}]")
        elif ours != theirs:
            try:
                self.assertTrue(math.isclose(float(ours), float(theirs), rel_tol=1e-9), f"{path}: {ours} and {theirs}")
            except ValueError:
                self.fail(f"{path}: {ours} and {theirs}")

    def assert_same(self, what, ordered=False, **parameters):
        with self.subTest(what=what, **parameters):
            (status, ours), (their_status, theirs) = self.ask(what, **parameters)
            self.assertEqual(status, their_status, f"{ours} and {theirs}")
            data = ours.get("data"), theirs.get("data")
            if not ordered and all(isinstance(one, dict) and isinstance(one.get("result"), list) and one["resultType"] in ("vector", "matrix") for one in data):
                for one in data:
                    one["result"].sort(key=lambda row: sorted(row["metric"].items()))
            self.assert_alike(ours, theirs)

    def test_instant_queries(self):
        for query in INSTANT_QUERIES:
            self.assert_same("query", query=query, time=self.start + 1800, ordered=query.startswith("sort"))

    def test_range_queries(self):
        for query in RANGE_QUERIES:
            self.assert_same("query_range", query=query, start=self.start + 600, end=self.start + 3000, step="1m")

    def test_parameters_have_the_same_forms(self):
        for instant in ["1.5e9", "-1", "1e3", "1_000", "2020-01-01T00:00:00+02:00", "2020-01-01T00:00:00.123456789Z"]:
            self.assert_same("query", query="vector(1)", time=instant)
        for step in ["0.5", "1w", "1h30m", "1e1", "1y", "1ms"]:
            self.assert_same("query_range", query="vector(1)", start="0", end="10", step=step)

    def test_numbers_and_times_have_the_same_texts(self):
        for query in ["vector(1e20)", "vector(1e21)", "vector(123456789012345680000)", "vector(1e-6)", "vector(1e-7)", "vector(0.1)", "-vector(0)", "vector(NaN)"]:
            for instant in ["1.5", "0", "1500000000.001", "2020-01-02T03:04:05.678Z"]:
                (_, ours), (_, theirs) = self.ask("query", query=query, time=instant)
                self.assertEqual(ours, theirs)

    def test_series_labels_and_values(self):
        bounds = {"start": self.start, "end": self.start + 3600}
        # Ora's own series are not asked for.
        selectors = ["requests_total", "temperature", "wait_seconds_bucket"]
        self.assert_same("series", **{"match[]": selectors}, **bounds)
        self.assert_same("labels", **{"match[]": selectors}, **bounds)
        self.assert_same("label/le/values", **{"match[]": selectors}, **bounds)
        self.assert_same("label/job/values", **{"match[]": "temperature{job=~\"s.*\"}"}, **bounds)

    def of_both(self, what, **parameters):
        return [answer["data"] for _, answer in self.ask(what, **parameters)]

    def evaluated(self, **parameters):
        """The groups of both once every rule was evaluated twice; times are taken out, since they differ."""
        def all_known():
            both = [data["groups"] for data in self.of_both("rules")]
            known = [rule["health"] != "unknown" and not rule.get("lastEvaluation", "0001").startswith("0001") for groups in both for group in groups
                     for rule in group["rules"]]
            return all(known) and all(groups[0]["rules"][2]["alerts"] for groups in both)
        wait_until(all_known, "all rules are evaluated")
        both = self.of_both("rules", **parameters)
        for data in both:
            for group in data["groups"]:
                for rule in [group, *group["rules"]]:
                    self.assertIsInstance(rule.pop("evaluationTime"), (int, float))
                    self.assertRegex(rule.pop("lastEvaluation"), r"^20\d\d-\d\d-\d\dT")
                for alert in [alert for rule in group["rules"] for alert in rule.get("alerts", [])]:
                    self.assertRegex(alert.pop("activeAt"), r"^20\d\d-\d\d-\d\dT")
        return both

    def test_rules_and_their_alerts(self):
        for parameters in [{}, {"type": "alert"}, {"type": "record"}]:
            with self.subTest(**parameters):
                ours, theirs = self.evaluated(**parameters)
                for data in ours, theirs:  # Which of several series the message names is left open.
                    for rule in [rule for group in data["groups"] for rule in group["rules"] if "lastError" in rule]:
                        self.assertIn("found duplicate series for the match group {} on the right hand-side", rule.pop("lastError"))
                theirs["groups"] = [group for group in theirs["groups"] if group["rules"]]  # 3 leaves out what 2 tells without rules.
                self.assertEqual(ours, theirs)

    def test_alerts_and_the_series_of_them(self):
        self.evaluated()
        both = self.of_both("alerts")
        for data in both:
            data["alerts"].sort(key=lambda alert: alert["labels"]["alertname"])
            for alert in data["alerts"]:
                alert.pop("activeAt")
        self.assertEqual(*both)
        for metric in ["ALERTS", "ALERTS_FOR_STATE"]:
            wait_until(lambda: all(len(data["result"]) == 2 for data in self.of_both("query", query=metric)), f"{metric} is recorded")
            metrics = [sorted(sorted(row["metric"].items()) for row in data["result"]) for data in self.of_both("query", query=metric)]
            self.assertEqual(*metrics)
        values = [{row["value"][1] for row in data["result"]} for data in self.of_both("query", query="abs(ALERTS_FOR_STATE - time()) < bool 600")]
        self.assertEqual(values, [{"1"}, {"1"}])

    def test_answers_in_gzip_are_the_same(self):
        parameters = urllib.parse.urlencode({"query": "requests_total", "start": self.start, "end": self.start + 3600, "step": "15s"})
        for url in self.urls:
            plain = urllib.request.urlopen(f"{url}/api/v1/query_range?{parameters}", timeout=60)
            self.assertIsNone(plain.headers["Content-Encoding"])
            packed = urllib.request.urlopen(urllib.request.Request(f"{url}/api/v1/query_range", data=parameters.encode(),
                                                                   headers={"Accept-Encoding": "gzip"}), timeout=60)
            self.assertEqual(packed.headers["Content-Encoding"], "gzip")
            self.assertEqual(json.loads(gzip.decompress(packed.read())), json.load(plain))

    def test_errors_have_the_same_types_and_statuses(self):
        for what, parameters in BAD:
            parameters = {key: str(self.start + 1800) if value == "AT" else value for key, value in parameters.items()}
            with self.subTest(what=what, **parameters):
                (status, ours), (their_status, theirs) = self.ask(what, **parameters)
                self.assertEqual((status, ours["status"], ours["errorType"]), (their_status, theirs["status"], theirs["errorType"]))
                self.assertEqual(sorted(ours), sorted(theirs))
                if "on (job)" not in str(parameters):  # Both name two series of several, not the same ones.
                    self.assertEqual(ours["error"], theirs["error"])


if __name__ == "__main__":
    unittest.main()
