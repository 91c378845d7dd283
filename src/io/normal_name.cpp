#include "io/normal_name.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <vector>

#include "io/ending.hpp"

namespace kernad::io {
namespace {

// "io" is German for in order, "i.O.".
constexpr std::array<std::string_view, 43> kGoodWords = {
    "ok",         "okay",     "normal",   "good",     "inlier",     "inliers",  "pass",       "passed",
    "passes",     "passing",  "valid",    "regular",  "conform",    "conforms", "conforming", "conformant",
    "conformity", "healthy",  "accept",   "accepted", "acceptable", "approved", "compliant",  "compliance",
    "correct",    "fine",     "intact",   "success",  "successful", "flawless", "faultless",  "undamaged",
    "nominal",    "expected", "released", "sound",    "gut",        "io",       "konform",    "fehlerfrei",
    "gesund",     "inspec",   "inordnung"};
constexpr std::array<std::string_view, 16> kBadWords = {
    "anomaly", "anomalies", "anomalous", "abnormal", "bad",    "defect",  "defects", "defective",
    "error",   "errors",    "fault",     "faults",   "faulty", "failure", "outlier", "damage"};
/// A good part is "in" or "within" these.
constexpr std::array<std::string_view, 8> kBounds = {"spec",  "specs",  "specification", "tolerance",
                                                     "range", "limits", "bounds",        "ordnung"};
constexpr std::array<std::string_view, 5> kNegations = {"not", "no", "non", "un", "nicht"};

bool is_word_of(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }

/// Non-ASCII bytes count as letters.
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || is_capital(c) || static_cast<unsigned char>(c) >= 0x80; }

/// "isOK-Flag" is "is", "OK", "Flag"; the letters of "i.O." are one word.
std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words;
  bool goes_on = false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (!is_letter(name[i])) {
      goes_on = false;
      continue;
    }
    const bool next_is_small = i + 1 < name.size() && is_letter(name[i + 1]) && !is_capital(name[i + 1]);
    const bool begins = !goes_on || (is_capital(name[i]) && (!is_capital(name[i - 1]) || next_is_small));
    if (begins) words.emplace_back();
    words.back() += name[i];
    goes_on = true;
  }
  std::vector<std::string> joined;
  bool after_letter = false;
  for (const std::string& word : words) {
    if (after_letter && word.size() == 1) {
      joined.back() += lower_case(word);
    } else {
      joined.push_back(lower_case(word));
    }
    after_letter = word.size() == 1;
  }
  return joined;
}

}  // namespace

bool names_the_normal(std::string_view column) {
  bool negated = false;
  std::string_view before;
  const auto words = words_of(column);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const bool within = is_word_of(word, kBounds) && (before == "in" || before == "within");
    // "n_io" is not in order, but "n_defects" is a count.
    if ((within || is_word_of(word, kGoodWords)) && !negated && before != "n") return true;
    const bool is_free_of_it = negated || before == "without" || (i + 1 < words.size() && words[i + 1] == "free");
    if (is_word_of(word, kBadWords) && is_free_of_it) return true;
    negated = negated || is_word_of(word, kNegations);
    before = word;
  }
  return false;
}

}  // namespace kernad::io
