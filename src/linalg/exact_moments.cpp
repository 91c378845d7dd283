#include "linalg/exact_moments.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "kernels/aligned.hpp"
#include "kernels/kernels.hpp"
#include "parallel/parallel_for.hpp"

namespace kernad::linalg {
namespace {

// A value is a sum of digits of base 2^24, each of at most 2^23 in magnitude, at positions from -7 (float32 has nothing
// below 2^-149) to 5. A product of two digits is then at most 2^46, and that of two panels of 64 rows 2^52.
constexpr int kLowestDigit = -7;
constexpr int kHighestDigit = 5;
constexpr std::size_t kDigits = kHighestDigit - kLowestDigit + 1;
constexpr std::size_t kExactRows = 64;
constexpr std::size_t kExactProducts = 2;  // of panels, whose sum is at most 2^53
constexpr std::size_t kCarryChunks = 64;   // at most 7 sums of 2^53 each are added at one position in a chunk

double scale_of(int position) { return std::ldexp(1.0, PositionalSums::kBits * position); }

std::size_t pairs(std::size_t columns) { return columns * (columns + 1) / 2; }

std::size_t first_pair(std::size_t i, std::size_t columns) { return i * columns - i * (i + 1) / 2 + i; }

/// The digits of up to kExactRows rows, in panels of as many columns as kernels::scatter_panels takes.
class Chunk {
 public:
  explicit Chunk(std::size_t columns)
      : columns_(columns),
        width_(kernels::active().scatter_columns),
        panels_((columns + width_ - 1) / width_),
        rest_(kExactRows * width_ * panels_),
        digits_(kDigits),
        used_(kDigits * panels_) {}

  [[nodiscard]] bool full() const { return rows_ == kExactRows; }
  [[nodiscard]] bool empty() const { return rows_ == 0; }

  template <typename T>
  void add(std::span<const T> row) {
    for (std::size_t j = 0; j < columns_; ++j) {
      const auto value = static_cast<double>(row[j]);
      largest_ = std::max(largest_, std::abs(value));
      rest_[panel_begin(j / width_) + rows_ * width_ + j % width_] = value;
    }
    ++rows_;
  }

  /// Adds the rows to the sums, and forgets them.
  void move_to(PositionalSums& sums, PositionalSums& products) {
    split();
    for (int p = lowest_; p <= highest_; ++p) add_sums(p, sums);
    for (std::size_t a = 0; a < panels_; ++a) {
      for (std::size_t b = a; b < panels_; ++b) {
        for (int position = 2 * lowest_; position <= 2 * highest_; ++position) add_products(position, a, b, products);
      }
    }
    std::ranges::fill(rest_, 0.0);
    rows_ = 0;
    largest_ = 0;
  }

 private:
  [[nodiscard]] std::size_t panel_begin(std::size_t panel) const { return panel * kExactRows * width_; }
  [[nodiscard]] static std::size_t place(int p) { return static_cast<std::size_t>(p - kLowestDigit); }
  [[nodiscard]] bool is_used(int p, std::size_t panel) const { return used_[place(p) * panels_ + panel] != 0; }
  [[nodiscard]] const double* panel_of(int p, std::size_t panel) const {
    return digits_[place(p)].data() + panel_begin(panel);
  }

  /// Digits from the highest that is needed, until nothing is left.
  void split() {
    highest_ = kHighestDigit;
    while (highest_ > kLowestDigit && largest_ <= scale_of(highest_ - 1) * 0x1p23) --highest_;
    bool any = true;
    for (lowest_ = highest_ + 1; any && lowest_ > kLowestDigit;) {
      --lowest_;
      auto& digits = digits_[place(lowest_)];
      digits.resize(rest_.size());
      any = false;
      for (std::size_t panel = 0; panel < panels_; ++panel) any = split_panel(panel, digits) || any;
    }
  }

