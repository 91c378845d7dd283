# The files of a folder are compiled together (a "unity build"): headers are read and templates instantiated once a
# folder, not once a file, which makes a build from scratch several times as fast. KERNAD_UNITY_BUILD=OFF compiles every
# file by itself: for changing one file again and again, and for tools that read compile_commands.json.
#
# So the files of one folder share their anonymous namespace: no name may be in it twice.

# kernad_unity(TARGET): for all sources that TARGET has by now. A source with SKIP_UNITY_BUILD_INCLUSION stays alone.
function(kernad_unity target)
  if(NOT KERNAD_UNITY_BUILD)
    return()
  endif()
  get_target_property(sources ${target} SOURCES)
  foreach(source IN LISTS sources)
    get_filename_component(folder "${source}" DIRECTORY)
    string(MAKE_C_IDENTIFIER "${target}/${folder}" group)
    set_source_files_properties("${source}" PROPERTIES UNITY_GROUP ${group})
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  # g++ takes an anonymous namespace of a file that is included for one of a header.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endfunction()
