// SPDX-License-Identifier: Apache-2.0
// The tests' precompiled headers are built with this file.
int main() { return 0; }
