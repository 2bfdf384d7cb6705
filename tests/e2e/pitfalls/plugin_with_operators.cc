// SPDX-License-Identifier: Apache-2.0
// A plugin with its own operator new, which marks its blocks with the plugin's letter and
// recognises them again.
#include <cstdlib>
#include <cstring>
#include <new>

namespace {

constexpr char kLetter = PLUGIN_LETTER;
constexpr size_t kMark = 16;
int foreign_deletes = 0;

void* Marked(size_t size) {
  auto* block = static_cast<char*>(std::malloc(size + kMark));
  block[0] = kLetter;
  return block + kMark;
}

void Unmark(void* pointer) {
  if (pointer == nullptr) return;
  char* block = static_cast<char*>(pointer) - kMark;
  if (block[0] != kLetter) ++foreign_deletes;
  std::free(block);
}

}  // namespace

// The letter of the operator that served the call; '!' if a block reached another operator's
// delete.
extern "C" char WhoServes() {
  char* block = new char[64];
  int* one = new int(7);
  __asm__ volatile("" : "+r"(block), "+r"(one) : : "memory");
  const char letter = block[-16];
  delete[] block;
  delete one;
  return foreign_deletes == 0 ? letter : '!';
}

// The operators of the two plugins lie at different offsets, but the calls in WhoServes at the same
// one. What was learned about one plugin must not be applied to the other.
__asm__(".if " PLUGIN_PADDING "\n.skip 512, 0xcc\n.endif");

void* operator new(size_t size) { return Marked(size); }
void* operator new[](size_t size) { return Marked(size); }
void operator delete(void* block) noexcept { Unmark(block); }
void operator delete(void* block, size_t) noexcept { Unmark(block); }
void operator delete[](void* block) noexcept { Unmark(block); }
void operator delete[](void* block, size_t) noexcept { Unmark(block); }
