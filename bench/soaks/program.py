# SPDX-License-Identifier: Apache-2.0
"""A soaked program: how it is started, what load it gets, how it ends.

Every program keeps to its own folder and to sockets in it. So soaks can run side by side, and nothing listens on a
network. Each program fills something in its first minutes (a cache, slabs, a page cache, its modules) and then keeps its
size. None of them leaks, so any accusation after they have settled is a false alarm.
"""
import os
import random
import signal


class Program:
    """Derived classes define the programs they need, needs(), and the command(), and override the rest if it differs.

    `folder` is the program's own folder, `seconds` the length of the load.
    """
    rate = 300
    user = None  # the user it must run as if we are root

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
        """Called once, when it is ready, before the load."""

    def stop(self, process, pid):
        os.kill(pid, signal.SIGTERM)
