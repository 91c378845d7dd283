#include "io/array_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <limits>

#include "files/message.hpp"
#include "io/rest.hpp"
#include "kernad/error.hpp"

namespace kernad::io {
namespace {

TableShape shape_of(const files::Source& source, const std::vector<std::size_t>& shape) {
  constexpr std::size_t kMaxEmptyRows = std::size_t{1} << 20;
  if (shape.size() == 1) return {source.name(), shape[0], {}, 1};
  if (shape.size() == 2 && shape[1] == 0 && shape[0] > kMaxEmptyRows) {  // they take no byte of the file
    files::fail(source.name(), fmt::format("the array is {}; rows have at least one column", files::shape_text(shape)));
  }
  if (shape.size() == 2) return {source.name(), shape[1], {}, shape[0]};
  files::fail(source.name(),
              fmt::format("the array is {}; features are rows x columns, or one row", files::shape_text(shape)));
}

class ArrayRows final : public RowSource {
 public:
  ArrayRows(std::unique_ptr<files::Source> source, const ArrayLayout& layout, AfterArray after, bool keep_rest)
      : RowSource(shape_of(*source, layout.shape)),
        source_(std::move(source)),
        layout_(layout),
        check_end_(after == AfterArray::source_ends),
        keep_rest_(keep_rest && size_of(layout.format.dtype) >= sizeof(float)) {}

  std::size_t next(std::size_t max_rows, std::span<float> values, std::vector<std::string>& /*labels*/) override {
    const std::size_t count = std::min(max_rows, all_rows() - done_);
    assert(values.size() >= count * columns());
    const auto out = values.first(count * columns());
    if (layout_.column_major) {
      take_column_major(out);
    } else {
      read_row_major(out);
    }
    done_ += count;
    if (done_ == all_rows() && std::exchange(check_end_, false)) source_->expect_end();
    return count;
  }

  void finish(Table& table) override { table.rest = std::move(rest_); }

 private:
  [[nodiscard]] std::size_t all_rows() const { return *rows(); }

  void read_row_major(std::span<float> out) {
    const std::size_t first = done_ * columns();
    for (std::size_t i = 0; i < out.size(); i += array_block) {
      const auto part = out.subspan(i, std::min(array_block, out.size() - i));
      decode_next(part, first + i);
    }
  }

  // The usual way, everything at once, needs no second copy.
  void take_column_major(std::span<float> out) {
    if (out.empty()) return;
    if (done_ == 0 && out.size() == all_rows() * columns()) {
      read_column_major(out);
      return;
    }
    if (whole_.empty()) {
      whole_.resize(all_rows() * columns());
      read_column_major(whole_);
    }
    const auto from = std::span(whole_).subspan(done_ * columns(), out.size());
    std::copy(from.begin(), from.end(), out.begin());
  }

  void read_column_major(std::span<float> out) {
    std::vector<float> values(std::min(array_block, out.size()));
    const std::size_t row_count = all_rows();
    const std::size_t stride = columns();
    std::size_t row = 0;
    std::size_t column = 0;
    for (std::size_t i = 0; i < out.size(); i += array_block) {
      const auto part = std::span(values).first(std::min(array_block, out.size() - i));
      decode_next(part, i);
      for (std::span<const float> rest = part; !rest.empty();) {
        const auto run = rest.first(std::min(rest.size(), row_count - row));  // of one column
        float* const to = out.data() + row * stride + column;
        for (std::size_t k = 0; k < run.size(); ++k) to[k * stride] = run[k];
        rest = rest.subspan(run.size());
        row += run.size();
        if (row == row_count) row = 0, ++column;
      }
    }
  }

  /// The next numbers of the file, of which the first is its index-th.
  void decode_next(std::span<float> out, std::size_t index) {
    const std::size_t element = size_of(layout_.format.dtype);
    bytes_.resize(out.size() * element);
    source_->read_exactly(bytes_, "the data's next part");
    const std::size_t good = files::decode(bytes_, layout_.format, out);
    if (keep_rest_) keep_rests(index, out.size());
    if (good < out.size()) fail_beyond_float(index + good, std::span(bytes_).subspan(good * element, element));
  }

  void keep_rests(std::size_t index, std::size_t count) {
    doubles_.resize(count);
    files::decode(bytes_, layout_.format, std::span(doubles_));
    for (std::size_t i = 0; i < count; ++i) {
      const float rest = rest_of(doubles_[i]);
      if (rest == 0) continue;
      if (rest_.empty()) rest_ = Embeddings(all_rows(), columns());
      const std::size_t at = index + i;
      if (layout_.column_major) {
        rest_(at % all_rows(), at / all_rows()) = rest;
      } else {
        rest_(at / columns(), at % columns()) = rest;
      }
    }
  }

  [[noreturn]] void fail_beyond_float(std::size_t index, std::span<const std::byte> bytes) const {
    double value = 0;
    files::decode(bytes, layout_.format, std::span(&value, 1));
    const std::size_t row = layout_.column_major ? index % all_rows() : index / columns();
    const std::size_t column = layout_.column_major ? index / all_rows() : index % columns();
    throw InvalidInput(fmt::format("{}: row {}, column {}: {} is beyond float32, whose largest value is {}", name(),
                                   row, column, value, std::numeric_limits<float>::max()));
  }

  std::unique_ptr<files::Source> source_;
  ArrayLayout layout_;
  bool check_end_;
  bool keep_rest_;
  Embeddings rest_;  // of the whole array; empty until one is not 0
  std::vector<double> doubles_;
  std::size_t done_ = 0;  // rows given out
  std::vector<std::byte> bytes_;
  std::vector<float> whole_;  // of a column-major array that is pulled in parts
};

}  // namespace

std::unique_ptr<RowSource> array_rows(std::unique_ptr<files::Source> source, const ArrayLayout& layout,
                                      AfterArray after, bool keep_rest) {
  return std::make_unique<ArrayRows>(std::move(source), layout, after, keep_rest);
}

}  // namespace kernad::io
