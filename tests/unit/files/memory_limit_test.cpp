#include "files/memory_limit.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <limits>

#include "files/cgroup.hpp"
#include "support/bytes.hpp"
#include "support/temporary_folder.hpp"

namespace kernad {
namespace {

using testing::message_of;

/// A made-up version of what the kernel shows of control groups.
class Machine {
 public:
  void write(const std::string& path, const std::string& text) {
    const std::filesystem::path file = folder_.path(path);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  [[nodiscard]] std::optional<std::uint64_t> limit() const { return files::cgroup_memory_limit(folder_.path("")); }
  [[nodiscard]] std::optional<std::uint64_t> cpus() const { return files::cgroup_cpu_limit(folder_.path("")); }

 private:
  testing::TemporaryFolder folder_;
};

TEST(CgroupTest, NothingThereLimitsNothing) { EXPECT_EQ(Machine().limit(), std::nullopt); }

TEST(CgroupTest, VersionTwo) {
  Machine machine;
  machine.write("proc/self/cgroup", "0::/user.slice/job\n");
  EXPECT_EQ(machine.limit(), std::nullopt);
  machine.write("sys/fs/cgroup/user.slice/job/memory.max", "max\n");
  EXPECT_EQ(machine.limit(), std::nullopt);
  machine.write("sys/fs/cgroup/user.slice/job/memory.max", "3000\n");
  EXPECT_EQ(machine.limit(), 3000u);
  machine.write("sys/fs/cgroup/user.slice/memory.max", "4000\n");
  EXPECT_EQ(machine.limit(), 3000u);
  machine.write("sys/fs/cgroup/memory.max", "2000\n");
  EXPECT_EQ(machine.limit(), 2000u) << "a group may use no more than those around it";
}

TEST(CgroupTest, ProcessorsOfVersionTwo) {
  Machine machine;
  machine.write("proc/self/cgroup", "0::/job\n");
  EXPECT_EQ(machine.cpus(), std::nullopt);
  machine.write("sys/fs/cgroup/job/cpu.max", "max 100000\n");
  EXPECT_EQ(machine.cpus(), std::nullopt);
  machine.write("sys/fs/cgroup/job/cpu.max", "250000 100000\n");
  EXPECT_EQ(machine.cpus(), 3u) << "half a processor more counts as one";
  machine.write("sys/fs/cgroup/cpu.max", "20000 100000\n");
  EXPECT_EQ(machine.cpus(), 1u);
  machine.write("sys/fs/cgroup/cpu.max", "20000 0\n");
  EXPECT_EQ(machine.cpus(), 3u) << "no period, no limit";
}

TEST(CgroupTest, ProcessorsOfVersionOne) {
  Machine machine;
  machine.write("proc/self/cgroup", "9:cpu,cpuacct:/a\n4:memory:/b\n");
  machine.write("sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "-1\n");
  machine.write("sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(machine.cpus(), std::nullopt);
  machine.write("sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "400000\n");
  EXPECT_EQ(machine.cpus(), 4u);
}

TEST(CgroupTest, VersionOne) {
  Machine machine;
  machine.write("proc/self/cgroup", "9:cpu,cpuacct:/a\n4:hugetlb,memory:/a/b\n1:memoryless:/c\n0::/\n");
  machine.write("sys/fs/cgroup/cpu/a/memory.limit_in_bytes", "1");
  machine.write("sys/fs/cgroup/memory/c/memory.limit_in_bytes", "2");
  EXPECT_EQ(machine.limit(), std::nullopt);
  machine.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  machine.write("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "6000\n");
  machine.write("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "7000\n");
  EXPECT_EQ(machine.limit(), 6000u);
}

TEST(CgroupTest, BothVersionsAtOnce) {
  Machine machine;
  machine.write("proc/self/cgroup", "4:memory:/a\n0::/b\n");
  machine.write("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "6000\n");
  machine.write("sys/fs/cgroup/b/memory.max", "5000\n");
  EXPECT_EQ(machine.limit(), 5000u);
}

TEST(CgroupTest, InAContainerThePathCanBeTheHosts) {
  Machine machine;
  machine.write("sys/fs/cgroup/memory.max", "5000\n");
  for (const char* line : {"0::/docker/0123\n", "0::/../../other\n", "0::/\n", "0::\n"}) {
    machine.write("proc/self/cgroup", line);
    EXPECT_EQ(machine.limit(), 5000u) << line;
  }
  machine.write("sys/memory.max", "1\n");
  machine.write("proc/self/cgroup", "0::/../..\n");
  EXPECT_EQ(machine.limit(), 5000u) << "nothing is read outside of the mount";
}

TEST(CgroupTest, WhatIsNoLimitIsPassedOver) {
  Machine machine;
  for (const char* text : {"", "\n", "-1\n", "12x\n", "99999999999999999999999\n", "0x10\n"}) {
    machine.write("proc/self/cgroup", "0::/a\n");
    machine.write("sys/fs/cgroup/a/memory.max", text);
    EXPECT_EQ(machine.limit(), std::nullopt) << text;
  }
  machine.write("sys/fs/cgroup/a/memory.max", "1000\n");
  for (const char* text : {"", "\n", "0:\n", "nonsense\n", ":::\n"}) {
    machine.write("proc/self/cgroup", text);
    EXPECT_EQ(machine.limit(), std::nullopt) << text;
  }
}

TEST(MemoryLimitTest, TheSmallestBoundCountsAndIsNamed) {
  const files::MemoryLimit machine{3000, "this machine has"};
  const files::MemoryLimit group{2000, "the group may use"};
  const files::MemoryLimit space{1000, "the process may use"};
  EXPECT_EQ(files::smallest({machine, group, space}).owner, space.owner);
  EXPECT_EQ(files::smallest({group, machine}).owner, group.owner);
  EXPECT_EQ(files::smallest({machine}).bytes, 3000u);
}

TEST(MemoryLimitTest, ThisProcessHasOne) {
  const files::MemoryLimit limit = files::memory_limit();
  EXPECT_GT(limit.bytes, 0u);
  EXPECT_LE(limit.bytes, static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                             static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
  EXPECT_FALSE(limit.owner.empty());
}

TEST(MemoryLimitTest, MoreIsRefused) {
  const files::MemoryLimit limit{1000, "this machine has"};
  files::require_memory(1000, "a.npy", 10, limit);
  EXPECT_EQ(message_of<ReadError>([&] { files::require_memory(1001, "a.npy", 10, limit); }),
            "a.npy: byte 10: the data need 1001 bytes of memory; this machine has 1000");
}

}  // namespace
}  // namespace kernad
