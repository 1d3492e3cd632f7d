/* The run-time support of a Genode component on Fiasco.OC, riscv64: only what counter.c needs, in the order of calls
   of Genode 16.08, so that slots and regions come out as those of a compiled scenario. */
#include "genode.h"

word syscall(word tag, word target, word timeouts, word *label);
void run_on(void *stack, void (*function)(void));
void _thread_start(void);
void sleep_for_ever(void);

/* kernel interface */
enum { SEND = 1, RECEIVE = 2, CALL = 3, WAIT = 6, REPLY_AND_WAIT = 15 };
enum { TASK_SLOT = 1, PARENT = 8, MAIN_GATE = 9, FIRST_USER = 0x200, WINDOW = 4 };
#define NOBODY (~0UL << 11 & ~(1UL << 10))
#define TAG(label, words, items) ((word)(label) << 16 | (word)(items) << 6 | (word)(words))
#define FAILED 0x8000
#define SEND_ZERO (0x400UL << 16)
#define MAP 8
#define PAGE(slot, rights) ((word)(slot) << 12 | 0x30 | (rights))
static inline volatile word *utcb(void) { word *p; __asm__("mv %0, tp" : "=r"(p)); return p; }
#define MR utcb()
#define BDR utcb()[64]
#define BR (utcb() + 65)
#define MYSELF ((struct thread *)utcb()[127])

/* core's opcodes, in the order of the interfaces */
enum { PARENT_MAIN_THREAD, PARENT_SESSION };
enum { PD_ALLOC_SIGNAL_SOURCE = 1, PD_ALLOC_CONTEXT = 3, PD_ALLOC_RPC_CAP = 6, PD_FREE_RPC_CAP };
enum { PD_ADDRESS_SPACE = 8, PD_STACK_AREA, PD_NATIVE = 11 };
enum { NATIVE_SET_CAP_MAP = 1, CPU_CREATE_THREAD = 0, CPU_TRACE_CONTROL = 2, THREAD_START = 0, THREAD_STATE = 3 };
enum { RAM_ALLOC, REGION_ATTACH = 0, REGION_DATASPACE = 4, LOG_WRITE = 0 };
enum { TIMER_ONCE, TIMER_SIGH = 2, SOURCE_WAIT = 0, SOURCE_SEMAPHORE };

__attribute__((section(".data.parent_badge"))) volatile word parent_badge = 1;
struct cap cap_map[4096] __attribute__((aligned(4096)));
static slot env_ram, env_cpu, env_pd, env_rm, env_stack_area, env_log, timer, signal_source;
static struct thread *ep, *main_thread;
static struct semaphore thread_ready, proxy, timer_signal;
static slot next_stack = 1;

/* ---- blocking: a closed receive on the thread's own IRQ ---- */
void sleep_for_ever(void) { for (;;) syscall(0, NOBODY | RECEIVE, 0, 0); }
/* A lock that is taken lets 1000 us pass: spinning would starve a holder of lower priority. */
static void spin(word *lock) {
  while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE)) syscall(0, NOBODY | RECEIVE, 1000, 0);
}
static void unlock(word *lock) { __atomic_store_n(lock, 0, __ATOMIC_RELEASE); }
static void down(struct semaphore *s) {
  for (;;) {
    spin(&s->lock);
    if (s->count) { s->count--; unlock(&s->lock); return; }
    s->waiter = MYSELF;
    unlock(&s->lock);
    syscall(0, (word)(MYSELF->gate + 2) << 12 | RECEIVE, 0, 0);
  }
}
static void up(struct semaphore *s) {
  spin(&s->lock);
  s->count++;
  struct thread *waiter = s->waiter;
  s->waiter = 0;
  unlock(&s->lock);
  if (!waiter) return;
  MR[0] = 2;
  syscall(TAG(-1, 1, 0), (word)(waiter->gate + 2) << 12 | SEND, 0, 0);
}

