// The hold model of HoldModel.swift in C++: the same 4-ary heap of 128-bit keys, the same delays, the same checksum.
//   clang++ -O3 -o hold hold.cpp && ./hold 1000 3000000
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

using Key = unsigned __int128;  // instant 64, class 4, sequence 36, payload 24

struct Heap {
  std::vector<Key> keys;
  size_t count = 0;

  explicit Heap(size_t size) : keys(size + 5, ~Key(0)) {}

  void push(Key key) {
    size_t hole = count++;
    while (hole > 0) {
      size_t parent = (hole - 1) >> 2;
      if (keys[parent] <= key) break;
      keys[hole] = keys[parent];
      hole = parent;
    }
    keys[hole] = key;
  }

  void replaceTop(Key key) {
    Key *k = keys.data();
    size_t hole = 0, child = 1;
    while (child < count) {
      Key a = k[child], b = k[child + 1], c = k[child + 2], d = k[child + 3];
      bool leftLess = b < a, rightLess = d < c;
      Key left = leftLess ? b : a, right = rightLess ? d : c;
      size_t leftIndex = child + leftLess, rightIndex = child + 2 + rightLess;
      bool takeRight = right < left;
      Key least = takeRight ? right : left;
      if (key <= least) break;
      k[hole] = least;
      hole = takeRight ? rightIndex : leftIndex;
      child = hole * 4 + 1;
    }
    k[hole] = key;
  }
};

static uint64_t table[1024];
static uint64_t state = 12345;

static uint64_t nextDelay(uint64_t pending) {
  state = state * 6364136223846793005ull + 1442695040888963407ull;
  return 1 + table[state >> 54] * pending + (state >> 20) % pending;
}

static uint64_t processNanoseconds() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return uint64_t(time.tv_sec) * 1000000000ull + uint64_t(time.tv_nsec);
}

int main(int argc, char **argv) {
  if (argc != 3) return std::fprintf(stderr, "usage: hold PENDING HOLDS\n"), 2;
  uint64_t pending = std::strtoull(argv[1], nullptr, 10), holds = std::strtoull(argv[2], nullptr, 10);
  if (pending == 0 || holds == 0) return std::fprintf(stderr, "PENDING and HOLDS must be at least 1\n"), 2;
  for (int i = 0; i < 1024; i++) table[i] = uint64_t(-1000 * std::log((i + 0.5) / 1024) + 0.5);

  Heap heap(pending);
  uint64_t sequence = 0;
  auto makeKey = [&](uint64_t instant, uint32_t payload) { return Key(instant) << 64 | sequence++ << 24 | payload; };
  for (uint64_t i = 0; i < pending; i++) heap.push(makeKey(nextDelay(pending), uint32_t(i)));

  uint64_t checksum = 0, start = processNanoseconds();
  for (uint64_t i = 0; i < holds; i++) {
    Key top = heap.keys[0];
    uint64_t instant = uint64_t(top >> 64);
    uint32_t payload = uint32_t(top) & 0xffffff;
    checksum = (checksum << 5 | checksum >> 59) ^ (instant + payload);
    heap.replaceTop(makeKey(instant + nextDelay(pending), payload));
  }
  uint64_t nanoseconds = processNanoseconds() - start;
  std::printf("%.1f ns %016llx\n", double(nanoseconds) / double(holds), (unsigned long long)checksum);
}
