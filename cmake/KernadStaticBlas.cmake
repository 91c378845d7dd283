# A static OpenBLAS for the Python module, so that a wheel needs no BLAS of the machine it is installed on. Defines
# BLAS::BLAS and LAPACK::LAPACK, which find_package then leaves alone; where there is no static library, or BLA_VENDOR
# asks for another, find_package finds a shared one as ever.
if(NOT BLA_VENDOR)
  find_library(KERNAD_STATIC_OPENBLAS NAMES libopenblas.a PATH_SUFFIXES openblas-serial openblas-pthread)
endif()
if(KERNAD_STATIC_OPENBLAS)
  # What its LAPACK half calls of the Fortran run time is little (string handling of error texts).
  execute_process(COMMAND "${CMAKE_CXX_COMPILER}" -print-file-name=libgfortran.a
    OUTPUT_VARIABLE KERNAD_GFORTRAN OUTPUT_STRIP_TRAILING_WHITESPACE)
  execute_process(COMMAND "${CMAKE_CXX_COMPILER}" -print-file-name=libquadmath.a
    OUTPUT_VARIABLE KERNAD_QUADMATH OUTPUT_STRIP_TRAILING_WHITESPACE)
  add_library(BLAS::BLAS INTERFACE IMPORTED)
  set_target_properties(BLAS::BLAS PROPERTIES INTERFACE_LINK_LIBRARIES
    "${KERNAD_STATIC_OPENBLAS};${KERNAD_GFORTRAN};${KERNAD_QUADMATH};m")
  add_library(LAPACK::LAPACK INTERFACE IMPORTED)
  set_target_properties(LAPACK::LAPACK PROPERTIES INTERFACE_LINK_LIBRARIES BLAS::BLAS)
  message(STATUS "Python module: BLAS linked in from ${KERNAD_STATIC_OPENBLAS}")
endif()
