// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/dwarf_unit.h"

#include <dwarf.h>

#include <algorithm>
#include <limits>
#include <map>
#include <string>

#include "tools/symbolize/dwarf_scopes.h"

namespace leaktrack {
namespace {

constexpr int kMaxDepth = 256;  // of DIEs; real code stays below 60
constexpr int kMaxRangesPerDie = 1 << 20;

// A linker that drops a function leaves its debug information behind, with an address of 0, 1 or
// -1.
bool IsDropped(uint64_t low, uint64_t high, uint64_t lowest_code) {
  return low < lowest_code || low >= high;
}

bool IsLanguageWithoutMangling(Dwarf_Die* unit) {
  switch (dwarf_srclang(unit)) {
    case DW_LANG_C:
    case DW_LANG_C89:
    case DW_LANG_C99:
    case DW_LANG_C11:
    case DW_LANG_Mips_Assembler:
      return true;
    default:
      return false;
  }
}

const char* StringOf(Dwarf_Die* die, unsigned int name) {
  Dwarf_Attribute attribute;
  return dwarf_attr_integrate(die, name, &attribute) == nullptr ? nullptr
                                                                : dwarf_formstring(&attribute);
}

class UnitResolver {
 public:
  UnitResolver(Dwarf_Die unit, uint64_t lowest_code, std::span<const uint64_t> addresses)
      : unit_(unit), lowest_code_(lowest_code), addresses_(addresses), best_(addresses.size()) {
    plain_c_ = IsLanguageWithoutMangling(&unit_);
  }

  UnitAnswers Resolve(Dwarf_Die functions) {
    // Functions are children of the unit or of a namespace, nearly always. Types hold most of the
    // DIEs, so their insides are searched only for the addresses left over (local classes, nested
    // functions).
    Visit(functions, 0, /*everything=*/false);
    if (std::any_of(best_.begin(), best_.end(), [](const Best& b) { return !b.found; }))
      Visit(functions, 0, true);

    UnitAnswers answers;
    Dwarf_Lines* lines = nullptr;
    size_t row_count = 0;
    if (dwarf_getsrclines(&unit_, &lines, &row_count) != 0) row_count = 0;
    if (dwarf_getsrcfiles(&unit_, &files_, &file_count_) != 0) file_count_ = 0;
    answers.rows = row_count + file_count_;
    for (size_t i = 0; i < addresses_.size(); ++i) answers.frames.push_back(FramesOf(i));
    QualifyNames(functions, &answers);
    return answers;
  }

 private:
  struct Best {
    Dwarf_Die die{};
    uint64_t size = std::numeric_limits<uint64_t>::max();
    bool found = false;
  };

  void Visit(Dwarf_Die parent, int depth, bool everything) {
    Dwarf_Die child;
    if (depth > kMaxDepth || dwarf_child(&parent, &child) != 0) return;
    do {
      const int tag = dwarf_tag(&child);
      if (tag == DW_TAG_subprogram) Claim(&child);
      const bool may_hold_functions = tag == DW_TAG_namespace || tag == DW_TAG_module;
      const bool may_hide_functions = tag == DW_TAG_subprogram || tag == DW_TAG_structure_type ||
                                      tag == DW_TAG_class_type || tag == DW_TAG_union_type ||
                                      tag == DW_TAG_lexical_block;
      if (may_hold_functions || (everything && may_hide_functions))
        Visit(child, depth + 1, everything);
    } while (dwarf_siblingof(&child, &child) == 0);
  }

  // Where ranges overlap (nested functions, identical code folded), the tightest function wins,
  // then the first.
  void Claim(Dwarf_Die* function) {
    ForEachHit(function, lowest_code_, addresses_, [&](size_t first, size_t last, uint64_t size) {
      for (size_t i = first; i < last; ++i) {
        if (size < best_[i].size) best_[i] = {*function, size, true};
      }
    });
  }

  std::vector<DwarfFrame> FramesOf(size_t index) {
    const uint64_t address = addresses_[index];
    std::vector<Dwarf_Die> chain;  // outermost first
    if (best_[index].found) {
      chain.push_back(best_[index].die);
      AddInlined(best_[index].die, address, 0, &chain);
    }
    DwarfFrame place;
    if (Dwarf_Line* row = dwarf_getsrc_die(&unit_, address); row != nullptr) {
      int line = 0;
      const char* file = dwarf_linesrc(row, nullptr, nullptr);
      if (file != nullptr) place.file = file;
      if (dwarf_lineno(row, &line) == 0 && line > 0) place.line = static_cast<uint32_t>(line);
    }
    std::vector<DwarfFrame> frames;
    if (chain.empty() && !place.file.empty()) frames.push_back(place);
    for (auto die = chain.rbegin(); die != chain.rend(); ++die) {
      NameInto(&*die, &place);
      if (!place.is_linkage && !plain_c_)
        unqualified_[DeclarationOffset(*die)].push_back({index, frames.size()});
      frames.push_back(place);
      place = CallSiteOf(&*die);
    }
    return frames;
  }

