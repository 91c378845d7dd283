# What every target of this project is compiled with. Nothing here reaches a consumer.

add_library(kernad_options INTERFACE)
target_compile_features(kernad_options INTERFACE cxx_std_20)
target_compile_options(kernad_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Wold-style-cast -Wcast-qual
  $<$<BOOL:${KERNAD_WARNINGS_AS_ERRORS}>:-Werror>
  # A result must not depend on where the compiler saw fit to fuse a multiply with an add: kernels fuse by name.
  -ffp-contract=off
  # g++ 12 takes std::string's operator+ for an overlapping copy (GCC bug 105651).
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>)

# Inside another project that chose no build type, nothing else would ask for optimisation. Its own targets stay as they
# are; an -O of its CMAKE_CXX_FLAGS counts as a choice.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES AND NOT CMAKE_CXX_FLAGS MATCHES "(^| )-O")
  message(STATUS "kernad: no CMAKE_BUILD_TYPE is set: kernad's own code is compiled with -O3 -DNDEBUG")
  target_compile_options(kernad_options INTERFACE -O3)
  target_compile_definitions(kernad_options INTERFACE NDEBUG)
endif()

if(KERNAD_SANITIZE)
  target_compile_options(kernad_options INTERFACE
    -fsanitize=${KERNAD_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(kernad_options INTERFACE -fsanitize=${KERNAD_SANITIZE})
endif()
