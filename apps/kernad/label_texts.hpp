// What the labels of many rows mean, without keeping them all: what one means can depend on the others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "kernad/io.hpp"

namespace kernad::cli {

/// Collects the texts of rows, block by block, and keeps each distinct one once.
class LabelTexts {
 public:
  /// Of a row without label.
  static constexpr auto kMissing = static_cast<std::uint32_t>(-1);

  /// what: where the labels come from, for messages; options: as for parse_labels.
  LabelTexts(std::string what, LabelOptions options) : what_(std::move(what)), options_(std::move(options)) {}

  /// The codes of the next rows' labels. Throws what parse_labels throws for a missing label.
  [[nodiscard]] std::vector<std::uint32_t> add(const std::vector<std::string>& texts);
  /// The name of their column, once it is known.
  void set_column(const std::string& name) { options_.column = name; }

  /// What each code means, once all rows were added: 0 normal, 1 anomalous. Throws as parse_labels of all texts does.
  [[nodiscard]] std::vector<std::uint8_t> meanings() const;
  /// Whether a label is normal as a word (or is the given one), whatever the others are: unless they are ones.
  [[nodiscard]] bool is_normal_word(std::uint32_t code) const;
  /// Whether a label is 1.
  [[nodiscard]] bool is_one(std::uint32_t code) const;
  /// Whether all labels so far are 1 or -1.
  [[nodiscard]] bool may_be_ones() const { return options_.normal_label.empty() && all_ones_; }
  /// Whether they are to be read so: some are -1.
  [[nodiscard]] bool are_ones() const { return may_be_ones() && minus_one_; }

  /// Whether a label was "-1" and meant as in scikit-learn.
  [[nodiscard]] bool has_minus_one() const { return has_minus_one_; }

 private:
  [[nodiscard]] std::uint32_t code_of(const std::string& text);
  [[nodiscard]] std::uint32_t new_code(const std::string& text);

  std::string what_;
  LabelOptions options_;
  std::map<std::string, std::uint32_t, std::less<>> codes_;  // of texts as they are written
  std::vector<std::string> texts_;                           // distinct ones
  std::vector<std::size_t> rows_;                            // where each was first
  std::size_t added_ = 0;
  std::vector<std::uint8_t> kinds_;  // of each distinct text
  bool has_minus_one_ = false;
  bool minus_one_ = false;  // however it is written
  bool all_ones_ = true;
  bool has_normal_ = false;  // options_.normal_label was there
};

}  // namespace kernad::cli
