/* A running mean of squares, kept as careless programs do: the sum never leaves its floating-point register. */
#include "genode.h"

static char line[64];

static char *put_number(char *p, word n, int least) {
  char digits[20];
  int count = 0;
  do { digits[count++] = (char)('0' + n % 10); n /= 10; } while (n || count < least);
  while (count) *p++ = digits[--count];
  return p;
}

static char *put_text(char *p, const char *text) {
  while (*text) *p++ = *text++;
  return p;
}

void construct(void) {
  double sum = 0;
  for (word n = 1;; n++) {
    sum += (double)n * (double)n;
    word hundredths = ((word)sum * 100 + n / 2) / n;
    char *end = put_text(put_number(line, n, 1), " samples, mean ");
    end = put_text(put_number(end, hundredths / 100, 1), ".");
    *put_number(end, hundredths % 100, 2) = 0;
    log_text(line);
    sleep_us(1000000);
  }
}
