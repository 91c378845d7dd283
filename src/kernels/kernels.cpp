#include "kernels/kernels.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>

#include "kernad/error.hpp"
#include "kernels/matrix_unit.hpp"

// Newer AVX-512 levels add nothing that these loops use, every machine with SSSE3 that matters has SSE4, and scalable
// vectors cannot be kept in arrays. Each target left out saves one copy of every kernel.
#define HWY_DISABLED_TARGETS (HWY_AVX3_DL | HWY_SSSE3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)

#if defined(__x86_64__) && defined(__linux__)
#define KERNAD_MATRIX_UNIT  // AMX
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/kernels.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// After foreach_target:
#include "hwy/highway.h"
#include "kernels/crc32-inl.h"
#include "kernels/log_sum_exact-inl.h"
#include "kernels/log_sum_scales-inl.h"
#include "kernels/matrix_sum-inl.h"
#include "kernels/moments-inl.h"
#include "kernels/project-inl.h"
#include "kernels/region_bounds-inl.h"
#include "kernels/row_sums-inl.h"
#include "kernels/scatter-inl.h"
#include "kernels/sum_fused-inl.h"

HWY_BEFORE_NAMESPACE();
namespace kernad::kernels {
namespace HWY_NAMESPACE {

inline constexpr const char* kTargetName = HWY_TARGET == HWY_AVX3   ? "avx512"
                                           : HWY_TARGET == HWY_AVX2 ? "avx2"
                                           : HWY_TARGET == HWY_SSE4 ? "sse4"
                                           : HWY_TARGET == HWY_NEON ? "neon"
                                                                    : "portable";

constexpr KernelTable make_table(const char* name, const MatrixKernels* matrix) {
  return {name,
          &Project<float>,
          &Project<double>,
          &ScatterPanels,
          &LogSumExact,
          &LogSumAdaptive,
          kFusedQueries,
          kFusedKernels<PairForm::kExpanded>,
          kFusedKernels<PairForm::kDifference>,
          kFusedKernels<PairForm::kAdaptive>,
          &RegionBounds,
          &LogSumScales,
          kScatterColumns,
          &AddRowMoments<float>,
          &AddRowMoments<double>,
          &AddRowPowers,
          &Dot,
          &SquaredDistance,
          &CentreRow<float>,
          &CentreRow<double>,
          kFoldCrc32,
          matrix};
}

extern const KernelTable kTable;
const KernelTable kTable = make_table(kTargetName, nullptr);
#if HWY_TARGET == HWY_AVX3 && defined(KERNAD_MATRIX_UNIT)
extern const KernelTable kMatrixTable;
const KernelTable kMatrixTable = make_table("amx", &kMatrixKernels);
#endif

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace kernad::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace kernad::kernels {
namespace {

struct CompiledTarget {
  std::int64_t bit;
  const KernelTable* table;
  bool matrix = false;  ///< it needs a matrix unit
};

/// Every target compiled in, best first.
constexpr auto kCompiled = std::to_array<CompiledTarget>({
#if HWY_TARGETS & HWY_AVX3
  {HWY_AVX3, &N_AVX3::kTable},
#ifdef KERNAD_MATRIX_UNIT
      {HWY_AVX3, &N_AVX3::kMatrixTable, true},
#endif
#endif
#if HWY_TARGETS & HWY_AVX2
      {HWY_AVX2, &N_AVX2::kTable},
#endif
#if HWY_TARGETS & HWY_SSE4
      {HWY_SSE4, &N_SSE4::kTable},
#endif
#if HWY_TARGETS & HWY_NEON
      {HWY_NEON, &N_NEON::kTable},
#endif
#if HWY_TARGETS & HWY_EMU128
      {HWY_EMU128, &N_EMU128::kTable},
#endif
#if HWY_TARGETS & HWY_SCALAR
      {HWY_SCALAR, &N_SCALAR::kTable},
#endif
});

bool cpu_runs(const CompiledTarget& target) {
  return (hwy::SupportedTargets() & target.bit) != 0 && (!target.matrix || matrix_unit_available());
}

const KernelTable& best() {
  for (const auto& target : kCompiled) {
    if (cpu_runs(target)) return *target.table;
  }
  return *kCompiled.back().table;  // the baseline, which every CPU of this architecture runs
}

}  // namespace

std::vector<std::string> available_targets() {
  std::vector<std::string> names;
  for (const auto& target : kCompiled) {
    if (cpu_runs(target)) names.emplace_back(target.table->target);
  }
  return names;
}

const KernelTable& for_target(std::string_view name) {
  std::string valid;
  for (const auto& target : kCompiled) {
    if (!cpu_runs(target)) continue;
    if (name == target.table->target) return *target.table;
    valid += (valid.empty() ? "" : ", ") + std::string(target.table->target);
  }
  throw InvalidParameter("kernel target '" + std::string(name) + "' is not available on this machine; valid: " + valid);
}

const KernelTable& active() {
  static const KernelTable& chosen = [&]() -> const KernelTable& {
    const char* name = std::getenv("KERNAD_TARGET");
    if (name == nullptr || *name == '\0') return best();
    try {
      return for_target(name);
    } catch (const InvalidParameter& error) {
      throw InvalidParameter("KERNAD_TARGET: " + std::string(error.what()));
    }
  }();
  return chosen;
}

}  // namespace kernad::kernels
#endif  // HWY_ONCE
