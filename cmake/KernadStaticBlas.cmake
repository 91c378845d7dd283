# A static OpenBLAS for the Python module, so that a wheel needs no BLAS on the machine it is installed on. Defines
# BLAS::BLAS and LAPACK::LAPACK, which find_package then leaves alone. If there is no static library, or BLA_VENDOR
# asks for another BLAS, find_package finds a shared one as usual.
if(NOT BLA_VENDOR)
  find_library(KERNAD_STATIC_OPENBLAS NAMES libopenblas.a PATH_SUFFIXES openblas-serial openblas-pthread)
endif()
if(KERNAD_STATIC_OPENBLAS)
  # The LAPACK functions that kernad uses call one function of the Fortran runtime, which python/src/fortran_concat.cpp
  # defines. An OpenBLAS that calls more finds it in the static runtime, if that is installed (gfortran).
  set(KERNAD_FORTRAN_RUNTIME)
  foreach(name IN ITEMS gfortran quadmath)
    execute_process(COMMAND "${CMAKE_CXX_COMPILER}" -print-file-name=lib${name}.a
      OUTPUT_VARIABLE file OUTPUT_STRIP_TRAILING_WHITESPACE)
    if(IS_ABSOLUTE "${file}")
      list(APPEND KERNAD_FORTRAN_RUNTIME "${file}")
    endif()
  endforeach()
  add_library(BLAS::BLAS INTERFACE IMPORTED)
  set_target_properties(BLAS::BLAS PROPERTIES INTERFACE_LINK_LIBRARIES
    "${KERNAD_STATIC_OPENBLAS};${KERNAD_FORTRAN_RUNTIME};m")
  add_library(LAPACK::LAPACK INTERFACE IMPORTED)
  set_target_properties(LAPACK::LAPACK PROPERTIES INTERFACE_LINK_LIBRARIES BLAS::BLAS)
  message(STATUS "Python module: BLAS linked in from ${KERNAD_STATIC_OPENBLAS}")
endif()
