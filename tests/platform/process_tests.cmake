# SPDX-License-Identifier: Apache-2.0
# What the library asks of the kernel and the loader, the unwinder aside.
leaktrack_test(process_test os/helper_thread_test.cc os/side_call_test.cc real/linker_test.cc os/recorder_file_test.cc LIBS leaktrack_platform)
