# SPDX-License-Identifier: Apache-2.0
"""An application that warms up and then serves, and leaks nothing.

    warming.py steady|bursty SECONDS

The first request that needs a module loads it, one every two seconds. Patterns are compiled until re's cache is full. A
result cache fills in a minute and then evicts. Sessions live for a minute. Everything else is freed after its request.
"""
import collections
import functools
import importlib
import json
import random
import re
import sys
import time
import zlib

from pace import ticks

MODULES = ("decimal", "fractions", "statistics", "xml.etree.ElementTree", "email.message", "html.parser", "csv",
           "sqlite3", "argparse", "difflib", "textwrap", "urllib.parse", "http.cookies", "logging.handlers", "tarfile",
           "zipfile", "calendar", "configparser", "pprint", "uuid", "secrets", "ast", "dis", "inspect", "asyncio")
REQUESTS_PER_SECOND = 120
draw = random.Random(5)


@functools.lru_cache(maxsize=300)
def rendered(page):
    return "".join(f"<li>{page} {i} {page * i % 977}</li>" for i in range(page % 40 + 5))


class Sessions:
    """Kept for a minute after they begin."""

    def __init__(self):
        self.by_age = collections.OrderedDict()

    def touch(self, user, now):
        session = self.by_age.setdefault(user, {"born": now, "seen": [], "text": "s" * draw.randrange(200, 800)})
        session["seen"].append(now)
        while self.by_age and next(iter(self.by_age.values()))["born"] < now - 60:
            self.by_age.popitem(last=False)


def parsed(number):
    items = [{"id": i, "name": f"item {i}"} for i in range(draw.randrange(5, 40))]
    text = json.dumps({"number": number, "items": items})
    return sum(item["id"] for item in json.loads(text)["items"])


def matched(number):
    pattern = re.compile(rf"(\w+) {number % 700}(?:-(\d+))?")
    return pattern.search(f"page {number % 700}-{number}")


def serve(load, seconds):
    sessions, loaded, start = Sessions(), 0, time.monotonic()
    for count in ticks(load, REQUESTS_PER_SECOND, seconds):
        now = time.monotonic()
        while loaded < min(len(MODULES), (now - start) / 2):
            importlib.import_module(MODULES[loaded])
            loaded += 1
        for _ in range(count):
            number = int(draw.paretovariate(0.4)) % 20000
            rendered(number)
            parsed(number)
            matched(number)
            sessions.touch(draw.randrange(3000), now)
            zlib.compress(rendered(number).encode())


if __name__ == "__main__":
    serve(sys.argv[1], float(sys.argv[2]))
