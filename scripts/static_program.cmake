# SPDX-License-Identifier: Apache-2.0
# leaktrack_static_program(TARGET SOURCES LIBRARY PACKAGE...): links SOURCES and LIBRARY, with all libraries of this project
# that it needs, into one file that needs nothing at run time. PACKAGE: what pkg-config calls the libraries of others;
# their archives are taken. Nothing is compiled anew but SOURCES.
# What a source defines is not taken from the libraries.
# Why not another build with static imports: the objects are the same, only the last step differs.
function(leaktrack_own_libraries library out)
  set(found ${${out}})
  if(NOT TARGET ${library} OR library IN_LIST found)
    return()
  endif()
  get_target_property(type ${library} TYPE)
  get_target_property(imported ${library} IMPORTED)
  if(imported OR NOT type STREQUAL "STATIC_LIBRARY")
    return()
  endif()
  list(APPEND found ${library})
  get_target_property(needs ${library} LINK_LIBRARIES)
  foreach(need IN LISTS needs)
    leaktrack_own_libraries("${need}" found)
  endforeach()
  set(${out} ${found} PARENT_SCOPE)
endfunction()

function(leaktrack_static_program target sources library)
  set(own)
  leaktrack_own_libraries(${library} own)
  pkg_check_modules(LEAKTRACK_ARCHIVES REQUIRED QUIET ${ARGN})
  add_executable(${target} EXCLUDE_FROM_ALL ${sources})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
  list(TRANSFORM own REPLACE "(.+)" "$<TARGET_FILE:\\1>" OUTPUT_VARIABLE archives)
  add_dependencies(${target} ${own})
  # A group: archives of one project need each other in both directions.
  target_link_libraries(${target} PRIVATE leaktrack_warnings -Wl,--start-group ${archives} ${LIBIBERTY}
                        ${LEAKTRACK_ARCHIVES_STATIC_LIBRARIES} -Wl,--end-group)
  # The map names what was taken from others: scripts/packages/contents.py.
  target_link_options(${target} PRIVATE -Wl,-Map=$<TARGET_FILE:${target}>.map -static-pie -Wl,--gc-sections -Wl,-z,relro -Wl,-z,now)
  set_target_properties(${target} PROPERTIES LINK_DEPENDS "${archives}")
endfunction()
