// What the kernel says of control groups: /proc/self/cgroup has a line "ID:CONTROLLERS:PATH" for each hierarchy that
// this process is in. Version 2 is the line "0::PATH", mounted at /sys/fs/cgroup, its limit in memory.max; of version 1
// it is the line whose controllers name memory, mounted at /sys/fs/cgroup/memory, its limit in memory.limit_in_bytes.
// A group may use no more than any of those around it. Inside a container PATH can be that of the host, where the mount
// begins at the container's own group: folders that are not there are passed over on the way up.
// Source: Linux, Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst; cgroups(7).
#include <algorithm>
#include <charconv>
#include <fstream>
#include <string>

#include "files/memory_limit.hpp"

namespace kernad::files {
namespace {

namespace fs = std::filesystem;

/// None for "max", for a file that is not there, and for anything else that is no number.
std::optional<std::uint64_t> number_in(const fs::path& file) {
  std::string text;
  if (!std::getline(std::ifstream(file), text)) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The smallest number in a file of this name, in the folder `group` of `mount` and in all around it, up to the mount.
std::optional<std::uint64_t> smallest_upwards(const fs::path& mount, const fs::path& group, const char* file) {
  fs::path folder = group.relative_path();
  // A process outside of its namespace's root: its group cannot be reached from here.
  if (std::find(folder.begin(), folder.end(), "..") != folder.end()) folder.clear();
  std::optional<std::uint64_t> smallest;
  for (;; folder = folder.parent_path()) {
    const auto limit = number_in(mount / folder / file);
    if (limit && (!smallest || *limit < *smallest)) smallest = limit;
    if (folder.empty()) return smallest;
  }
}

bool names_memory(std::string_view controllers) {
  while (!controllers.empty()) {
    const std::size_t comma = std::min(controllers.find(','), controllers.size());
    if (controllers.substr(0, comma) == "memory") return true;
    controllers.remove_prefix(std::min(comma + 1, controllers.size()));
  }
  return false;
}

std::optional<std::uint64_t> limit_of(const fs::path& root, std::string_view line) {
  const std::size_t first = line.find(':');
  const std::size_t second = line.find(':', first == std::string_view::npos ? first : first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const std::string_view controllers = line.substr(first + 1, second - first - 1);
  const fs::path mount = root / "sys/fs/cgroup";
  const fs::path group(line.substr(second + 1));
  if (controllers.empty()) return smallest_upwards(mount, group, "memory.max");
  if (names_memory(controllers)) return smallest_upwards(mount / "memory", group, "memory.limit_in_bytes");
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> cgroup_memory_limit(const fs::path& root) noexcept try {
  std::ifstream lines(root / "proc/self/cgroup");
  std::optional<std::uint64_t> smallest;
  for (std::string line; std::getline(lines, line);) {
    const auto limit = limit_of(root, line);
    if (limit && (!smallest || *limit < *smallest)) smallest = limit;
  }
  return smallest;
} catch (const std::exception&) {
  return std::nullopt;  // what cannot be read limits nothing
}

}  // namespace kernad::files
