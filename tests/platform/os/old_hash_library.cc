// SPDX-License-Identifier: Apache-2.0
//
// Linked with the older hash table (DT_HASH) alone, as files of other toolchains are.
extern "C" int first_of_the_old(int number) { return number + 1; }
extern "C" int second_of_the_old(int number) { return number + 2; }