/* ---- capability map: first fit from FIRST_USER ---- */
static word map_lock;
static slot cap_allocate(slot count) {
  spin(&map_lock);
  slot run = 0, s = FIRST_USER;
  while (run < count) { run = cap_map[s].references ? 0 : run + 1; s++; }
  for (slot i = s - count; i < s; i++) cap_map[i].references = 1;
  unlock(&map_lock);
  return s - count;
}
static void cap_release(slot first, slot count) { while (count--) cap_map[first++] = (struct cap){0}; }
static word task_call(word words, word items) {
  return (long)syscall(TAG(-11, words, items), TASK_SLOT << 12 | CALL, 0, 0) >> 16;
}
static int valid(slot s) { MR[0] = 2; MR[1] = (word)s << 12; return task_call(2, 0) == 1; }
static int equal(slot a, slot b) {
  MR[0] = 2; MR[1] = (word)a << 12; MR[2] = (word)b << 12;
  return task_call(3, 0) == 1;
}
static void move(slot from, slot to) {
  MR[0] = 0; MR[1] = (word)to << 12 | MAP | 2; MR[2] = PAGE(from, 15); MR[3] = MAP; MR[4] = PAGE(TASK_SLOT, 7);
  task_call(3, 1);
}
static slot insert(word badge, slot window) {
  for (slot s = PARENT; s < 4096; s++) {
    if (!cap_map[s].references || cap_map[s].badge != badge) continue;
    if (equal(s, window)) { cap_map[s].references++; return s; }
    if (valid(s)) return 0; /* forged */
    move(window, s);
    return s;
  }
  slot s = cap_allocate(1);
  cap_map[s].badge = (unsigned short)badge;
  move(window, s);
  return s;
}

/* ---- remote procedure calls ---- */
void start_request(struct message *m, word opcode) { m->caps = 0; m->count = 1; m->data[0] = opcode; }
void add_word(struct message *m, word value) { m->data[m->count++] = value; }
void add_cap(struct message *m, slot cap) { m->cap[m->caps++] = cap; }
void add_text(struct message *m, const char *text) {
  word length = 0;
  while (text[length]) length++;
  add_word(m, length);
  byte *place = (byte *)&m->data[m->count];
  for (word i = 0; i < (length + 7) / 8; i++) add_word(m, 0);
  for (word i = 0; i < length; i++) place[i] = (byte)text[i];
}
static word to_utcb(struct message *m, word first) {
  for (word i = 0; i < m->caps; i++) if (m->cap[i] && !valid(m->cap[i])) m->cap[i] = 0;
  word words = 2 + m->caps + m->count, items = 0;
  MR[0] = first; MR[1] = m->caps;
  for (word i = 0; i < m->count; i++) MR[2 + m->caps + i] = m->data[i];
  for (word i = 0; i < m->caps; i++) {
    MR[2 + i] = m->cap[i] ? cap_map[m->cap[i]].badge : ~0UL;
    if (!m->cap[i]) continue;
    MR[words + 2 * items] = MAP; MR[words + 2 * items + 1] = PAGE(m->cap[i], 7);
    items++;
  }
  return TAG(0, words, items);
}
static void open_window(slot window) {
  BDR = 0;
  for (word i = 0; i < WINDOW; i++) BR[i] = (word)(window + i) << 12 | MAP | 2;
  BR[WINDOW] = 0;
}
static void from_utcb(struct message *m, word tag, slot window) {
  word words = tag & 63, item = 0, badge[4];
  m->exception = MR[0]; m->caps = MR[1] > 4 ? 0 : MR[1];
  m->count = words > 2 + m->caps ? words - 2 - m->caps : 0;
  for (word i = 0; i < m->count; i++) m->data[i] = MR[2 + m->caps + i];
  for (word i = 0; i < m->caps; i++) {
    badge[i] = MR[2 + i]; m->cap[i] = 0;
    if (badge[i] == ~0UL) continue;
    if (item < (tag >> 6 & 63) && !(MR[words + 2 * item] & 2)) m->cap[i] = (slot)(window + item);
    item++;
  }
  for (word i = 0; i < m->caps; i++) if (m->cap[i]) m->cap[i] = insert(badge[i], m->cap[i]);
}
word rpc(slot object, struct message *m) {
  slot window = cap_allocate(WINDOW);
  word tag = to_utcb(m, cap_map[object].badge);
  open_window(window);
  tag = syscall(tag, (word)object << 12 | CALL, 0, 0);
  if (tag & FAILED) { m->exception = 1; m->count = m->caps = 0; } else from_utcb(m, tag, window);
  cap_release(window, WINDOW);
  return m->exception;
}
static slot ask(slot object, word opcode) {
  struct message m;
  start_request(&m, opcode);
  rpc(object, &m);
  return m.caps ? m.cap[0] : 0;
}

