#include "io/array_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "files/memory_limit.hpp"
#include "files/message.hpp"
#include "io/rest.hpp"
#include "kernad/error.hpp"

namespace kernad::io {
namespace {

TableShape shape_of(const files::Source& source, const std::vector<std::size_t>& shape) {
  constexpr std::size_t kMaxEmptyRows = std::size_t{1} << 20;
  if (shape.size() != 1 && shape.size() != 2) {
    files::fail(source.name(),
                fmt::format("the array is {}; features are rows x columns, or one row", files::shape_text(shape)));
  }
  if (shape.size() == 2 && shape[1] == 0 && shape[0] > kMaxEmptyRows) {  // they take no bytes in the file
    files::fail(source.name(), fmt::format("the array is {}; rows have at least one column", files::shape_text(shape)));
  }
  TableShape table;
  table.name = source.name();
  table.rows = shape.size() == 1 ? 1 : shape[0];
  table.columns = shape.back();
  table.first_byte = source.position();
  return table;
}

/// Destination of a part of an array, by row: of its values, and of their rests.
struct Part {
  std::size_t first_row;
  std::size_t rows;
  std::size_t offset;  ///< of its first value in both
  std::vector<float>& values;
  std::vector<float>& rests;
};

class ArrayRows final : public RowSource {
 public:
  ArrayRows(std::unique_ptr<files::Source> source, const ArrayLayout& layout, AfterArray after, bool keep_rest)
      : RowSource(shape_of(*source, layout.shape)),
        source_(std::move(source)),
        layout_(layout),
        check_end_(after == AfterArray::source_ends),
        as_they_lie_(layout.format.dtype == DType::f32 && layout.format.order == files::native_order),
        keep_rest_(keep_rest && layout.format.dtype != DType::f32 && element() >= sizeof(float)) {}

  std::size_t next(std::size_t max_rows, PulledRows& rows) override {
    const std::size_t count = std::min(max_rows, all_rows() - done_);
    const std::size_t offset = rows.values.size();
    rows.values.resize(offset + count * columns());
    const Part part{done_, count, offset, rows.values, rows.rest};
    if (layout_.column_major && count > 0 && columns() > 0) {
      take_column_major(part);
    } else {
      read_row_major(part);
    }
    done_ += count;
    rows.count += count;
    if (done_ < all_rows() || std::exchange(ended_, true)) return count;
    source_->expect_unchanged();
    if (check_end_) source_->expect_end();
    return count;
  }

 private:
  [[nodiscard]] std::size_t all_rows() const { return *rows(); }
  [[nodiscard]] std::size_t element() const { return size_of(layout_.format.dtype); }

  void read_row_major(const Part& part) {
    const std::size_t size = part.rows * columns();
    if (as_they_lie_) {
      read_as_they_lie(std::span(part.values).subspan(part.offset, size));
      return;
    }
    for (std::size_t i = 0; i < size; i += array_block) {
      const std::size_t count = std::min(array_block, size - i);
      const std::size_t at = part.offset + i;
      decode_next(std::span(part.values).subspan(at, count), part.first_row * columns() + i);
      for (std::size_t k = 0; keep_rest_ && k < count; ++k) put_rest(doubles_[k], at + k, part.rests);
    }
  }

  void take_column_major(const Part& part) {
    if (part.rows == all_rows() || source_->seek(shape().first_byte)) {
      read_column_major(part);
      return;
    }
    if (whole_.empty()) {
      const std::size_t size = all_rows() * columns();
      files::require_memory(size * sizeof(float), name(), shape().first_byte);
      whole_.resize(size);
      read_column_major({0, all_rows(), 0, whole_, whole_rest_});
    }
    const std::size_t first = part.first_row * columns();
    std::copy_n(whole_.begin() + static_cast<std::ptrdiff_t>(first), part.rows * columns(),
                part.values.begin() + static_cast<std::ptrdiff_t>(part.offset));
    if (whole_rest_.empty()) return;
    whole_rest_.resize(whole_.size());
    part.rests.resize(part.offset);
    part.rests.insert(part.rests.end(), whole_rest_.begin() + static_cast<std::ptrdiff_t>(first),
                      whole_rest_.begin() + static_cast<std::ptrdiff_t>(first + part.rows * columns()));
  }

  /// The rows' piece of each column. For all rows these pieces are consecutive; else each needs a seek.
  void read_column_major(const Part& part) {
    for (std::size_t column = 0; column < columns(); ++column) {
      const std::size_t begin = column * all_rows() + part.first_row;
      if (part.rows < all_rows()) (void)source_->seek(shape().first_byte + begin * element());
      for (std::size_t row = 0; row < part.rows; row += array_block) {
        column_.resize(std::min(array_block, part.rows - row));
        decode_next(column_, begin + row);
        for (std::size_t k = 0; k < column_.size(); ++k) {
          const std::size_t at = part.offset + (row + k) * columns() + column;
          part.values[at] = column_[k];
          if (keep_rest_) put_rest(doubles_[k], at, part.rests);
        }
      }
    }
  }

  void read_as_they_lie(std::span<float> out) {
    source_->read_exactly(std::as_writable_bytes(out), "the data's next part");
  }

  /// The next numbers of the file; `index` is the position of the first.
  void decode_next(std::span<float> out, std::size_t index) {
    if (as_they_lie_) return read_as_they_lie(out);
    bytes_.resize(out.size() * element());
    source_->read_exactly(bytes_, "the data's next part");
    const std::size_t good = files::decode(bytes_, layout_.format, out);
    if (good < out.size()) fail_beyond_float(index + good, std::span(bytes_).subspan(good * element(), element()));
    if (!keep_rest_) return;
    doubles_.resize(out.size());
    files::decode(bytes_, layout_.format, std::span(doubles_));
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
  bool as_they_lie_;  // the file has floats in this machine's byte order
  bool keep_rest_;
  std::size_t done_ = 0;  // rows returned so far
  bool ended_ = false;    // they are all, and checked
  std::vector<std::byte> bytes_;
  std::vector<double> doubles_;    // the output of decode_next, if rests are kept
  std::vector<float> column_;      // a piece of one
  std::vector<float> whole_;       // of a column-major array that cannot be read in pieces
  std::vector<float> whole_rest_;  // its rests
};

}  // namespace

std::unique_ptr<RowSource> array_rows(std::unique_ptr<files::Source> source, const ArrayLayout& layout,
                                      AfterArray after, bool keep_rest) {
  return std::make_unique<ArrayRows>(std::move(source), layout, after, keep_rest);
}

}  // namespace kernad::io
