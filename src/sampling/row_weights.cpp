#include "sampling/row_weights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernad/error.hpp"

namespace kernad::sampling {

RowWeights::RowWeights(std::span<const double> weights, std::size_t rows)
    : weights_(weights), rows_(rows), total_(static_cast<double>(rows)) {
  if (weights.empty()) return;
  if (weights.size() != rows) {
    throw InvalidParameter(fmt::format("{} weights for {} rows; one per row is needed, or none", weights.size(), rows));
  }
  total_ = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    if (!(weights[i] >= 0 && std::isfinite(weights[i]))) {
      throw InvalidInput(fmt::format("the weight of row {} is {}; valid: 0 or more, and finite", i, weights[i]));
    }
    total_ += weights[i];
    whole_ = whole_ && weights[i] == std::floor(weights[i]);
  }
  for (std::size_t i = 0; i < rows; ++i) {
    if (weights[i] == 0 || weights[i] >= 0x1p-63 * total_) continue;
    throw InvalidInput(
        fmt::format("the weight of row {} is {:g}, the sum of all is {:g}; valid: 0, or 1.1e-19 of the sum and more", i,
                    weights[i], total_));
  }
  if (!(total_ > 1)) {
    throw InvalidInput(fmt::format("the weights add up to {:g}; they count rows, and more than 1 is needed", total_));
  }
  constexpr double kMost = std::numeric_limits<std::uint32_t>::max();
  if (total_ > kMost) {
    throw InvalidInput(fmt::format("the weights add up to {:g}; at most {:.0f} rows can be counted", total_, kMost));
  }
}

std::vector<std::size_t> RowWeights::counted_rows() const {
  std::vector<std::size_t> counted;
  for (std::size_t i = 0; i < rows_; ++i) {
    if (weights_.empty() || weights_[i] > 0) counted.push_back(i);
  }
  return counted;
}

std::vector<double> RowWeights::positive() const {
  std::vector<double> positive(weights_.begin(), weights_.end());
  std::erase(positive, 0.0);
  return positive;
}

std::vector<std::size_t> RowWeights::rows_at(std::span<const std::size_t> places) const {
  if (weights_.empty()) return {places.begin(), places.end()};
  std::vector<std::size_t> found(places.size());
  std::size_t row = 0;
  double end = weights_[0];  // of the places of `row`
  for (std::size_t i = 0; i < places.size(); ++i) {
    while (static_cast<double>(places[i]) >= end) end += weights_[++row];
    found[i] = row;
  }
  return found;
}

}  // namespace kernad::sampling
