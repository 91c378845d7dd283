// A checksum of what a .safetensors file says, whatever program has written it: docs/formats.md, "The checksum".
#pragma once

#include <string>
#include <string_view>

#include "kernad/state_dict.hpp"

namespace kernad::serialise {

/// The key of the metadata that holds it; no part of a StateDict that has been read.
inline constexpr std::string_view checksum_key = "kernad_crc32";

/// CRC-32 of all names, dtypes, shapes, bytes and metadata, except the checksum itself: 8 hexadecimal digits. It
/// changes with any bit of them.
[[nodiscard]] std::string checksum_of(const StateDict& state);

}  // namespace kernad::serialise
