# SPDX-License-Identifier: Apache-2.0
# Everything that the library asks of the kernel and the loader, except the unwinder.
leaktrack_test(process_test os/helper_thread_test.cc os/side_call_test.cc real/linker_test.cc os/recorder_file_test.cc
               LIBS leaktrack_platform ${CMAKE_DL_LIBS})
add_library(old_hash_library MODULE os/old_hash_library.cc)
target_link_options(old_hash_library PRIVATE -Wl,--hash-style=sysv)
target_compile_definitions(process_test PRIVATE OLD_HASH_LIBRARY="$<TARGET_FILE:old_hash_library>")
add_dependencies(process_test old_hash_library)
# It chooses addresses that the thread sanitizer uses itself.
leaktrack_test(sparse_memory_test os/sparse_memory_test.cc LIBS leaktrack_platform LABELS own_addresses)
