#include "kernad/sketch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <limits>
#include <numeric>
#include <utility>

#include "kernad/error.hpp"
#include "kernad/sampling.hpp"
#include "linalg/exact_moments.hpp"
#include "linalg/finite.hpp"
#include "parallel/parallel_for.hpp"
#include "sampling/row_ranges.hpp"

namespace kernad {
namespace {

constexpr const char* kWhat = "embeddings";

std::string text(const RowRange& range) {
  return range.last == range.first + 1 ? fmt::format("row {}", range.first)
                                       : fmt::format("rows {} to {}", range.first, range.last - 1);
}

std::string text(const SketchOptions& options) {
  return fmt::format("max_training_points {}, seed {} and all_rows {}", options.max_training_points, options.seed,
                     options.all_rows);
}

void require_float32(std::span<const float> row, std::uint64_t number) {
  if (!linalg::is_finite(row)) linalg::throw_not_finite(row, number, kWhat);
}

void require_float32(std::span<const double> row, std::uint64_t number) {
  for (std::size_t j = 0; j < row.size(); ++j) {
    if (std::abs(row[j]) <= double{std::numeric_limits<float>::max()}) continue;
    if (std::isfinite(row[j])) {
      throw InvalidInput(
          fmt::format("{}: row {}, column {}: {} is beyond float32, whose largest value is 3.4028235e+38", kWhat,
                      number, j, row[j]));
    }
    throw InvalidInput(
        fmt::format("{}: row {}, column {} is {}; every value must be finite", kWhat, number, j, row[j]));
  }
}

bool is_left_out(const RowDetails& details, std::size_t i) {
  return !details.left_out.empty() && details.left_out[i] != 0;
}

void require_one_a_row(std::size_t count, std::size_t rows, const char* what) {
  if (count == 0 || count == rows) return;
  throw InvalidParameter(fmt::format("{} {} for {} rows; one per row is needed, or none", count, what, rows));
}

std::uint64_t count_of(const RowDetails& details, std::size_t i) {
  return details.counts.empty() ? 1 : details.counts[i];
}

/// Throws as Sketch::add does for the rows themselves; returns how to copy one.
template <typename T>
auto checked(MatrixView<T> rows, std::size_t columns, std::uint64_t first_row, const RowDetails& details) {
  if (rows.rows() != 0) linalg::require_columns(rows, columns, kWhat);
  std::uint64_t number = first_row;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    if (!is_left_out(details, i)) require_float32(rows.row(i), number);
    number += count_of(details, i);
  }
  return [rows](std::size_t i, std::span<double> out) { std::ranges::copy(rows.row(i), out.begin()); };
}

}  // namespace

Sketch::Sketch(std::size_t columns, SketchOptions options) : columns_(columns), options_(options) {
  if (columns == 0) throw InvalidParameter("a sketch of 0 columns; valid: 1 or more");
  if (options.max_training_points < 2) {
    throw InvalidParameter(fmt::format("max_training_points is {}; valid: 2 or more", options.max_training_points));
  }
  if (options.all_rows) moments_ = std::make_shared<linalg::ExactMoments>(columns);
}

/// To be changed: no other sketch's.
linalg::ExactMoments& Sketch::own_moments() {
  if (moments_.use_count() > 1) moments_ = std::make_shared<linalg::ExactMoments>(*moments_);
  return *moments_;
}

void Sketch::add(EmbeddingsView rows, std::uint64_t first_row, const RowDetails& details) {
  require_details(rows.rows(), details);
  add_checked(rows.rows(), first_row, details, checked(rows, columns_, first_row, details));
  if (moments_) own_moments().add(rows, details.left_out, threads_);
}

void Sketch::add_doubles(MatrixView<double> rows, std::uint64_t first_row, const RowDetails& details) {
  require_details(rows.rows(), details);
  add_checked(rows.rows(), first_row, details, checked(rows, columns_, first_row, details));
  if (moments_) own_moments().add(rows, details.left_out, threads_);
}

void Sketch::require_details(std::size_t rows, const RowDetails& details) const {
  require_one_a_row(details.left_out.size(), rows, "marks of rows to leave out");
  require_one_a_row(details.names.size(), rows, "names");
  require_one_a_row(details.counts.size(), rows, "counts");
  if (moments_ && !details.counts.empty()) {
    throw InvalidParameter("all_rows counts every row once; valid: no counts, or all_rows false");
  }
}

void Sketch::add_checked(std::size_t rows, std::uint64_t first_row, const RowDetails& details,
                         const CopyRow& copy_row) {
  const std::uint64_t count =
      details.counts.empty() ? rows : std::accumulate(details.counts.begin(), details.counts.end(), std::uint64_t{0});
  if (count == 0) return;
  const std::vector<RowRange> range = {{first_row, first_row + count}};
  if (const auto seen = sampling::overlap(ranges_, range)) {
    throw InvalidInput(fmt::format("{} of the data set: the sketch has seen them already", text(*seen)));
  }
  ranges_ = sampling::united(ranges_, range);
  std::vector<double> row(columns_);
  std::uint64_t number = first_row;
  for (std::size_t i = 0; i < rows; ++i) {
    const std::uint64_t next = number + count_of(details, i);
    if (is_left_out(details, i)) number = next;
    for (; number < next; ++number) {
      ++rows_seen_;
      const std::size_t slot = slot_for(number);
      if (slot == kNone) continue;
      copy_row(i, row);
      store(slot, row, details.names.empty() ? std::string() : details.names[i]);
    }
  }
}

