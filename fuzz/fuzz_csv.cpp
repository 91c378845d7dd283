// The first two bytes select the options; the rest is the file: plain, UTF-16 or packed by gzip.
#include "fuzz_blocks.hpp"
#include "fuzz_target.hpp"
#include "io/csv.hpp"

namespace {

kernad::ReadOptions options_of(unsigned choice, unsigned more) {
  using namespace kernad;
  ReadOptions options;
  options.header = (choice & 2) != 0 ? CsvHeader::present : (choice & 4) != 0 ? CsvHeader::absent : CsvHeader::detect;
  if ((choice & 8) != 0) options.label_column = (choice & 16) != 0 ? "-1" : "label";
  if ((choice & 32) != 0) options.delimiter = (choice & 64) != 0 ? ';' : '|';
  options.decimal = (more & 1) != 0 ? DecimalMark::comma : (more & 2) != 0 ? DecimalMark::point : DecimalMark::detect;
  options.allow_missing = (more & 4) != 0;
  options.keep_fields = (more & 8) != 0;
  if ((more & 16) != 0) options.id_columns = {"0"};
  if ((more & 32) != 0) options.ignored_columns = {"b"};
  if ((more & 64) != 0) options.model_columns = {"a", "c"};
  if ((more & 128) != 0) options.known_columns = {"label"};
  return options;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kernad;
  if (size < 2) return 0;
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(2);
  const char delimiter = (data[0] & 1) != 0 ? '\t' : ',';
  const ReadOptions options = options_of(data[0], data[1]);
  fuzz::expect_result_or_error([&] {
    auto source = std::make_unique<files::MemorySource>("input", bytes);
    const Table table = io::read_all(*io::csv_rows(std::move(source), delimiter, options));
    const std::size_t rows = table.features.rows();
    fuzz::expect_same_in_blocks(table, size, [&] {
      return io::csv_rows(std::make_unique<files::MemorySource>("input", bytes), delimiter, options);
    });
    fuzz::expect(table.column_names.empty() || table.column_names.size() == table.features.cols());
    if (table.features.cols() == 0) return;
    fuzz::expect(table.labels.size() == (options.label_column.empty() ? 0 : rows));
    fuzz::expect(table.ids.size() == options.id_columns.size());
    for (const TextColumn& column : table.ids) fuzz::expect(column.values.size() == rows);
    for (const TextColumn& column : table.fields) fuzz::expect(column.values.size() == rows);
  });
  fuzz::expect_result_or_error([&] {
    auto source = std::make_unique<files::MemorySource>("input", bytes);
    for (const std::uint8_t label : io::read_csv_labels(std::move(source), delimiter)) fuzz::expect(label <= 1);
  });
  return 0;
}
