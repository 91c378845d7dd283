#include "labelled_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace kernad::cli {

LabelledReader::LabelledReader(const Sources& sources, const LabelSource& labels, ReadOptions options)
    : sources_(sources), from_(labels), options_(std::move(options)) {
  require_one_standard_input(sources, labels);
  if (!may_be_column(sources, labels) || !open_with_column()) open_with_file();
}

/// False if there is no such column, but a file.
bool LabelledReader::open_with_column() {
  ReadOptions reading = options_;
  reading.label_column = from_.column_or_file;
  try {
    rows_ = std::make_unique<RowReader>(sources_, reading);
  } catch (const InvalidParameter&) {
    if (!is_file(from_.column_or_file)) throw;
    return false;
  }
  texts_.emplace(fmt::format("{}, column '{}'", name_of(sources_), from_.column_or_file),
                 LabelOptions{.normal_label = from_.normal_label, .allow_missing = options_.allow_missing});
  return true;
}

void LabelledReader::open_with_file() {
  rows_ = std::make_unique<RowReader>(sources_, options_);
  labels_ =
      read_labels(from_.column_or_file, {.normal_label = from_.normal_label, .allow_missing = options_.allow_missing});
  if (rows_->total() && *rows_->total() != labels_.size()) refuse_count(*rows_->total());
}

void LabelledReader::refuse_count(std::size_t rows) const {
  throw InvalidInput(fmt::format("{}: {} labels, but {} has {} rows; there must be one label a row",
                                 from_.column_or_file, labels_.size(), name_of(sources_), rows));
}

std::vector<std::uint32_t> LabelledReader::codes_in(const kernad::Table& table) {
  if (texts_) {
    texts_->set_column(table.label_name);
    return texts_->add(table.labels);
  }
  std::vector<std::uint32_t> codes;
  for (std::size_t i = read_; i < read_ + table.features.rows(); ++i) {
    // Rows without label are counted, and refused at the end.
    const std::uint8_t label = i < labels_.size() ? labels_[i] : missing_label;
    codes.push_back(label == missing_label ? LabelTexts::kMissing : label);
  }
  return codes;
}

std::optional<Rows> LabelledReader::next() {
  std::vector<std::uint32_t> codes;
  auto rows = rows_->next([&](const kernad::Table& table) {
    codes = codes_in(table);
    std::vector<std::uint8_t> missing(codes.size());
    std::ranges::transform(codes, missing.begin(), [](std::uint32_t code) {
      return code == LabelTexts::kMissing ? missing_label : std::uint8_t{0};
    });
    return missing;
  });
  if (!rows) {
    if (!texts_ && read_ != labels_.size()) refuse_count(read_);
    return std::nullopt;
  }
  read_ += rows->all;
  codes_.clear();
  for (const std::size_t number : rows->numbers) codes_.push_back(codes[number - rows->first_number]);
  rows->labels.clear();
  return rows;
}

std::vector<std::uint8_t> LabelledReader::meanings() const {
  return texts_ ? texts_->meanings() : std::vector<std::uint8_t>{0, 1};
}

std::vector<std::string> LabelledReader::notes() const {
  if (!texts_ || !texts_->has_minus_one()) return rows_->notes();
  return rows_->notes({minus_one_note(sources_)});
}

}  // namespace kernad::cli
