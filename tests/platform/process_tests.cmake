# SPDX-License-Identifier: Apache-2.0
# What the library asks of the kernel and the loader, the unwinder aside.
leaktrack_test(process_test helper_thread_test.cc side_call_test.cc linker_test.cc recorder_file_test.cc LIBS leaktrack_platform)
