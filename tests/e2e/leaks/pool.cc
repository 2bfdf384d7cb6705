// SPDX-License-Identifier: Apache-2.0
// A pool of objects that are handed out again. One of its two users forgets to return some; the
// other is a decoy. The pool itself may be blamed, because two users are too few to know that it is
// a wrapper.
// EXPECT: first OpenCursor|Take
// EXPECT: verdict watch|leak OpenCursor
// EXPECT: trend linear OpenCursor
// EXPECT: grows only OpenCursor
// EXPECT-LONG: verdict suspect|leak OpenCursor
#include <cstdint>
#include <vector>

#include "stage.h"

template <typename Object>
class ObjectPool {
 public:
  NOINLINE Object* Take() {
    if (free_.empty()) return static_cast<Object*>(Escape(new Object));
    Object* object = free_.back();
    free_.pop_back();
    return object;
  }
  void Return(Object* object) { free_.push_back(object); }

 private:
  std::vector<Object*> free_;
};

struct Cursor {
  char state[700];
};
struct Buffer {
  char bytes[1500];
};

ObjectPool<Cursor> cursors;
ObjectPool<Buffer> buffers;

NOINLINE Cursor* OpenCursor() { return cursors.Take(); }
NOINLINE Buffer* BorrowBuffer() { return buffers.Take(); }

int main(int argc, char** argv) {
  stage::Drip drip;
  return stage::Play(argc, argv, [&drip](const stage::Moment& moment) {
    for (int i = drip.Take(30000 * moment.share); i > 0; --i) {
      Cursor* cursor = OpenCursor();
      if (stage::Random() % 10 != 0) cursors.Return(cursor);
      std::vector<Buffer*> borrowed;
      for (uint64_t n = stage::Random() % 5; n > 0; --n) borrowed.push_back(BorrowBuffer());
      for (Buffer* buffer : borrowed) buffers.Return(buffer);
    }
  });
}
