#include "fuzz_target.hpp"
#include "kernad/images.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kernad;
  constexpr images::ReadLimits limits = {.max_bytes = std::uint64_t{1} << 20U, .max_pixels = 1'000'000};
  fuzz::expect_result_or_error([&] {
    const images::Picture picture = images::decode_picture(std::as_bytes(std::span(data, size)), "input", limits);
    fuzz::expect(picture.width() > 0 && picture.height() > 0);
    fuzz::expect(picture.width() * picture.height() <= limits.max_pixels);
  });
  return 0;
}
