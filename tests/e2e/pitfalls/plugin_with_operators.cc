// SPDX-License-Identifier: Apache-2.0
// A plugin with an operator new of its own, which marks its blocks with the plugin's letter and
// knows them again.
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

// The letter of the operator that served us; '!' if a block came back to another than it came from.
extern "C" char WhoServes() {
  char* block = new char[64];
  int* one = new int(7);
  __asm__ volatile("" : "+r"(block), "+r"(one) : : "memory");
  const char letter = block[-16];
  delete[] block;
  delete one;
  return foreign_deletes == 0 ? letter : '!';
}

// One plugin's operators lie elsewhere than the other's, but the calls in WhoServes at the same
// place: what was learned of the one must not be believed of the other.
__asm__(".if " PLUGIN_PADDING "\n.skip 512, 0xcc\n.endif");

void* operator new(size_t size) { return Marked(size); }
void* operator new[](size_t size) { return Marked(size); }
void operator delete(void* block) noexcept { Unmark(block); }
void operator delete(void* block, size_t) noexcept { Unmark(block); }
void operator delete[](void* block) noexcept { Unmark(block); }
void operator delete[](void* block, size_t) noexcept { Unmark(block); }
