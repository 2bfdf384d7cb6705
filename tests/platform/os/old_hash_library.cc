// SPDX-License-Identifier: Apache-2.0
//
// Linked with only the older hash table (DT_HASH), as other toolchains do.
extern "C" int first_of_the_old(int number) { return number + 1; }
extern "C" int second_of_the_old(int number) { return number + 2; }
