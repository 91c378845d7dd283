# find_package(kernad COMPONENTS images) -> kernad::images, with the parts of the OpenVINO wheel that it runs: no package
# of Debian has them. A static kernad leaves the component to those who build it.
if(NOT BUILD_SHARED_LIBS)
  return()
endif()

set(KERNAD_OPENVINO_DIR "${CMAKE_INSTALL_LIBDIR}/kernad")
set_target_properties(kernad_images PROPERTIES INSTALL_RPATH "$ORIGIN;$ORIGIN/kernad")
install(TARGETS kernad_images EXPORT kernad-images-targets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT kernad_images NAMELINK_COMPONENT kernad_images)
install(EXPORT kernad-images-targets NAMESPACE kernad:: DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/kernad" COMPONENT kernad_images)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/components/images/include/kernad/"
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/kernad COMPONENT kernad_images)
set(backbone "${PROJECT_SOURCE_DIR}/data/backbone")
install(FILES "${backbone}/efficientnet-lite0.onnx" "${backbone}/efficientnet-lite0.json" "${backbone}/LICENSE.md"
  DESTINATION ${CMAKE_INSTALL_DATADIR}/kernad/backbone COMPONENT kernad_images)

install(FILES ${KERNAD_OPENVINO_LIBRARIES} DESTINATION ${KERNAD_OPENVINO_DIR} COMPONENT kernad_images)
