// SPDX-License-Identifier: Apache-2.0
//
// Unpacks xz, as MiniDebugInfo is packed. Promises: any bytes are legal, and give what could be
// unpacked of them; bounded in memory and in what comes out (64 MiB each).
#ifndef LEAKTRACK_TOOLS_SYMBOLIZE_XZ_H_
#define LEAKTRACK_TOOLS_SYMBOLIZE_XZ_H_

#include <string>
#include <string_view>

namespace leaktrack {

std::string UnpackXz(std::string_view packed);

}  // namespace leaktrack

#endif  // LEAKTRACK_TOOLS_SYMBOLIZE_XZ_H_
