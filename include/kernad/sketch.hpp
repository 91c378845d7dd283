// The training sample of more rows than fit into memory, or than one machine has: gathered block by block, merged from
// parts in any order.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernad/export.hpp"
#include "kernad/matrix.hpp"
#include "kernad/state_dict.hpp"

namespace kernad {

namespace linalg {
class ExactMoments;
}

/// Consecutive rows of a data set: first, first + 1, ... last - 1, counted from 0.
struct RowRange {
  std::uint64_t first = 0;  ///< the first row
  std::uint64_t last = 0;   ///< one past the last row

  friend bool operator==(const RowRange&, const RowRange&) = default;
};

/// What a fit draws its sample by; three of KDEClassifierOptions.
struct SketchOptions {
  std::size_t max_training_points = 40'000;  ///< >= 2
  std::uint64_t seed = 0;                    ///< of the sample
  bool all_rows = false;                     ///< also gather the sums and products of the columns over all rows

  friend bool operator==(const SketchOptions&, const SketchOptions&) = default;
};

/// What is known of the rows of a block besides their values.
struct RowDetails {
  std::span<const std::uint8_t> left_out =
      {};                                   ///< one per row, or none: not 0 where a row is counted, but not trained on
  std::span<const std::string> names = {};  ///< one per row, or none
  /// One per row, or none: how many rows of the data set it stands for, one after the other; 0: it is none. The sketch
  /// is then that of the data set with the rows repeated. Not with all_rows.
  std::span<const std::uint32_t> counts = {};
};

/// What Sketch::forget has found.
struct KERNAD_API Forgotten {
  std::size_t rows = 0;               ///< that it kept, and keeps no more
  std::vector<std::string> not_kept;  ///< names of no row that it kept, in the order given
};

/// The sample that a fit of a data set trains on, without the data set. KDEClassifier::fit of a sketch gives the same
/// bits as the fit of all its rows at once, however they were cut into blocks and parts, and in whatever order these
/// came. A sketch knows which rows it has seen, so that none counts twice. Memory: at most max_training_points rows of
/// 4 bytes a value, and 8 bytes more if values are doubles that float32 does not hold; with all_rows, which takes sums
/// without rounding so that their order does not matter, also some 50 bytes for each pair of columns. Source: bottom-k
/// sampling by hashed keys (Cohen and Kaplan 2007, "Summarizing data using bottom-k sketches").
class KERNAD_API Sketch {
 public:
  /// Of rows with that many columns. Throws InvalidParameter for 0 columns or max_training_points < 2.
  explicit Sketch(std::size_t columns, SketchOptions options = {});

  /// Adds rows first_row, first_row + 1, ... of the data set. Throws InvalidInput for another number of columns, for
  /// NaN or infinity in a row that is not left out (with the row's number in the data set), or for rows that the sketch
  /// has seen; InvalidParameter for details of another number of rows, or counts with all_rows. Then the sketch is
  /// unchanged.
  void add(EmbeddingsView rows, std::uint64_t first_row, const RowDetails& details = {});
  /// The same for rows of doubles, which the sample keeps exactly. Throws InvalidInput for a value beyond float32 as
  /// well.
  template <DoubleRows Rows>
  void add(const Rows& rows, std::uint64_t first_row, const RowDetails& details = {}) {
    add_doubles(rows, first_row, details);
  }

  /// Adds all that another sketch of the same data set has seen. Throws InvalidInput, and changes nothing, for one with
  /// other options, columns or column names, or with rows that this one has seen as well.
  void merge(const Sketch& other);

  /// Forgets rows as if they had been left out when they were added: all that are called by one of these names, or,
  /// where rows have no names, by their numbers in the data set. If the sketch has seen more rows than it keeps,
  /// max_training_points becomes smaller by the number of rows forgotten: the others are still the sample of that size
  /// that a fit of the data set without those rows draws. Throws InvalidInput, and changes nothing, if less than two
  /// places would be left, for a name that no row can have had, because the sketch keeps all rows that were added, or
  /// if it does not keep all of them and has all_rows, whose ranges it could not take back.
  Forgotten forget(std::span<const std::string> names);

