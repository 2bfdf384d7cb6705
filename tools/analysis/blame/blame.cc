// SPDX-License-Identifier: Apache-2.0
#include "tools/analysis/blame/blame.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "tools/analysis/blame/wrappers.h"

namespace leaktrack {
namespace {

// How far an unnamed frame may be from the named one that is blamed in its place, and from a named
// wrapper that it belongs to.
constexpr size_t kMaxUnnamedRun = 12, kMaxUnnamedInWrapper = 16;
// How many functions an allocator may put between itself and malloc.
constexpr size_t kMostHelpers = 4;

std::string_view BaseName(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// The wrapper of its own module that an unnamed frame may hide behind: objspace_malloc has no name,
// ruby_xmalloc outside of it has.
size_t SkipToOuterWrapper(const CallStack& stack, size_t index) {
  const size_t end = std::min(stack.size(), index + kMaxUnnamedInWrapper);
  for (size_t i = index; i < end && stack[i].module == stack[index].module; ++i) {
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

// The named function that called an unnamed one of its module; main says nothing.
size_t FirstNamedInModule(const CallStack& stack, size_t index) {
  const size_t end = std::min(stack.size(), index + kMaxUnnamedRun);
  for (size_t i = index; i < end && stack[i].module == stack[index].module; ++i) {
    if (!stack[i].function.empty()) return i == index || stack[i].function != "main" ? i : index;
  }
  return index;
}

// From `index` outwards, the first frame that only asks; the size of the stack: there is none.
size_t SkipWrappers(const CallStack& stack, size_t index, const WrapperRules& rules) {
  while (index < stack.size()) {
    if (IsWrapper(stack[index]) || rules.Match(stack[index])) {
      ++index;
    } else if (const size_t outside = OutsideOfAllocator(stack, index); outside != 0) {
      index = outside;
    } else if (!stack[index].function.empty()) {
      return index;
    } else {
      const size_t outer = SkipToOuterWrapper(stack, index);
      if (outer == index) return index;
      index = outer;
    }
  }
  return index;
}

bool IsCLibrary(const ResolvedFrame& frame) {
  const std::string_view file = BaseName(frame.module);
  return file.starts_with("libc.so.") || file.starts_with("libc-2.") ||
         file.starts_with("libpthread");
}

// What starts main and threads.
bool IsStarter(std::string_view function) {
  constexpr std::string_view kStarters[] = {"__libc_start_call_main",
                                            "__libc_start_main",
                                            "__libc_start_main_impl",
                                            "start_thread",
                                            "clone",
                                            "__clone",
                                            "clone3",
                                            "__clone3",
                                            "__clone_internal"};
  return std::ranges::find(kStarters, function.substr(0, function.find('@'))) !=
         std::end(kStarters);
}

// A stripped C library names some of them, and none of the rest.
bool StartsThings(const ResolvedFrame& frame) {
  return frame.function.empty() ? IsCLibrary(frame) : IsStarter(frame.function);
}

bool IsOfAName(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Where the name of an operator begins, which has brackets and signs of its own.
size_t OperatorIn(std::string_view demangled) {
  constexpr std::string_view kOperator = "operator";
  for (size_t at = demangled.find(kOperator); at != std::string_view::npos;
       at = demangled.find(kOperator, at + 1)) {
    const size_t after = at + kOperator.size();
    const bool begins = at == 0 || !IsOfAName(demangled[at - 1]);
    if (begins && (after == demangled.size() || !IsOfAName(demangled[after]))) return at;
  }
  return std::string_view::npos;
}

// The first frame in code of this role from `index` outwards that asked for what is allocated at
// `index`.
std::optional<size_t> FirstIn(ModuleRole role, const CallStack& stack, size_t index,
                              const WrapperRules& rules, const OwnCode& own) {
  while (index < stack.size()) {
    const size_t asks = SkipWrappers(stack, index, rules);
    for (; index < asks; ++index) {
      if (RunsTheProgram(stack[index])) return std::nullopt;
    }
    if (asks == stack.size() || RunsTheProgram(stack[asks])) return std::nullopt;
    if (own.RoleOf(stack[asks]) == role) return asks;
    index = asks + 1;
  }
  return std::nullopt;
}

// Of wrappers alone: what a thread of a library was started for.
size_t OutermostContainer(const CallStack& stack) {
  for (size_t i = stack.size(); i-- > 0;) {
    if (StartsThings(stack[i]) || stack[i].function.empty()) continue;
    if (IsRuntimeModule(BaseName(stack[i].module)) || stack[i].function == "_start") continue;
    return IsAllocatorName(QualifiedName(stack[i].function)) ? 0 : i;
  }
  return 0;
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
  const size_t op = OperatorIn(demangled);
  for (size_t i = 0; i < demangled.size() && i < op; ++i) {
    const char c = demangled[i];
    if (c == '<' || c == '{') ++depth;
    if ((c == '>' || c == '}') && depth > 0) --depth;
    if (depth != 0) continue;
    if (c == ' ') start = i + 1;  // what came before was the return type
    if (c != '(') continue;
    if (demangled.substr(i, 11) == "(anonymous ") {
      i += 20;  // "(anonymous namespace)": its space parts nothing
    } else if (i > 0 && demangled[i - 1] == '.' && demangled.find(')', i) < demangled.size()) {
      i = demangled.find(')', i);  // "main.(*Server).Serve": a type of Go
    } else {
      end = i;
      break;
    }
  }
  // Of a lambda the name has the parameters; those of its operator() say the same again.
  constexpr std::string_view kCall = "operator()";
  if (end == demangled.size() && op < end && demangled.substr(op).starts_with(kCall)) {
    const size_t parameters = demangled.find('(', op + kCall.size());
    if (parameters != std::string_view::npos) end = parameters;
  }
  return demangled.substr(start, end - start);
}

bool IsWrapper(const ResolvedFrame& frame) {
  if (IsRuntimeModule(BaseName(frame.module))) return true;
  return !frame.function.empty() && IsWrapperName(QualifiedName(frame.function));
}

bool RunsTheProgram(const ResolvedFrame& frame) {
  return !frame.function.empty() &&
         (IsStarter(frame.function) || IsLoopName(QualifiedName(frame.function)));
}

size_t BlameIndex(const CallStack& stack, const WrapperRules& rules, const OwnCode& own) {
  const size_t asks = SkipWrappers(stack, 0, rules);
  if (asks == stack.size()) return OutermostContainer(stack);
  for (const ModuleRole role : {ModuleRole::kOwn, ModuleRole::kHost}) {
    if (const std::optional<size_t> first = FirstIn(role, stack, asks, rules, own))
      return FirstNamedInModule(stack, *first);
  }
  return FirstNamedInModule(stack, asks);
}

size_t BelowWrappers(const CallStack& stack, size_t blame) {
  return std::min(SkipWrappers(stack, 0, {}), blame);
}

std::optional<size_t> OwnFrame(const CallStack& stack, size_t blame, const OwnCode& own) {
  const size_t end = FramesOfTheProgram(stack, blame);
  for (size_t i = blame; i < end; ++i) {
    if (own.Owns(stack[i]) && !IsWrapper(stack[i])) return i;
  }
  return std::nullopt;
}

}  // namespace leaktrack
