# Compiler options of every target of this project. None of them reaches a consumer.

add_library(kernad_options INTERFACE)
target_compile_features(kernad_options INTERFACE cxx_std_20)
target_compile_options(kernad_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Wold-style-cast -Wcast-qual
  $<$<BOOL:${KERNAD_WARNINGS_AS_ERRORS}>:-Werror>
  # Results must not depend on where the compiler chooses to fuse a multiply with an add: kernels fuse explicitly.
  -ffp-contract=off
  # g++ 12 mistakes std::string's operator+ for an overlapping copy (GCC bug 105651).
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>)

# Inside another project without a build type, nothing else would turn on optimisation. The targets of that project stay
# as they are; an -O in its CMAKE_CXX_FLAGS counts as a choice.
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
