#include "serialise/strict_json.hpp"

#include <fmt/format.h>

#include <set>
#include <vector>

#include "files/message.hpp"

namespace kernad::serialise {
namespace {

using Json = nlohmann::json;

// Reads a text without storing its values; stops, with `problem` set, at the first thing that is not allowed.
class Checker final : public nlohmann::json_sax<Json> {
 public:
  Checker(std::size_t max_depth, std::size_t max_values) : max_depth_(max_depth), max_values_(max_values) {}

  std::string problem;
  std::size_t where = 0;  // in the text, as far as the parser knows

  bool null() override { return count(); }
  bool boolean(bool) override { return count(); }
  bool number_integer(number_integer_t) override { return count(); }
  bool number_unsigned(number_unsigned_t) override { return count(); }
  bool number_float(number_float_t, const string_t&) override { return count(); }
  bool string(string_t&) override { return count(); }
  bool binary(binary_t&) override { return count(); }

  bool start_object(std::size_t) override { return descend(); }
  bool end_object() override { return ascend(); }
  bool start_array(std::size_t) override { return descend(); }
  bool end_array() override { return ascend(); }

  bool key(string_t& key) override {
    if (keys_.back().insert(key).second) return true;
    problem = fmt::format("the key {} is there twice", files::quote(key));
    return false;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    where = position == 0 ? 0 : position - 1;
    problem = describe(error.what());
    return false;
  }

 private:
  bool count() {
    if (++values_ <= max_values_) return true;
    problem = fmt::format("it has more than the {} values that are valid here", max_values_);
    return false;
  }

  bool descend() {
    if (!count()) return false;
    keys_.emplace_back();
    if (keys_.size() <= max_depth_) return true;
    problem = fmt::format("it nests deeper than the {} levels that are valid here", max_depth_);
    return false;
  }

  bool ascend() {
    keys_.pop_back();
    return true;
  }

  // "[json.exception.parse_error.101] parse error at line 1, column 5: WHY": the position is in `where`.
  static std::string describe(std::string_view what) {
    const std::size_t colon = what.find(": ");
    return std::string(colon == std::string_view::npos ? what : what.substr(colon + 2));
  }

  std::size_t max_depth_;
  std::size_t max_values_;
  std::size_t values_ = 0;
  std::vector<std::set<std::string>> keys_;  // of the open objects; empty for arrays
};

}  // namespace

nlohmann::json parse_json(std::string_view text, std::size_t max_depth, const std::string& name, std::uint64_t offset,
                          std::size_t max_values) {
  Checker checker(max_depth, max_values);
  if (!Json::sax_parse(text, &checker)) {
    files::fail_at(name, offset + checker.where, "the JSON text is not valid: " + checker.problem);
  }
  return Json::parse(text);
}

}  // namespace kernad::serialise
