# SPDX-License-Identifier: Apache-2.0
#
# find_package(leaktrack): leak gates as tests of a CMake project.
#
#   find_package(leaktrack REQUIRED)
#   leaktrack_add_gate(TARGET             # run it and fail when it leaks
#     [NAME name]                         # of the test; default: leaks.TARGET
#     [AT_EXIT | NEVER_FREED]             # what is lost at the end, or all that is left, counts; default: what grows
#     [RUNS n] [INTERVAL size|exact]      # default: 3 runs, 16KiB; at exit 1 run, exact
#     [BASELINE file] [LIMITS file] [SUPPRESSIONS file...] [JUNIT file] [SARIF file]
#     [INCONCLUSIVE pass|fail]            # default: inconclusive is a failure of its own, exit 3
#     [ARGS argument...])                 # of the program
#
# Sets LEAKTRACK_PROGRAM; set it yourself to use another leaktrack. Headers: leaktrack::headers.
if(NOT LEAKTRACK_PROGRAM)
  get_filename_component(LEAKTRACK_PROGRAM "${CMAKE_CURRENT_LIST_DIR}/../../../bin/leaktrack" ABSOLUTE)
endif()
if(NOT EXISTS "${LEAKTRACK_PROGRAM}")
  set(leaktrack_FOUND FALSE)
  set(leaktrack_NOT_FOUND_MESSAGE "${LEAKTRACK_PROGRAM} is missing; set LEAKTRACK_PROGRAM")
  return()
endif()

if(NOT TARGET leaktrack::headers)
  add_library(leaktrack::headers INTERFACE IMPORTED)
  target_include_directories(leaktrack::headers INTERFACE "${CMAKE_CURRENT_LIST_DIR}/../../../include")
endif()

function(leaktrack_add_gate target)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "AT_EXIT;NEVER_FREED" "NAME;RUNS;INTERVAL;BASELINE;LIMITS;JUNIT;SARIF;INCONCLUSIVE" "SUPPRESSIONS;ARGS")
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "leaktrack_add_gate: unknown: ${ARG_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT ARG_NAME)
    set(ARG_NAME leaks.${target})
  endif()
  set(options)
  if(ARG_NEVER_FREED)
    list(APPEND options --at-exit=all)
  elseif(ARG_AT_EXIT)
    list(APPEND options --at-exit)
  endif()
  if(ARG_AT_EXIT OR ARG_NEVER_FREED)
    if(NOT ARG_RUNS)
      set(ARG_RUNS 1)
    endif()
    if(NOT ARG_INTERVAL)
      set(ARG_INTERVAL exact)
    endif()
  endif()
  foreach(option RUNS INTERVAL INCONCLUSIVE)
    if(ARG_${option})
      string(TOLOWER ${option} name)
      list(APPEND options --${name} ${ARG_${option}})
    endif()
  endforeach()
  foreach(option BASELINE LIMITS JUNIT SARIF)
    if(ARG_${option})
      string(TOLOWER ${option} name)
      get_filename_component(file "${ARG_${option}}" ABSOLUTE)
      list(APPEND options --${name} ${file})
    endif()
  endforeach()
  foreach(file ${ARG_SUPPRESSIONS})
    get_filename_component(file "${file}" ABSOLUTE)
    list(APPEND options --suppressions ${file})
  endforeach()
  add_test(NAME ${ARG_NAME} COMMAND ${LEAKTRACK_PROGRAM} gate ${options} -- $<TARGET_FILE:${target}> ${ARG_ARGS})
  set_tests_properties(${ARG_NAME} PROPERTIES LABELS leaks)
endfunction()
