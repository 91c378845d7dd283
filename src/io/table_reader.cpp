// Several sources as one table, whole or block by block.
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "io/row_source.hpp"
#include "kernad/error.hpp"
#include "kernad/io.hpp"

namespace kernad {
namespace io {

/// The sources one after another, each opened when it is needed.
class SourceSequence {
 public:
  SourceSequence(std::vector<std::string> names, ReadOptions options)
      : names_(std::move(names)), options_(std::move(options)) {
    if (names_.empty()) throw InvalidParameter("there is no source to read; at least one is needed");
    open();
    first_ = current_->shape();
  }

  /// The current source.
  [[nodiscard]] RowSource& current() { return *current_; }
  /// Number of rows of all of them, if known.
  [[nodiscard]] std::optional<std::size_t> rows() const { return names_.size() == 1 ? current_->rows() : std::nullopt; }
  /// Moves to the next one; false, without effect, if there is none.
  bool advance() {
    if (opened_ == names_.size()) return false;
    open();
    if (current_->columns() == first_.columns) return true;
    throw InvalidInput(fmt::format("{}: has {} columns of features where {} has {}; they must be alike",
                                   names_[opened_ - 1], current_->columns(), names_[0], first_.columns));
  }
  /// As the first one has it; notes: those that have come up since the last call, after the source's name.
  [[nodiscard]] TableShape shape() {
    take_notes();
    TableShape shape = first_;
    shape.notes = std::exchange(notes_, {});
    return shape;
  }

 private:
  void open() {
    take_notes();
    const std::string& name = names_[opened_];
    current_ = open_rows(name, opened_ == 0 ? options_ : later_options());
    ++opened_;
  }

  void take_notes() {
    if (!current_) return;
    for (const auto& note : current_->take_notes()) notes_.push_back(fmt::format("{}: {}", names_[opened_ - 1], note));
  }

  /// The columns of a later source go by the names of the first one's.
  [[nodiscard]] ReadOptions later_options() const {
    ReadOptions later = options_;
    if (!options_.model_columns.empty() || first_.column_names.empty()) return later;
    later.model_columns = first_.column_names;
    later.known_columns = first_.left_out;
    return later;
  }

  std::vector<std::string> names_;
  ReadOptions options_;
  std::size_t opened_ = 0;
  std::unique_ptr<RowSource> current_;
  TableShape first_;
  std::vector<std::string> notes_;
};

}  // namespace io

Table read_tables(std::span<const std::string> sources, const ReadOptions& options) {
  io::SourceSequence all({sources.begin(), sources.end()}, options);
  io::PulledRows rows;
  do {
    io::pull_all(all.current(), rows);
  } while (all.advance());
  return to_table(all.shape(), std::move(rows));
}

struct TableReader::State {
  io::SourceSequence sources;
  bool as_it_comes;
  bool ended = false;
  std::size_t rows_read = 0;
  std::vector<std::size_t> first_rows = {0};
  io::PulledRows no_rows;  // with the names of ids and fields, which are those of the first source
};

TableReader::TableReader(std::vector<std::string> sources, ReadOptions options) {
  const bool as_it_comes = options.as_it_comes;
  state_ = std::make_unique<State>(
      State{io::SourceSequence(std::move(sources), std::move(options)), as_it_comes, false, 0, {0}, {}});
}

TableReader::TableReader(TableReader&&) noexcept = default;
TableReader& TableReader::operator=(TableReader&&) noexcept = default;
TableReader::~TableReader() = default;

std::size_t TableReader::columns() const noexcept { return state_->sources.current().columns(); }

std::optional<std::size_t> TableReader::rows() const { return state_->sources.rows(); }

std::span<const std::size_t> TableReader::first_rows() const noexcept { return state_->first_rows; }

Table TableReader::next(std::size_t max_rows) {
  if (max_rows == 0) throw InvalidParameter("max_rows is 0; valid: 1 or more");
  io::PulledRows rows = state_->no_rows;
  while (rows.count < max_rows && !state_->ended) {
    const std::size_t got = state_->sources.current().next(max_rows - rows.count, rows);
    state_->rows_read += got;
    if (got == 0 && state_->sources.advance()) {
      state_->first_rows.push_back(state_->rows_read);
    } else if (got == 0) {
      state_->ended = true;
    }
    if (got != 0 && state_->as_it_comes) break;
  }
  if (state_->no_rows.ids.empty() && state_->no_rows.fields.empty()) {
    for (const TextColumn& id : rows.ids) state_->no_rows.ids.push_back({id.name, {}});
    for (const TextColumn& field : rows.fields) state_->no_rows.fields.push_back({field.name, {}});
  }
  return to_table(state_->sources.shape(), std::move(rows));
}

}  // namespace kernad
