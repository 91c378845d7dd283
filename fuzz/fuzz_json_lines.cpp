// The first byte picks the options, the rest is the file.
#include "fuzz_blocks.hpp"
#include "fuzz_target.hpp"
#include "io/csv.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kernad;
  if (size == 0) return 0;
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  ReadOptions options;
  if ((data[0] & 1) != 0) options.label_column = "-1";
  options.allow_missing = (data[0] & 2) != 0;
  options.keep_fields = (data[0] & 4) != 0;
  fuzz::expect_result_or_error([&] {
    auto source = std::make_unique<files::MemorySource>("input", bytes);
    const Table table = io::read_all(*io::json_lines_rows(std::move(source), options));
    fuzz::expect_same_in_blocks(table, size, [&] {
      return io::json_lines_rows(std::make_unique<files::MemorySource>("input", bytes), options);
    });
    fuzz::expect(table.column_names.empty() || table.column_names.size() == table.features.cols());
    for (const TextColumn& column : table.fields) fuzz::expect(column.values.size() == table.features.rows());
  });
  fuzz::expect_result_or_error([&] {
    auto source = std::make_unique<files::MemorySource>("input", bytes);
    for (const std::uint8_t label : io::read_json_labels(std::move(source))) fuzz::expect(label <= 1);
  });
  return 0;
}
