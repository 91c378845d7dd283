#include "io/labels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "files/message.hpp"
#include "files/number.hpp"
#include "kernad/error.hpp"
#include "kernad/io.hpp"

namespace kernad {
namespace io {
namespace {

constexpr std::array<std::string_view, 3> normal_words = {"false", "normal", "good"};
constexpr std::array<std::string_view, 4> anomalous_words = {"true", "anomaly", "anomalous", "bad"};

bool equal_in_any_case(std::string_view text, std::string_view lower) noexcept {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

}  // namespace

std::optional<std::uint8_t> label_value(std::string_view text) noexcept {
  text = files::trim(text);
  const auto is_text = [text](std::string_view word) { return equal_in_any_case(text, word); };
  if (std::any_of(normal_words.begin(), normal_words.end(), is_text)) return std::uint8_t{0};
  if (std::any_of(anomalous_words.begin(), anomalous_words.end(), is_text)) return std::uint8_t{1};
  const auto number = files::parse_number(text);
  if (!number || number->overflows) return std::nullopt;
  if (number->value == 0) return std::uint8_t{0};
  if (number->value == 1) return std::uint8_t{1};
  return std::nullopt;
}

}  // namespace io

std::vector<std::uint8_t> parse_labels(const std::vector<std::string>& texts, const std::string& what) {
  std::vector<std::uint8_t> labels;
  labels.reserve(texts.size());
  for (std::size_t row = 0; row < texts.size(); ++row) {
    const auto value = io::label_value(texts[row]);
    if (!value) {
      throw InvalidInput(fmt::format(
          "{}: row {}: {} is not a label; valid: 0, false, normal, good, and 1, true, anomaly, anomalous, bad", what,
          row, files::quote(texts[row])));
    }
    labels.push_back(*value);
  }
  return labels;
}

}  // namespace kernad
