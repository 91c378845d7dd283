// How the kernel describes control groups: /proc/self/cgroup has a line "ID:CONTROLLERS:PATH" for each hierarchy that
// this process is in. Version 2 is the line "0::PATH", mounted at /sys/fs/cgroup, its limit in memory.max; of version 1
// it is the line whose controllers name memory, mounted at /sys/fs/cgroup/memory, its limit in memory.limit_in_bytes.
// Processor time likewise: microseconds in every period of so many, "QUOTA PERIOD" in cpu.max, or in cpu.cfs_quota_us
// (-1 for no limit) and cpu.cfs_period_us. A group may use no more than any of those around it. Inside a container PATH
// can be that of the host, where the mount begins at the container's own group: folders that do not exist are skipped
// on the way up. Source: Linux, Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst; cgroups(7).
#include "files/cgroup.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string>

namespace kernad::files {
namespace {

namespace fs = std::filesystem;

/// None for "max", for a missing file, and for anything else that is not a number.
std::optional<std::uint64_t> number_in(const fs::path& file) {
  std::string text;
  if (!std::getline(std::ifstream(file), text)) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

using Limit = std::optional<std::uint64_t>;

/// Memory, in bytes, in a folder of version 2 or 1.
Limit bytes_in(const fs::path& folder) { return number_in(folder / "memory.max"); }
Limit bytes_in_v1(const fs::path& folder) { return number_in(folder / "memory.limit_in_bytes"); }

/// Processors, rounded up, in a folder of version 2 or 1.
Limit cpus(Limit quota, Limit period) {
  if (!quota || !period || *period == 0) return std::nullopt;
  return std::max<std::uint64_t>(1, *quota / *period + (*quota % *period != 0 ? 1 : 0));
}
Limit cpus_in(const fs::path& folder) {
  std::uint64_t quota = 0;
  std::uint64_t period = 0;
  std::ifstream file(folder / "cpu.max");
  return file >> quota >> period ? cpus(quota, period) : std::nullopt;
}
Limit cpus_in_v1(const fs::path& folder) {
  return cpus(number_in(folder / "cpu.cfs_quota_us"), number_in(folder / "cpu.cfs_period_us"));
}

/// A controller of both versions: its name, which is that of its mount in version 1, and its limit in a folder.
struct Controller {
  const char* name;
  Limit (*limit)(const fs::path& folder);
  Limit (*limit_v1)(const fs::path& folder);
};
constexpr Controller kMemory{"memory", bytes_in, bytes_in_v1};
constexpr Controller kCpu{"cpu", cpus_in, cpus_in_v1};

/// The smallest limit in the folder `group` of `mount` and in all around it, up to the mount.
Limit smallest_upwards(const fs::path& mount, const fs::path& group, Limit (*limit_in)(const fs::path& folder)) {
  fs::path folder = group.relative_path();
  // A process outside of its namespace's root: its group cannot be reached from here.
  if (std::find(folder.begin(), folder.end(), "..") != folder.end()) folder.clear();
  Limit smallest;
  for (;; folder = folder.parent_path()) {
    const auto limit = limit_in(mount / folder);
    if (limit && (!smallest || *limit < *smallest)) smallest = limit;
    if (folder.empty()) return smallest;
  }
}

bool names(std::string_view controllers, std::string_view controller) {
  while (!controllers.empty()) {
    const std::size_t comma = std::min(controllers.find(','), controllers.size());
    if (controllers.substr(0, comma) == controller) return true;
    controllers.remove_prefix(std::min(comma + 1, controllers.size()));
  }
  return false;
}

Limit limit_of(const fs::path& root, std::string_view line, const Controller& controller) {
  const std::size_t first = line.find(':');
  const std::size_t second = line.find(':', first == std::string_view::npos ? first : first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const std::string_view controllers = line.substr(first + 1, second - first - 1);
  const fs::path mount = root / "sys/fs/cgroup";
  const fs::path group(line.substr(second + 1));
  if (controllers.empty()) return smallest_upwards(mount, group, controller.limit);
  if (names(controllers, controller.name)) return smallest_upwards(mount / controller.name, group, controller.limit_v1);
  return std::nullopt;
}

Limit smallest_limit(const fs::path& root, const Controller& controller) noexcept try {
  std::ifstream lines(root / "proc/self/cgroup");
  Limit smallest;
  for (std::string line; std::getline(lines, line);) {
    const auto limit = limit_of(root, line, controller);
    if (limit && (!smallest || *limit < *smallest)) smallest = limit;
  }
  return smallest;
} catch (const std::exception&) {
  return std::nullopt;  // an unreadable file sets no limit
}

}  // namespace

std::optional<std::uint64_t> cgroup_memory_limit(const fs::path& root) noexcept {
  return smallest_limit(root, kMemory);
}

std::optional<std::uint64_t> cgroup_cpu_limit(const fs::path& root) noexcept { return smallest_limit(root, kCpu); }

}  // namespace kernad::files
