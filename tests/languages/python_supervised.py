# SPDX-License-Identifier: MIT
"""A proxy with conntrail.py under one supervisor, which each test sets up by the control socket. python_test.py runs it
as PROGRAM, so that what it connects is redirected; the scenario has the proxies and the origin."""

import unittest
import urllib.error
import urllib.request

import control

HOST, DIRECT = "93.184.216.34", "93.184.216.35"
LARGEST = 65536
# With it the records of two redirects are as large as records can be.
PADDING = 32700


def fetch(host=HOST):
    with urllib.request.urlopen(f"http://{host}/hello", timeout=40) as answer:
        return answer.read()


def service(name, padding=0):
    return {"name": name, "record_padding": padding,
            "redirect": [{"rule": f"tcp {HOST} port 80", "to": name + "-proxy"}]}


class Proxy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.control = control.Control()
        cls.addClassCleanup(cls.control.close)

    def setUp(self):
        self.control.ask("reset")

    def add(self, *services, **more):
        self.control.ask("add", services=list(services), routes={f"{HOST}:80": "origin", **more})

    def largest_set(self):
        events = self.control.ask("trail")["events"]
        return max(event["size"] for event in events if event["kind"] == "records set")

    def test_one_vendor(self):
        self.add(service("acme"))
        self.assertEqual(fetch(), b"hello-world\n")
        self.control.ask("wait", kind="closed", service="acme", seconds=30)
        self.control.expect(redirected={"acme": 1}, permitted={"acme": 1}, delivered=1, undelivered=0, loop=0, misuse=0)
        self.assertLess(self.largest_set(), 1024)

    def test_the_second_vendor_carries_the_records_of_both(self):
        self.add(service("acme", PADDING), service("bravo", PADDING))
        self.assertEqual(fetch(), b"hello-world\n")
        self.control.expect(redirected={"acme": 1, "bravo": 1}, delivered=1, undelivered=0, loop=0, misuse=0)
        self.assertEqual(self.largest_set(), LARGEST)

    def test_one_that_was_not_redirected_is_refused_and_the_next_is_served(self):
        self.control.ask("add", routes={f"{DIRECT}:80": "acme-proxy"})
        self.add(service("acme"))
        with self.assertRaises(OSError):
            fetch(DIRECT)
        self.assertEqual(fetch(), b"hello-world\n")
        self.control.expect(redirected={"acme": 1}, delivered=2, loop=0, misuse=0)

    def test_a_query_that_fails_ends_that_connection_alone(self):
        self.add(service("acme"))
        self.control.ask("add", faults=[{"operation": "query records", "native": 10050, "nth": 1}])
        with self.assertRaises(OSError):
            fetch()
        self.assertEqual(fetch(), b"hello-world\n")
        self.control.expect(fault=1, redirected={"acme": 2}, delivered=1, loop=0)


if __name__ == "__main__":
    unittest.main()
