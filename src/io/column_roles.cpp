#include "io/column_roles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include "files/number.hpp"
#include "io/ending.hpp"
#include "io/normal_name.hpp"
#include "kernad/error.hpp"

namespace kernad::io {
namespace {

std::optional<long long> parse_integer(std::string_view text) {
  long long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

using Sample = std::span<const std::vector<std::string>>;

/// Fields of one column in the sample; rows that are too short are reported when they are read.
std::vector<std::string_view> fields_of(Sample sample, std::size_t column) {
  std::vector<std::string_view> fields;
  for (const auto& row : sample) {
    if (column < row.size()) fields.push_back(row[column]);
  }
  return fields;
}

bool all_empty(const std::vector<std::string_view>& fields) {
  return !fields.empty() && std::all_of(fields.begin(), fields.end(), [](auto field) { return field.empty(); });
}

/// Whether the fields could name the rows: distinct whole numbers or texts.
bool are_unique(const std::vector<std::string_view>& fields) {
  std::set<std::string_view> seen;
  for (const std::string_view field : fields) {
    const auto number = files::parse_number(field);
    if (number && number->value != std::floor(number->value)) return false;
    if (field.empty() || !seen.insert(field).second) return false;
  }
  return !fields.empty();
}

/// Whether they count up, from any number, perhaps starting again at 0 or 1 as in concatenated tables.
bool count_up(const std::vector<std::string_view>& fields) {
  std::optional<double> before;
  for (const std::string_view field : fields) {
    const auto number = files::parse_number(field);
    if (!number) return false;
    const bool counts = !before || number->value == *before + 1 || number->value == 0 || number->value == 1;
    if (!counts || number->value != std::floor(number->value)) return false;
    before = number->value;
  }
  return fields.size() > 2;
}

/// Whether each is one more than the one before, too often for chance.
bool number_the_rows(const std::vector<std::string_view>& fields) {
  constexpr std::size_t kEnough = 10;
  std::optional<double> before;
  for (const std::string_view field : fields) {
    const auto number = files::parse_number(field);
    if (!number || number->value != std::floor(number->value) || (before && number->value != *before + 1)) return false;
    before = number->value;
  }
  return fields.size() >= kEnough;
}

/// Whether they are whole numbers of one width, each there once, some of them filled up with zeros: 000074, 000111.
bool are_serial_numbers(const std::vector<std::string_view>& fields) {
  constexpr std::size_t kEnough = 3;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_filled_up = [](std::string_view field) { return field.size() > 1 && field[0] == '0'; };
  return fields.size() >= kEnough && std::ranges::any_of(fields, is_filled_up) && are_unique(fields) &&
         std::ranges::all_of(fields, [&](std::string_view field) {
           return field.size() == fields[0].size() && std::ranges::all_of(field, is_digit);
         });
}

bool are_zeros_and_ones(const std::vector<std::string_view>& fields) {
  return !fields.empty() && std::ranges::all_of(fields, [](std::string_view field) {
    const auto number = files::parse_number(field);
    return number && (number->value == 0 || number->value == 1);
  });
}

/// Usual names of columns of row numbers and of labels.
constexpr std::array<std::string_view, 10> kIndexNames = {"index", "idx",        "id",       "row",       "row_id",
                                                          "rowid", "row_number", "rownames", "row.names", "#"};
constexpr std::array<std::string_view, 10> kLabelNames = {"label",   "labels",     "class",   "target",     "y",
                                                          "anomaly", "is_anomaly", "outlier", "is_outlier", "defect"};

bool is_one_of(const std::string& name, std::span<const std::string_view> names) {
  return std::ranges::count(names, std::string_view(lower_case(name))) != 0;
}

bool is_label_name(const std::string& name) { return is_one_of(name, kLabelNames) || names_the_normal(name); }

/// Collects the roles; each column has one.
class RoleFinder {
 public:
  RoleFinder(const std::string& source, std::span<const std::string> names, std::size_t count,
             const ReadOptions& options, Sample sample)
      : source_(source), names_(names), options_(options), sample_(sample), use_(count) {}

  ColumnRoles find() {
    if (!options_.label_column.empty()) roles_.label = take(options_.label_column, "the label");
    if (!options_.weight_column.empty()) roles_.weight = take(options_.weight_column, "the weight");
    for (const auto& id : options_.id_columns) roles_.ids.push_back(take(id, "an id"));
    for (const auto& ignored : options_.ignored_columns) take(ignored, "ignored");
    for (const auto& column : options_.columns) roles_.features.push_back(take(column, "a feature"));
    if (options_.columns.empty()) take_the_rest();
    if (options_.model_columns.empty()) {
      if (options_.columns.empty()) note_doubtful_features();
    } else if (!names_.empty()) {
      put_in_order();
    } else {
      roles_.notes.emplace_back("has no heading: its columns go by their positions, not by the model's names");
    }
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (!names_[i].empty() && std::ranges::count(roles_.features, i) == 0) roles_.left_out.push_back(i);
    }
    return std::move(roles_);
  }

 private:
  std::size_t take(const std::string& wanted, const char* use) {
    const std::size_t column = find_column(source_, names_, use_.size(), wanted);
    if (use_[column] != nullptr) {
      throw InvalidParameter(
          fmt::format("{}: column {} cannot be both {} and {}", source_, files::quote(wanted), use_[column], use));
    }
    use_[column] = use;
    return column;
  }

  void take_the_rest() {
    for (std::size_t i = 0; i < use_.size(); ++i) {
      if (use_[i] != nullptr || is_known(i) || is_blank(i) || is_index(i)) continue;
      roles_.features.push_back(i);
    }
  }

  bool is_model_column(std::size_t i) const { return std::ranges::count(options_.model_columns, names_[i]) != 0; }

  /// For a model in which this name was a label, an id or an ignored column.
  bool is_known(std::size_t i) const {
    return !names_.empty() && std::ranges::count(options_.known_columns, names_[i]) != 0 && !is_model_column(i);
  }

  /// The result of a delimiter at the end of every line: a last column without name and content.
  bool is_blank(std::size_t i) {
    const bool nameless = names_.empty() ? i + 1 == use_.size() && i > 0 : names_[i].empty();
    if (!nameless || !all_empty(fields_of(sample_, i))) return false;
    roles_.blank.push_back(i);
    roles_.notes.push_back(fmt::format("column {} has neither a name nor content and is left out", i));
    return true;
  }

  /// The row numbers or row names that pandas and R write in front, under an empty heading or a name that says so.
  bool is_index(std::size_t i) {
    if (i == 0 && names_.size() >= 2 && is_one_of(names_[0], kIndexNames) && !is_model_column(0) &&
        number_the_rows(fields_of(sample_, 0))) {
      roles_.notes.push_back(
          fmt::format("column 0 ({}) numbers the rows: it is left out as no feature", files::quote(names_[0])));
      return true;
    }
    if (i != 0 || names_.size() < 2 || !(names_[0].empty() || names_[0] == "Unnamed: 0") || is_model_column(0)) {
      return false;
    }
    const std::string is = names_[0].empty() ? "column 0 has no name" : "column 0 is called 'Unnamed: 0'";
    const auto fields = fields_of(sample_, i);
    if (are_unique(fields) || count_up(fields)) {
      roles_.notes.push_back(is + " and numbers the rows: it is left out as no feature");
      return true;
    }
    if (!options_.model_columns.empty()) {
      roles_.notes.push_back(is + " and is not the model's: it is left out");
      return true;
    }
    roles_.notes.push_back(is + " and is taken for a feature; give it a name, or ignore it");
    return false;
  }

  /// Without explicit feature columns, notes two kinds of column that are seldom features.
  void note_doubtful_features() {
    if (roles_.features.size() < 2) return;
    for (const std::size_t i : roles_.features) {
      const auto fields = fields_of(sample_, i);
      const std::string column =
          names_.empty() ? fmt::format("column {}", i) : fmt::format("column {} ({})", i, files::quote(names_[i]));
      if (number_the_rows(fields)) {
        roles_.notes.push_back(column + " numbers the rows and is taken for a feature; if it is none, ignore it");
      } else if (are_serial_numbers(fields)) {
        roles_.notes.push_back(column +
                               " looks like serial numbers, with zeros in front, and is taken for a feature; if "
                               "it is none, ignore it");
      } else if (!names_.empty() && is_label_name(names_[i]) && are_zeros_and_ones(fields)) {
        roles_.notes.push_back(column +
                               " looks like labels and is taken for a feature; if it is none, ignore it or "
                               "name it as the labels");
      }
    }
  }

  void put_in_order() {
    std::vector<std::string> found;
    for (const std::size_t i : roles_.features) found.push_back(names_[i]);
    std::vector<std::size_t> order;
    try {
      order = match_columns(options_.model_columns, found, options_.known_columns);
    } catch (const InvalidInput& error) {
      throw InvalidInput(source_ + ": " + error.what());
    }
    std::vector<std::size_t> features;
    features.reserve(order.size());
    for (const std::size_t i : order) features.push_back(roles_.features[i]);
    if (!std::ranges::is_sorted(order)) {
      roles_.notes.emplace_back("its columns stand in another order than the model's; they are put in order by name");
    }
    roles_.features = std::move(features);
  }

  const std::string& source_;
  std::span<const std::string> names_;
  const ReadOptions& options_;
  Sample sample_;
  std::vector<const char*> use_;  // of each column; null: none yet
  ColumnRoles roles_;
};

}  // namespace

std::string list_names(std::span<const std::string> names, std::size_t max_listed) {
  std::string list;
  for (const std::string& name : names.first(std::min(names.size(), max_listed))) {
    if (!list.empty()) list += ", ";
    list += files::quote(name);
  }
  return names.size() > max_listed ? list + fmt::format(" and {} more", names.size() - max_listed) : list;
}

std::size_t column_number(const std::string& wanted, std::size_t count) noexcept {
  const auto number = parse_integer(wanted);
  const auto columns = static_cast<long long>(count);
  if (!number || *number >= columns || *number < -columns) return no_column;
  return static_cast<std::size_t>(*number < 0 ? *number + columns : *number);
}

std::size_t find_column(const std::string& source, std::span<const std::string> names, std::size_t count,
                        const std::string& wanted) {
  const auto found = std::find(names.begin(), names.end(), wanted);
  if (found != names.end()) {
    if (std::find(found + 1, names.end(), wanted) == names.end()) {
      return static_cast<std::size_t>(found - names.begin());
    }
    throw InvalidParameter(fmt::format("{}: more than one column is named {}; give its number, counted from 0", source,
                                       files::quote(wanted)));
  }
  if (const std::size_t number = column_number(wanted, count); number != no_column) return number;
  throw InvalidParameter(fmt::format("{}: there is no column {}; valid: {}, or a number from {} to {}", source,
                                     files::quote(wanted),
                                     names.empty() ? "no name, as the file has no heading" : list_names(names),
                                     -static_cast<long long>(count), static_cast<long long>(count) - 1));
}

ColumnRoles column_roles(const std::string& source, std::span<const std::string> names, std::size_t count,
                         const ReadOptions& options, Sample sample) {
  return RoleFinder(source, names, count, options, sample).find();
}

}  // namespace kernad::io
