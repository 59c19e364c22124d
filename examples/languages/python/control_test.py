# SPDX-License-Identifier: MIT
"""Several tests under one supervisor. What they connect is redirected, since they are supervised themselves:

    conntrail-emu run --control PATH SCENARIO -- python3 -m unittest control_test
"""

import subprocess
import sys
import unittest
import urllib.error
import urllib.request

import control

URL = "http://93.184.216.34/"


def fetch(url=URL):
    with urllib.request.urlopen(url, timeout=20) as answer:
        return answer.status


class Redirection(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.control = control.Control()
        cls.addClassCleanup(cls.control.close)

    def setUp(self):
        self.control.ask("reset")

    def test_a_connection_is_redirected(self):
        self.assertEqual(fetch(), 200)
        self.control.expect(connecting=1, redirected={"acme": 1}, loop=0, misuse=0)

    def test_nothing_is_left_of_another_test(self):
        self.control.expect(connecting=0, redirected=0)

    def test_a_connect_that_fails(self):
        self.control.ask("add", faults=[{"operation": "connect", "native": 10061, "nth": 1}])
        with self.assertRaises(urllib.error.URLError):
            fetch()
        self.assertEqual(fetch(), 200)
        self.control.expect(fault=1, redirected={"acme": 1})

    def test_a_service_and_a_route_of_this_test(self):
        self.control.ask("add", services=[{"name": "bravo", "block": ["tcp 198.51.100.0/24 port 81"]}],
                         routes={"198.51.100.7:80": "origin"})
        self.assertEqual(fetch("http://198.51.100.7/"), 200)
        with self.assertRaises(urllib.error.URLError):
            fetch("http://198.51.100.7:81/")
        self.control.expect(delivered=1, blocked={"bravo": 1})

    def test_another_program_is_waited_for(self):
        code = f"import urllib.request; urllib.request.urlopen('{URL}').read()"
        client = subprocess.Popen([sys.executable, "-c", code])
        self.addCleanup(client.wait, timeout=60)
        event = self.control.ask("wait", kind="redirected", service="acme", seconds=30)["event"]
        self.assertEqual(event["process"], client.pid)

    def test_a_mistake_says_where(self):
        with self.assertRaisesRegex(control.Refused, r'request:1:\d+: unknown key "routs"; did you mean "routes"\?'):
            self.control.ask("add", routs={})


if __name__ == "__main__":
    unittest.main()
