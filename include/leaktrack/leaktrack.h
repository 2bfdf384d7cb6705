/* SPDX-License-Identifier: Apache-2.0
 *
 * What a program can tell leaktrack, and ask it, while it is tracked.
 *
 * Nothing is linked. Include this file; the functions find the tracker if libleaktrack.so is in the
 * process. Without the tracker, in a static program, or not on Linux, each function is a load and a
 * branch. C99 and C++11 or newer.
 *
 * All functions may be called from any thread, from signal handlers, after fork, and from a vfork
 * child. They leave errno alone, never allocate, and never wait. They do nothing before the
 * program's constructors have run, and nothing in a forked child before its first recorded
 * allocation. Names are copied; 36 bytes of them are kept.
 *
 *   leaktrack_phase phase = leaktrack_phase_begin("warm-up");
 *   ...
 *   leaktrack_phase_end(phase);
 *
 *   leaktrack_work_add(1);           after each request: judges growth per unit too
 *   leaktrack_mark_immortal(table);  never freed, and that is intended
 *   if (leaktrack_under_pressure(0.9)) shed_load();
 */
#ifndef LEAKTRACK_LEAKTRACK_H_
#define LEAKTRACK_LEAKTRACK_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t leaktrack_phase; /* 0: none */
typedef uint32_t leaktrack_pool;  /* 0: none */

/* The tracker's functions. New ones are only added at the end; `bytes` says how many there are. */
struct leaktrack_functions {
  uint32_t version; /* 1 */
  uint32_t bytes;
  leaktrack_phase (*phase_begin)(const char* name);
  void (*phase_end)(leaktrack_phase phase);
  void (*phase_set)(const char* name);
  void (*work_add)(uint64_t units);
  void (*snapshot)(const char* name);
  void (*mark_immortal)(const void* block);
  leaktrack_pool (*pool_create)(const char* name);
  void (*pool_backing)(leaktrack_pool pool, const void* start, size_t bytes);
  void (*pool_alloc)(leaktrack_pool pool, const void* object, size_t bytes);
  void (*pool_free)(leaktrack_pool pool, const void* object);
  void (*pool_clear)(leaktrack_pool pool, const void* start, size_t bytes);
  void (*pool_destroy)(leaktrack_pool pool);
  double (*pressure)(void);
  int (*under_pressure)(double threshold);
};

#if defined(__linux__) && defined(__GNUC__) && !defined(LEAKTRACK_IS_TRACKER)
/* One word for each executable or library, however many of its files include this. */
extern const struct leaktrack_functions* leaktrack_found_;
__attribute__((weak, visibility("hidden"))) const struct leaktrack_functions* leaktrack_found_ = 0;
extern void* leaktrack_dlsym_(void* scope, const char* name) __asm__("dlsym") __attribute__((weak));
__attribute__((constructor(200), unused)) static void leaktrack_find_(void) {
  if (!leaktrack_found_ && leaktrack_dlsym_) {
    leaktrack_found_ =
        (const struct leaktrack_functions*)leaktrack_dlsym_((void*)0, "leaktrack_functions_v1");
  }
}
static inline const struct leaktrack_functions* leaktrack_tracker_(void) {
  return leaktrack_found_;
}
#else
static inline const struct leaktrack_functions* leaktrack_tracker_(void) { return 0; }
#endif

#define LEAKTRACK_TELL_(call)                                              \
  do {                                                                     \
    const struct leaktrack_functions* leaktrack_f_ = leaktrack_tracker_(); \
    if (leaktrack_f_) leaktrack_f_->call;                                  \
  } while (0)

/* 1 if the tracker is in this process, else 0. */
static inline int leaktrack_present(void) { return leaktrack_tracker_() ? 1 : 0; }

/* ---- Phases ----
 *
 * Names for periods of time, so that the report can say where growth began. Phases may nest and
 * overlap. */

