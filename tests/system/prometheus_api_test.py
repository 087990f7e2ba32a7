"""Prometheus's HTTP API: Debian's promtool works against Ora as it does against Prometheus, and so does any program that sends its forms."""

import json
import shutil
import socket
import subprocess
import unittest
import urllib.error
import urllib.parse
import urllib.request

from fleet import Fleet, FleetTest, wait_until

PROMTOOL = shutil.which("promtool")


class PrometheusApiTest(FleetTest):
    """All ask one aggregator, since it first writes its own counters, with which everything can be asked, after 10 s."""

    @classmethod
    def setUpClass(cls):
        cls.shared = Fleet()
        cls.addClassCleanup(cls.shared.close)
        cls.shared.start_aggregator()

    def setUp(self):
        self.fleet = self.shared
        self.url = f"http://{self.fleet.http}"
        wait_until(lambda: self.get("query", query="ora_server_calls_total")["data"]["result"], "the aggregator's counters are stored")

    def request(self, path, form=None, **parameters):
        query = urllib.parse.urlencode(parameters, doseq=True)
        data = urllib.parse.urlencode(form, doseq=True).encode() if form is not None else None
        return urllib.request.urlopen(f"{self.url}{path}?{query}", data=data, timeout=30)

    def get(self, what, **parameters):
        with self.request(f"/api/v1/{what}", **parameters) as answer:
            self.assertEqual(answer.headers["Content-Type"], "application/json")
            return json.load(answer)

    def promtool(self, *arguments):
        done = subprocess.run([PROMTOOL, *arguments], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr + self.explain())
        return done.stdout

    @unittest.skipUnless(PROMTOOL, "promtool is not installed (Debian's package prometheus)")
    def test_promtool_asks_for_an_instant_and_a_range(self):
        self.assertIn('{} => 2 @[', self.promtool("query", "instant", self.url, "vector(1) + 1"))
        self.assertIn('ora_server_calls_total{component="ora-aggregator"', self.promtool("query", "instant", self.url, "ora_server_calls_total"))
        answer = self.promtool("query", "range", "--start=0", "--end=60", "--step=30s", self.url, "vector(time())")
        self.assertEqual(answer.split(), "{} => 0 @[0] 30 @[30] 60 @[60]".split())

    @unittest.skipUnless(PROMTOOL, "promtool is not installed (Debian's package prometheus)")
    def test_promtool_lists_series_and_label_values(self):
        self.assertIn('{__name__="ora_server_calls_total"', self.promtool("query", "series", "--match=ora_server_calls_total", self.url))
        self.assertEqual(self.promtool("query", "labels", self.url, "job").split(), ["ora"])

    @unittest.skipUnless(PROMTOOL, "promtool is not installed (Debian's package prometheus)")
    def test_promtool_tells_an_error_as_the_api_says_it(self):
        done = subprocess.run([PROMTOOL, "query", "instant", self.url, "sum("], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("bad_data: invalid parameter \"query\": 1:5: parse error", done.stderr)

    @unittest.skipUnless(PROMTOOL, "promtool is not installed (Debian's package prometheus)")
    def test_promtool_finds_it_healthy_and_ready(self):
        known = subprocess.run([PROMTOOL, "check", "--help"], capture_output=True, text=True, timeout=60)
        if "check healthy" not in known.stdout + known.stderr:
            self.skipTest("this promtool has no `check healthy` (it came after 2.42)")
        for state in ["healthy", "ready"]:
            self.promtool("check", state, f"--url={self.url}")

    def test_it_says_that_it_is_healthy_and_ready(self):
        for state in ["healthy", "ready"]:
            with self.request(f"/-/{state}") as answer:
                self.assertEqual(answer.status, 200)

    def test_a_form_is_as_good_as_a_url(self):
        form = {"query": "sum(ora_server_calls_total) * 0", "start": "0", "end": "1970-01-01T00:00:10Z", "step": "5s"}
        with self.request("/api/v1/query_range", form=form) as answer:
            self.assertEqual(json.load(answer), {"status": "success", "data": {"resultType": "matrix", "result": []}})
        with self.request("/api/v1/series", form={"match[]": ["ora_server_calls_total", "up"]}) as answer:
            self.assertEqual([row["__name__"] for row in json.load(answer)["data"]], ["ora_server_calls_total"])

    def test_errors_have_types_and_statuses(self):
        for what, parameters, status, kind in [("query", {"query": "sum("}, 400, "bad_data"), ("series", {}, 400, "bad_data"),
                                               ("query", {"query": 'label_replace(vector(1),"a","","b","(")'}, 422, "execution"),
                                               ("query", {"query": "ora_server_calls_total", "timeout": "0"}, 503, "timeout")]:
            with self.subTest(what=what, parameters=parameters):
                with self.assertRaises(urllib.error.HTTPError) as raised:
                    self.get(what, **parameters)
                self.assertEqual(raised.exception.code, status)
                self.assertEqual(json.load(raised.exception)["errorType"], kind)
        with self.assertRaises(urllib.error.HTTPError) as raised:
            self.get("no_such_thing")
        self.assertEqual(raised.exception.code, 404)

    def test_dashboards_learn_what_they_ask_for(self):
        self.assertEqual(self.get("status/buildinfo")["data"]["version"].split(".")[0], "3")
        self.assertEqual(self.get("metadata", metric="ora_server_calls_total")["data"]["ora_server_calls_total"][0]["type"], "counter")
        rules = {rule["name"]: rule for group in self.get("rules")["data"]["groups"] for rule in group["rules"]}
        self.assertIn("HostSilent", rules)
        wait_until(lambda: self.get("rules")["data"]["groups"][0]["rules"][0]["health"] == "ok", "the rules are evaluated")
        self.assertEqual(self.get("alerts")["data"], {"alerts": []})
        self.assertIn("job", self.get("labels")["data"])
        self.assertIn("ora_server_calls_total", self.get("label/__name__/values")["data"])


class StoppingTest(FleetTest):
    def test_it_stops_cleanly_while_connections_are_open(self):
        self.fleet.start_aggregator()
        host, port = self.fleet.http.rsplit(":", 1)
        with socket.create_connection((host, int(port))) as idle:
            idle.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertTrue(idle.recv(1).startswith(b"H"))
            self.assertEqual(self.fleet.aggregator.stop(), 0, self.explain())


if __name__ == "__main__":
    unittest.main()
