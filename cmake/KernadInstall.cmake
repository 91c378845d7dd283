# A relocatable package: headers, library, CMake config, pkg-config, command line.
include(CMakePackageConfigHelpers)

install(TARGETS kernad EXPORT kernad-targets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/kernad" DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES "${PROJECT_BINARY_DIR}/src/include/kernad/version.hpp" DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/kernad)