  void AddInlined(Dwarf_Die parent, uint64_t address, int depth,
                  std::vector<Dwarf_Die>* chain) const {
    Dwarf_Die child;
    if (depth > kMaxDepth || dwarf_child(&parent, &child) != 0) return;
    do {
      const int tag = dwarf_tag(&child);
      if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_lexical_block &&
          tag != DW_TAG_try_block && tag != DW_TAG_catch_block) {
        continue;
      }
      if (dwarf_haspc(&child, address) != 1) continue;
      if (tag == DW_TAG_inlined_subroutine) chain->push_back(child);
      return AddInlined(child, address, depth + 1, chain);
    } while (dwarf_siblingof(&child, &child) == 0);
  }

  void NameInto(Dwarf_Die* die, DwarfFrame* frame) const {
    const char* name = StringOf(die, DW_AT_linkage_name);
    if (name == nullptr) name = StringOf(die, DW_AT_MIPS_linkage_name);
    frame->is_linkage = name != nullptr;
    frame->is_plain_c = plain_c_;
    if (name == nullptr) name = StringOf(die, DW_AT_name);
    frame->function = name == nullptr ? "" : name;
  }

  // GCC writes no linkage name for a C++ function that exists only inlined: its namespaces are then
  // where it stands.
  void QualifyNames(Dwarf_Die functions, UnitAnswers* answers) const {
    if (unqualified_.empty()) return;
    std::vector<Dwarf_Off> wanted;
    for (const auto& [offset, uses] : unqualified_) wanted.push_back(offset);
    for (const auto& [offset, scope] : ScopesOf(functions, wanted)) {
      for (const Use& use : unqualified_.at(offset)) {
        std::string& name = answers->frames[use.address][use.frame].function;
        name.insert(0, scope);
      }
    }
  }

  // Where an inlined function was called from: the place of the next frame out.
  DwarfFrame CallSiteOf(Dwarf_Die* die) const {
    DwarfFrame place;
    Dwarf_Attribute attribute;
    Dwarf_Word value = 0;
    const auto number = [&](unsigned int name) {
      return dwarf_attr(die, name, &attribute) != nullptr &&
             dwarf_formudata(&attribute, &value) == 0;
    };
    if (number(DW_AT_call_line) && value <= std::numeric_limits<uint32_t>::max()) {
      place.line = static_cast<uint32_t>(value);
    }
    if (number(DW_AT_call_file) && value < file_count_) {
      if (const char* file = dwarf_filesrc(files_, value, nullptr, nullptr); file != nullptr)
        place.file = file;
    }
    return place;
  }

  Dwarf_Die unit_;
  const uint64_t lowest_code_;
  const std::span<const uint64_t> addresses_;
  std::vector<Best> best_;
  struct Use {
    size_t address, frame;
  };
  std::map<Dwarf_Off, std::vector<Use>> unqualified_;  // by the function's declaration
  Dwarf_Files* files_ = nullptr;
  size_t file_count_ = 0;
  bool plain_c_ = false;
};

}  // namespace

bool ForEachHit(Dwarf_Die* die, uint64_t lowest_code, std::span<const uint64_t> addresses,
                const std::function<void(size_t, size_t, uint64_t)>& found) {
  Dwarf_Addr base = 0, low = 0, high = 0;
  ptrdiff_t at = 0;
  for (int i = 0; i < kMaxRangesPerDie; ++i) {
    at = dwarf_ranges(die, at, &base, &low, &high);
    if (at <= 0) return at == 0;
    if (IsDropped(low, high, lowest_code)) continue;
    const auto first = std::lower_bound(addresses.begin(), addresses.end(), low);
    if (first == addresses.end() || *first >= high) continue;
    const auto last = std::lower_bound(first, addresses.end(), high);
    found(static_cast<size_t>(first - addresses.begin()),
          static_cast<size_t>(last - addresses.begin()), high - low);
  }
  return false;
}

UnitAnswers ResolveInUnit(Dwarf_Die unit, Dwarf_Die functions, uint64_t lowest_code,
                          std::span<const uint64_t> addresses) {
  return UnitResolver(unit, lowest_code, addresses).Resolve(functions);
}

}  // namespace leaktrack
