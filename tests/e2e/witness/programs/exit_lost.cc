// Blocks that are lost, held or excused when the program ends, each case in another way.
//
// All blocks of a case have one size, which no other block has. "lost 1304 2" says that two blocks
// of 1,304 bytes are lost and fail the gate; "held" that they are still reachable; "none" that
// none is left; "inconclusive" that the gate cannot tell, and says so.
//
// Cases without a line here are those of exit_hold_test.py.
//
// CASE: overwritten
// EXPECT: lost 1304 2
// CASE: global
// EXPECT: held 1320 3
// CASE: static_local
// EXPECT: held 1336 1
// CASE: thread_local
// EXPECT: held 1352 1
// CASE: key
// EXPECT: held 1368 1
// CASE: late_key
// EXPECT: held 1384 1
// CASE: thread_stack
// EXPECT: held 1400 1
// CASE: thread_register
// EXPECT: held 1416 1
// CASE: thread_thread_local
// EXPECT: held 1432 1
// CASE: ended_thread
// EXPECT: lost 1448 1
// CASE: main_stack
// EXPECT: held 1464 1
// CASE: dead_frame
// EXPECT: lost 1480 1
// CASE: ring
// EXPECT: lost 1496 3
// CASE: self
// EXPECT: lost 1512 1
// CASE: list
// EXPECT: lost 1528 10
// CASE: held_list
// EXPECT: held 1544 10
// CASE: tree
// EXPECT: lost 1560 15
// CASE: interior
// EXPECT: held 1576 1
// CASE: array_cookie
// EXPECT: held 1608 1
// CASE: empty_array
// EXPECT: held 8 1
// CASE: unaligned
// EXPECT: lost 1624 1
// CASE: closed_library
// EXPECT: lost 1640 1
// CASE: open_library
// EXPECT: held 1640 1
// CASE: freed_at_exit
// EXPECT: none 1656
// CASE: freed_by_destructor
// EXPECT: none 1672
// CASE: fork_child
// EXPECT: lost 1688 1
// CASE: pthread_exit
// EXPECT: lost 1704 1
// CASE: exit_in_thread
// EXPECT: lost 1720 1
// EXPECT: held 1736 1
// CASE: mapping
// EXPECT: lost 1752 1
// CASE: registered_mapping
// EXPECT: held 1752 1
// CASE: ignored
// EXPECT: none 1768
// EXPECT: held 1784 1
// CASE: disabled
// EXPECT: none 1800
// EXPECT: held 1816 1
// CASE: checked
// EXPECT: lost 1832 1
// CASE: checked_before
// EXPECT: held 1848 1
// CASE: recoverable
// EXPECT: lost 1864 1
// CASE: many_threads
// EXPECT: held 1880 20
// EXPECT: lost 1896 20
// CASE: stack_in_heap
// EXPECT: held 1912 1
// CASE: large
// EXPECT: lost 4194304 1
// CASE: realloced
// EXPECT: lost 1928 1
// CASE: underscore_exit
// EXPECT: inconclusive 1944
// CASE: quick_exit
// EXPECT: inconclusive 1960
// CASE: exec
// EXPECT: inconclusive 1976
// CASE: exec_child
// EXPECT: lost 1992 1
// CASE: clean
// EXPECT: none 2008
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <memory>
#include <string>

extern "C" {
[[gnu::weak]] void __lsan_disable();
[[gnu::weak]] void __lsan_enable();
[[gnu::weak]] void __lsan_ignore_object(const void* block);
[[gnu::weak]] void __lsan_register_root_region(const void* start, size_t bytes);
[[gnu::weak]] void __lsan_do_leak_check();
[[gnu::weak]] int __lsan_do_recoverable_leak_check();
}

