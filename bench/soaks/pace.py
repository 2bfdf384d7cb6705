# SPDX-License-Identifier: Apache-2.0
"""How many requests each tick of a soak makes. Both loads have the same mean, bounded by count and by time.

steady: the same number in every tick. bursty: five seconds at four times the mean, then fifteen seconds of nothing, as
cron jobs, retries and page loads come. Half of the clients' CPU time is waking up, so there are ticks and not single
requests.
"""
import time

TICK = 0.05
LOADS = ("steady", "bursty")
BURST_SECONDS, PERIOD_SECONDS = 5, 20


def requests_in_tick(load, requests_per_second, elapsed):
    if load == "steady":
        return round(requests_per_second * TICK)
    burst = requests_per_second * PERIOD_SECONDS / BURST_SECONDS
    return round(burst * TICK) if elapsed % PERIOD_SECONDS < BURST_SECONDS else 0


def ticks(load, requests_per_second, seconds):
    """Yields the number of requests to make now, each tick that has any; sleeps between; ends after `seconds`."""
    start = due = time.monotonic()
    while (now := time.monotonic()) < start + seconds:
        count = requests_in_tick(load, requests_per_second, now - start)
        if count:
            yield count
        # A late tick is not made up for. On a busy machine that would be another kind of burst.
        due = max(due + TICK, time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))
