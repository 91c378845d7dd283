// The one function of the Fortran run time that LAPACK's dormtr and dormql call, to join two option letters: a static
// OpenBLAS needs it, and Debian has the static run time only with the whole compiler. Weak, so that the run time's own
// function is used if it is linked.
#include <algorithm>
#include <cstddef>

extern "C" __attribute__((weak, visibility("hidden"))) void _gfortran_concat_string(std::size_t size, char* out,
                                                                                    std::size_t first_size,
                                                                                    const char* first,
                                                                                    std::size_t second_size,
                                                                                    const char* second) {
  const auto put = [&](const char* text, std::size_t length) {
    length = std::min(length, size);
    out = std::copy_n(text, length, out);
    size -= length;
  };
  put(first, first_size);
  put(second, second_size);
  std::fill_n(out, size, ' ');
}
