#include "serialise/json_record.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "files/message.hpp"

namespace kernad::serialise {
namespace {

/// Collects the fields while the text is parsed; stops, with `problem` set, at anything that is not allowed.
class RecordParser final : public nlohmann::json_sax<nlohmann::json> {
 public:
  JsonRecord record;
  std::string problem;

  bool null() override { return nested_ == 0 ? add("") : write("null"); }
  bool boolean(bool value) override {
    if (nested_ != 0) return write(value ? "true" : "false");
    return add(value ? "1" : "0");
  }
  bool number_integer(number_integer_t value) override { return take(fmt::format("{}", value)); }
  bool number_unsigned(number_unsigned_t value) override { return take(fmt::format("{}", value)); }
  bool number_float(number_float_t, const string_t& text) override { return take(text); }
  bool string(string_t& text) override { return nested_ == 0 ? add(text) : write(nlohmann::json(text).dump()); }
  bool binary(binary_t&) override { return false; }

  bool key(string_t& key) override {
    if (nested_ != 0) {
      write(nlohmann::json(key).dump() + ": ");
      after_key_ = true;
      return true;
    }
    key_ = key;
    return keys_.insert(key).second || stop(fmt::format("the key {} is there twice", files::quote(key)));
  }

  bool start_object(std::size_t) override {
    if (record.has_names) return nest('{');
    if (in_array_) return stop("an object lies in another value; numbers, texts and arrays of numbers are valid");
    record.has_names = true;
    return true;
  }
  bool end_object() override { return nested_ == 0 || unnest('}'); }

  bool start_array(std::size_t) override {
    if (nested_ != 0 || (in_array_ && record.has_names)) return nest('[');
    if (in_array_) return stop("an array lies in another one; only one of numbers is valid");
    in_array_ = true;
    next_ = 0;
    return true;
  }
  bool end_array() override {
    if (nested_ != 0) return unnest(']');
    in_array_ = false;
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) override {
    const std::string_view what = error.what();
    const std::size_t colon = what.find(": ");
    return stop(std::string(colon == std::string_view::npos ? what : what.substr(colon + 2)));
  }

 private:
  bool add(std::string text) {
    record.fields.push_back(std::move(text));
    if (record.has_names) record.names.push_back(in_array_ ? fmt::format("{}[{}]", key_, next_++) : key_);
    return true;
  }

  bool take(std::string number) { return nested_ == 0 ? add(std::move(number)) : write(number); }

  // What is nested deeper becomes a field of JSON text, which can be ignored or copied.
  bool write(std::string_view text) {
    if (!text_.ends_with('{') && !text_.ends_with('[') && !std::exchange(after_key_, false)) text_ += ", ";
    text_ += text;
    return true;
  }
  bool nest(char bracket) {
    if (nested_++ == 0) {
      text_ = bracket;
      return true;
    }
    return write(std::string(1, bracket));
  }
  bool unnest(char bracket) {
    after_key_ = false;
    text_ += bracket;
    return --nested_ != 0 || add(std::exchange(text_, {}));
  }

  bool stop(std::string why) {
    problem = std::move(why);
    return false;
  }

  std::string key_;
  std::set<std::string> keys_;
  bool in_array_ = false;
  std::size_t next_ = 0;
  std::size_t nested_ = 0;  // containers that are open below the values of the object
  std::string text_;        // of the outermost of these
  bool after_key_ = false;
};

std::string_view word_at(std::string_view text) {
  for (const std::string_view word : {"NaN", "Infinity", "-Infinity"}) {
    if (text.starts_with(word)) return word;
  }
  return {};
}

/// Quotes NaN and Infinity, which are not JSON but are written by Python's json.dumps.
std::string quote_non_finite(std::string_view text) {
  std::string quoted;
  bool in_text = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto found = in_text ? std::string_view() : word_at(text.substr(i));
    if (!found.empty()) {
      quoted += fmt::format("\"{}\"", found);
      i += found.size() - 1;
      continue;
    }
    if (text[i] == '"') in_text = !in_text;
    quoted += text[i];
    if (in_text && text[i] == '\\' && i + 1 < text.size()) quoted += text[++i];
  }
  return quoted;
}

}  // namespace

JsonRecord parse_json_record(std::string_view text, const std::string& name, std::uint64_t line) {
  std::string quoted;
  if (text.find("NaN") != std::string_view::npos || text.find("Infinity") != std::string_view::npos) {
    text = quoted = quote_non_finite(text);
  }
  RecordParser parser;
  if (!nlohmann::json::sax_parse(text, &parser)) {
    files::fail(name, fmt::format("line {}: is not a line of JSON Lines: {}", line, files::printable(parser.problem)));
  }
  return std::move(parser.record);
}

}  // namespace kernad::serialise
