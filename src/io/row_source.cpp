#include "io/row_source.hpp"

#include <algorithm>

namespace kernad::io {
namespace {

// Values pulled at a time when nobody knows how many there are.
constexpr std::size_t block_values = 16384;

Embeddings read_unknown_rows(RowSource& source, std::vector<std::string>& labels) {
  const std::size_t columns = source.columns();
  const std::size_t block = std::max<std::size_t>(block_values / std::max<std::size_t>(columns, 1), 1);
  std::vector<float> values;
  std::size_t rows = 0;
  for (std::size_t got = block; got == block; rows += got) {
    values.resize((rows + block) * columns);
    got = source.next(block, std::span(values).subspan(rows * columns), labels);
  }
  values.resize(rows * columns);
  return {std::move(values), rows, columns};
}

}  // namespace

Table read_all(RowSource& source) {
  Table table;
  table.column_names = source.column_names();
  if (!source.rows()) {
    table.features = read_unknown_rows(source, table.labels);
    source.finish(table);
    return table;
  }
  table.features = Embeddings(*source.rows(), source.columns());
  const std::size_t size = table.features.values().size();
  (void)source.next(table.features.rows(), std::span(table.features.data(), size), table.labels);
  source.finish(table);
  return table;
}

}  // namespace kernad::io