  /// Takes the digits at lowest_ out of a panel, and returns whether anything is left.
  bool split_panel(std::size_t panel, kernels::AlignedVector<double>& digits) {
    constexpr double kRound = 0x1.8p52;  // adding it leaves no place for a fraction
    const double scale = scale_of(lowest_);
    const double inverse = scale_of(-lowest_);
    double* rest = rest_.data() + panel_begin(panel);
    double* out = digits.data() + panel_begin(panel);
    double found = 0;
    double left = 0;
    for (std::size_t k = 0; k < rows_ * width_; ++k) {
      const double digit = (rest[k] * inverse + kRound) - kRound;
      out[k] = digit;
      rest[k] -= digit * scale;
      found += std::abs(digit);
      left += std::abs(rest[k]);
    }
    used_[place(lowest_) * panels_ + panel] = found > 0 ? 1 : 0;
    return left > 0;
  }

  void add_sums(int p, PositionalSums& sums) {
    std::vector<double> column_sums(width_);
    for (std::size_t panel = 0; panel < panels_; ++panel) {
      if (!is_used(p, panel)) continue;
      std::ranges::fill(column_sums, 0.0);
      const double* digits = panel_of(p, panel);
      for (std::size_t i = 0; i < rows_; ++i) {
        for (std::size_t j = 0; j < width_; ++j) column_sums[j] += digits[i * width_ + j];
      }
      sums.add(p, panel * width_, column_sums.data(), std::min(width_, columns_ - panel * width_));
    }
  }

  /// The products of the columns of two panels that count 2^(24 position).
  void add_products(int position, std::size_t a, std::size_t b, PositionalSums& products) {
    const auto& kernels = kernels::active();
    tile_.resize(width_ * width_);
    std::size_t summed = 0;
    const auto flush = [&] {
      if (summed == 0) return;
      for (std::size_t i = a * width_; i < std::min(columns_, (a + 1) * width_); ++i) {
        const std::size_t begin = std::max(i, b * width_);
        const std::size_t end = std::min(columns_, (b + 1) * width_);
        products.add(position, first_pair(i, columns_) + begin - i,
                     tile_.data() + (i - a * width_) * width_ + begin - b * width_, end - begin);
      }
      std::ranges::fill(tile_, 0.0);
      summed = 0;
    };
    for (int p = std::max(lowest_, position - highest_); p <= std::min(highest_, position - lowest_); ++p) {
      if (!is_used(p, a) || !is_used(position - p, b)) continue;
      kernels.scatter_panels(panel_of(p, a), panel_of(position - p, b), rows_, tile_.data(), width_,
                             std::min(width_, columns_ - b * width_), a == b);
      if (++summed == kExactProducts) flush();
    }
    flush();
  }

  std::size_t columns_;
  std::size_t width_;
  std::size_t panels_;
  std::size_t rows_ = 0;
  double largest_ = 0;
  int lowest_ = 0;
  int highest_ = 0;
  kernels::AlignedVector<double> rest_;
  std::vector<kernels::AlignedVector<double>> digits_;  // of each position
  std::vector<char> used_;                              // for each position and panel: whether any is not 0
  kernels::AlignedVector<double> tile_;
};

}  // namespace

ExactMoments::ExactMoments(std::size_t columns)
    : sums_(columns), products_(pairs(columns)), low_(columns), high_(columns) {}

ExactMoments ExactMoments::of(std::uint64_t count, PositionalSums sums, PositionalSums products,
                              std::vector<double> low, std::vector<double> high) {
  ExactMoments moments(0);
  moments.count_ = count;
  moments.sums_ = std::move(sums);
  moments.products_ = std::move(products);
  moments.low_ = std::move(low);
  moments.high_ = std::move(high);
  return moments;
}

template <typename T>
void ExactMoments::add_part(MatrixView<T> rows, std::span<const std::uint8_t> left_out) {
  Chunk chunk(columns());
  std::size_t chunks = 0;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    if (!left_out.empty() && left_out[i] != 0) continue;
    const auto row = rows.row(i);
    for (std::size_t j = 0; j < row.size(); ++j) {
      const auto value = static_cast<double>(row[j]);
      low_[j] = count_ == 0 ? value : std::min(low_[j], value);
      high_[j] = count_ == 0 ? value : std::max(high_[j], value);
    }
    ++count_;
    chunk.add(row);
    if (!chunk.full()) continue;
    chunk.move_to(sums_, products_);
    if (++chunks % kCarryChunks != 0) continue;
    sums_.carry();
    products_.carry();
  }
  if (!chunk.empty()) chunk.move_to(sums_, products_);
  sums_.carry();
  products_.carry();
}

