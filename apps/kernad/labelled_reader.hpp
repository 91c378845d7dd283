// Rows with labels, block by block.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "label_texts.hpp"
#include "labels.hpp"
#include "row_reader.hpp"

namespace kernad::cli {

/// The rows of read_labelled, in the memory of two blocks and of each distinct label. What the labels mean is known
/// once all rows have been read.
class LabelledReader {
 public:
  /// Throws as read_labelled does.
  LabelledReader(const Sources& sources, const LabelSource& labels, ReadOptions options);

  [[nodiscard]] std::optional<std::size_t> total() const { return rows_->total(); }
  [[nodiscard]] std::size_t columns() const { return rows_->columns(); }
  [[nodiscard]] std::optional<Rows> next();
  /// A number for the label of each of the rows that `next` has returned last.
  [[nodiscard]] const std::vector<std::uint32_t>& codes() const { return codes_; }
  /// By these numbers, 0 for normal and 1 for anomalous rows. Throws as parse_labels does.
  [[nodiscard]] std::vector<std::uint8_t> meanings() const;
  /// As LabelTexts has it; of a file, the labels have been read.
  [[nodiscard]] bool is_normal_word(std::uint32_t code) const {
    return texts_ ? texts_->is_normal_word(code) : code == 0;
  }
  [[nodiscard]] bool is_one(std::uint32_t code) const { return texts_ && texts_->is_one(code); }
  [[nodiscard]] bool may_be_ones() const { return texts_ && texts_->may_be_ones(); }
  [[nodiscard]] bool are_ones() const { return texts_ && texts_->are_ones(); }
  /// Notes on all rows that were read.
  [[nodiscard]] std::vector<std::string> notes() const;

 private:
  [[nodiscard]] bool open_with_column();
  void open_with_file();
  [[nodiscard]] std::vector<std::uint32_t> codes_in(const kernad::Table& table);
  [[noreturn]] void refuse_count(std::size_t rows) const;

  Sources sources_;
  LabelSource from_;
  ReadOptions options_;
  std::unique_ptr<RowReader> rows_;
  std::optional<LabelTexts> texts_;   // of a column
  std::vector<std::uint8_t> labels_;  // of a file
  std::size_t read_ = 0;
  std::vector<std::uint32_t> codes_;
};

}  // namespace kernad::cli
