// SPDX-License-Identifier: Apache-2.0
//
// Keeps a module mapped for the moment in which its unwind tables are read.
//
// What: readers hold a pin; whoever unloads (dlclose, or a refresh that found a module gone) opens
// a window in which no new pin is given, and waits, bounded, for the pins that are out. Why not a
// lock: a reader is inside malloc and may have interrupted the very thread that unloads; it must
// get an answer, even if the answer is "not now".
//
// Thread-safety: full.   Allocates: never.   Signals: safe.   Fork: the child calls ResetPins.
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

// Windows nest and overlap. OpenUnloadWindow gives up waiting after some milliseconds: a pin held
// by a thread that was stopped must not stop the program too.
void OpenUnloadWindow();
void CloseUnloadWindow();
void ResetPins();

}  // namespace leaktrack::track

#endif  // LEAKTRACK_LIBTRACK_PLATFORM_MODULES_MODULE_PINS_H_