namespace {

void* global[3];
void* volatile only;
thread_local void* volatile of_thread;
std::string library;

[[gnu::noinline]] void* Get(size_t bytes) { return memset(malloc(bytes), 0, bytes); }

// Clears what the work left below on the stack, and the registers that a call may keep.
[[gnu::noinline]] void ClearStack() {
  volatile char dead[16384];
  for (size_t i = 0; i < sizeof dead; ++i) dead[i] = 0;
  __asm__ volatile("" ::: "rbx", "r12", "r13", "r14", "r15");
}

[[gnu::noinline]] void Lose(size_t bytes) {
  only = Get(bytes);
  only = nullptr;
}

[[gnu::noinline]] void Lose(void* block) {
  only = block;
  only = nullptr;
}

struct Node {
  Node *next, *other;
};
[[gnu::noinline]] Node* NewNode(size_t bytes) { return static_cast<Node*>(Get(bytes)); }

Node* List(size_t bytes, int count) {
  Node* first = nullptr;
  for (int i = 0; i < count; ++i) {
    Node* const node = NewNode(bytes);
    node->next = first;
    first = node;
  }
  return first;
}

Node* Tree(size_t bytes, int depth) {
  Node* const node = NewNode(bytes);
  if (depth > 1) node->next = Tree(bytes, depth - 1);
  if (depth > 1) node->other = Tree(bytes, depth - 1);
  return node;
}

// A thread that has something and waits for ever. `Have` is called with its own frame.
int ready_pipe[2];
void SayReady() {
  if (write(ready_pipe[1], "r", 1) != 1) abort();
}
void AwaitReady() {
  char byte;
  if (read(ready_pipe[0], &byte, 1) != 1) abort();
}
void Start(void* (*body)(void*), bool wait = true) {
  pthread_t thread;
  if (pthread_create(&thread, nullptr, body, nullptr) != 0) abort();
  if (wait) AwaitReady();
  if (!wait) pthread_join(thread, nullptr);
}

void Global() {
  for (void*& one : global) one = Get(1320);
}

void StaticLocal() {
  static void* kept;
  kept = Get(1336);
  __asm__ volatile("" : : "r"(&kept) : "memory");
}

void ThreadLocal() { of_thread = Get(1352); }

void Key() {
  pthread_key_t key;
  pthread_key_create(&key, nullptr);
  pthread_setspecific(key, Get(1368));
}

// Above the first 32 the C library takes a block for them.
void LateKey() {
  pthread_key_t key;
  for (int i = 0; i < 70; ++i) pthread_key_create(&key, nullptr);
  pthread_setspecific(key, Get(1384));
}

void* KeepOnStack(void*) {
  void* volatile kept = Get(1400);
  ClearStack();
  SayReady();
  for (;;) pause();
  return const_cast<void*>(kept);
}

void* KeepInRegister(void*) {
  void* block = Get(1416);
  ClearStack();
  SayReady();
  register void* kept __asm__("r12") = block;
  block = nullptr;
  __asm__ volatile("1: pause\n\tjmp 1b" : : "r"(kept), "r"(block) : "memory");
  return nullptr;
}

void* KeepInThreadLocal(void*) {
  of_thread = Get(1432);
  ClearStack();
  SayReady();
  for (;;) pause();
}

void* KeepAndEnd(void*) {
  void* volatile kept = Get(1448);
  (void)kept;
  return nullptr;
}

[[gnu::noinline]] void DeadFrame() {
  void* volatile kept = Get(1480);
  (void)kept;
}

void Ring() {
  Node *a = NewNode(1496), *b = NewNode(1496), *c = NewNode(1496);
  a->next = b;
  b->next = c;
  c->next = a;
}

void Self() {
  Node* const node = NewNode(1512);
  node->next = node;
}

void Interior() { global[0] = static_cast<char*>(Get(1576)) + 800; }

struct WithDestructor {
  ~WithDestructor() { only = this; }
  char bytes[100];
};
void ArrayCookie() { global[0] = new WithDestructor[16]; }  // 8 bytes of cookie, 1,600 of objects
void EmptyArray(size_t count) { global[0] = new WithDestructor[count]; }

struct [[gnu::packed]] {
  char first;
  void* block;
} unaligned;

void Unaligned() { unaligned.block = Get(1624); }

void* OpenLibrary() {
  void* const handle = dlopen(library.c_str(), RTLD_NOW);
  if (handle == nullptr) abort();
  reinterpret_cast<void (*)(size_t)>(dlsym(handle, "KeepInLibrary"))(1640);
  return handle;
}

void FreeGlobal() { free(global[0]); }
void FreedAtExit() {
  global[0] = Get(1656);
  atexit(FreeGlobal);
}

struct Freeing {
  void* block = nullptr;
  ~Freeing() { free(block); }
} freeing;

void ForkChild() {
  const pid_t child = fork();
  if (child == 0) {
    Lose(1688);
    ClearStack();
    exit(0);
  }
  waitpid(child, nullptr, 0);
}

void* ExitHere(void*) {
  void* volatile kept = Get(1736);
  Lose(1720);
  ClearStack();
  exit(0);
  return const_cast<void*>(kept);
}

void** Map() {
  return static_cast<void**>(
      mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

void Ignored() {
  Node* const node = NewNode(1768);
  node->next = NewNode(1784);
  if (__lsan_ignore_object != nullptr) __lsan_ignore_object(node);
}

void Disabled() {
  if (__lsan_disable != nullptr) __lsan_disable();
  Node* const node = NewNode(1800);
  if (__lsan_enable != nullptr) __lsan_enable();
  node->next = NewNode(1816);
}

void* EndLast(void*) {
  usleep(50'000);
  return nullptr;
}

void* Many(void*) {
  void* volatile kept = Get(1880);
  Lose(1896);
  ClearStack();
  SayReady();
  for (;;) pause();
  return const_cast<void*>(kept);
}

// A coroutine whose stack is a block; nothing else has that block.
ucontext_t main_context, coroutine;
void RunCoroutine() {
  void* volatile kept = Get(1912);
  ClearStack();
  exit(0);
  (void)kept;
}
void StackInHeap() {
  getcontext(&coroutine);
  coroutine.uc_stack.ss_size = 128 << 10;
  coroutine.uc_stack.ss_sp = malloc(coroutine.uc_stack.ss_size);
  coroutine.uc_link = &main_context;
  makecontext(&coroutine, RunCoroutine, 0);
  swapcontext(&main_context, &coroutine);
}

void Realloced() {
  only = Get(64);
  only = realloc(only, 1928);
  only = nullptr;
}

void ExecChild(const char* self) {
  const pid_t child = fork();
  if (child == 0) execl(self, self, "exec_target", nullptr);
  waitpid(child, nullptr, 0);
}

[[gnu::noinline]] Node* MakeHead() { return NewNode(1304); }
[[gnu::noinline]] Node* MakeBody() { return NewNode(1320); }
void HeadAndBody() {
  Node* const head = MakeHead();
  head->next = MakeBody();
}

void Children(int count) {
  for (int i = 0; i < count; ++i) {
    if (fork() != 0) continue;
    Lose(1304);
    ClearStack();
    exit(0);
  }
  while (wait(nullptr) > 0) {
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "clean";
  library = std::string(argv[0]).substr(0, std::string(argv[0]).rfind('/')) + "/exit_plugin.so";
  if (pipe(ready_pipe) != 0) return 1;
  void* volatile on_stack = nullptr;
  if (what == "overwritten") Lose(1304), Lose(1304);
  if (what == "global") Global();
  if (what == "static_local") StaticLocal();
  if (what == "thread_local") ThreadLocal();
  if (what == "key") Key();
  if (what == "late_key") LateKey();
  if (what == "thread_stack") Start(KeepOnStack);
  if (what == "thread_register") Start(KeepInRegister);
  if (what == "thread_thread_local") Start(KeepInThreadLocal);
  if (what == "ended_thread") Start(KeepAndEnd, false);
  if (what == "main_stack") on_stack = Get(1464);
  if (what == "dead_frame") DeadFrame();
  if (what == "ring") Ring();
  if (what == "self") Self();
  if (what == "list") Lose(List(1528, 10));
  if (what == "held_list") global[0] = List(1544, 10);
  if (what == "tree") Lose(Tree(1560, 4));
  if (what == "interior") Interior();
  if (what == "array_cookie") ArrayCookie();
  if (what == "empty_array") EmptyArray(static_cast<size_t>(argc - 2));
  if (what == "unaligned") Unaligned();
  if (what == "closed_library") dlclose(OpenLibrary());
  if (what == "open_library") OpenLibrary();
  if (what == "freed_at_exit") FreedAtExit();
  if (what == "freed_by_destructor") freeing.block = Get(1672);
  if (what == "fork_child") ForkChild();
  if (what == "pthread_exit") {
    Lose(1704);
    pthread_t thread;
    pthread_create(&thread, nullptr, EndLast, nullptr);
    pthread_detach(thread);
    pthread_exit(nullptr);
  }
  if (what == "exit_in_thread") {
    Start(ExitHere, false);
  }
  if (what == "mapping") *Map() = Get(1752);
  if (what == "registered_mapping") {
    void** const map = Map();
    *map = Get(1752);
    if (__lsan_register_root_region != nullptr) __lsan_register_root_region(map, 1 << 20);
  }
  if (what == "ignored") Ignored();
  if (what == "disabled") Disabled();
  if (what == "checked" || what == "checked_before") {
    global[0] = Get(1848);
    if (what == "checked") Lose(1832);
    ClearStack();
    if (__lsan_do_leak_check != nullptr) __lsan_do_leak_check();
    global[0] = nullptr;
  }
  if (what == "recoverable") {
    const auto check = [] {
      ClearStack();
      return __lsan_do_recoverable_leak_check != nullptr && __lsan_do_recoverable_leak_check() != 0;
    };
    if (check()) return 2;
    Lose(1864);
    if (__lsan_do_recoverable_leak_check != nullptr && !check()) return 3;
  }
  if (what == "many_threads") {
    for (int i = 0; i < 20; ++i) Start(Many);
  }
  if (what == "stack_in_heap") StackInHeap();
  if (what == "large") Lose(4 << 20);
  if (what == "realloced") Realloced();
  if (what == "underscore_exit") global[0] = Get(1944), _exit(0);
  if (what == "quick_exit") global[0] = Get(1960), quick_exit(0);
  if (what == "exec") global[0] = Get(1976), execl("/proc/self/exe", argv[0], "clean", nullptr);
  if (what == "exec_child") ExecChild(argv[0]);
  if (what == "exec_target") Lose(1992);
  if (what == "clean") free(Get(2008));
  if (what == "head_and_body") HeadAndBody();
  if (what == "other_user" && setuid(65534) == 0) Lose(1304);
  if (what == "chroot" && chroot("/proc/self/fdinfo") == 0) Lose(1304);
  if (what == "children") Children(argc > 2 ? atoi(argv[2]) : 1);
  if (what == "waits") {
    Lose(1304);
    puts("ready");
    fflush(stdout);
    while (getchar() != EOF) {
    }
  }
  ClearStack();
  // In main's frame, which is alive while exit() runs.
  if (on_stack != nullptr) exit(0);
  return 0;
}