void Sketch::merge(const Sketch& other) {
  if (other.options_ != options_) {
    throw InvalidInput(
        fmt::format("a sketch with {} cannot be merged into one with {}", text(other.options_), text(options_)));
  }
  if (other.columns_ != columns_) {
    throw InvalidInput(fmt::format("a sketch of {} columns cannot be merged into one of {}", other.columns_, columns_));
  }
  if (other.column_names_ != column_names_) {
    throw InvalidInput(
        fmt::format("the columns of the sketches are called {} and {}; they must be the same, in the same order",
                    fmt::join(column_names_, ", "), fmt::join(other.column_names_, ", ")));
  }
  if (const auto both = sampling::overlap(ranges_, other.ranges_)) {
    throw InvalidInput(fmt::format("both sketches have seen {} of the data set", text(*both)));
  }
  ranges_ = sampling::united(ranges_, other.ranges_);
  rows_seen_ += other.rows_seen_;
  if (moments_) own_moments().merge(*other.moments_);
  for (const std::string& name : other.left_out_columns_) {
    if (std::ranges::count(left_out_columns_, name) == 0) left_out_columns_.push_back(name);
  }
  std::vector<double> row(columns_);
  for (const Kept& kept : other.kept_) {
    const std::size_t slot = slot_for(kept.number);
    if (slot == kNone) continue;
    other.copy(kept.slot, row);
    store(slot, row, other.names_.empty() ? std::string() : other.names_[kept.slot]);
  }
}

/// Where to store a row of the data set: a new slot, that of a row with a larger key, or kNone.
std::size_t Sketch::slot_for(std::uint64_t number) {
  const std::uint64_t key = row_key(options_.seed, number);
  if (kept_.size() < options_.max_training_points) {
    kept_.push_back({key, number, kept_.size()});
    std::ranges::push_heap(kept_);
    return kept_.size() - 1;
  }
  if (std::pair(key, number) > std::pair(kept_.front().key, kept_.front().number)) return kNone;
  std::ranges::pop_heap(kept_);
  const std::size_t slot = kept_.back().slot;
  kept_.back() = {key, number, slot};
  std::ranges::push_heap(kept_);
  return slot;
}

void Sketch::store(std::size_t slot, std::span<const double> row, const std::string& name) {
  const std::size_t begin = slot * columns_;
  if (values_.size() < begin + columns_) values_.resize(begin + columns_);
  if (!rest_.empty()) rest_.resize(values_.size());
  if (!names_.empty()) names_.resize(values_.size() / columns_);
  for (std::size_t j = 0; j < columns_; ++j) {
    const auto value = static_cast<float>(row[j]);
    values_[begin + j] = value;
    const double rest = row[j] - static_cast<double>(value);
    if (rest != 0 && rest_.empty()) rest_.resize(values_.size());
    if (!rest_.empty()) rest_[begin + j] = rest;
  }
  if (!name.empty() && names_.empty()) names_.resize(values_.size() / columns_);
  if (!names_.empty()) names_[slot] = name;
}

void Sketch::copy(std::size_t slot, std::span<double> row) const {
  for (std::size_t j = 0; j < columns_; ++j) {
    const std::size_t at = slot * columns_ + j;
    row[j] = static_cast<double>(values_[at]) + (rest_.empty() ? 0.0 : rest_[at]);
  }
}

void Sketch::set_column_names(std::vector<std::string> names, std::vector<std::string> left_out) {
  if (!names.empty() && names.size() != columns_) {
    throw InvalidParameter(
        fmt::format("{} names for {} columns; one per column is needed, or none", names.size(), columns_));
  }
  column_names_ = std::move(names);
  left_out_columns_ = std::move(left_out);
}

void Sketch::set_threads(int threads) { threads_ = parallel::resolve_threads(parallel::checked_thread_count(threads)); }

void Sketch::require_complete() const {
  if (ranges_.empty()) throw InvalidInput("the sketch has seen no rows");
  const std::uint64_t end = ranges_.front().first == 0 ? ranges_.front().last : 0;
  const auto next = ranges_.front().first == 0 ? ranges_.begin() + 1 : ranges_.begin();
  if (next == ranges_.end()) return;
  throw InvalidInput(
      fmt::format("{} of the data set are missing: no sketch has seen them", text(RowRange{end, next->first})));
}

std::vector<Sketch::Kept> Sketch::in_order() const {
  std::vector<Kept> kept = kept_;
  std::ranges::sort(kept, {}, &Kept::number);
  return kept;
}

Embeddings Sketch::rows() const {
  const auto kept = in_order();
  Embeddings result(kept.size(), columns_);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    std::copy_n(values_.data() + kept[i].slot * columns_, columns_, result.row(i).data());
  }
  return result;
}

Matrix<double> Sketch::doubles() const {
  const auto kept = in_order();
  Matrix<double> result(kept.size(), columns_);
  for (std::size_t i = 0; i < kept.size(); ++i) copy(kept[i].slot, result.row(i));
  return result;
}

std::vector<std::uint64_t> Sketch::row_numbers() const {
  std::vector<std::uint64_t> numbers;
  for (const Kept& kept : in_order()) numbers.push_back(kept.number);
  return numbers;
}

std::vector<std::string> Sketch::row_names() const {
  std::vector<std::string> names;
  if (names_.empty()) return names;
  for (const Kept& kept : in_order()) names.push_back(names_[kept.slot]);
  return names;
}

}  // namespace kernad
