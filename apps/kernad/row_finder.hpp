// The one row of the input that is asked for.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "data.hpp"

namespace kernad::cli {

/// Looks for a row in all blocks, and keeps it alone.
class RowFinder {
 public:
  /// wanted: a number, from 0, or an id of a row; of several ids one, or all as in row_name.
  explicit RowFinder(std::string wanted);

  void see(const Rows& rows);
  /// The row, once all have been seen. Throws InvalidParameter if there is none or more than one, InvalidInput if it
  /// lacks a value.
  [[nodiscard]] const Rows& found(const Sources& data) const;

 private:
  struct Found {
    std::size_t number = 0;
    std::optional<Rows> row;  // none if it lacks a value
  };
  [[nodiscard]] static Found take(const Rows& rows, std::size_t number);
  [[nodiscard]] bool is_called(const Rows& rows, std::size_t row) const;
  [[nodiscard]] const Found& chosen(const Sources& data) const;

  std::string wanted_;
  std::optional<std::size_t> number_;
  std::optional<Found> at_number_;
  std::optional<Found> called_;  // the first with that id
  std::size_t count_called_ = 0;
  std::size_t second_called_ = 0;
  std::size_t rows_ = 0;
  bool have_ids_ = false;
};

}  // namespace kernad::cli
