"""The hold model of HoldModel.swift on SimPy's event queue: same delays, same order, same checksum.

    python3 hold_simpy.py 1000 100000
"""

import math
import sys
import time

import simpy

MASK = (1 << 64) - 1


def main(pending, holds):
    table = [int(-1000 * math.log((i + 0.5) / 1024) + 0.5) for i in range(1024)]
    state, checksum, left = 12345, 0, holds

    def next_delay():
        nonlocal state
        state = (state * 6364136223846793005 + 1442695040888963407) & MASK
        return 1 + table[state >> 54] * pending + (state >> 20) % pending

    environment = simpy.Environment()

    def schedule(payload):
        timeout = environment.timeout(next_delay(), payload)
        timeout.callbacks.append(on_timeout)

    def on_timeout(event):
        nonlocal checksum, left
        checksum = ((checksum << 5 | checksum >> 59) & MASK) ^ (environment.now + event.value)
        left -= 1
        schedule(event.value)

    for payload in range(pending):
        schedule(payload)
    start = time.process_time()
    while left > 0:
        environment.step()
    seconds = time.process_time() - start
    print(f"{seconds * 1e9 / holds:.1f} ns {checksum:016x}")


main(int(sys.argv[1]), int(sys.argv[2]))
