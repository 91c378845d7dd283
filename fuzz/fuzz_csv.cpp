// The first byte selects the options; the rest is the file.
#include "fuzz_target.hpp"
#include "io/csv.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kernad;
  if (size == 0) return 0;
  const unsigned choice = data[0];
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  const char delimiter = (choice & 1) != 0 ? '\t' : ',';
  ReadOptions options;
  options.header = (choice & 2) != 0 ? CsvHeader::present : (choice & 4) != 0 ? CsvHeader::absent : CsvHeader::detect;
  if ((choice & 8) != 0) options.label_column = (choice & 16) != 0 ? "-1" : "label";
  fuzz::expect_result_or_error([&] {
    auto source = std::make_unique<files::MemorySource>("input", bytes);
    const Table table = io::read_all(*io::csv_rows(std::move(source), delimiter, options));
    fuzz::expect(table.column_names.empty() || table.column_names.size() == table.features.cols());
    fuzz::expect(table.labels.size() == (options.label_column.empty() ? 0 : table.features.rows()));
  });
  fuzz::expect_result_or_error([&] {
    files::MemorySource source("input", bytes);
    for (const std::uint8_t label : io::read_csv_labels(source, delimiter)) fuzz::expect(label <= 1);
  });
  return 0;
}
