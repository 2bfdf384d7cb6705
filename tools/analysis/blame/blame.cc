// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/blame/blame.h"

#include <algorithm>

#include "tools/analysis/blame/wrappers.h"

namespace leaktrack {
namespace {

// How far an unnamed frame may be from the named one that is blamed in its place.
constexpr size_t kMaxUnnamedRun = 8;
// How many functions an allocator may put between itself and malloc.
constexpr size_t kMostHelpers = 4;

std::string_view BaseName(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// The wrapper that an unnamed frame may hide behind: objspace_malloc has no name, ruby_xmalloc
// outside of it has.
size_t SkipToOuterWrapper(const CallStack& stack, size_t index) {
  const size_t end = std::min(stack.size(), index + kMaxUnnamedRun);
  for (size_t i = index; i < end; ++i) {
    if (stack[i].function.empty()) continue;
    return IsWrapper(stack[i]) ? i : index;
  }
  return index;
}

// The allocator that a named helper belongs to: xmalloc, outside of checked_malloc. 0: none near.
size_t OutsideOfAllocator(const CallStack& stack, size_t index) {
  const size_t end = std::min(stack.size(), index + 1 + kMostHelpers);
  for (size_t i = end; i-- > index + 1;) {
    if (!stack[i].function.empty() && IsAllocatorName(QualifiedName(stack[i].function)))
      return i + 1;
  }
  return 0;
}

size_t FirstNamedInModule(const CallStack& stack, size_t index) {
  const size_t end = std::min(stack.size(), index + kMaxUnnamedRun);
  for (size_t i = index; i < end && stack[i].module == stack[index].module; ++i) {
    if (!stack[i].function.empty()) return i;
  }
  return index;
}

bool IsCLibrary(const ResolvedFrame& frame) {
  const std::string_view file = BaseName(frame.module);
  return file.starts_with("libc.so.") || file.starts_with("libc-2.") ||
         file.starts_with("libpthread");
}

// What starts main and threads. A stripped C library names some of these, and none of the rest.
bool StartsThings(const ResolvedFrame& frame) {
  constexpr std::string_view kStarters[] = {"__libc_start_call_main",
                                            "__libc_start_main",
                                            "__libc_start_main_impl",
                                            "start_thread",
                                            "clone",
                                            "__clone",
                                            "clone3",
                                            "__clone3",
                                            "__clone_internal"};
  if (frame.function.empty()) return IsCLibrary(frame);
  const std::string_view name =
      std::string_view(frame.function).substr(0, frame.function.find('@'));
  return std::ranges::find(kStarters, name) != std::end(kStarters);
}

}  // namespace

size_t FramesOfTheProgram(const CallStack& stack, size_t blame) {
  size_t end = stack.size();
  const auto starts = [&](size_t i) { return i > blame && StartsThings(stack[i]); };
  // _start, named or not, stands outside of the one that it calls.
  if (end >= 2 && starts(end - 2) &&
      (stack[end - 1].function == "_start" || stack[end - 1].function.empty()))
    --end;
  while (end > 0 && starts(end - 1)) --end;
  return std::max(end, std::min(blame + 1, stack.size()));
}

std::string_view QualifiedName(std::string_view demangled) {
  int depth = 0;
  size_t start = 0;
  size_t end = demangled.size();
  const size_t op = demangled.find("operator");
  for (size_t i = 0; i < demangled.size() && i < op; ++i) {
    const char c = demangled[i];
    if (c == '<' || c == '{') ++depth;
    if ((c == '>' || c == '}') && depth > 0) --depth;
    if (depth != 0) continue;
    if (c == ' ') start = i + 1;  // what came before was the return type
    if (c == '(' && demangled.substr(i, 11) != "(anonymous ") {
      end = i;
      break;
    }
    if (c == '(') i += 20;  // "(anonymous namespace)": its space parts nothing
  }
  return demangled.substr(start, end - start);
}

bool IsWrapper(const ResolvedFrame& frame) {
  if (IsRuntimeModule(BaseName(frame.module))) return true;
  return !frame.function.empty() && IsWrapperName(QualifiedName(frame.function));
}

size_t BlameIndex(const CallStack& stack, const WrapperRules& rules) {
  size_t index = 0;
  while (index < stack.size()) {
    if (IsWrapper(stack[index]) || rules.Match(stack[index])) {
      ++index;
    } else if (const size_t outside = OutsideOfAllocator(stack, index); outside != 0) {
      index = outside;
    } else if (!stack[index].function.empty()) {
      return index;
    } else {
      const size_t outer = SkipToOuterWrapper(stack, index);
      if (outer == index) return FirstNamedInModule(stack, index);
      index = outer;
    }
  }
  return 0;
}

}  // namespace leaktrack
