// SPDX-License-Identifier: Apache-2.0
//
// Keeps a module mapped while its unwind tables are read.
//
// A reader holds a pin. An unloader (dlclose, or a refresh that found a module gone) opens a window
// in which no new pin is given, and waits, for a bounded time, until all pins are released. Why not
// a lock: a reader is inside malloc and may have interrupted the very thread that unloads. It must
// get an answer, even if the answer is "not now".
//
// Thread-safety: full.
// Allocates: never.
// Signals: safe.
// Fork: the child calls ResetPins.
#ifndef LEAKTRACK_LIBTRACK_PLATFORM_MODULES_MODULE_PINS_H_
#define LEAKTRACK_LIBTRACK_PLATFORM_MODULES_MODULE_PINS_H_

namespace leaktrack::track {

class ModulePin {
 public:
  ModulePin();
  ~ModulePin();
  ModulePin(const ModulePin&) = delete;
  ModulePin& operator=(const ModulePin&) = delete;
  bool held() const { return held_; }

 private:
  bool held_;
};

bool UnloadWindowOpen();

// Windows may nest and overlap. OpenUnloadWindow stops waiting after some milliseconds: a pin of a
// thread that was stopped must not stop the program too.
void OpenUnloadWindow();
void CloseUnloadWindow();
void ResetPins();

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_MODULES_MODULE_PINS_H_
