#include "io/labels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "files/message.hpp"
#include "files/number.hpp"
#include "io/column_roles.hpp"
#include "io/ending.hpp"
#include "io/missing.hpp"
#include "io/normal_name.hpp"
#include "kernad/error.hpp"

namespace kernad {
namespace io {
namespace {

constexpr std::array<std::string_view, 10> kNormalWords = {"normal", "good",    "ok",    "inlier", "pass",
                                                           "passed", "regular", "valid", "false",  "no"};
constexpr std::array<std::string_view, 14> kAnomalousWords = {"anomaly",   "anomalous", "abnormal", "bad",    "ng",
                                                              "nok",       "outlier",   "fail",     "failed", "defect",
                                                              "defective", "invalid",   "true",     "yes"};
constexpr std::string_view kValid =
    "0, false, no, normal, good, ok, inlier, pass; 1, true, yes, anomaly, anomalous, bad, ng, nok, outlier, defect, "
    "fail; 1 and -1; 'good' among any others; or to name the one that is normal (normal_label)";

bool contains(std::span<const std::string_view> words, std::string_view word) noexcept {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// The form in which a text is compared: "1", "1.0" and "+1" are equal.
std::string canonical(std::string_view text) {
  text = files::trim(text);
  const auto number = files::parse_number(text);
  if (number && !number->overflows && number->value == number->value) return fmt::format("{}", number->value + 0.0);
  return lower_case(text);
}

bool is_number(const std::string& text) { return files::parse_number(text).has_value(); }

/// The distinct texts, in the order of the rows.
class DistinctTexts {
 public:
  explicit DistinctTexts(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      std::string label = canonical(text);
      if (has(label)) continue;
      as_written_.push_back(text);
      canonical_.push_back(std::move(label));
      if (as_written_.size() == kMost) break;
    }
  }

  [[nodiscard]] bool has(std::string_view text) const { return std::ranges::count(canonical_, text) != 0; }
  [[nodiscard]] bool all(auto&& condition) const { return std::ranges::all_of(canonical_, condition); }
  [[nodiscard]] bool any(auto&& condition) const { return std::ranges::any_of(canonical_, condition); }
  /// Only the first of very many distinct texts are kept: they cannot be labels then.
  [[nodiscard]] bool are_many() const { return as_written_.size() == kMost; }
  [[nodiscard]] std::string list() const { return list_names(as_written_); }

 private:
  static constexpr std::size_t kMost = 1000;
  std::vector<std::string> as_written_;
  std::vector<std::string> canonical_;
};

/// The interpretation of one column's texts.
class LabelReader {
 public:
  LabelReader(const std::vector<std::string>& texts, const std::string& what, const LabelOptions& options)
      : what_(what),
        distinct_(texts),
        normal_(options.normal_label.empty() ? "" : canonical(options.normal_label)),
        allow_missing_(options.allow_missing),
        rows_(options.rows) {
    if (!normal_.empty()) {
      if (texts.empty() || distinct_.has(normal_)) return;
      throw InvalidInput(fmt::format("{}: no row is labelled {}, which is to be the normal ones' label; found: {}",
                                     what, files::quote(options.normal_label), distinct_.list()));
    }
    const auto one_or_minus_one = [](const std::string& text) {
      return text == "1" || text == "-1" || is_missing_label(text);
    };
    plus_minus_ = distinct_.has("-1") && distinct_.all(one_or_minus_one);
    good_ = distinct_.has("good") && !distinct_.are_many();
    const auto says_yes = [](const std::string& text) {
      return text == "yes" || text == "no" || text == "true" || text == "false" || text == "1" || text == "0";
    };
    if (names_the_normal(options.column) && distinct_.any(says_yes)) {
      throw InvalidInput(
          fmt::format("{}: whether {} mean normal or anomalous in a column called {} is not clear; name the one that "
                      "is normal (normal_label)",
                      what, distinct_.list(), files::quote(options.column)));
    }
  }

  [[nodiscard]] std::uint8_t read(const std::string& text, std::size_t place) const {
    const std::size_t row = rows_.empty() ? place : rows_[place];
    const std::string label = canonical(text);
    if (!normal_.empty() && label == normal_) return 0;
    if (is_missing_label(text)) {
      if (allow_missing_) return missing_label;
      throw InvalidInput(fmt::format("{}: row {}: {}there is no label; the row has to be left out", what_, row,
                                     label.empty() ? "" : files::quote(text) + " is a missing value, "));
    }
    if (!normal_.empty()) return 1;
    if (plus_minus_) return label == "1" ? 0 : 1;
    if (const auto value = label_value(text)) return *value;
    if (good_ && !is_number(text)) return 1;
    throw InvalidInput(fmt::format("{}: row {}: {} is not a label; valid: {}; found: {}", what_, row,
                                   files::quote(text), kValid, distinct_.list()));
  }

 private:
  const std::string& what_;
  DistinctTexts distinct_;
  std::string normal_;
  bool allow_missing_;
  std::span<const std::size_t> rows_;
  bool plus_minus_ = false;  // as in scikit-learn: 1 inlier, -1 outlier
  bool good_ = false;        // as in MVTec AD: good, or the name of a defect
};

}  // namespace

std::optional<std::uint8_t> label_value(std::string_view text) noexcept {
  const std::string label = canonical(text);
  if (label == "0" || contains(kNormalWords, label)) return std::uint8_t{0};
  if (label == "1" || contains(kAnomalousWords, label)) return std::uint8_t{1};
  return std::nullopt;
}

std::vector<std::uint8_t> parse_label_column(std::vector<std::string> texts, const std::string& what,
                                             const LabelOptions& options) {
  const auto is_heading = [&] {
    if (options.header != CsvHeader::detect) return options.header == CsvHeader::present;
    const std::string first = canonical(texts[0]);
    if (is_missing_label(first)) return false;
    // A column of numbers may be called "anomaly", which would otherwise be a label.
    if (texts.size() > 1 && !is_number(first) && std::all_of(texts.begin() + 1, texts.end(), is_number)) return true;
    if (label_value(first) || first == "-1" || first == canonical(options.normal_label)) return false;
    return std::none_of(texts.begin() + 1, texts.end(), [&](const auto& text) { return canonical(text) == first; });
  };
  if (!is_heading()) return parse_labels(texts, what, options);
  LabelOptions with_name = options;
  with_name.column = texts[0];
  texts.erase(texts.begin());
  return parse_labels(texts, what, with_name);
}

std::vector<std::uint8_t> parse_label_numbers(std::span<const double> numbers, const std::string& what,
                                              const LabelOptions& options) {
  std::vector<std::string> texts;
  texts.reserve(numbers.size());
  for (const double number : numbers) texts.push_back(fmt::format("{}", number + 0.0));
  return parse_labels(texts, what, options);
}

}  // namespace io

std::vector<std::uint8_t> parse_labels(const std::vector<std::string>& texts, const std::string& what,
                                       const LabelOptions& options) {
  if (!options.rows.empty() && options.rows.size() != texts.size()) {
    throw InvalidParameter(
        fmt::format("{} row numbers for {} labels; one a label is needed, or none", options.rows.size(), texts.size()));
  }
  const io::LabelReader reader(texts, what, options);
  std::vector<std::uint8_t> labels;
  labels.reserve(texts.size());
  for (std::size_t row = 0; row < texts.size(); ++row) labels.push_back(reader.read(texts[row], row));
  return labels;
}

}  // namespace kernad
