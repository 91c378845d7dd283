#include "row_finder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace kernad::cli {

RowFinder::RowFinder(std::string wanted) : wanted_(std::move(wanted)) {
  std::size_t number = 0;
  const char* end = wanted_.data() + wanted_.size();
  const auto [stop, error] = std::from_chars(wanted_.data(), end, number);
  if (error == std::errc() && stop == end) number_ = number;
}

RowFinder::Found RowFinder::take(const Rows& rows, std::size_t number) {
  Found found = {number, {}};
  const auto at = std::ranges::lower_bound(rows.numbers, number);
  if (at != rows.numbers.end() && *at == number) {
    found.row = one_row(rows, static_cast<std::size_t>(at - rows.numbers.begin()));
  }
  return found;
}

bool RowFinder::is_called(const Rows& rows, std::size_t row) const {
  const auto is_it = [&](const TextColumn& id) { return id.values[row] == wanted_; };
  return std::ranges::any_of(rows.table.ids, is_it) || row_name(rows.table, row) == wanted_;
}

void RowFinder::see(const Rows& rows) {
  have_ids_ = !rows.table.ids.empty();
  for (std::size_t row = 0; have_ids_ && row < rows.all; ++row) {
    if (!is_called(rows, row)) continue;
    ++count_called_;
    if (count_called_ == 1) called_ = take(rows, rows.first_number + row);
    if (count_called_ == 2) second_called_ = rows.first_number + row;
  }
  if (number_ && *number_ >= rows.first_number && *number_ < rows.first_number + rows.all) {
    at_number_ = take(rows, *number_);
  }
  rows_ += rows.all;
}

const RowFinder::Found& RowFinder::chosen(const Sources& data) const {
  if (count_called_ > 1) {
    throw InvalidParameter(
        fmt::format("{}: {} rows are called '{}', the first two of them rows {} and {}; give the "
                    "number of one without --id",
                    name_of(data), count_called_, wanted_, called_->number, second_called_));
  }
  if (called_) return *called_;
  if (rows_ == 0) throw InvalidParameter(name_of(data) + ": has no rows");
  if (at_number_) return *at_number_;
  throw InvalidParameter(fmt::format("{}: there is no row {}; valid: 0 to {}{}", name_of(data), wanted_, rows_ - 1,
                                     have_ids_ ? ", or the id of a row" : ""));
}

const Rows& RowFinder::found(const Sources& data) const {
  const Found& found = chosen(data);
  if (found.row) return *found.row;
  throw InvalidInput(
      fmt::format("{}: row {} has a missing value and cannot be explained", name_of(data), found.number));
}

}  // namespace kernad::cli
