#include "serialise/moments_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kernad/error.hpp"

namespace kernad::serialise {
namespace {

using linalg::PositionalSums;

constexpr const char* kLow = "moments.low";
constexpr const char* kHigh = "moments.high";
constexpr const char* kSums = "moments.sums";
constexpr const char* kProducts = "moments.products";
constexpr std::int32_t kLargestDigit = 1 << (PositionalSums::kBits - 1);

/// One row for each position at which a digit is not 0: the position, then the digits.
Tensor digits_of(const PositionalSums& sums) {
  std::vector<std::int32_t> digits;
  for (int p = PositionalSums::kLowest; p <= PositionalSums::kHighest; ++p) {
    if (sums.at(p).empty()) continue;
    digits.push_back(p);
    std::ranges::transform(sums.at(p), std::back_inserter(digits),
                           [](std::int64_t digit) { return static_cast<std::int32_t>(digit); });
  }
  const std::size_t width = sums.count() + 1;
  const auto bytes = std::as_bytes(std::span(digits));
  return {DType::i32, {digits.size() / width, width}, {bytes.begin(), bytes.end()}};
}

const Tensor& tensor_of(const StateDict& state, const char* name, DType dtype, std::size_t width) {
  const auto entry = state.tensors.find(name);
  if (entry == state.tensors.end()) throw InvalidInput(fmt::format("tensor '{}' is missing", name));
  const Tensor& tensor = entry->second;
  if (tensor.dtype != dtype || tensor.shape.empty() || tensor.shape.size() > 2 || tensor.shape.back() != width) {
    throw InvalidInput(fmt::format("tensor '{}' is not of dtype {} with rows of {}", name, to_string(dtype), width));
  }
  return tensor;
}

template <typename T>
std::vector<T> values_of(const Tensor& tensor) {
  std::vector<T> values(tensor.size());
  if (!values.empty()) std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
  return values;
}

PositionalSums sums_in(const StateDict& state, const char* name, std::size_t count, int lowest, int highest) {
  const auto digits = values_of<std::int32_t>(tensor_of(state, name, DType::i32, count + 1));
  PositionalSums sums(count);
  for (std::size_t begin = 0; begin < digits.size(); begin += count + 1) {
    const std::span<const std::int32_t> row(digits.data() + begin + 1, count);
    const auto valid = [](std::int32_t digit) { return digit >= -kLargestDigit && digit < kLargestDigit; };
    if (digits[begin] < lowest || digits[begin] > highest || !sums.at(digits[begin]).empty() ||
        !std::ranges::all_of(row, valid)) {
      throw InvalidInput(fmt::format("tensor '{}' holds what is no digit", name));
    }
    sums.set(digits[begin], {row.begin(), row.end()});
  }
  return sums;
}

}  // namespace

void add_moments(const linalg::ExactMoments& moments, StateDict& state) {
  state.tensors[kLow] = Tensor::from(moments.low(), {moments.columns()});
  state.tensors[kHigh] = Tensor::from(moments.high(), {moments.columns()});
  state.tensors[kSums] = digits_of(moments.sums());
  state.tensors[kProducts] = digits_of(moments.products());
}

bool has_moments(const StateDict& state) { return state.tensors.contains(kProducts); }

linalg::ExactMoments moments_from(const StateDict& state, std::size_t columns, std::uint64_t rows) {
  auto low = values_of<double>(tensor_of(state, kLow, DType::f64, columns));
  auto high = values_of<double>(tensor_of(state, kHigh, DType::f64, columns));
  for (std::size_t j = 0; j < columns; ++j) {
    if (std::abs(low[j]) <= double{std::numeric_limits<float>::max()} && low[j] <= high[j] &&
        high[j] <= double{std::numeric_limits<float>::max()}) {
      continue;
    }
    throw InvalidInput(fmt::format("column {}: tensors '{}' and '{}' are no range of values", j, kLow, kHigh));
  }
  return linalg::ExactMoments::of(rows, sums_in(state, kSums, columns, -7, 8),
                                  sums_in(state, kProducts, columns * (columns + 1) / 2, PositionalSums::kLowest, 14),
                                  std::move(low), std::move(high));
}

}  // namespace kernad::serialise
