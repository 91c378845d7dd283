// The values of a row of texts: features, label, weight, ids.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "io/column_roles.hpp"
#include "io/row_source.hpp"
#include "io/text_beginning.hpp"
#include "io/text_reader.hpp"

namespace kernad::io {

/// Several threads may use one at a time.
class RowParser {
 public:
  /// source: its name, for messages.
  RowParser(std::string source, const ReadOptions& options, const Beginning& beginning);

  /// Gives `rows` the names of its ids and fields, unless they are those of a source before this one, whose order of
  /// fields is then kept. Call it before add().
  void name_columns(PulledRows& rows);

  /// Appends the row, but does not count it. is_first: below the heading. Throws ReadError or InvalidInput, with the
  /// line, for another number of fields than that of the first row, for what is no number, and for what is beyond
  /// float32.
  void add(const TextRow& row, bool is_first, PulledRows& rows) const;

 private:
  [[nodiscard]] std::vector<std::size_t> order_of(const std::vector<TextColumn>& fields) const;
  [[nodiscard]] std::string name_or_number(std::size_t column) const;
  [[nodiscard]] double number(const TextRow& row, std::size_t column) const;
  [[nodiscard]] double weight(const TextRow& row) const;
  [[nodiscard]] std::string place(const TextRow& row, std::size_t column) const;
  [[noreturn]] void refuse_count(const TextRow& row, bool is_first) const;
  [[nodiscard]] std::string not_a_number(std::string_view field) const;
  [[nodiscard]] std::string heading_hint(std::size_t fields) const;
  [[nodiscard]] std::string separator_hint(std::string_view text) const;

  std::string source_;
  char delimiter_;  // 0: of JSON Lines
  char decimal_mark_;
  bool allow_missing_;
  bool keep_rest_;
  bool keep_fields_;
  std::vector<std::string> names_;  // of all columns; empty without a heading
  std::size_t count_;               // of the file's columns
  ColumnRoles roles_;
  std::vector<std::size_t> field_order_;  // see order_of
};

/// Moves the rows of `part`, of the same columns, to the end of `rows`; `part` is empty then, and keeps its memory.
void append(PulledRows& part, PulledRows& rows);

}  // namespace kernad::io
