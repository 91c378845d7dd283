#include "fuzz_target.hpp"
#include "kernad/images.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kernad;
  constexpr images::ReadLimits limits = {.max_bytes = std::uint64_t{1} << 20U, .max_pixels = 1'000'000};
  fuzz::expect_result_or_error([&] {
    const images::Image image = images::decode_image(std::as_bytes(std::span(data, size)), "input", limits);
    fuzz::expect(image.width() > 0 && image.height() > 0);
    fuzz::expect(image.width() * image.height() <= limits.max_pixels);
  });
  return 0;
}
