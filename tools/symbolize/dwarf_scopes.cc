// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/dwarf_scopes.h"

#include <dwarf.h>

#include <algorithm>
#include <limits>

namespace leaktrack {
namespace {

constexpr int kMaxDepth = 256;
constexpr int kMaxReferences = 16;  // a chain of origins; damaged ones may be a ring

// What a scope adds to the names in it.
std::string Prefix(Dwarf_Die* scope) {
  const int tag = dwarf_tag(scope);
  const bool names_a_scope = tag == DW_TAG_namespace || tag == DW_TAG_class_type ||
                             tag == DW_TAG_structure_type || tag == DW_TAG_union_type ||
                             tag == DW_TAG_module || tag == DW_TAG_subprogram;
  if (!names_a_scope) return "";
  if (const char* name = dwarf_diename(scope); name != nullptr) return std::string(name) + "::";
  return tag == DW_TAG_namespace    ? "(anonymous namespace)::"
         : tag == DW_TAG_subprogram ? ""
                                    : "{unnamed type}::";
}

void Search(Dwarf_Die parent, const std::string& scope, std::span<const Dwarf_Off> wanted,
            int depth, std::map<Dwarf_Off, std::string>* found) {
  Dwarf_Die child;
  if (depth > kMaxDepth || wanted.empty() || dwarf_child(&parent, &child) != 0) return;
  for (bool more = true; more && !wanted.empty();) {
    const Dwarf_Off begin = dwarf_dieoffset(&child);
    if (std::binary_search(wanted.begin(), wanted.end(), begin)) found->emplace(begin, scope);
    Dwarf_Die next;
    more = dwarf_siblingof(&child, &next) == 0;
    const Dwarf_Off end = more ? dwarf_dieoffset(&next) : std::numeric_limits<Dwarf_Off>::max();
    const auto inside = std::upper_bound(wanted.begin(), wanted.end(), begin);
    const auto after = std::lower_bound(inside, wanted.end(), end);
    if (inside != after) Search(child, scope + Prefix(&child), {inside, after}, depth + 1, found);
    wanted = {after, wanted.end()};
    child = next;
  }
}

}  // namespace

Dwarf_Off DeclarationOffset(Dwarf_Die function) {
  for (int i = 0; i < kMaxReferences; ++i) {
    Dwarf_Attribute attribute;
    Dwarf_Die target;
    if (dwarf_attr(&function, DW_AT_abstract_origin, &attribute) == nullptr &&
        dwarf_attr(&function, DW_AT_specification, &attribute) == nullptr) {
      break;
    }
    if (dwarf_formref_die(&attribute, &target) == nullptr) break;
    function = target;
  }
  return dwarf_dieoffset(&function);
}

std::map<Dwarf_Off, std::string> ScopesOf(Dwarf_Die top, std::span<const Dwarf_Off> wanted) {
  std::map<Dwarf_Off, std::string> found;
  Search(top, "", wanted, 0, &found);
  return found;
}

}  // namespace leaktrack
