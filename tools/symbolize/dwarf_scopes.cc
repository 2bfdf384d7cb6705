// SPDX-License-Identifier: Apache-2.0
#include "tools/symbolize/dwarf_scopes.h"

#include <dwarf.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>

namespace leaktrack {
namespace {

constexpr int kMaxDepth = 256;
constexpr int kMaxReferences = 16;       // a chain of origins; damaged ones may be a ring
constexpr size_t kMostParameters = 400;  // bytes of text

std::optional<Dwarf_Die> TypeOf(Dwarf_Die* die) {
  Dwarf_Attribute attribute;
  Dwarf_Die type;
  if (dwarf_attr_integrate(die, DW_AT_type, &attribute) == nullptr ||
      dwarf_formref_die(&attribute, &type) == nullptr)
    return std::nullopt;
  return type;
}

// As demanglers write it, but without the scopes of its name: "char const*".
std::string TypeName(std::optional<Dwarf_Die> type, int depth) {
  if (!type) return "void";
  if (const char* name = dwarf_diename(&*type); name != nullptr) return name;
  if (depth > kMaxReferences) return "...";
  const std::string inner = TypeName(TypeOf(&*type), depth + 1);
  switch (dwarf_tag(&*type)) {
    case DW_TAG_pointer_type:
      return inner + "*";
    case DW_TAG_reference_type:
      return inner + "&";
    case DW_TAG_rvalue_reference_type:
      return inner + "&&";
    case DW_TAG_const_type:
      return inner + " const";
    case DW_TAG_volatile_type:
      return inner + " volatile";
    default:
      return "...";
  }
}

std::string ParametersOf(Dwarf_Die* function) {
  std::string text;
  Dwarf_Die child;
  if (dwarf_child(function, &child) != 0) return text;
  do {
    Dwarf_Attribute attribute;
    bool artificial = false;  // `this`
    if (dwarf_attr(&child, DW_AT_artificial, &attribute) != nullptr)
      dwarf_formflag(&attribute, &artificial);
    if (dwarf_tag(&child) != DW_TAG_formal_parameter || artificial) continue;
    text += (text.empty() ? "" : ", ") + TypeName(TypeOf(&child), 0);
  } while (dwarf_siblingof(&child, &child) == 0 && text.size() < kMostParameters);
  return text;
}

// A type without a name that can be called is a lambda, known by its parameters.
std::string UnnamedType(Dwarf_Die* type) {
  Dwarf_Die child;
  if (dwarf_child(type, &child) != 0) return "{unnamed type}";
  do {
    const char* name = dwarf_diename(&child);
    if (dwarf_tag(&child) == DW_TAG_subprogram && name != nullptr &&
        std::string_view(name).starts_with("operator()"))
      return "{lambda(" + ParametersOf(&child) + ")}";
  } while (dwarf_siblingof(&child, &child) == 0);
  return "{unnamed type}";
}

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
                                    : UnnamedType(scope) + "::";
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
