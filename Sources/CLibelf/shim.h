#include <elf.h>
#include <gelf.h>
#include <libelf.h>
#include <linux/memfd.h>
/* libelf-dev depends on zlib; its crc32 guards the whole of an image file. */
#include <zlib.h>

/* Declared here because glibc shows it only to _GNU_SOURCE, which clashes with Swift's own view of glibc. */
extern int memfd_create(const char *name, unsigned int flags);
