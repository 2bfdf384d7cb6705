// SPDX-License-Identifier: Apache-2.0
//
// The namespaces and classes around a function, for names that DWARF gives without them.
//
// DIEs have no way to their parent, so scopes are found from the top; a subtree is entered only if
// one of the wanted offsets lies inside it, hence one pass over the siblings on the way.
#ifndef LEAKTRACK_TOOLS_SYMBOLIZE_DWARF_SCOPES_H_
#define LEAKTRACK_TOOLS_SYMBOLIZE_DWARF_SCOPES_H_

#include <elfutils/libdw.h>

#include <map>
#include <span>
#include <string>

namespace leaktrack {

// The DIE that stands in the function's own scope: its abstract origin, then the declaration that
// this completes.
Dwarf_Off DeclarationOffset(Dwarf_Die function);

// "geo::Map::" for each of the `wanted` offsets (ascending) that is found below `top`.
std::map<Dwarf_Off, std::string> ScopesOf(Dwarf_Die top, std::span<const Dwarf_Off> wanted);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_SYMBOLIZE_DWARF_SCOPES_H_
