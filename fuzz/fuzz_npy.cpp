#include "fuzz_blocks.hpp"
#include "fuzz_target.hpp"
#include "io/npy.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kernad;
  const auto bytes = std::as_bytes(std::span(data, size));
  fuzz::expect_result_or_error([&] {
    auto source = std::make_unique<files::MemorySource>("input", bytes);
    const Table table = io::read_all(*io::npy_rows(std::move(source)));
    fuzz::expect(table.features.values().size() <= size);  // every number in a file takes at least a byte
    fuzz::expect_same_in_blocks(table, size,
                                [&] { return io::npy_rows(std::make_unique<files::MemorySource>("input", bytes)); });
  });
  fuzz::expect_result_or_error([&] {
    files::MemorySource source("input", bytes);
    for (const std::uint8_t label : io::read_npy_labels(source)) fuzz::expect(label <= 1);
  });
  return 0;
}
