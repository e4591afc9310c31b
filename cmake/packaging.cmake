# What `cmake --install` puts where, and the Debian package that `cpack` makes of it. The guest's
# programs bring their own install rule (harness/guest): libexec/bpfmatrix/guest/<arch>/.
install(TARGETS bpfmatrix RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY cases kernels images
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bpfmatrix
  PATTERN ".*" EXCLUDE)
install(DIRECTORY ci/matrices DESTINATION ${CMAKE_INSTALL_DATADIR}/bpfmatrix/ci)
install(FILES docs/bpfmatrix.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
# A shell loads these by their names; the program prints them.
foreach(script bash:${CMAKE_INSTALL_DATADIR}/bash-completion/completions/bpfmatrix
        zsh:${CMAKE_INSTALL_DATADIR}/zsh/site-functions/_bpfmatrix
        fish:${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d/bpfmatrix.fish)
  string(REGEX MATCH "^[a-z]+" shell ${script})
  string(REGEX REPLACE "^[a-z]+:" "" place ${script})
  install(CODE "
    set(file \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${place}\")
    cmake_path(GET file PARENT_PATH folder)
    file(MAKE_DIRECTORY \"\${folder}\")
    execute_process(COMMAND \"$<TARGET_FILE:bpfmatrix>\" completion ${shell}
      OUTPUT_FILE \"\${file}\" COMMAND_ERROR_IS_FATAL ANY)")
endforeach()
install(FILES ci/costs.json DESTINATION ${CMAKE_INSTALL_DATADIR}/bpfmatrix/ci)
install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs LICENSES DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME bpfmatrix)
set(CPACK_PACKAGE_CONTACT "The bpfmatrix authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "tries BPF objects on real kernels")
set(CPACK_PACKAGE_DESCRIPTION "bpfmatrix boots real kernels of two architectures under QEMU and
records whether BPF objects load, relocate, attach and work on them, and if
not, why.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
# The program itself; the guest's are installed as files, and left alone: the host's strip does not
# know the other architecture's.
set(CPACK_STRIP_FILES ON)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# What it runs: QEMU for the kernels, gpgv and the keys to check them with, clang and libbpf's
# headers for the suite and for programs given as source.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "debian-archive-keyring, gpgv")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "clang, libbpf-dev, qemu-system-arm, qemu-system-x86, rpm")
include(CPack)
