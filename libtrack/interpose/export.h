// SPDX-License-Identifier: Apache-2.0
//
// Marks a definition as one of the names that the program is to find. The version script
// leaktrack.map lists them again.
#ifndef LEAKTRACK_LIBTRACK_INTERPOSE_EXPORT_H_
#define LEAKTRACK_LIBTRACK_INTERPOSE_EXPORT_H_

#define LEAKTRACK_EXPORT extern "C" [[gnu::visibility("default")]]

#endif  // LEAKTRACK_LIBTRACK_INTERPOSE_EXPORT_H_
