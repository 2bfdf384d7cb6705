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
constexpr std::string_view kFrame = ".Frame", kLlvmMark = ".llvm.";

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

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

using Demangler = int (*)(const char*, int, demangle_callbackref, void*);

// noinline: no local of the caller can be clobbered by the longjmp.
[[gnu::noinline]] bool Run(Demangler demangler, const char* mangled, Sink& sink) {
  if (setjmp(sink.too_long) != 0) return false;
  return demangler(mangled, DMGL_PARAMS | DMGL_ANSI, &Append, &sink) != 0;
}

std::string DemangleOne(const std::string& name) {
  // Rust first: its legacy names are valid C++ names as well, but with a hash at the end.
  for (const Demangler demangler : {&rust_demangle_callback, &cplus_demangle_v3_callback}) {
    Sink sink;
    if (Run(demangler, name.c_str(), sink) && !sink.text.empty()) return sink.text;
  }
  return "";
}

// GCC's body of a coroutine is "_Z...29_ZN3net5ServeEi.Frame.actor", a function of the frame that
// it names after the coroutine; debug information ends before ".Frame". The coroutine is what
// stands between, and the rest is the compiler's.
std::string CoroutineOf(const std::string& name) {
  const size_t inner = name.rfind("_Z");
  if (inner == 0 || inner == std::string::npos || !IsDigit(name[inner - 1])) return "";
  const size_t frame = name.find(kFrame, inner);
  const std::string coroutine = DemangleOne(name.substr(inner, frame - inner));
  if (coroutine.empty()) return "";
  const size_t part = frame == std::string::npos ? frame : frame + kFrame.size();
  return coroutine + " [clone " +
         (part == std::string::npos || part >= name.size() ? ".actor" : name.substr(part)) + "]";
}

// LLVM's link-time optimization appends ".llvm.1234", which hides the hash of Rust's names.
std::string WithoutLlvmMark(const std::string& name) {
  const size_t mark = name.find(kLlvmMark);
  if (mark == std::string::npos) return name;
  const size_t end = name.find_first_not_of("0123456789", mark + kLlvmMark.size());
  return end == std::string::npos ? name.substr(0, mark) : name;
}

}  // namespace

std::string Demangle(const std::string& name) {
  const bool rust_v0 = name.starts_with("_R");
  if (name.size() > kMaxMangled ||
      !(rust_v0 || name.starts_with("_Z") || name.starts_with("_GLOBAL_")))
    return name;
  if (std::string coroutine = CoroutineOf(name); !coroutine.empty()) return coroutine;
  const std::string plain = DemangleOne(WithoutLlvmMark(name));
  return plain.empty() ? name : plain;
}

}  // namespace leaktrack
