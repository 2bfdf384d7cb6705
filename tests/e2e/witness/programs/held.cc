// SPDX-License-Identifier: Apache-2.0
//
// Blocks that something holds, each case in another way: none of them may be called lost, and the
// holder has a name. The program says "ready" and waits.
//
// CASE: global_map
// EXPECT: held Session 500 by global g_sessions
// CASE: singleton
// EXPECT: held Record 500 by global Registry
// CASE: intrusive_list
// EXPECT: held Linked 500 by global List
// CASE: stack
// EXPECT: held OnStack 100 by stack worker-3
// CASE: thread_local
// EXPECT: held OfThread 100 by thread_local t_objects
// CASE: captures
// EXPECT: held Captured 100 by global g_callbacks
// CASE: epoll
// EXPECT: held Connection 50 by kernel epoll
// CASE: mapped_file
// EXPECT: held InFile 50 by mapping held.bin
// CASE: shared_file
// EXPECT: held InFile 50 by mapping held.bin
// CASE: interior
// EXPECT: held Inside 50 by global g_inside
// EXPECT: possible Inside 50
// CASE: local
// EXPECT: held Server 1 by stack witness_held
// CASE: erased
// EXPECT: held Linked 400 by stack witness_held
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace {

struct Object {
  virtual ~Object() = default;
  std::array<uint64_t, 4> words{};
};

struct Session : Object {};
struct Record : Object {};
struct Linked : Object {
  Linked* next = nullptr;
};
struct OnStack : Object {};
struct OfThread : Object {};
struct Captured : Object {};
struct Connection : Object {};
struct InFile : Object {};
struct Inside : Object {
  uint64_t payload[8];
};
struct Server : Object {};

void Wait() {
  puts("ready");
  fflush(stdout);
  char byte;
  if (read(0, &byte, 1) < 0) abort();
}

}  // namespace

std::unordered_map<int, std::unique_ptr<Session>> g_sessions;
std::vector<std::function<void()>> g_callbacks;
uint64_t* g_inside[50];
thread_local std::vector<OfThread*>* t_objects;

namespace {

class Registry {
 public:
  static Registry& Instance() {
    static Registry* const instance = new Registry;
    return *instance;
  }
  std::vector<std::unique_ptr<Record>> records;
};

Linked*& List() {
  static Linked* first = nullptr;
  return first;
}

__attribute__((noinline)) void ClearStack() {
  volatile char dead[16384];
  for (size_t i = 0; i < sizeof dead; ++i) dead[i] = 0;
}

void GlobalMap() {
  for (int i = 0; i < 500; ++i) g_sessions[i] = std::make_unique<Session>();
}

void Singleton() {
  for (int i = 0; i < 500; ++i) Registry::Instance().records.push_back(std::make_unique<Record>());
}

void IntrusiveList() {
  for (int i = 0; i < 500; ++i) {
    auto* one = new Linked;
    one->next = List();
    List() = one;
  }
}

void Stack() {
  std::thread([] {
    pthread_setname_np(pthread_self(), "worker-3");
    OnStack* objects[100];
    for (OnStack*& one : objects) one = new OnStack;
    asm volatile("" : : "r"(objects) : "memory");
    Wait();
    for (OnStack* one : objects) delete one;
  }).join();
}

void ThreadLocal() {
  std::thread([] {
    t_objects = new std::vector<OfThread*>;
    for (int i = 0; i < 100; ++i) t_objects->push_back(new OfThread);
    ClearStack();
    Wait();
  }).join();
}

void Captures() {
  for (int i = 0; i < 100; ++i) {
    auto one = std::make_shared<Captured>();
    g_callbacks.emplace_back([one] { one->words[0] = 1; });
  }
}

// Nothing but the kernel knows these addresses.
void Epoll() {
  const int poll = epoll_create1(0);
  for (int i = 0; i < 50; ++i) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = new Connection;
    if (epoll_ctl(poll, EPOLL_CTL_ADD, eventfd(0, 0), &event) != 0) abort();
  }
}

void InMapping(int flags) {
  const int file = open("held.bin", O_RDWR | O_CREAT | O_TRUNC, 0600);
  if (file < 0 || ftruncate(file, 65536) != 0) abort();
  void* const memory = mmap(nullptr, 65536, PROT_READ | PROT_WRITE, flags, file, 0);
  auto** const slots = static_cast<InFile**>(memory);
  for (int i = 0; i < 50; ++i) slots[i] = new InFile;
  // Written back and dropped, the page shows as not present, and the pointers are still there.
  if (flags == MAP_SHARED && msync(memory, 65536, MS_SYNC) != 0) abort();
  if (flags == MAP_SHARED && madvise(memory, 65536, MADV_DONTNEED) != 0) abort();
}

void Interior() {
  for (uint64_t*& one : g_inside) one = (new Inside)->payload;
}

void Local() {
  Server server_before;
  auto server = std::make_unique<Server>();
  asm volatile("" : : "r"(&server) : "memory");
  Wait();
}

// The list is on the stack. What was erased lies in the thread's cache, and still points into it.
void Erased() {
  Linked* first = nullptr;
  for (int i = 0; i < 500; ++i) {
    auto* one = new Linked;
    one->next = first;
    first = one;
  }
  Linked** at = &first;
  for (int i = 0; i < 100; ++i) {
    at = &(*at)->next;
    Linked* const erased = *at;
    *at = erased->next;
    delete erased;
    at = &(*at)->next;
  }
  asm volatile("" : : "r"(&first) : "memory");
  Wait();
}

}  // namespace

int main(int, char** argv) {
  const std::map<std::string, std::function<void()>> cases = {
      {"global_map", GlobalMap},
      {"singleton", Singleton},
      {"intrusive_list", IntrusiveList},
      {"stack", Stack},
      {"thread_local", ThreadLocal},
      {"captures", Captures},
      {"epoll", Epoll},
      {"mapped_file", [] { InMapping(MAP_PRIVATE); }},
      {"shared_file", [] { InMapping(MAP_SHARED); }},
      {"interior", Interior},
      {"local", Local},
      {"erased", Erased},
  };
  cases.at(argv[1])();
  ClearStack();
  Wait();
  return 0;
}
