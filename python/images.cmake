# The extension module kernad._images, over the component of images: of its own, so that `import kernad` loads no OpenVINO.
# Its stub, python/kernad/_images.pyi, is in every wheel, so that type checkers say the same of each.
nanobind_add_module(kernad_images_python STABLE_ABI NB_STATIC NOMINSIZE
  src/images/model.cpp
  src/images/module.cpp
  src/images/pixels.cpp)
set_target_properties(kernad_images_python PROPERTIES OUTPUT_NAME _images
  BUILD_RPATH_USE_ORIGIN ON INSTALL_RPATH "$ORIGIN;$ORIGIN/openvino")
kernad_unity(kernad_images_python)
target_sources(kernad_images_python PRIVATE src/arrays.cpp src/errors.cpp src/fortran_concat.cpp)
target_link_libraries(kernad_images_python PRIVATE kernad_images kernad kernad_options)
target_include_directories(kernad_images_python SYSTEM PRIVATE "${NB_DIR}/include" ${Python_INCLUDE_DIRS})
target_compile_options(kernad_images_python PRIVATE -Wno-old-style-cast)
target_link_options(kernad_images_python PRIVATE
  "LINKER:--exclude-libs,ALL" "LINKER:--gc-sections" "LINKER:--as-needed" "LINKER:-z,now")

install(TARGETS kernad_images_python LIBRARY DESTINATION kernad COMPONENT python)
get_target_property(libraries kernad_images OPENVINO_LIBRARIES)
get_target_property(notices kernad_images OPENVINO_NOTICES)
install(FILES ${libraries} DESTINATION kernad/openvino COMPONENT python)
foreach(notice IN LISTS notices)
  if(IS_DIRECTORY "${notice}")
    install(DIRECTORY "${notice}" DESTINATION kernad/openvino/licenses COMPONENT python)
  else()
    install(FILES "${notice}" DESTINATION kernad/openvino/licenses COMPONENT python)
  endif()
endforeach()
set(backbone "${PROJECT_SOURCE_DIR}/data/backbone")
install(FILES "${backbone}/efficientnet-lite0.onnx" "${backbone}/efficientnet-lite0.json" "${backbone}/LICENSE.md"
  DESTINATION kernad/backbone COMPONENT python)
