#include "normal_sketch.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "labelled_reader.hpp"
#include "progress.hpp"

namespace kernad::cli {
namespace {

/// Gathers the rows of the codes that one reading of the labels takes for normal.
class Gathered {
 public:
  Gathered(std::size_t columns, const SketchOptions& options, int threads) : sketch_(columns, options) {
    sketch_.set_threads(threads);
  }

  /// chosen: places in the features.
  void add(const Rows& rows, const std::vector<std::size_t>& chosen) {
    if (chosen.empty()) return;
    std::vector<std::string> names(chosen.size());
    std::ranges::transform(chosen, names.begin(), [&](std::size_t i) { return rows.name(i); });
    if (rows.rest.empty()) {
      sketch_.add(some(rows.features.view(), chosen), count_, {{}, names});
    } else {
      const auto doubles = rows.doubles(0, rows.features.rows());
      sketch_.add(some(doubles.view(), chosen), count_, {{}, names});
    }
    count_ += chosen.size();
  }

  [[nodiscard]] Sketch take() { return std::move(sketch_); }

 private:
  template <typename T>
  static kernad::Matrix<T> some(MatrixView<T> rows, const std::vector<std::size_t>& chosen) {
    kernad::Matrix<T> result(chosen.size(), rows.cols());
    for (std::size_t i = 0; i < chosen.size(); ++i) std::ranges::copy(rows.row(chosen[i]), result.row(i).begin());
    return result;
  }

  Sketch sketch_;
  std::size_t count_ = 0;
};

/// One sketch for each reading of the labels that the rows so far allow: as words, or 1 and -1 as in scikit-learn.
/// Where both are possible, all are 1 or -1, and none is normal as a word: together they hold no more rows than one.
class BothReadings {
 public:
  BothReadings(std::size_t columns, const SketchOptions& options, int threads)
      : words_(columns, options, threads), ones_(std::in_place, columns, options, threads) {}

  void add(const Rows& rows, const LabelledReader& reader) {
    if (!reader.may_be_ones()) ones_.reset();
    std::vector<std::size_t> words;
    std::vector<std::size_t> ones;
    for (std::size_t i = 0; i < reader.codes().size(); ++i) {
      if (reader.is_normal_word(reader.codes()[i])) words.push_back(i);
      if (ones_ && reader.is_one(reader.codes()[i])) ones.push_back(i);
    }
    words_.add(rows, words);
    if (ones_) ones_->add(rows, ones);
  }

  /// The sketch of the reading that turned out to be right.
  [[nodiscard]] Sketch take(bool ones) { return ones ? ones_->take() : words_.take(); }

 private:
  Gathered words_;
  std::optional<Gathered> ones_;
};

}  // namespace

NormalSketch sketch_of_normal(const Sources& sources, const LabelSource& labels, const ReadOptions& reading,
                              const SketchOptions& options, int threads) {
  LabelledReader reader(sources, labels, reading);
  if (reader.columns() == 0) throw InvalidInput(name_of(sources) + ": has no column of features");
  BothReadings readings(reader.columns(), options, threads);
  Progress progress("reading", reader.total().value_or(0));
  kernad::Table table;
  std::size_t all = 0;
  std::size_t labelled = 0;
  bool have_ids = false;
  while (const auto rows = reader.next()) {
    if (all == 0) table.column_names = rows->table.column_names;
    if (all == 0) table.left_out = rows->table.left_out;
    have_ids = !rows->table.ids.empty();
    in_file(sources, [&] { readings.add(*rows, reader); });
    all += rows->all;
    labelled += rows->features.rows();
    progress.advance(rows->all);
  }
  (void)reader.meanings();  // throws if there is none
  table.notes = reader.notes();
  NormalSketch result = {readings.take(reader.are_ones()), std::move(table), labelled, false};
  result.called_by_number = !have_ids && result.sketch.rows_seen() == all;
  return result;
}

Sketch without_names(const Sketch& sketch) {
  StateDict state = sketch.state_dict();
  state.tensors.erase("sketch.row_names");
  return Sketch::from_state_dict(state);
}

}  // namespace kernad::cli
