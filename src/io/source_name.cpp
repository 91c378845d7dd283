#include <algorithm>
#include <filesystem>
#include <utility>

#include "files/message.hpp"
#include "io/ending.hpp"
#include "kernad/io.hpp"

namespace kernad {

SourceName parse_source_name(std::string_view source) {
  SourceName name{std::string(source), ""};
  const std::string lower = io::lower_case(source);
  const auto begin_of_key = [&](const std::string& ending) {
    const std::size_t at = lower.find(ending + ":");
    return at == std::string::npos ? at : at + ending.size() + 1;
  };
  const std::size_t key = std::min(begin_of_key(".npz"), begin_of_key(".safetensors"));
  std::error_code ignored;
  if (key == std::string::npos || std::filesystem::exists(name.path, ignored)) return name;
  name.path.resize(key - 1);
  name.key = source.substr(key);
  if (name.key.empty()) files::fail(name.path, "the name of an array is needed after the colon");
  return name;
}

}  // namespace kernad
