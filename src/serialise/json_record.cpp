#include "serialise/json_record.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "files/message.hpp"

namespace kernad::serialise {
namespace {

/// Collects the fields while the text is parsed; stops, with `problem` set, at anything that is not allowed.
class RecordParser final : public nlohmann::json_sax<nlohmann::json> {
 public:
  JsonRecord record;
  std::string problem;

  bool null() override { return add(""); }
  bool boolean(bool value) override { return add(value ? "1" : "0"); }
  bool number_integer(number_integer_t value) override { return add(fmt::format("{}", value)); }
  bool number_unsigned(number_unsigned_t value) override { return add(fmt::format("{}", value)); }
  bool number_float(number_float_t, const string_t& text) override { return add(text); }
  bool string(string_t& text) override { return add(text); }
  bool binary(binary_t&) override { return false; }

  bool key(string_t& key) override {
    key_ = key;
    return keys_.insert(key).second || stop(fmt::format("the key {} is there twice", files::quote(key)));
  }

  bool start_object(std::size_t) override {
    if (++depth_ > 1 || in_array_)
      return stop("an object lies in another value; numbers, texts and arrays of numbers are valid");
    record.has_names = true;
    return true;
  }
  bool end_object() override {
    --depth_;
    return true;
  }

  bool start_array(std::size_t) override {
    if (in_array_) return stop("an array lies in another one; only one of numbers is valid");
    in_array_ = true;
    next_ = 0;
    return true;
  }
  bool end_array() override {
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

  bool stop(std::string why) {
    problem = std::move(why);
    return false;
  }

  std::string key_;
  std::set<std::string> keys_;
  int depth_ = 0;
  bool in_array_ = false;
  std::size_t next_ = 0;
};

}  // namespace

JsonRecord parse_json_record(std::string_view text, const std::string& name, std::uint64_t line) {
  RecordParser parser;
  if (!nlohmann::json::sax_parse(text, &parser)) {
    files::fail(name, fmt::format("line {}: is not a line of JSON Lines: {}", line, files::printable(parser.problem)));
  }
  return std::move(parser.record);
}

}  // namespace kernad::serialise
