# A relocatable package: headers, library, CMake config, pkg-config, licence. The command line installs itself. The
# components kernad_lib, kernad_dev and kernad_cli become Debian packages (KernadDebian.cmake); kernad_doc does not.
include(CMakePackageConfigHelpers)
set(KERNAD_CMAKE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/kernad")
set(KERNAD_PKGCONFIG_DIR "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

install(TARGETS kernad EXPORT kernad-targets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT kernad_lib NAMELINK_COMPONENT kernad_dev
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT kernad_dev
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT kernad_lib)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/kernad" DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT kernad_dev)
install(FILES "${PROJECT_BINARY_DIR}/src/include/kernad/version.hpp" DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/kernad
  COMPONENT kernad_dev)
foreach(document LICENSE THIRD_PARTY_NOTICES README.md CHANGELOG.md)
  if(EXISTS "${PROJECT_SOURCE_DIR}/${document}")
    install(FILES "${PROJECT_SOURCE_DIR}/${document}" DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT kernad_doc)
  endif()
endforeach()

install(EXPORT kernad-targets NAMESPACE kernad:: DESTINATION ${KERNAD_CMAKE_DIR} COMPONENT kernad_dev)
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/kernad-config.cmake.in"
  "${PROJECT_BINARY_DIR}/kernad-config.cmake" INSTALL_DESTINATION ${KERNAD_CMAKE_DIR})
# Before 1.0, a minor version may break its users.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/kernad-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/kernad-config.cmake" "${PROJECT_BINARY_DIR}/kernad-config-version.cmake"
  DESTINATION ${KERNAD_CMAKE_DIR} COMPONENT kernad_dev)

# kernad.pc. Paths are relative to the location of the file itself, so that the tree can be moved.
file(RELATIVE_PATH KERNAD_PC_PREFIX "${CMAKE_INSTALL_PREFIX}/${KERNAD_PKGCONFIG_DIR}" "${CMAKE_INSTALL_PREFIX}")
string(REGEX REPLACE "/$" "" KERNAD_PC_PREFIX "${KERNAD_PC_PREFIX}")
set(KERNAD_PC_LIBDIR "${CMAKE_INSTALL_LIBDIR}")
set(KERNAD_PC_INCLUDEDIR "${CMAKE_INSTALL_INCLUDEDIR}")
set(KERNAD_PC_CFLAGS "")
set(KERNAD_PC_LIBS "")
if(NOT BUILD_SHARED_LIBS)
  # With only a static library, plain `pkg-config --libs` must be enough. Libraries are named, not required through
  # their .pc files: those of Debian list private libraries that their -dev packages do not install.
  set(KERNAD_PC_CFLAGS " -DKERNAD_STATIC")
  foreach(library IN ITEMS hwy zip z ${KERNAD_FOUND_LIBRARIES})
    get_filename_component(folder "${library}" DIRECTORY)
    if(IS_ABSOLUTE "${library}" AND NOT folder IN_LIST CMAKE_CXX_IMPLICIT_LINK_DIRECTORIES)
      string(APPEND KERNAD_PC_LIBS " -L${folder}")
    endif()
    get_filename_component(name "${library}" NAME_WE)
    string(REGEX REPLACE "^(lib|-l)" "" name "${name}")
    string(APPEND KERNAD_PC_LIBS " -l${name}")
  endforeach()
  # A program in C is linked by a compiler that does not bring the C++ run time.
  set(runtime ${CMAKE_CXX_IMPLICIT_LINK_LIBRARIES})
  list(FILTER runtime INCLUDE REGEX "^(stdc\\+\\+|c\\+\\+|c\\+\\+abi|m)$")
  list(REMOVE_DUPLICATES runtime)
  list(TRANSFORM runtime PREPEND " -l")
  string(JOIN "" runtime ${runtime})
  string(APPEND KERNAD_PC_LIBS " -pthread${runtime}")
endif()
configure_file("${PROJECT_SOURCE_DIR}/cmake/kernad.pc.in" "${PROJECT_BINARY_DIR}/kernad.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/kernad.pc" DESTINATION ${KERNAD_PKGCONFIG_DIR} COMPONENT kernad_dev)
