#include "serialise/format_version.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "kernad/error.hpp"

namespace kernad::serialise {

int format_version_of(const model::Model& model) {
  const auto last = std::find_if(kFormatVersions.rbegin(), kFormatVersions.rend(),
                                 [&](const FormatVersion& version) { return version.needed(model); });
  return last->number;
}

void check_format_version(const Metadata& metadata) {
  constexpr const char* kKey = "format_version";
  if (!metadata.contains(kKey)) return;
  const int version = number_in<int>(metadata, kKey, "a whole number");
  const int newest = kFormatVersions.back().number;
  if (version < kFormatVersions.front().number || version > newest) {
    throw InvalidInput(
        fmt::format("format_version {} is not known to this version of kernad, which reads up to {}; "
                    "a newer kernad is needed",
                    version, newest));
  }
}

}  // namespace kernad::serialise
