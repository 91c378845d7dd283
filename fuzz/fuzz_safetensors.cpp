#include "fuzz_target.hpp"
#include "io/safetensors_array.hpp"
#include "kernad/sketch.hpp"
#include "serialise/safetensors.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kernad;
  const auto bytes = std::as_bytes(std::span(data, size));
  fuzz::expect_result_or_error([&] {
    files::MemorySource source("input", bytes);
    std::size_t total = 0;
    for (const auto& [name, tensor] : serialise::read_safetensors(source).tensors) {
      fuzz::expect(tensor.to_f64().size() == tensor.size());
      total += tensor.bytes.size();
    }
    fuzz::expect(total + 8 <= size);
  });
  fuzz::expect_result_or_error([&] {
    auto source = std::make_unique<files::MemorySource>("input", bytes);
    (void)io::read_all(*io::safetensors_rows(std::move(source), ""));
  });
  fuzz::expect_result_or_error([&] {
    const Sketch sketch = Sketch::from_state_dict(from_safetensors(bytes));
    Sketch again(sketch.columns(), sketch.options());
    again.set_column_names(sketch.column_names(), sketch.left_out_columns());
    again.merge(sketch);
  });
  fuzz::expect_result_or_error([&] {
    files::MemorySource source("input", bytes);
    (void)io::read_safetensors_labels(source, "y");
  });
  return 0;
}
