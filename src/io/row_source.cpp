#include "io/row_source.hpp"

#include <algorithm>
#include <array>

#include "files/memory_limit.hpp"

namespace kernad::io {
namespace {

// Number of values read at a time if the total is unknown.
constexpr std::size_t block_values = 16384;

}  // namespace

void pull_all(RowSource& source, PulledRows& rows) {
  const std::size_t columns = std::max<std::size_t>(source.columns(), 1);
  std::size_t block = std::max<std::size_t>(block_values / columns, 1);
  if (source.rows()) {
    block = std::max<std::size_t>(*source.rows(), 1);
    const std::array<std::size_t, 2> shape = {*source.rows(), source.columns()};
    const std::uint64_t byte = source.shape().first_byte;
    files::require_memory(files::checked_size(shape, sizeof(float), source.name(), byte), source.name(), byte);
    rows.values.reserve(rows.values.size() + *source.rows() * source.columns());
  }
  while (source.next(block, rows) != 0) {
  }
}

Table to_table(const TableShape& shape, PulledRows rows) {
  Table table;
  table.column_names = shape.column_names;
  table.label_name = shape.label_name;
  table.left_out = shape.left_out;
  table.notes = shape.notes;
  if (!rows.rest.empty()) {
    rows.rest.resize(rows.values.size());
    table.rest = Embeddings(std::move(rows.rest), rows.count, shape.columns);
  }
  table.features = Embeddings(std::move(rows.values), rows.count, shape.columns);
  table.labels = std::move(rows.labels);
  table.weights = std::move(rows.weights);
  table.ids = std::move(rows.ids);
  table.fields = std::move(rows.fields);
  return table;
}

Table read_all(RowSource& source) {
  PulledRows rows;
  pull_all(source, rows);
  return to_table(source.shape(), std::move(rows));
}

}  // namespace kernad::io
