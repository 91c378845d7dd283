#include "linalg/positional_sums.hpp"

#include <algorithm>
#include <cmath>

namespace kernad::linalg {
namespace {

constexpr std::int64_t kBase = std::int64_t{1} << PositionalSums::kBits;
constexpr int kLowest = PositionalSums::kLowest;
constexpr int kPositions = static_cast<int>(PositionalSums::kPositions);

/// Leaves the digit in [-2^23, 2^23), and returns what goes to the next position.
std::int64_t carry_of(std::int64_t& digit) {
  const std::int64_t carried = (digit + kBase / 2) >> PositionalSums::kBits;
  digit -= carried * kBase;
  return carried;
}

void carry_all(PositionalSums::Digits& digits) {
  std::int64_t carried = 0;
  for (std::int64_t& digit : digits) {
    digit += carried;
    carried = carry_of(digit);
  }
}

/// Adds sign * a * b; what falls outside the positions is 0 by the limits of the numbers.
void add_product(const PositionalSums::Digits& a, const PositionalSums::Digits& b, std::int64_t sign,
                 PositionalSums::Digits& result) {
  for (int i = 0; i < kPositions; ++i) {
    if (a[static_cast<std::size_t>(i)] == 0) continue;
    for (int j = std::max(0, -kLowest - i); j < std::min(kPositions, kPositions - kLowest - i); ++j) {
      const int place = i + j + kLowest;
      result[static_cast<std::size_t>(place)] += sign * a[static_cast<std::size_t>(i)] * b[static_cast<std::size_t>(j)];
    }
  }
}

}  // namespace

void PositionalSums::add(int position, std::size_t begin, const double* integers, std::size_t n) {
  auto& digits = digits_[index(position)];
  if (digits.empty()) digits.resize(count_);
  std::int64_t* sums = digits.data() + begin;
  for (std::size_t i = 0; i < n; ++i) sums[i] += static_cast<std::int64_t>(integers[i]);
}

void PositionalSums::add(const PositionalSums& other, int sign) {
  for (std::size_t p = 0; p < kPositions; ++p) {
    const auto& more = other.digits_[p];
    if (more.empty()) continue;
    if (digits_[p].empty()) digits_[p].resize(count_);
    for (std::size_t i = 0; i < count_; ++i) digits_[p][i] += sign * more[i];
  }
  carry();
}

void PositionalSums::carry() {
  for (std::size_t p = 0; p < kPositions; ++p) {
    auto& digits = digits_[p];
    if (digits.empty()) continue;
    bool any = false;
    for (std::size_t i = 0; i < digits.size(); ++i) {
      const std::int64_t carried = carry_of(digits[i]);
      any = any || digits[i] != 0;
      if (carried == 0) continue;
      auto& next = digits_.at(p + 1);
      if (next.empty()) next.resize(count_);
      next[i] += carried;
    }
    if (!any) std::vector<std::int64_t>().swap(digits);
  }
}

PositionalSums::Digits PositionalSums::digits(std::size_t i) const {
  Digits result = {};
  for (std::size_t p = 0; p < kPositions; ++p) {
    if (!digits_[p].empty()) result[p] = digits_[p][i];
  }
  return result;
}

double to_double(PositionalSums::Digits digits) {
  carry_all(digits);
  double value = 0;
  for (int p = 0; p < kPositions; ++p) {
    value +=
        std::ldexp(static_cast<double>(digits[static_cast<std::size_t>(p)]), PositionalSums::kBits * (p + kLowest));
  }
  return value;
}

PositionalSums::Digits multiply_subtract(std::uint64_t n, const PositionalSums::Digits& a,
                                         const PositionalSums::Digits& b, const PositionalSums::Digits& c) {
  PositionalSums::Digits count = {};
  for (auto p = static_cast<std::size_t>(-kLowest); n != 0; ++p, n >>= PositionalSums::kBits) {
    count[p] = static_cast<std::int64_t>(n & static_cast<std::uint64_t>(kBase - 1));
  }
  PositionalSums::Digits result = {};
  add_product(count, a, 1, result);
  add_product(b, c, -1, result);
  return result;
}

}  // namespace kernad::linalg
