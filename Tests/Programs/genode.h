/* What a component in C needs of Genode 16.08: the start-up in the right order, RAM, LOG, Timer. */
#ifndef GENODE_H
#define GENODE_H

typedef unsigned long word;
typedef unsigned char byte;
typedef unsigned int slot; /* index in the component's capability table */

/* One entry for each slot. A checkpointer finds the map by its symbol. */
struct cap { byte references, unused[5]; unsigned short badge; };
extern struct cap cap_map[4096];

/* The record at the top of every stack; the UTCB's user word 2 points to it. */
struct thread {
  word utcb; /* must be first: the start code loads tp from here */
  slot gate, cpu_thread, window;
  void (*entry)(void);
  struct thread *waiter_of;
};

/* An RPC: a request on the way out, the answer afterwards. */
struct message {
  word exception, count, caps;
  slot cap[4];
  word data[63];
};

struct semaphore { word lock, count; struct thread *waiter; };

void start_request(struct message *m, word opcode);
void add_word(struct message *m, word value);
void add_text(struct message *m, const char *text);
void add_cap(struct message *m, slot cap);
word rpc(slot object, struct message *m);

slot ram_alloc(word size);
word attach(slot dataspace, word address);
slot session(const char *service, const char *arguments);
void log_text(const char *text);
void sleep_us(word us);

/* the author's part, called in the thread "ep" */
void construct(void);

#endif
