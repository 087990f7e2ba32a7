"""deploy/quickstart.sh, as a new user runs it: twice, with state that is kept."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

from fleet import ROOT


class QuickstartTest(unittest.TestCase):
    def setUp(self):
        self.state = pathlib.Path(tempfile.mkdtemp(prefix="ora_quickstart_"))
        self.addCleanup(shutil.rmtree, self.state, ignore_errors=True)

    def run_once(self, *arguments):
        return subprocess.run([ROOT / "deploy" / "quickstart.sh", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=900)

    def test_shows_the_fleet_and_stops_what_it_started(self):
        for _ in range(2):
            done = self.run_once("--once", "--port", "0", "--state-dir", str(self.state))
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            for expected in ["ora hosts list", "live", "ora-aggregator_stderr.log", "ora alerts list", str(self.state)]:
                self.assertIn(expected, done.stdout)
            left = subprocess.run(["pgrep", "-f", str(self.state)], capture_output=True, text=True)
            self.assertEqual(left.stdout, "", "something is still running")

    def test_refuses_what_it_does_not_know(self):
        for arguments in [["--bogus"], ["--port"], ["--port", "70000"], ["--port", "http"]]:
            done = self.run_once(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn("quickstart:", done.stderr)


if __name__ == "__main__":
    unittest.main()
