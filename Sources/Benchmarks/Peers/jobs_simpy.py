"""The task set of JobsBench.swift on SimPy: periodic jobs on one preemptive resource, shorter period first.

    python3 jobs_simpy.py 10 20
"""

import sys
import time

import simpy

PERIODS = [5, 10, 10, 20, 20, 40, 40, 50, 100, 100]


def main(tasks, seconds):
    environment = simpy.Environment()
    processor = simpy.PreemptiveResource(environment, capacity=1)
    jobs = 0

    def task(number):
        nonlocal jobs
        kind = number * len(PERIODS) // tasks
        period = PERIODS[kind] * max(1, tasks // len(PERIODS)) * 1_000_000
        release = 0
        while True:
            release += period
            yield environment.timeout(release - environment.now)
            left = period * 7 // 10 // tasks
            while left > 0:
                with processor.request(priority=kind) as request:
                    begin = None
                    try:
                        yield request
                        begin = environment.now
                        yield environment.timeout(left)
                        left = 0
                    except simpy.Interrupt:
                        left -= 0 if begin is None else environment.now - begin
            jobs += 1

    for number in range(tasks):
        environment.process(task(number))
    start = time.process_time()
    environment.run(seconds * 1_000_000_000)
    print(f"{(time.process_time() - start) * 1e9 / jobs:.1f} ns")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
