#include "io/text_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "io/row_parser.hpp"
#include "io/text_beginning.hpp"
#include "parallel/parallel_for.hpp"
#include "parallel/pool.hpp"

namespace kernad::io {
namespace {

/// Number of values for which memory is asked at once.
constexpr std::size_t kAtOnce = std::size_t{1} << 19;

class TextRows final : public RowSource {
 public:
  TextRows(std::unique_ptr<files::Source> source, std::unique_ptr<TextReader> reader, const ReadOptions& options,
           Beginning beginning)
      : RowSource(shape_of(source->name(), beginning)),
        source_(std::move(source)),
        reader_(std::move(reader)),
        delimiter_(options.delimiter),
        as_it_comes_(options.as_it_comes),
        threads_(options.num_threads),
        parser_(source_->name(), options, beginning),
        first_(beginning.names.empty() ? 0 : 1),
        next_sample_(first_),
        sample_(std::move(beginning.rows)) {}

  std::size_t next(std::size_t max_rows, PulledRows& rows) override {
    parser_.name_columns(rows);
    const std::size_t before = rows.count;
    if (before == 0) rows.values.reserve(std::min(max_rows, kAtOnce / std::max<std::size_t>(columns(), 1)) * columns());
    while (rows.count - before < max_rows) {
      if (next_sample_ < sample_.size()) {
        const StoredRow& row = sample_[next_sample_++];
        fields_.assign(row.fields.begin(), row.fields.end());
        parser_.add({fields_, row.line}, next_sample_ == first_ + 1, rows);
        ++rows.count;
        continue;
      }
      const std::size_t count = rows.count - before;
      if (as_it_comes_ && count > 0 && !reader_->has_arrived()) break;
      if (const auto pieces = reader_->plain_lines(max_rows - count); !pieces.empty()) {
        parse(pieces, rows);
        continue;
      }
      const auto row = reader_->next();
      if (!row) {
        note_comments();
        break;
      }
      parser_.add(*row, false, rows);
      ++rows.count;
    }
    return rows.count - before;
  }

 private:
  static TableShape shape_of(const std::string& name, const Beginning& beginning) {
    const auto& [rows, names, roles, mark] = beginning;
    TableShape shape;
    shape.name = name;
    shape.columns = roles.features.size();
    shape.notes = roles.notes;
    if (names.empty()) return shape;
    for (const std::size_t i : roles.features) shape.column_names.push_back(names[i]);
    for (const std::size_t i : roles.left_out) shape.left_out.push_back(names[i]);
    if (roles.label != no_column) shape.label_name = names[roles.label];
    return shape;
  }

  /// The first piece goes to `rows`, and the others, which other threads may parse, to parts that are then appended.
  void parse(std::span<const PlainLines> pieces, PulledRows& rows) {
    if (parts_.size() < pieces.size()) parts_.resize(pieces.size());
    for (Part& part : parts_) {
      part.rows.ids.resize(rows.ids.size());
      part.rows.fields.resize(rows.fields.size());
    }
    const auto task = [&](std::size_t i, std::size_t /*worker*/) {
      parse(pieces[i], parts_[i].fields, i == 0 ? rows : parts_[i].rows);
    };
    if (pieces.size() > 1 && !pool_) pool_ = std::make_unique<parallel::Pool>(parallel::resolve_threads(threads_));
    if (pieces.size() > 1 && pool_->threads() > 1) {
      pool_->run(pieces.size(), task);
      for (std::size_t i = 1; i < pieces.size(); ++i) append(parts_[i].rows, rows);
    } else {
      for (const PlainLines& piece : pieces) parse(piece, fields_, rows);
    }
  }

  void parse(const PlainLines& lines, std::vector<std::string_view>& fields, PulledRows& rows) const {
    std::uint64_t number = lines.line;
    for (std::string_view rest = lines.text; !rest.empty(); ++number) {
      const std::size_t end = rest.find('\n');
      std::string_view line = rest.substr(0, end);
      rest.remove_prefix(end + 1);
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (!split_line(line, delimiter_, fields)) continue;
      parser_.add({fields, number}, false, rows);
      ++rows.count;
    }
  }

  /// At the end, once.
  void note_comments() {
    const std::size_t count = reader_->comments();
    if (count == 0 || std::exchange(ended_, true)) return;
    add_note(fmt::format("{} {} with # and {} skipped as {}", count, count == 1 ? "line begins" : "lines begin",
                         count == 1 ? "is" : "are", count == 1 ? "a comment" : "comments"));
  }

  struct Part {
    PulledRows rows;
    std::vector<std::string_view> fields;  // of a row
  };

  std::unique_ptr<files::Source> source_;
  std::unique_ptr<TextReader> reader_;
  char delimiter_;
  bool as_it_comes_;
  int threads_;
  RowParser parser_;
  std::size_t first_;                     // of the rows below the heading, in sample_
  std::size_t next_sample_;               // the first of them that has not been returned
  std::vector<StoredRow> sample_;         // the first rows, the heading among them
  std::vector<std::string_view> fields_;  // of a row
  std::vector<Part> parts_;
  std::unique_ptr<parallel::Pool> pool_;  // once there is work for several threads
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<RowSource> text_rows(std::unique_ptr<files::Source> source, std::unique_ptr<TextReader> reader,
                                     const ReadOptions& options) {
  Beginning beginning = read_beginning(source->name(), *reader, options);
  return std::make_unique<TextRows>(std::move(source), std::move(reader), options, std::move(beginning));
}

}  // namespace kernad::io
