// fork(2) of a process with so many mebibytes of memory in use, one write in the child, its end: the operating system's
// way to copy a machine.
//   clang++ -O3 -o fork fork.cpp && ./fork 64
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

static double nanoseconds(int who) {
  rusage usage;
  getrusage(who, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e9 + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e3;
}

int main(int argc, char **argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: fork MEBIBYTES\n"), 2;
  size_t bytes = std::strtoull(argv[1], nullptr, 10) << 20;
  volatile char *memory = static_cast<char *>(std::malloc(bytes));
  if (!memory || bytes == 0) return std::fprintf(stderr, "no memory\n"), 2;
  for (size_t at = 0; at < bytes; at += 4096) memory[at] = 1;

  const int rounds = 20;
  double start = nanoseconds(RUSAGE_SELF);
  for (int round = 0; round < rounds; round++) {
    pid_t child = fork();
    if (child == 0) {
      memory[4096] = 2;
      _exit(0);
    }
    if (child < 0 || waitpid(child, nullptr, 0) != child) return std::fprintf(stderr, "fork failed\n"), 1;
  }
  double time = nanoseconds(RUSAGE_SELF) - start + nanoseconds(RUSAGE_CHILDREN);
  std::printf("%.1f ns\n", time / rounds);
}
