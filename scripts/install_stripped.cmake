# SPDX-License-Identifier: Apache-2.0
# leaktrack_install_stripped(TARGET DESTINATION): installs a program or library without its debug information, which goes
# to lib/debug beside it, where GDB and elfutils look: DESTINATION/NAME -> lib/debug/DESTINATION/NAME.debug.
# Why: the debug information is twenty times the size of the program, and who only runs it never reads it.
function(leaktrack_install_stripped target destination)
  install(TARGETS ${target} DESTINATION ${destination})
  install(CODE "
    set(installed \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${destination}/$<TARGET_FILE_NAME:${target}>\")
    set(debug_folder \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/lib/debug/${destination}\")
    set(debug \"\${debug_folder}/$<TARGET_FILE_NAME:${target}>.debug\")
    file(MAKE_DIRECTORY \"\${debug_folder}\")
    foreach(step
        \"--only-keep-debug;--compress-debug-sections;\${installed};\${debug}\"
        \"--strip-unneeded;\${installed}\"
        \"--add-gnu-debuglink=\${debug};\${installed}\")
      execute_process(COMMAND \"${CMAKE_OBJCOPY}\" \${step} COMMAND_ERROR_IS_FATAL ANY)
    endforeach()")
endfunction()
