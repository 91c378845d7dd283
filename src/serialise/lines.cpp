#include "serialise/lines.hpp"

#include <algorithm>
#include <span>
#include <string_view>

#include "files/utf8.hpp"

namespace kernad::serialise {

Tensor to_lines(const std::vector<std::string>& texts) {
  std::string all;
  for (std::string line : texts) {
    std::ranges::replace(line, '\n', ' ');
    all += line + '\n';
  }
  const auto bytes = std::as_bytes(std::span(all));
  return {DType::u8, {all.size()}, {bytes.begin(), bytes.end()}};
}

std::optional<std::vector<std::string>> from_lines(const Tensor& tensor) {
  const std::string_view all(reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size());
  if (tensor.dtype != DType::u8 || !files::is_utf8(all)) return std::nullopt;
  std::vector<std::string> texts;
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = std::min(all.find('\n', at), all.size());
    texts.emplace_back(all.substr(at, end - at));
    at = end + 1;
  }
  return texts;
}

}  // namespace kernad::serialise
