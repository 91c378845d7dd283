#include "row_reader.hpp"

#include <algorithm>
#include <utility>

namespace kernad::cli {

RowReader::RowReader(Sources sources, const ReadOptions& options)
    : sources_(std::move(sources)), skip_missing_(options.allow_missing), reader_(sources_, options) {}

std::optional<Rows> RowReader::next() {
  constexpr std::size_t kBlockValues = std::size_t{1} << 20;
  const std::size_t columns = std::max<std::size_t>(reader_.columns(), 1);
  kernad::Table table = reader_.next(std::max<std::size_t>(kBlockValues / columns, 1));
  if (table.features.rows() == 0 && std::exchange(any_, true)) return std::nullopt;
  any_ = true;
  notes_.insert(notes_.end(), table.notes.begin(), table.notes.end());
  Rows rows = complete_rows(std::move(table), {}, sources_, skip_missing_, read_);
  read_ += rows.all;
  skipped_ += rows.all - rows.features.rows();
  return rows;
}

std::vector<std::string> RowReader::notes() const {
  std::vector<std::string> notes = notes_;
  if (skipped_ > 0) notes.push_back(skipped_note(sources_, skipped_, read_));
  return notes;
}

}  // namespace kernad::cli