/* ---- sessions ---- */
slot session(const char *service, const char *arguments) {
  struct message m;
  start_request(&m, PARENT_SESSION); add_text(&m, service); add_text(&m, arguments);
  rpc(PARENT, &m);
  return m.cap[0];
}
slot ram_alloc(word size) {
  struct message m;
  start_request(&m, RAM_ALLOC); add_word(&m, size);
  rpc(env_ram, &m);
  return m.cap[0];
}
static word attach_to(slot map, slot dataspace, word size, word address) {
  struct message m;
  start_request(&m, REGION_ATTACH);
  add_word(&m, size); add_word(&m, 0);
  add_word(&m, address != 0); add_word(&m, address); add_word(&m, 0);
  add_cap(&m, dataspace);
  rpc(map, &m);
  return m.data[0];
}
word attach(slot dataspace, word address) { return attach_to(env_rm, dataspace, 0, address); }
void log_text(const char *text) {
  struct message m;
  if (!env_log) env_log = session("LOG", "ram_quota=8192, label=\"\"");
  start_request(&m, LOG_WRITE); add_text(&m, text);
  rpc(env_log, &m);
}
void sleep_us(word us) {
  struct message m;
  if (!timer) {
    timer = session("Timer", "ram_quota=8192, label=\"\"");
    start_request(&m, PD_ALLOC_CONTEXT); add_word(&m, (word)&timer_signal); add_cap(&m, signal_source);
    rpc(env_pd, &m);
    slot context = m.cap[0];
    start_request(&m, TIMER_SIGH); add_cap(&m, context);
    rpc(timer, &m);
  }
  start_request(&m, TIMER_ONCE); add_word(&m, us);
  rpc(timer, &m);
  down(&timer_signal);
}

/* ---- threads ---- */
static struct thread *new_stack(slot index, word size) {
  slot dataspace = ram_alloc(size);
  word end = (word)(index + 1) * 0x100000;
  attach_to(env_stack_area, dataspace, 0, end - size);
  return (struct thread *)(0x40000000 + end - 256);
}
static void attach_trace_control(void) { attach(ask(env_cpu, CPU_TRACE_CONTROL), 0); }
static struct thread *start_thread(const char *name, word stack, void (*entry)(void)) {
  struct message m;
  struct thread *t = new_stack(next_stack++, stack);
  t->entry = entry;
  start_request(&m, CPU_CREATE_THREAD); add_word(&m, 0); add_word(&m, 0); add_text(&m, name); add_cap(&m, env_pd);
  rpc(env_cpu, &m);
  t->cpu_thread = m.cap[0];
  attach_trace_control();
  start_request(&m, THREAD_STATE);
  rpc(t->cpu_thread, &m);
  t->gate = (slot)m.data[2]; t->utcb = m.data[4];
  cap_map[t->gate] = (struct cap){ 1, {0}, (unsigned short)m.data[3] };
  ((word *)t->utcb)[126] = (word)&cap_map[t->gate];
  ((word *)t->utcb)[127] = (word)t;
  start_request(&m, THREAD_START); add_word(&m, (word)_thread_start); add_word(&m, (word)t);
  rpc(t->cpu_thread, &m);
  return t;
}
static slot new_object(void) {
  struct message m;
  start_request(&m, PD_ALLOC_RPC_CAP); add_cap(&m, ep->gate);
  rpc(env_pd, &m);
  return m.cap[0];
}

