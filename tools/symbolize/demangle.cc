// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/demangle.h"

#include <libiberty/demangle.h>

#include <csetjmp>
#include <initializer_list>
#include <string_view>

namespace leaktrack {
namespace {

constexpr size_t kMaxMangled = 64 << 10;
constexpr size_t kMaxDemangled = 1 << 20;

// Receives the demangler's output piece by piece and leaves it by longjmp when it gets out of hand:
// the callback has no other way to say stop, and the frames in between are C without anything to
// release.
struct Sink {
  std::string text;
  std::jmp_buf too_long;
};

void Append(const char* piece, size_t size, void* opaque) {
  Sink& sink = *static_cast<Sink*>(opaque);
  if (sink.text.size() + size > kMaxDemangled) std::longjmp(sink.too_long, 1);
  sink.text.append(piece, size);
}

using Demangler = int (*)(const char*, int, demangle_callbackref, void*);

// noinline: no local of the caller can be clobbered by the longjmp.
[[gnu::noinline]] bool Run(Demangler demangler, const char* mangled, Sink& sink) {
  if (setjmp(sink.too_long) != 0) return false;
  return demangler(mangled, DMGL_PARAMS | DMGL_ANSI, &Append, &sink) != 0;
}

}  // namespace

std::string Demangle(const std::string& name) {
  const bool rust_v0 = name.starts_with("_R");
  if (name.size() > kMaxMangled ||
      !(rust_v0 || name.starts_with("_Z") || name.starts_with("_GLOBAL_")))
    return name;
  // Rust first: its legacy names are valid C++ names as well, but with a hash at the end.
  for (const Demangler demangler : {&rust_demangle_callback, &cplus_demangle_v3_callback}) {
    Sink sink;
    if (Run(demangler, name.c_str(), sink) && !sink.text.empty()) return sink.text;
  }
  return name;
}

}  // namespace leaktrack
