#include "fuzz_target.hpp"
#include "io/npy.hpp"
#include "io/npz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kernad;
  const auto bytes = std::as_bytes(std::span(data, size));
  fuzz::expect_result_or_error([&] {
    const auto archive = io::NpzArchive::from_memory("input", bytes);
    fuzz::expect_result_or_error([&] { (void)io::read_all(*io::npy_rows(archive.find("", io::Role::features))); });
    fuzz::expect_result_or_error([&] { (void)io::read_all(*io::npy_rows(archive.find("X", io::Role::features))); });
    fuzz::expect_result_or_error([&] { (void)io::read_npy_labels(*archive.find("", io::Role::labels)); });
  });
  return 0;
}