/* ---- the thread "ep": a failed reply is repeated with the wait, as in 16.08 ---- */
static volatile slot constructor;
static void entrypoint(void) {
  struct message m;
  int answers = 0;
  MYSELF->window = cap_allocate(WINDOW);
  ep = MYSELF;
  up(&thread_ready);
  for (;;) {
    word label = 0, tag = answers ? to_utcb(&m, m.exception) : 0;
    open_window(MYSELF->window);
    tag = syscall(tag, NOBODY | (answers ? REPLY_AND_WAIT : WAIT), answers ? SEND_ZERO : 0, &label);
    if (tag & FAILED) continue;
    from_utcb(&m, tag, MYSELF->window);
    answers = m.exception == (label & ~3UL);
    if (answers && constructor && m.exception == cap_map[constructor].badge) construct();
    m.exception = m.count = m.caps = 0;
  }
}

/* ---- the thread "signal handler" ---- */
static void signal_handler(void) {
  struct message m;
  signal_source = ask(env_pd, PD_ALLOC_SIGNAL_SOURCE);
  start_request(&m, SOURCE_SEMAPHORE); add_cap(&m, MYSELF->gate);
  rpc(signal_source, &m);
  slot irq = m.cap[0];
  up(&thread_ready);
  for (;;) {
    if (syscall(0, (word)irq << 12 | RECEIVE, 0, 0) & FAILED) continue;
    do {
      start_request(&m, SOURCE_WAIT);
      rpc(signal_source, &m);
      if (m.data[0]) up((struct semaphore *)m.data[0]);
    } while (m.data[2]); /* how many are left: where IRQs merge, one may stand for several */
  }
}

/* ---- the initial thread ---- */
static void continue_on_stack(void) {
  struct message m;
  start_thread("ep", 128 << 10, entrypoint);
  down(&thread_ready);
  new_object(); /* exit handler */
  slot proxy_object = new_object();
  start_thread("signal handler", 32 << 10, signal_handler);
  down(&thread_ready);
  constructor = new_object();
  start_request(&m, 0);
  rpc(constructor, &m);
  start_request(&m, PD_FREE_RPC_CAP); add_cap(&m, constructor);
  rpc(env_pd, &m);
  for (;;) {
    down(&proxy);
    start_request(&m, 0);
    rpc(proxy_object, &m);
  }
}
__attribute__((used)) void start_up(void) {
  struct message m;
  cap_map[MAIN_GATE] = (struct cap){ 1, {0}, 1 };
  utcb()[126] = (word)&cap_map[MAIN_GATE];
  utcb()[127] = 0;
  cap_map[PARENT] = (struct cap){ 1, {0}, (unsigned short)parent_badge };
  env_ram = session("Env::ram_session", "");
  env_cpu = session("Env::cpu_session", "");
  env_pd = session("Env::pd_session", "");
  env_rm = ask(env_pd, PD_ADDRESS_SPACE);
  slot native = ask(env_pd, PD_NATIVE);
  start_request(&m, NATIVE_SET_CAP_MAP); add_word(&m, (word)cap_map);
  rpc(native, &m);
  env_stack_area = ask(env_pd, PD_STACK_AREA);
  attach_to(env_rm, ask(env_stack_area, REGION_DATASPACE), 0x10000000, 0x40000000);
  ram_alloc(16 << 10); /* for emergencies, never attached */
  main_thread = new_stack(0, 128 << 10);
  main_thread->cpu_thread = ask(PARENT, PARENT_MAIN_THREAD);
  main_thread->utcb = (word)utcb();
  main_thread->gate = MAIN_GATE;
  utcb()[127] = (word)main_thread;
  attach_trace_control();
  run_on(main_thread, continue_on_stack);
}

/* The compiler may call these. */
void *memset(void *to, int value, unsigned long n) {
  volatile char *p = to;
  while (n--) *p++ = (char)value;
  return to;
}
void *memcpy(void *to, const void *from, unsigned long n) {
  volatile char *p = to;
  const char *q = from;
  while (n--) *p++ = *q++;
  return to;
}
