# SPDX-License-Identifier: Apache-2.0
"""What a soaked program is: how it is started, what load it gets, how it ends.

Every program keeps to its own folder and to sockets in it, so that soaks run side by side and nothing listens on a
network. Each fills something in its first minutes (a cache, slabs, a page cache, its modules) and then keeps its size:
none of them leaks, so whatever is accused when they have settled is a false alarm.
"""
import os
import random
import signal


class Program:
    """Derived classes say which programs they need, needs(), and the command(); the rest where it differs.

    `folder` is the program's own, `seconds` the length of the load.
    """
    rate = 300
    user = None  # whom it must run as if we are root

    def __init__(self, folder, load, seconds):
        self.folder, self.load, self.seconds = folder, load, seconds
        self.random = random.Random(f"{type(self).__name__} {load}")

    def path(self, name):
        return os.path.join(self.folder, name)

    def prepare(self):
        pass

    def ready(self):
        return True

    def request(self, process, count, number):
        """One tick of load."""

    def started(self, process):
        """Called once when it is ready, before the load."""

    def stop(self, process, pid):
        os.kill(pid, signal.SIGTERM)
