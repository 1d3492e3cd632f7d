// Call and reply between two SystemC threads: two words there and back, simulated time passes on both sides.
//   clang++ -O3 -o ipc_systemc ipc_systemc.cpp -lsystemc && ./ipc_systemc 1000000
#include <systemc.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>

SC_MODULE(Pair) {
  sc_event request, reply;
  uint64_t words[2] = {0, 0}, trips;

  SC_HAS_PROCESS(Pair);
  Pair(sc_module_name name, uint64_t count) : sc_module(name), trips(count) {
    SC_THREAD(server);
    SC_THREAD(client);
  }

  void client() {
    for (uint64_t i = 0; i < trips; i++) {
      wait(100, SC_NS);
      words[0] = words[1] = i;
      request.notify(SC_ZERO_TIME);
      wait(reply);
    }
  }

  void server() {
    for (;;) {
      wait(request);
      wait(300, SC_NS);
      words[0]++;
      reply.notify(SC_ZERO_TIME);
    }
  }
};

int sc_main(int argc, char **argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: ipc_systemc TRIPS\n"), 2;
  uint64_t trips = std::strtoull(argv[1], nullptr, 10);
  Pair pair("pair", trips);
  timespec start, end;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
  sc_start();
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
  double time = (end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec);
  std::printf("%.1f ns %llu\n", time / trips, (unsigned long long)pair.words[0]);
  return 0;
}
