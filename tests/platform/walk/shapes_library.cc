// SPDX-License-Identifier: Apache-2.0
//
// A library to load and unload. It calls back through two frames of its own.
namespace {
volatile int g_calls;
__attribute__((noinline)) void Inner(void (*callback)()) {
  callback();
  g_calls = g_calls + 1;
}
}  // namespace

extern "C" void CallThroughLibrary(void (*callback)()) {
  Inner(callback);
  g_calls = g_calls + 1;
}
