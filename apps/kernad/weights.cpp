#include "weights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <system_error>
#include <utility>

namespace kernad::cli {

bool is_weight_column(const Sources& sources, const std::string& weights, ReadOptions options) {
  if (!have_columns(sources) || !is_file(weights)) return have_columns(sources);
  // As for labels, the column takes precedence, but a pipe can be read only once.
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(sources[0], ignored)) return false;
  options.weight_column = weights;
  try {
    const TableReader beginning({sources[0]}, std::move(options));
    return true;
  } catch (const InvalidParameter&) {
    return false;
  }
}

namespace {

std::vector<double> numbers_of(const kernad::Table& table) {
  std::vector<double> numbers(table.features.values().begin(), table.features.values().end());
  for (std::size_t i = 0; i < table.rest.values().size(); ++i) numbers[i] += double{table.rest.values()[i]};
  return numbers;
}

}  // namespace

WeightReader::WeightReader(Sources sources, std::string file) : sources_(std::move(sources)), file_(std::move(file)) {
  if (file_.empty()) return;
  reader_.emplace(Sources{file_}, ReadOptions{.keep_rest = true});
  if (reader_->columns() == 1) return;
  const kernad::Table first = reader_->next(1);
  const std::size_t more = reader_->next(1).features.rows();
  if (more != 0) {
    throw InvalidInput(fmt::format("{}: has several rows of {} columns; there must be one weight a row of {}", file_,
                                   reader_->columns(), name_of(sources_)));
  }
  row_ = numbers_of(first);
  reader_.reset();
}

/// Fewer at the end.
std::vector<double> WeightReader::next(std::size_t count) {
  if (reader_) return numbers_of(reader_->next(count));
  const std::size_t begin = std::min(read_, row_.size());
  const std::size_t end = std::min(begin + count, row_.size());
  return {row_.begin() + static_cast<std::ptrdiff_t>(begin), row_.begin() + static_cast<std::ptrdiff_t>(end)};
}

std::vector<double> WeightReader::of(const Rows& rows) {
  std::vector<double> all = rows.table.weights;
  if (!file_.empty() && rows.all > 0) all = next(rows.all);
  weights_ += all.size();
  read_ += rows.all;
  all.resize(std::max(all.size(), rows.all), 0.0);  // too few are refused at the end, when the rows are counted
  std::vector<double> weights;
  for (const std::size_t number : rows.numbers) {
    const double weight = all[number - rows.first_number];
    if (!(weight >= 0 && std::isfinite(weight))) {
      throw InvalidInput(
          fmt::format("{}: the weight of row {} is {}; valid: 0 or more, and finite", file_, number, weight));
    }
    weights.push_back(weight);
  }
  return weights;
}

void WeightReader::require_end() {
  if (file_.empty()) return;
  constexpr std::size_t kBlock = std::size_t{1} << 16;
  std::size_t weights = reader_ ? weights_ : row_.size();
  for (std::size_t more = 1; reader_ && more != 0; weights += more) more = next(kBlock).size();
  if (weights == read_) return;
  throw InvalidInput(fmt::format("{}: {} weights, but {} has {} rows; there must be one weight a row", file_, weights,
                                 name_of(sources_), read_));
}

}  // namespace kernad::cli
