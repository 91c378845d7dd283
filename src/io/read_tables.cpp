// Several sources as one table.
#include <fmt/format.h>

#include <utility>
#include <vector>

#include "kernad/error.hpp"
#include "kernad/io.hpp"

namespace kernad {
namespace io {
namespace {

void append(std::vector<std::string>& to, std::vector<std::string>&& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

/// The columns of a later source go by the names of the first one's.
ReadOptions as_in(const Table& first, const ReadOptions& options) {
  ReadOptions later = options;
  if (!options.model_columns.empty() || first.column_names.empty()) return later;
  later.model_columns = first.column_names;
  later.known_columns = first.left_out;
  return later;
}

}  // namespace
}  // namespace io

Table read_tables(std::span<const std::string> sources, const ReadOptions& options) {
  if (sources.empty()) throw InvalidParameter("there is no source to read; at least one is needed");
  Table whole = read_table(sources[0], options);
  for (auto& note : whole.notes) note.insert(0, sources[0] + ": ");
  if (sources.size() == 1) return whole;
  const std::size_t columns = whole.features.cols();
  std::size_t rows = whole.features.rows();
  std::vector<float> values(whole.features.values().begin(), whole.features.values().end());
  std::vector<float> rests(whole.rest.values().begin(), whole.rest.values().end());
  const ReadOptions later = io::as_in(whole, options);
  for (const std::string& source : sources.subspan(1)) {
    Table next = read_table(source, later);
    if (next.features.cols() != columns) {
      throw InvalidInput(fmt::format("{}: has {} columns of features where {} has {}; they must be alike", source,
                                     next.features.cols(), sources[0], columns));
    }
    if (!next.rest.empty()) {
      rests.resize(rows * columns);
      rests.insert(rests.end(), next.rest.values().begin(), next.rest.values().end());
    }
    rows += next.features.rows();
    values.insert(values.end(), next.features.values().begin(), next.features.values().end());
    io::append(whole.labels, std::move(next.labels));
    whole.weights.insert(whole.weights.end(), next.weights.begin(), next.weights.end());
    for (std::size_t k = 0; k < whole.ids.size(); ++k) {
      io::append(whole.ids[k].values, std::move(next.ids[k].values));
    }
    for (const auto& note : next.notes) whole.notes.push_back(fmt::format("{}: {}", source, note));
  }
  whole.features = Embeddings(std::move(values), rows, columns);
  if (!rests.empty()) {
    rests.resize(rows * columns);
    whole.rest = Embeddings(std::move(rests), rows, columns);
  }
  return whole;
}

}  // namespace kernad