template <typename T>
void ExactMoments::add(MatrixView<T> rows, std::span<const std::uint8_t> left_out, int threads) {
  constexpr std::size_t kPartRows = 1024;        // fewer are not worth a thread
  constexpr std::size_t kMostPairs = 4U << 20U;  // of all threads together: 250 MB
  const std::size_t parts = std::min({static_cast<std::size_t>(threads), rows.rows() / kPartRows,
                                      kMostPairs / std::max<std::size_t>(1, pairs(columns()))});
  if (parts <= 1) return add_part(rows, left_out);
  std::vector<ExactMoments> partial(parts, ExactMoments(columns()));
  parallel::parallel_for(parts, threads, [&](std::size_t k, std::size_t) {
    const std::size_t begin = rows.rows() * k / parts;
    const std::size_t count = rows.rows() * (k + 1) / parts - begin;
    partial[k].add_part(rows.middle_rows(begin, count), left_out.empty() ? left_out : left_out.subspan(begin, count));
  });
  for (const ExactMoments& part : partial) merge(part);
}

void ExactMoments::widen(const ExactMoments& other) {
  for (std::size_t j = 0; j < low_.size(); ++j) {
    low_[j] = count_ == 0 ? other.low_[j] : std::min(low_[j], other.low_[j]);
    high_[j] = count_ == 0 ? other.high_[j] : std::max(high_[j], other.high_[j]);
  }
}

void ExactMoments::merge(const ExactMoments& other) {
  if (other.count_ == 0) return;
  widen(other);
  count_ += other.count_;
  sums_.add(other.sums_, 1);
  products_.add(other.products_, 1);
}

template <typename T>
void ExactMoments::subtract(MatrixView<T> rows, int threads) {
  ExactMoments part(columns());
  part.add(rows, {}, threads);
  count_ -= part.count_;
  sums_.add(part.sums_, -1);
  products_.add(part.products_, -1);
}

RowMoments rounded(const ExactMoments& moments, std::span<const double> shift, std::size_t rows, int threads) {
  const std::size_t columns = moments.columns();
  const auto count = static_cast<double>(moments.count());
  RowMoments result{
      {std::vector<double>(columns), std::vector<double>(columns)}, std::vector<double>(columns * columns), rows};
  std::vector<PositionalSums::Digits> sums;
  for (std::size_t j = 0; j < columns; ++j) {
    sums.push_back(moments.sums().digits(j));
    const double moved = shift.empty() ? 0 : shift[j];
    const double low = moments.low()[j] - moved;
    const double high = moments.high()[j] - moved;
    // A constant column's mean is its value as the rows of the model have it.
    result.columns.mean[j] =
        low == high ? static_cast<double>(static_cast<float>(low)) : to_double(sums[j]) / count - moved;
    result.columns.largest[j] = low == high ? 0 : std::max(std::abs(low), std::abs(high));
  }
  const double share = static_cast<double>(rows) / count / count;
  parallel::parallel_for(columns, threads, [&](std::size_t i, std::size_t) {
    if (result.columns.largest[i] == 0) return;
    for (std::size_t j = i; j < columns; ++j) {
      if (result.columns.largest[j] == 0) continue;
      const auto products = moments.products().digits(first_pair(i, columns) + j - i);
      const double sum = to_double(multiply_subtract(moments.count(), products, sums[i], sums[j])) * share;
      result.scatter[j * columns + i] = i == j ? std::max(sum, 0.0) : sum;
    }
  });
  return result;
}

template void ExactMoments::add(MatrixView<float>, std::span<const std::uint8_t>, int);
template void ExactMoments::add(MatrixView<double>, std::span<const std::uint8_t>, int);
template void ExactMoments::subtract(MatrixView<float>, int);
template void ExactMoments::subtract(MatrixView<double>, int);

}  // namespace kernad::linalg
