#include "row_reader.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace kernad::cli {
namespace {

bool is_regular_file(const std::string& source) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(parse_source_name(source).path, ignored);
}

}  // namespace

RowReader::RowReader(Sources sources, const ReadOptions& options)
    : sources_(std::move(sources)),
      skip_missing_(options.allow_missing),
      reads_ahead_(std::ranges::all_of(sources_, is_regular_file)),
      reader_(sources_, options),
      columns_(reader_.columns()),
      total_(reader_.rows()) {}

kernad::Table RowReader::read() {
  constexpr std::size_t kValues = KERNAD_BLOCK_VALUES;
  return reader_.next(std::max<std::size_t>(kValues / std::max<std::size_t>(columns_, 1), 1));
}

std::optional<Rows> RowReader::next(const LabelsOf& labels_of) {
  kernad::Table table = ahead_.valid() ? ahead_.get() : read();
  if (reads_ahead_ && table.features.rows() > 0) ahead_ = std::async(std::launch::async, [this] { return read(); });
  notes_.insert(notes_.end(), table.notes.begin(), table.notes.end());
  if (table.features.rows() == 0 && std::exchange(any_, true)) return std::nullopt;
  any_ = true;
  std::vector<std::uint8_t> labels;
  if (labels_of) labels = labels_of(table);
  Rows rows = complete_rows(std::move(table), std::move(labels), sources_, skip_missing_, read_);
  read_ += rows.all;
  skipped_ += rows.all - rows.features.rows();
  return rows;
}

std::vector<std::string> RowReader::notes(const std::vector<std::string>& more) const {
  std::vector<std::string> notes = notes_;
  notes.insert(notes.end(), more.begin(), more.end());
  if (skipped_ > 0) notes.push_back(skipped_note(sources_, skipped_, read_));
  return notes;
}

}  // namespace kernad::cli
