// The hot kernels for every target that this CPU runs: pairs (or rows) per second, GFLOP/s of the products alone, and
// their share of the multiply-add peak, measured just before for the same target and precision. One thread; operands
// are in the caches that hold them in real use.
//   kernel_benchmarks [--benchmark_filter=avx2/sum_expanded] [--benchmark_format=json] ...
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "fma_peak.hpp"
#include "kernels/kernels.hpp"
#include "kernels/projection.hpp"
#include "kernels/references.hpp"

namespace kernad::benchmarks {
namespace {

using benchmark::State;
using kernels::AlignedVector;
using kernels::KernelTable;
using kernels::kTileRows;

template <typename T>
AlignedVector<T> gaussian(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<T> normal;
  AlignedVector<T> values(count);
  for (T& value : values) value = normal(random);
  return values;
}

/// CPU time of this process, so that other processes on the machine matter as little as possible: used for everything
/// but the peak on several threads.
double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// Best of a few short runs, in operations per second.
double measured_peak(double (*multiply_adds)(std::size_t)) {
  double best = 0;
  for (int run = 0; run < 10; ++run) {
    const double begin = cpu_seconds();
    const double operations = multiply_adds(1'000'000);
    best = std::max(best, operations / (cpu_seconds() - begin));
  }
  return best;
}

/// Runs `body`, which does `items` of something with `flops` operations in total, and sets the counters. A peak of 0
/// is unknown.
template <typename Body>
void measure(State& state, double items, double flops, double peak, Body body) {
  const double begin = cpu_seconds();
  for (auto _ : state) {
    body();
    benchmark::ClobberMemory();
  }
  const double seconds = cpu_seconds() - begin;
  const double iterations = static_cast<double>(state.iterations());
  state.SetItemsProcessed(static_cast<std::int64_t>(items * iterations));
  state.counters["FLOP/s"] = flops * iterations / seconds;
  if (peak != 0) state.counters["of_peak"] = flops * iterations / seconds / peak;
}

/// One panel of references, as much as a first-level cache holds, and 64 queries against it: the inner loops of
/// log_density.
void sum_fused(State& state, const KernelTable& table, bool expanded, std::size_t dimension, double peak) {
  const std::size_t references = std::max<std::size_t>(2, 6 * 1024 / (kTileRows * dimension) / 2 * 2) * kTileRows;
  const auto rows = gaussian<float>(references * dimension, 1);
  const auto packed = kernels::pack_references({rows.data(), references, dimension});
  const float* bias = (expanded ? packed.expanded_bias : packed.difference_bias).data();
  const kernels::FusedTiles tiles{packed.values.data(), bias, nullptr, references / kTileRows, dimension};

  const std::size_t width = table.fused_width;
  const std::size_t groups = 64 / width;
  const auto values = gaussian<float>(groups * width * dimension, 2);
  const AlignedVector<float> query_bias(width, 0.0F);
  AlignedVector<float> lanes(width * kTileRows);
  const auto sum = (expanded ? table.expanded : table.difference).sum;
  const auto pairs = static_cast<double>(groups * width * references);
  measure(state, pairs, 2.0 * static_cast<double>(dimension) * pairs, peak, [&] {
    std::fill(lanes.begin(), lanes.end(), 0.0F);
    for (std::size_t g = 0; g < groups; ++g) {
      sum({values.data() + g * width * dimension, query_bias.data(), lanes.data(), width}, tiles);
    }
    benchmark::DoNotOptimize(lanes.data());
  });
}

/// The same on a matrix unit, with the queries of one block.
void sum_matrix(State& state, const KernelTable& table, std::size_t dimension) {
  const std::size_t references = std::max<std::size_t>(2, 6 * 1024 / (kTileRows * dimension) / 2 * 2) * kTileRows;
  const auto rows = gaussian<float>(references * dimension, 1);
  const auto packed = kernels::pack_references({rows.data(), references, dimension});
  const kernels::FusedTiles tiles{packed.values.data(), packed.expanded_bias.data(), nullptr, packed.tiles, dimension};

  constexpr std::size_t kWidth = kernels::kMaxMatrixWidth;
  constexpr std::size_t kGroups = 192 / kWidth;
  const auto values = gaussian<float>(kWidth * dimension, 2);
  const AlignedVector<float> bias(kWidth, 0.0F);
  AlignedVector<float> lanes(kWidth * kTileRows);
  AlignedVector<std::uint16_t> split(kernels::split_group_size(dimension));
  AlignedVector<std::uint16_t> scratch(tiles.count * kernels::split_tile_size(dimension));
  table.matrix->split_queries(values.data(), kWidth, dimension, split.data());
  const std::vector<kernels::MatrixQueries> groups(kGroups, {split.data(), bias.data(), lanes.data(), kWidth});
  const auto pairs = static_cast<double>(kGroups * kWidth * references);
  measure(state, pairs, 2.0 * static_cast<double>(dimension) * pairs, 0, [&] {
    std::fill(lanes.begin(), lanes.end(), 0.0F);
    table.matrix->sum(groups.data(), kGroups, tiles, scratch.data());
    benchmark::DoNotOptimize(lanes.data());
  });
}

void log_sum_exact(State& state, const KernelTable& table, std::size_t dimension, double peak) {
  constexpr std::size_t kReferences = kernels::kExactPanelTiles * kTileRows;
  const auto rows = gaussian<float>(kReferences * dimension, 1);
  const auto packed = kernels::pack_references({rows.data(), kReferences, dimension});
  const auto query = gaussian<double>(dimension, 2);
  measure(state, kReferences, 2.0 * static_cast<double>(dimension * kReferences), peak, [&] {
    benchmark::DoNotOptimize(table.log_sum_exact(query.data(), packed.values.data(), packed.difference_bias.data(),
                                                 packed.tiles, dimension));
  });
}

/// Bounds between one query and 1024 regions: what pruning costs. A bound is two squared distances.
void region_bounds(State& state, const KernelTable& table, std::size_t dimension, double peak) {
  constexpr std::size_t kRegions = 1024;
  const auto low = gaussian<float>(kRegions * dimension, 1);
  const auto high = gaussian<float>(kRegions * dimension, 2);
  const auto centre = gaussian<float>(kRegions * dimension, 3);
  const auto radius = gaussian<float>(kRegions, 4);
  const kernels::Regions regions{low.data(),    high.data(),          centre.data(),
                                 radius.data(), kRegions / kTileRows, dimension};
  const auto query = gaussian<float>(dimension, 5);
  AlignedVector<float> out(kRegions);
  measure(state, kRegions, 4.0 * static_cast<double>(dimension * kRegions), peak, [&] {
    table.region_bounds(query.data(), regions, out.data());
    benchmark::DoNotOptimize(out.data());
  });
}

/// 256 rows of 512 columns to `outputs` components.
void project(State& state, const KernelTable& table, std::size_t outputs, double peak) {
  constexpr std::size_t kRows = 256;
  constexpr std::size_t kInputs = 512;
  const auto rows = gaussian<float>(kRows * kInputs, 1);
  const auto matrix = gaussian<double>(kInputs * outputs, 2);
  const std::vector<double> mean(kInputs);
  const kernels::Projection projection(mean, {matrix.data(), kInputs, outputs});
  AlignedVector<double> out(kRows * projection.output_stride());
  AlignedVector<double> scratch(projection.scratch_size());
  measure(state, kRows, 2.0 * static_cast<double>(kRows * kInputs * outputs), peak, [&] {
    projection.apply(table, MatrixView<float>(rows.data(), kRows, kInputs), out.data(), scratch.data());
    benchmark::DoNotOptimize(out.data());
  });
}

void scatter_panels(State& state, const KernelTable& table, double peak) {
  constexpr std::size_t kRows = 128;
  const std::size_t columns = table.scatter_columns;
  const auto left = gaussian<double>(kRows * columns, 1);
  const auto right = gaussian<double>(kRows * columns, 2);
  AlignedVector<double> out(columns * columns);
  measure(state, kRows, 2.0 * static_cast<double>(kRows * columns * columns), peak, [&] {
    table.scatter_panels(left.data(), right.data(), kRows, out.data(), columns, columns, false);
    benchmark::DoNotOptimize(out.data());
  });
}

/// The peak alone, on the given number of threads: what a scoring call on all of them is compared with.
void peak_alone(State& state, double (*multiply_adds)(std::size_t)) {
  double operations = 0;
  for (auto _ : state) operations += multiply_adds(100'000);
  state.counters["FLOP/s"] = benchmark::Counter(operations, benchmark::Counter::kIsRate);
}

void register_peak(const std::string& target, double (*multiply_adds)(std::size_t)) {
  const int most = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  benchmark::RegisterBenchmark((target + "/fma_peak/float32").c_str(), peak_alone, multiply_adds)
      ->DenseThreadRange(1, most)
      ->UseRealTime();
}

void register_target(const std::string& target) {
  const KernelTable& table = kernels::for_target(target);
  double peak32 = 0;
  double peak64 = 0;
  if (const FmaPeak* peak = fma_peak(target); peak != nullptr) {
    register_peak(target, peak->float32);
    peak32 = measured_peak(peak->float32);
    peak64 = measured_peak(peak->float64);
  }
  const auto add = [&](const std::string& name, auto run) {
    benchmark::RegisterBenchmark((target + name).c_str(), run);
  };
  if (table.matrix != nullptr) {  // the rest is that of another target
    for (const std::size_t d : {16, 32, 64, 512}) {
      add("/sum_matrix/d:" + std::to_string(d), [=, &table](State& state) { sum_matrix(state, table, d); });
    }
    return;
  }
  for (const std::size_t d : {1, 8, 16, 64, 512}) {
    const std::string size = "/d:" + std::to_string(d);
    add("/sum_expanded" + size, [=, &table](State& state) { sum_fused(state, table, true, d, peak32); });
    add("/sum_difference" + size, [=, &table](State& state) { sum_fused(state, table, false, d, peak32); });
    add("/log_sum_exact" + size, [=, &table](State& state) { log_sum_exact(state, table, d, peak64); });
    add("/region_bounds" + size, [=, &table](State& state) { region_bounds(state, table, d, peak32); });
  }
  add("/project/512:16", [=, &table](State& state) { project(state, table, 16, peak64); });
  add("/scatter_panels", [=, &table](State& state) { scatter_panels(state, table, peak64); });
}

}  // namespace
}  // namespace kernad::benchmarks

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  for (const auto& name : kernad::kernels::available_targets()) kernad::benchmarks::register_target(name);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
