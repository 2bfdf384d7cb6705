# SPDX-License-Identifier: Apache-2.0
# ctest itself reads this after all tests are known. It gives each test that tests/PITFALLS.md names
# the label pitfall-ID of its row. ctest adds these to the labels that a test has already.
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/../../PITFALLS.md rows REGEX "^[|] [A-Z][0-9]+ [|]")
foreach(row IN LISTS rows)
  string(REGEX REPLACE "^[|] ([A-Z][0-9]+) [|].*" "\\1" id "${row}")
  string(REGEX REPLACE "^[|][^|]*[|][^|]*[|]([^|]*)[|].*" "\\1" cell "${row}")
  string(REGEX MATCHALL "`[^`]+`" names "${cell}")
  foreach(name IN LISTS names)
    string(REPLACE "`" "" name "${name}")
    set_tests_properties(${name} PROPERTIES LABELS pitfall-${id})
  endforeach()
endforeach()
