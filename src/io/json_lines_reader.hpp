// The lines of a .jsonl as rows of texts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "files/source.hpp"
#include "io/text_reader.hpp"
#include "serialise/json_record.hpp"

namespace kernad::io {

/// Objects, whose keys are returned as a first row, the heading; or arrays or single values, without a heading. A later
/// object may have its keys in another order; a missing key gives an empty field.
class JsonLinesReader final : public TextReader {
 public:
  /// Reads the first line. `source` must outlive it.
  explicit JsonLinesReader(files::Source& source);

  [[nodiscard]] bool has_heading() const noexcept { return !names_.empty(); }

  /// Throws ReadError, with the line, for invalid JSON, another form than that of the first line, or a key that the
  /// first line lacks.
  [[nodiscard]] std::optional<TextRow> next() override;
  [[nodiscard]] bool has_arrived() const override { return first_ || begin_ < end_ || source_.has_arrived(); }

 private:
  bool read_line();
  void put_in_order(serialise::JsonRecord& record);
  TextRow row_of(const std::vector<std::string>& fields);

  files::Source& source_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  // start of the rest of the buffer
  std::size_t end_ = 0;
  std::string text_;  // of the line
  std::uint64_t line_ = 0;
  std::vector<std::string> names_;
  std::vector<std::string> fields_;
  std::vector<std::string_view> row_;  // the fields of the current row
  std::optional<serialise::JsonRecord> first_;
  bool heading_given_ = false;
  bool has_names_ = false;
};

}  // namespace kernad::io
