// The limits that its control groups (cgroups, version 2 or 1) set for this process. None without a limit.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace kernad::files {

/// Bytes of memory: the smallest limit of its own group and of all around it. `root` is the folder that contains /proc
/// and /sys.
[[nodiscard]] std::optional<std::uint64_t> cgroup_memory_limit(const std::filesystem::path& root = "/") noexcept;

/// Processors whose time may be used, rounded up: likewise.
[[nodiscard]] std::optional<std::uint64_t> cgroup_cpu_limit(const std::filesystem::path& root = "/") noexcept;

}  // namespace kernad::files
