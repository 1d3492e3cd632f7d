/* The sheep counter as a C program: counts in a RAM dataspace, once a second, and says so on the log. */
#include "genode.h"

static char line[64];

static char *put_number(char *p, word n) {
  char digits[20];
  int count = 0;
  do { digits[count++] = (char)('0' + n % 10); n /= 10; } while (n);
  while (count) *p++ = digits[--count];
  return p;
}

static char *put_text(char *p, const char *text) {
  while (*text) *p++ = *text++;
  return p;
}

void construct(void) {
  slot flock = ram_alloc(4096);
  volatile word *sheep = (volatile word *)attach(flock, 0x10000000);
  for (;;) {
    *sheep += 1;
    char *end = put_text(put_number(line, *sheep), " sheep. zzZ");
    *end = 0;
    log_text(line);
    sleep_us(1000000);
  }
}
