// Files that are replaced completely or not at all.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace kernad::files {

/// Puts `pieces`, one after another, into the file at `path`: written to a new file in the same folder, synced, renamed
/// over `path`, and the folder synced. A symbolic link stays, and what it points to is replaced. Permissions are those
/// of any new file (0666 less the umask). Throws WriteError with path and the system's reason; then no new file is
/// left, and an existing file at `path` is unchanged. Refuses to replace anything but a regular file.
void replace_file(const std::string& path, std::span<const std::span<const std::byte>> pieces);

}  // namespace kernad::files
