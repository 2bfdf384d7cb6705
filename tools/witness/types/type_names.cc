// SPDX-License-Identifier: Apache-2.0
#include "tools/witness/types/type_names.h"

#include <cctype>
#include <string_view>

#include "tools/symbolize/demangle.h"

namespace leaktrack::witness {
namespace {

constexpr std::string_view kOfDescription = "typeinfo name for ", kOfTable = "vtable for ";

}  // namespace

const std::string& TypeNames::NameOf(uint64_t vtable) {
  const auto known = known_.find(vtable);
  if (known != known_.end()) return known->second;
  return known_[vtable] = Find(vtable);
}

std::string TypeNames::Find(uint64_t vtable) {
  if (vtable % 8 != 0) return "";
  std::string name = ByDescription(vtable);
  return name.empty() ? BySymbol(vtable) : name;
}

std::string TypeNames::ByDescription(uint64_t vtable) {
  const auto description = memory_.Get<uint64_t>(vtable - 8);
  if (!description || *description % 8 != 0 || !IsOfModule(*description)) return "";
  const auto text = memory_.Get<uint64_t>(*description + 8);
  if (!text || !IsOfModule(*text)) return "";
  std::string mangled = ReadText(memory_, *text);
  if (mangled.starts_with('*')) mangled.erase(0, 1);  // known in its own file alone
  // "4Node", "N7service5AuditE", "St23_Sp_counted_ptr_inplaceI...": no other letter begins a class.
  const bool likely =
      !mangled.empty() && (std::isdigit(static_cast<unsigned char>(mangled[0])) ||
                           mangled[0] == 'N' || mangled[0] == 'S' || mangled[0] == 'Z');
  if (!likely) return "";
  const std::string whole = Demangle("_ZTS" + mangled);
  return whole.starts_with(kOfDescription) ? whole.substr(kOfDescription.size()) : "";
}

// The table's two first words are no entries.
std::string TypeNames::BySymbol(uint64_t vtable) {
  const Module* const module = FindModule(modules_, vtable);
  if (module == nullptr) return "";
  const std::string name = symbols_.NameAt(static_cast<int>(module - modules_.data()), vtable - 16);
  if (!name.starts_with("_ZTV")) return "";
  const std::string whole = Demangle(name);
  return whole.starts_with(kOfTable) ? whole.substr(kOfTable.size()) : "";
}

}  // namespace leaktrack::witness
