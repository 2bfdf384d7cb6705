// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words/witness_words.h"

#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/base/safe_text.h"
#include "tools/base/units.h"
#include "tools/report/words/counted.h"

namespace leaktrack {

using witness::Evidence;
using witness::Holder;
using witness::HolderKind;
using witness::MemoryVerdict;

const char* HolderKindName(HolderKind kind) {
  switch (kind) {
    case HolderKind::kGlobal:
      return "global";
    case HolderKind::kThreadLocal:
      return "thread_local";
    case HolderKind::kStack:
      return "stack";
    case HolderKind::kHeap:
      return "heap";
    case HolderKind::kMapping:
      return "mapping";
    case HolderKind::kKernel:
      return "kernel";
    case HolderKind::kItself:
      return "itself";
    case HolderKind::kUnknown:
      return "unknown";
  }
  return "unknown";
}

const char* MemoryVerdictName(MemoryVerdict verdict) {
  switch (verdict) {
    case MemoryVerdict::kLost:
      return "lost";
    case MemoryVerdict::kHeld:
      return "held";
    case MemoryVerdict::kMixed:
      return "mixed";
    case MemoryVerdict::kUnknown:
      return "unknown";
  }
  return "unknown";
}

namespace {

std::string FileName(const std::string& path) { return SafeText(path.substr(path.rfind('/') + 1)); }

std::string GlobalText(const Holder& holder) {
  const std::string module = FileName(holder.module);
  return holder.name.empty() ? absl::StrCat("a variable of ", module)
                             : absl::StrCat(SafeText(holder.name), " (", module, ")");
}

}  // namespace

std::string HolderText(const Holder& holder) {
  const std::string name = SafeText(holder.name);
  switch (holder.kind) {
    case HolderKind::kGlobal:
      return GlobalText(holder);
    case HolderKind::kThreadLocal:
      return holder.module.empty() ? absl::StrCat("thread-local storage of thread ", name)
                                   : absl::StrCat("thread_local ", name);
    case HolderKind::kStack:
      return absl::StrCat("the stack of thread ", name);
    case HolderKind::kHeap:
      if (holder.site == 0) return absl::StrCat("objects of type ", name);
      return name.empty() ? absl::StrCat("blocks of site ", holder.site)
                          : absl::StrCat("blocks allocated at ", name);
    case HolderKind::kMapping:
      return name.empty() ? "a mapping without a name" : absl::StrCat("the mapping ", name);
    case HolderKind::kKernel:
      return absl::StrCat("the kernel: ", name);
    case HolderKind::kItself:
      return "blocks like itself";
    case HolderKind::kUnknown:
      break;
  }
  return "something unknown";
}

namespace {

std::string HoldersText(const Evidence& memory) {
  std::vector<std::string> texts;
  for (const Holder& holder : memory.holders) {
    const long percent = std::lround(holder.share * 100);
    texts.push_back(percent >= 100 ? HolderText(holder)
                                   : absl::StrCat(HolderText(holder), " ", percent, " %"));
    if (texts.size() == 3) break;
  }
  return absl::StrJoin(texts, ", ");
}

std::string LostText(const Evidence& memory) {
  std::string text = absl::StrCat("nothing points to ", FormatCount(memory.lost), " of its ",
                                  Counted(memory.examined, "block", "blocks"));
  if (memory.indirect != 0)
    absl::StrAppend(&text, " (", FormatCount(memory.definite), " of them directly, ",
                    FormatCount(memory.indirect), " only from lost blocks)");
  return text;
}

}  // namespace

std::string MemorySentence(const Evidence& memory) {
  const std::string holders = HoldersText(memory);
  switch (memory.verdict) {
    case MemoryVerdict::kLost:
      return LostText(memory);
    case MemoryVerdict::kMixed:
      return holders.empty() ? LostText(memory)
                             : absl::StrCat(LostText(memory), "; held by ", holders);
    case MemoryVerdict::kHeld:
      return holders.empty() ? "held" : absl::StrCat("held by ", holders);
    case MemoryVerdict::kUnknown:
      break;
  }
  return absl::StrCat("not known: ", memory.reason);
}

}  // namespace leaktrack
