# Compiles the files of a target together (a "unity build"): headers are read and templates instantiated once, not once
# per file, which makes a build from scratch several times as fast. KERNAD_UNITY_BUILD=OFF compiles every file separately:
# for changing one file repeatedly, and for tools that read compile_commands.json.
#
# Files compiled together share the anonymous namespace inside a namespace: no name may be in it twice.

# kernad_unity(TARGET [GROUP REGEX]...): for all sources TARGET has so far. Those whose path matches the first REGEX are
# one compilation, of those that are left the ones that match the second another, and so on; the rest is the last one. A
# source with SKIP_UNITY_BUILD_INCLUSION is compiled alone.
function(kernad_unity target)
  if(NOT KERNAD_UNITY_BUILD)
    return()
  endif()
  get_target_property(sources ${target} SOURCES)
  foreach(source IN LISTS sources)
    set(group ${target})
    set(rules ${ARGN})
    while(rules)
      list(POP_FRONT rules name regex)
      if(source MATCHES "${regex}")
        string(APPEND group "_${name}")
        break()
      endif()
    endwhile()
    set_source_files_properties("${source}" PROPERTIES UNITY_GROUP ${group})
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  # g++ mistakes the anonymous namespace of an included source file for one in a header.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endfunction()
