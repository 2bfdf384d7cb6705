# SPDX-License-Identifier: Apache-2.0
# Compared with the real libunwind; left out if that is not installed. The real libunwind is found
# by path, because LLVM's has the same name.
find_path(UNWIND_INCLUDE libunwind-common.h PATHS /usr/include/x86_64-linux-gnu NO_DEFAULT_PATH)
find_file(UNWIND_LIBRARY NAMES libunwind.so.8 PATHS /usr/lib/x86_64-linux-gnu NO_DEFAULT_PATH)
if(NOT UNWIND_INCLUDE OR NOT UNWIND_LIBRARY)
  message(STATUS "tests/platform: no nongnu libunwind-dev: the unwinder's tests are left out")
  return()
endif()

add_library(shapes_library MODULE walk/shapes_library.cc)
add_library(stack_oracle STATIC walk/stack_oracle.cc)
target_include_directories(stack_oracle PUBLIC ${PROJECT_SOURCE_DIR} ${UNWIND_INCLUDE})
target_compile_options(stack_oracle PRIVATE -O1 -fno-omit-frame-pointer -fno-optimize-sibling-calls)
target_link_libraries(stack_oracle PUBLIC leaktrack_platform leaktrack_warnings GTest::gtest ${UNWIND_LIBRARY})

# The same shapes as each compiler makes them.
find_program(CLANGXX clang++)
if(NOT CLANGXX)
  message(STATUS "tests/platform: no clang++: stack shapes are tested with the one compiler only")
endif()
set(SANITIZED OFF)
if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=")
  set(SANITIZED ON)  # shapes are then built once, with the sanitizer's own flags
endif()
function(shapes_test name compiler)
  set(objects)
  foreach(source stack_shapes_test stack_signals_test)
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}_${source}.o)
    add_custom_command(
      OUTPUT ${object}
      COMMAND ${compiler} -std=c++20 -g -fPIE -Wall -Wextra ${ARGN} -I${PROJECT_SOURCE_DIR}
              -DLEAKTRACK_SHAPES_LIBRARY="$<TARGET_FILE:shapes_library>" -MD -MF ${object}.d
              -c ${CMAKE_CURRENT_SOURCE_DIR}/walk/${source}.cc -o ${object}
      DEPENDS walk/${source}.cc walk/stack_oracle.h shapes_library ${PROJECT_SOURCE_DIR}/libtrack/platform/walk/unwinder.h
      DEPFILE ${object}.d
      VERBATIM)
    list(APPEND objects ${object})
  endforeach()
  leaktrack_test(${name} ${objects} NO_PCH LIBS stack_oracle)
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE CXX)
endfunction()
if(SANITIZED)
  leaktrack_test(stack_shapes_sanitized walk/stack_shapes_test.cc LIBS stack_oracle)
  target_compile_definitions(stack_shapes_sanitized PRIVATE
                             LEAKTRACK_SHAPES_LIBRARY="$<TARGET_FILE:shapes_library>")
else()
  foreach(level O0 O2 O3)
    shapes_test(stack_shapes_gcc_${level} ${CMAKE_CXX_COMPILER} -${level})
    shapes_test(stack_shapes_gcc_${level}_fp ${CMAKE_CXX_COMPILER} -${level} -fno-omit-frame-pointer)
    if(CLANGXX)
      shapes_test(stack_shapes_clang_${level} ${CLANGXX} -${level})
      shapes_test(stack_shapes_clang_${level}_fp ${CLANGXX} -${level} -fno-omit-frame-pointer)
    endif()
  endforeach()
endif()

leaktrack_test(unwind_memo_test walk/unwind_memo_test.cc NO_PCH LIBS stack_oracle)
leaktrack_test(stack_cache_test walk/stack_cache_test.cc NO_PCH LIBS stack_oracle)
target_compile_options(stack_cache_test PRIVATE -fno-omit-frame-pointer)
target_compile_options(unwind_memo_test PRIVATE -fno-omit-frame-pointer)
leaktrack_test(unwinder_test walk/unwinder_test.cc NO_PCH LIBS stack_oracle)
target_compile_options(unwinder_test PRIVATE -fno-omit-frame-pointer)
target_compile_definitions(unwinder_test PRIVATE LEAKTRACK_SHAPES_LIBRARY="$<TARGET_FILE:shapes_library>")
add_dependencies(unwinder_test shapes_library)

if(NOT SANITIZED)  # a sanitizer's frames are its own
  leaktrack_test(unwinder_stack_test walk/unwinder_stack_test.cc NO_PCH LIBS stack_oracle)
  target_compile_options(unwinder_stack_test PRIVATE -fno-omit-frame-pointer)
  target_compile_definitions(unwinder_stack_test PRIVATE LEAKTRACK_SHAPES_LIBRARY="$<TARGET_FILE:shapes_library>")
  add_dependencies(unwinder_stack_test shapes_library)
endif()