static inline leaktrack_phase leaktrack_phase_begin(const char* name) {
  const struct leaktrack_functions* f = leaktrack_tracker_();
  return f ? f->phase_begin(name) : 0;
}
static inline void leaktrack_phase_end(leaktrack_phase phase) { LEAKTRACK_TELL_(phase_end(phase)); }

/* Ends the process's one current phase and begins another. A null pointer begins none. */
static inline void leaktrack_set_phase(const char* name) { LEAKTRACK_TELL_(phase_set(name)); }

/* ---- Work ----
 *
 * Counts the units of the program's work (requests, rows, frames). It is one atomic addition. If it
 * would happen millions of times a second, count in batches. */

static inline void leaktrack_work_add(uint64_t units) { LEAKTRACK_TELL_(work_add(units)); }

/* ---- Snapshots ----
 *
 * A mark in the history. The tracker also records the present state at once, but at most ten times
 * a second; further snapshots are marks only. The call returns before the state is written. */

static inline void leaktrack_snapshot(const char* name) { LEAKTRACK_TELL_(snapshot(name)); }

/* ---- Blocks that are meant to live for ever ----
 *
 * The block of malloc or new (or the object of a pool) at exactly this address is never accused.
 * The mark belongs to the block: it is gone when the block is freed or reallocated. */

static inline void leaktrack_mark_immortal(const void* block) {
  LEAKTRACK_TELL_(mark_immortal(block));
}

/* ---- Pools ----
 *
 * For allocators inside the program. Their objects are sampled and judged like heap blocks.
 *
 * A pool is known by its name: pools of the same name are one pool. There are up to 64 names.
 * Report the memory that a pool takes from malloc or mmap (backing) at once, so that it does not
 * count twice. Free it as usual. Report an object before you hand it out, and its end before its
 * memory is used again: one object (free), all objects in a piece of memory (clear), or all objects
 * (destroy: this walks the tracker's table and takes tenths of a millisecond). */

static inline leaktrack_pool leaktrack_pool_create(const char* name) {
  const struct leaktrack_functions* f = leaktrack_tracker_();
  return f ? f->pool_create(name) : 0;
}
static inline void leaktrack_pool_backing(leaktrack_pool pool, const void* start, size_t bytes) {
  LEAKTRACK_TELL_(pool_backing(pool, start, bytes));
}
static inline void leaktrack_pool_alloc(leaktrack_pool pool, const void* object, size_t bytes) {
  LEAKTRACK_TELL_(pool_alloc(pool, object, bytes));
}
static inline void leaktrack_pool_free(leaktrack_pool pool, const void* object) {
  LEAKTRACK_TELL_(pool_free(pool, object));
}
static inline void leaktrack_pool_clear(leaktrack_pool pool, const void* start, size_t bytes) {
  LEAKTRACK_TELL_(pool_clear(pool, start, bytes));
}
static inline void leaktrack_pool_destroy(leaktrack_pool pool) {
  LEAKTRACK_TELL_(pool_destroy(pool));
}

/* ---- Pressure ----
 *
 * Memory in use as a share of the limit (cgroup, address space, or machine), as of the last second.
 * It only reads a word. */

/* 0.0 to 1.0 and beyond. Below 0: not known (no tracker, no helper thread, no limit). */
static inline double leaktrack_pressure(void) {
  const struct leaktrack_functions* f = leaktrack_tracker_();
  return f ? f->pressure() : -1.0;
}

/* A circuit breaker: 1 from the moment the share reaches `threshold` until it has fallen 0.05
 * below it. 0: below, or not known. */
static inline int leaktrack_under_pressure(double threshold) {
  const struct leaktrack_functions* f = leaktrack_tracker_();
  return f ? f->under_pressure(threshold) : 0;
}

#undef LEAKTRACK_TELL_

#ifdef __cplusplus
}
#endif

#endif /* LEAKTRACK_LEAKTRACK_H_ */
