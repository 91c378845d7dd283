# Compiles the files of a folder together (a "unity build"): headers are read and templates instantiated once per
# folder, not once per file, which makes a build from scratch several times as fast. KERNAD_UNITY_BUILD=OFF compiles
# every file separately: for changing one file repeatedly, and for tools that read compile_commands.json.
#
# The files of one folder therefore share an anonymous namespace: no name may be in it twice.

# kernad_unity(TARGET): for all sources TARGET has so far. A source with SKIP_UNITY_BUILD_INCLUSION is compiled alone.
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
  # g++ mistakes the anonymous namespace of an included source file for one in a header.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endfunction()
