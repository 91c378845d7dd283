# Debian packages by CPack, for scripts/package: libkernad0 (the library), libkernad-dev (the files to compile against
# it) and kernad (the command line). CMAKE_INSTALL_PREFIX must be /usr.
if(NOT BUILD_SHARED_LIBS OR NOT KERNAD_BUILD_APPS OR NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  message(FATAL_ERROR "Debian packages need BUILD_SHARED_LIBS=ON, KERNAD_BUILD_APPS=ON and CMAKE_INSTALL_PREFIX=/usr")
endif()
set(KERNAD_DEBIAN_MAINTAINER "kernad maintainers <maintainers@kernad.example.org>" CACHE STRING
  "Maintainer of the Debian packages: NAME <ADDRESS>")
set(KERNAD_DEBIAN_REVISION 1 CACHE STRING "Revision of the Debian packages, counted from 1 for each version of kernad")
set(library libkernad${KERNAD_SOVERSION})
set(version ${PROJECT_VERSION}-${KERNAD_DEBIAN_REVISION})

# The description of each package.
set(about "Show it embeddings of things that are normal (images of good parts, signals,
texts, rows of a table), and it gives every new one a log-density, an anomaly
probability and, by a threshold, a label: by principal components and a
Gaussian kernel density, exact and finite for every finite input.")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # each has its own, the first line of its description
set(CPACK_DEBIAN_KERNAD_LIB_PACKAGE_NAME ${library})
set(CPACK_DEBIAN_KERNAD_LIB_DESCRIPTION "kernel-density anomaly detection: shared library
${about}
.
This package has the shared library.")
set(CPACK_DEBIAN_KERNAD_LIB_PACKAGE_SECTION libs)

set(CPACK_DEBIAN_KERNAD_DEV_PACKAGE_NAME libkernad-dev)
set(CPACK_DEBIAN_KERNAD_DEV_DESCRIPTION "kernel-density anomaly detection: headers
${about}
.
This package has the headers of the C++20 and the C interface, and what CMake
and pkg-config need to find it.")
set(CPACK_DEBIAN_KERNAD_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_KERNAD_DEV_PACKAGE_DEPENDS "${library} (= ${version})")
set(CPACK_DEBIAN_KERNAD_DEV_PACKAGE_SUGGESTS "cmake, pkg-config")

set(CPACK_DEBIAN_KERNAD_CLI_PACKAGE_NAME kernad)
set(CPACK_DEBIAN_KERNAD_CLI_DESCRIPTION "kernel-density anomaly detection: command line
${about}
.
This package has the command kernad, which reads tables from .npy, .npz, .csv
and .safetensors files.")
set(CPACK_DEBIAN_KERNAD_CLI_PACKAGE_SECTION science)
set(CPACK_DEBIAN_KERNAD_CLI_PACKAGE_DEPENDS "${library} (= ${version})")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME kernad)
set(CPACK_PACKAGE_VENDOR kernad)
set(CPACK_PACKAGE_CONTACT "${KERNAD_DEBIAN_MAINTAINER}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL kernad_lib kernad_dev kernad_cli)
set(CPACK_DEBIAN_PACKAGE_RELEASE ${KERNAD_DEBIAN_REVISION})
set(CPACK_DEBIAN_PACKAGE_SOURCE kernad)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_STRIP_FILES ON)
# Dependencies on other packages follow from what the binaries link; libkernad itself is found in the build.
set(CPACK_DEBIAN_KERNAD_LIB_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_KERNAD_CLI_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${PROJECT_BINARY_DIR}/src")
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")  # as KERNAD_SOVERSION guarantees
set(CPACK_DEBIAN_KERNAD_LIB_PACKAGE_CONTROL_EXTRA "${PROJECT_SOURCE_DIR}/cmake/debian/triggers")

# Compressed without a timestamp, so that the same sources give the same packages.
function(kernad_compress from to)
  execute_process(COMMAND gzip -9nc "${from}" OUTPUT_FILE "${to}" COMMAND_ERROR_IS_FATAL ANY)
endfunction()
set(debian "${PROJECT_BINARY_DIR}/debian")
file(MAKE_DIRECTORY "${debian}")
string(TIMESTAMP KERNAD_DEBIAN_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)  # from SOURCE_DATE_EPOCH, if that is set
set(KERNAD_DEBIAN_VERSION ${version})
configure_file("${PROJECT_SOURCE_DIR}/cmake/debian/changelog.in" "${debian}/changelog" @ONLY)
kernad_compress("${debian}/changelog" "${debian}/changelog.Debian.gz")
kernad_compress("${PROJECT_SOURCE_DIR}/CHANGELOG.md" "${debian}/changelog.gz")
kernad_compress("${PROJECT_SOURCE_DIR}/apps/kernad/kernad.1" "${debian}/kernad.1.gz")
set_property(DIRECTORY "${PROJECT_SOURCE_DIR}" APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
  "${PROJECT_SOURCE_DIR}/CHANGELOG.md" "${PROJECT_SOURCE_DIR}/apps/kernad/kernad.1")

foreach(component lib dev cli)
  string(TOUPPER ${component} upper)
  set(folder "${CMAKE_INSTALL_DATADIR}/doc/${CPACK_DEBIAN_KERNAD_${upper}_PACKAGE_NAME}")
  install(FILES "${PROJECT_SOURCE_DIR}/cmake/debian/copyright" "${PROJECT_SOURCE_DIR}/THIRD_PARTY_NOTICES"
    "${debian}/changelog.Debian.gz" "${debian}/changelog.gz" DESTINATION ${folder} COMPONENT kernad_${component})
endforeach()
install(DIRECTORY "${PROJECT_SOURCE_DIR}/examples/quickstart" "${PROJECT_SOURCE_DIR}/examples/c" COMPONENT kernad_dev
  DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/libkernad-dev/examples")
install(FILES "${debian}/kernad.1.gz" DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT kernad_cli)
install(FILES "${PROJECT_SOURCE_DIR}/apps/kernad/kernad.zsh" RENAME _kernad COMPONENT kernad_cli
  DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES "${PROJECT_SOURCE_DIR}/apps/kernad/kernad.fish" COMPONENT kernad_cli
  DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

include(CPack)
