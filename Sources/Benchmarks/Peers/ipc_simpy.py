"""Call and reply between two SimPy processes: two words there and back, simulated time passes on both sides.

    python3 ipc_simpy.py 30000
"""

import sys
import time

import simpy


def main(trips):
    environment = simpy.Environment()
    requests, replies = simpy.Store(environment), simpy.Store(environment)

    def client():
        for number in range(trips):
            yield environment.timeout(100)
            yield requests.put((number, number))
            yield replies.get()

    def server():
        while True:
            first, second = yield requests.get()
            yield environment.timeout(300)
            yield replies.put((first + 1, second))

    environment.process(server())
    done = environment.process(client())
    start = time.process_time()
    environment.run(done)
    print(f"{(time.process_time() - start) * 1e9 / trips:.1f} ns")


if __name__ == "__main__":
    main(int(sys.argv[1]))
