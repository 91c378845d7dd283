#include "label_texts.hpp"

#include <utility>

#include "kernad/error.hpp"

namespace kernad::cli {
namespace {

/// Texts beyond this many are not kept where the normal label is given: they change no meaning, only how a message
/// lists them.
constexpr std::size_t kMostTexts = 1000;
/// With so many distinct texts, parse_labels refuses one of them.
constexpr std::size_t kTooManyTexts = 100'000;

enum Kind : std::uint8_t { kOther, kNormalWord, kOne, kMinusOne };

/// A text's meaning next to one with a known meaning, or 2 if there is none.
int value_next_to(const std::string& text, const char* other) {
  try {
    return parse_labels({text, other}, "label")[0];
  } catch (const InvalidInput&) {
    return 2;
  }
}

Kind kind_of(const std::string& text) {
  if (value_next_to(text, "good") == 0) return kNormalWord;
  if (value_next_to(text, "1") == 1 && value_next_to(text, "-1") == 1) return kMinusOne;
  return value_next_to(text, "-1") == 0 ? kOne : kOther;
}

}  // namespace

std::vector<std::uint32_t> LabelTexts::add(const std::vector<std::string>& texts) {
  std::vector<std::uint32_t> codes;
  codes.reserve(texts.size());
  for (const std::string& text : texts) {
    codes.push_back(code_of(text));
    ++added_;
  }
  return codes;
}

std::uint32_t LabelTexts::code_of(const std::string& text) {
  const auto known = codes_.find(text);
  if (known != codes_.end()) return known->second;
  const std::uint32_t code = new_code(text);
  if (codes_.size() < kTooManyTexts) codes_.emplace(text, code);
  return code;
}

std::uint32_t LabelTexts::new_code(const std::string& text) {
  // Whether a label is missing, and whether it is a given one, depends on no other.
  const std::string normal = options_.normal_label.empty() ? "0" : options_.normal_label;
  const std::vector<std::size_t> rows = {added_, added_};
  const auto value = parse_labels({text, normal}, what_,
                                  {.normal_label = normal, .allow_missing = options_.allow_missing, .rows = rows})[0];
  const bool given = !options_.normal_label.empty();
  if (!given || texts_.size() < kMostTexts) {
    texts_.push_back(text);
    rows_.push_back(added_);
  }
  if (value == missing_label) return kMissing;
  if (given) {
    has_normal_ = has_normal_ || value == 0;
    return value;
  }
  kinds_.resize(texts_.size());
  kinds_.back() = kind_of(text);
  all_ones_ = all_ones_ && (kinds_.back() == kOne || kinds_.back() == kMinusOne);
  minus_one_ = minus_one_ || kinds_.back() == kMinusOne;
  has_minus_one_ = has_minus_one_ || text == "-1";
  if (texts_.size() == kTooManyTexts) (void)meanings();
  return static_cast<std::uint32_t>(texts_.size() - 1);
}

bool LabelTexts::is_normal_word(std::uint32_t code) const {
  return options_.normal_label.empty() ? kinds_[code] == kNormalWord : code == 0;
}

bool LabelTexts::is_one(std::uint32_t code) const { return kinds_[code] == kOne; }

std::vector<std::uint8_t> LabelTexts::meanings() const {
  std::vector<std::string> texts = texts_;
  if (has_normal_) texts.push_back(options_.normal_label);
  LabelOptions options = options_;
  options.rows = rows_;
  if (has_normal_) options.rows = {};
  auto meanings = parse_labels(texts, what_, options);
  if (!options_.normal_label.empty()) return {0, 1};
  return meanings;
}

}  // namespace kernad::cli