  /// The names of the columns, or none, and those of columns of the data set that are not features, as
  /// KDEClassifier::set_column_names takes them. Throws InvalidParameter for another number of names.
  void set_column_names(std::vector<std::string> names, std::vector<std::string> left_out = {});
  /// As given.
  [[nodiscard]] const std::vector<std::string>& column_names() const noexcept { return column_names_; }
  /// As given; after a merge those of both.
  [[nodiscard]] const std::vector<std::string>& left_out_columns() const noexcept { return left_out_columns_; }

  /// Threads that add may use for all_rows; 0: KERNAD_NUM_THREADS if set, else as many as the machine has; 1 unless
  /// set. Results do not depend on it. Throws InvalidParameter outside 0 to 1024.
  void set_threads(int threads);

  /// Values in a row.
  [[nodiscard]] std::size_t columns() const noexcept { return columns_; }
  /// As given.
  [[nodiscard]] const SketchOptions& options() const noexcept { return options_; }
  /// Rows that were not left out: those that the sample is drawn from.
  [[nodiscard]] std::uint64_t rows_seen() const noexcept { return rows_seen_; }
  /// Which rows of the data set have been added, in order; ranges that touch are one.
  [[nodiscard]] const std::vector<RowRange>& ranges() const noexcept { return ranges_; }
  /// What all_rows gathers, for the fit; null without it.
  [[nodiscard]] std::shared_ptr<const linalg::ExactMoments> moments() const noexcept { return moments_; }
  /// Throws InvalidInput, naming the first gap, unless the rows added are 0, 1, 2, ... without a gap.
  void require_complete() const;

  /// The rows of the sample, in the order of the data set, rounded to float32.
  [[nodiscard]] Embeddings rows() const;
  /// The same as they were added.
  [[nodiscard]] Matrix<double> doubles() const;
  /// Whether rounding to float32 changes any of them.
  [[nodiscard]] bool has_doubles() const noexcept { return !rest_.empty(); }
  /// Their numbers in the data set, ascending.
  [[nodiscard]] std::vector<std::uint64_t> row_numbers() const;
  /// Their names; empty if they have none.
  [[nodiscard]] std::vector<std::string> row_names() const;

  /// As named tensors, which docs/formats.md describes.
  [[nodiscard]] StateDict state_dict() const;
  /// The sketch of such a state. Throws InvalidInput for anything wrong with it.
  [[nodiscard]] static Sketch from_state_dict(const StateDict& state);
  /// state_dict() as one .safetensors file, written whole or not at all. Throws WriteError.
  void save(const std::string& path) const;
  /// The sketch in such a file. Throws ReadError for anything wrong with it.
  [[nodiscard]] static Sketch load(const std::string& path);

 private:
  struct Kept {  // a row of the sample; ordered as sample_rows chooses
    std::uint64_t key;
    std::uint64_t number;
    std::size_t slot;
    // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes the comparison with 0 for a pointer
    friend auto operator<=>(const Kept&, const Kept&) = default;
  };
  linalg::ExactMoments& own_moments();
  [[nodiscard]] std::shared_ptr<linalg::ExactMoments> moments_of_kept(const Sketch& before) const;
  static constexpr auto kNone = static_cast<std::size_t>(-1);
  void add_doubles(MatrixView<double> rows, std::uint64_t first_row, const RowDetails& details);
  using CopyRow = std::function<void(std::size_t, std::span<double>)>;
  void require_details(std::size_t rows, const RowDetails& details) const;
  void add_checked(std::size_t rows, std::uint64_t first_row, const RowDetails& details, const CopyRow& copy_row);
  std::size_t slot_for(std::uint64_t number);
  void store(std::size_t slot, std::span<const double> row, const std::string& name);
  void copy(std::size_t slot, std::span<double> row) const;
  [[nodiscard]] std::vector<Kept> in_order() const;
  [[nodiscard]] bool keeps_all() const;
  void check_loaded(std::size_t rows) const;

  std::size_t columns_;
  int threads_ = 1;
  SketchOptions options_;
  std::uint64_t rows_seen_ = 0;
  std::vector<RowRange> ranges_;
  std::vector<std::string> column_names_;
  std::vector<std::string> left_out_columns_;
  std::vector<Kept> kept_;                         // a heap, the largest key first
  std::vector<float> values_;                      // of each slot
  std::vector<double> rest_;                       // value - float(value) of each slot; empty while all are 0
  std::vector<std::string> names_;                 // of each slot; empty while none has one
  std::shared_ptr<linalg::ExactMoments> moments_;  // copies of a sketch share them until one changes; see own_moments
};

}  // namespace kernad
