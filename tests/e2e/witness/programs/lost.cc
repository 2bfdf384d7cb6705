// SPDX-License-Identifier: Apache-2.0
//
// Blocks that nothing points to, each case in another way. The program says "ready" and waits.
//
// Addresses of what is lost are overwritten wherever the program had them: a stale copy in a
// register or in dead stack would hold them, and rightly so.
//
// CASE: overwritten
// EXPECT: lost Overwritten 64
// CASE: graph
// EXPECT: lost GraphHead 64
// EXPECT: lost GraphLeaf 192
// CASE: list
// EXPECT: lost ListNode 3200
// CASE: tree
// EXPECT: lost TreeNode 1984
// CASE: ring
// EXPECT: lost RingNode 192
// CASE: shared_ring
// EXPECT: lost SharedRing 128
// CASE: callbacks
// EXPECT: lost Caller 300
// CASE: threads
// EXPECT: lost Handed 256
// CASE: mixed
// EXPECT: lost Mixed 500
// EXPECT: held Mixed 500 by global kept
// CASE: sizes
// EXPECT: lost 5000 64
// CASE: mapped
// EXPECT: lost 1048576 40
// CASE: arena
// EXPECT: lost InArena 300
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Object {
  virtual ~Object() = default;
  std::array<uint64_t, 4> words{};
};

struct Overwritten : Object {};
struct GraphLeaf : Object {};
struct GraphHead : Object {
  GraphLeaf* leaves[3];
};
struct ListNode : Object {
  ListNode* next = nullptr;
};
struct TreeNode : Object {
  TreeNode *left = nullptr, *right = nullptr;
};
struct RingNode : Object {
  RingNode* next = nullptr;
};
struct SharedRing : Object {
  std::shared_ptr<SharedRing> other;
};
struct Caller : Object {
  std::function<void()> on_close;
  std::string name;
};
struct Handed : Object {};
struct Mixed : Object {};
struct InArena : Object {};

Object* volatile only_pointer;
std::vector<Mixed*> kept;

// Clears what the work left below on the stack.
__attribute__((noinline)) void ClearStack() {
  volatile char dead[16384];
  for (size_t i = 0; i < sizeof dead; ++i) dead[i] = 0;
}

void LoseOverwritten() {
  for (int i = 0; i < 64; ++i) only_pointer = new Overwritten;
  only_pointer = nullptr;
}

void LoseGraphs() {
  for (int i = 0; i < 64; ++i) {
    auto* head = new GraphHead;
    for (GraphLeaf*& leaf : head->leaves) leaf = new GraphLeaf;
    only_pointer = head;
  }
  only_pointer = nullptr;
}

void LoseLists() {
  for (int list = 0; list < 32; ++list) {
    ListNode* first = nullptr;
    for (int i = 0; i < 100; ++i) {
      auto* node = new ListNode;
      node->next = first;
      first = node;
    }
    only_pointer = first;
  }
  only_pointer = nullptr;
}

TreeNode* Tree(int depth) {
  auto* node = new TreeNode;
  if (depth > 1) node->left = Tree(depth - 1);
  if (depth > 1) node->right = Tree(depth - 1);
  return node;
}

void LoseTrees() {
  for (int i = 0; i < 64; ++i) only_pointer = Tree(5);
  only_pointer = nullptr;
}

void LoseRings() {
  for (int i = 0; i < 64; ++i) {
    auto *a = new RingNode, *b = new RingNode, *c = new RingNode;
    a->next = b;
    b->next = c;
    c->next = a;
    only_pointer = a;
  }
  only_pointer = nullptr;
}

void LoseSharedRings() {
  for (int i = 0; i < 64; ++i) {
    auto a = std::make_shared<SharedRing>(), b = std::make_shared<SharedRing>();
    a->other = b;
    b->other = a;
  }
}

// Each session has a callback that has the session.
__attribute__((noinline)) void OpenSession(int number) {
  auto session = std::make_shared<Caller>();
  session->name = "a session with a name of its own, number " + std::to_string(number);
  session->on_close = [session] { session->words[0] = 1; };
}

void LoseCallbacks() {
  for (int i = 0; i < 300; ++i) OpenSession(i);
}

void LoseBetweenThreads() {
  for (int i = 0; i < 256; ++i) {
    std::thread([] { only_pointer = new Handed; }).join();
    std::thread([] { only_pointer = nullptr; }).join();
  }
}

void LoseHalf() {
  for (int i = 0; i < 1000; ++i) {
    auto* one = new Mixed;
    if (i % 2 == 0) kept.push_back(one);
  }
}

void LoseSizes() {
  for (int i = 0; i < 64; ++i) memset(malloc(5016), 1, 5016);
}

void LoseMapped() {
  for (int i = 0; i < 40; ++i) memset(malloc(1 << 20), 1, 1 << 20);
}

void LoseInArena() {
  std::thread([] {
    for (int i = 0; i < 300; ++i) only_pointer = new InArena;
    only_pointer = nullptr;
  }).join();
}

}  // namespace

int main(int, char** argv) {
  const std::map<std::string, std::function<void()>> cases = {
      {"overwritten", LoseOverwritten},
      {"graph", LoseGraphs},
      {"list", LoseLists},
      {"tree", LoseTrees},
      {"ring", LoseRings},
      {"shared_ring", LoseSharedRings},
      {"callbacks", LoseCallbacks},
      {"threads", LoseBetweenThreads},
      {"mixed", LoseHalf},
      {"sizes", LoseSizes},
      {"mapped", LoseMapped},
      {"arena", LoseInArena},
  };
  cases.at(argv[1])();
  ClearStack();
  puts("ready");
  fflush(stdout);
  char byte;
  return static_cast<int>(read(0, &byte, 1));
}
