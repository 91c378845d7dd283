// The hot loops, compiled once for every instruction set and chosen at run time. Pointers only: no container, no
// thread, no allocation, no exception lives behind this table.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kernad::kernels {

/// A partial sum of exponentials, sum * exp(max): the one currency in which partial results are merged.
struct MaxSum {
  double max;
  double sum;
};

/// References of one partial sum of log_sum_exact. Bounds its scratch memory on the stack.
inline constexpr std::size_t kExactPanelTiles = 32;

struct KernelTable {
  /// Instruction set it is compiled for: "avx512", "avx2", "sse4", "neon" or "portable".
  const char* target;

  /// out[i] = (x[i] - mean) A for `rows` rows; see Projection for the layout of mean and panels. x: rows x inputs,
  /// out: rows x padded_outputs, scratch: kProjectScratchRows x inputs. Each output is one chain of fused multiply-adds
  /// in the order of the inputs, so a row's result does not depend on the rows beside it.
  void (*project_f32)(const float* x, std::size_t row_stride, std::size_t rows, const double* mean,
                      const double* panels, std::size_t inputs, std::size_t outputs, double* out, double* scratch);
  void (*project_f64)(const double* x, std::size_t row_stride, std::size_t rows, const double* mean,
                      const double* panels, std::size_t inputs, std::size_t outputs, double* out, double* scratch);

  /// The sum of exp(-|q - r|^2 / 2) over the first `count` references (at most kExactPanelTiles tiles), with
  /// distances by differences in double: right for any finite query. query: dimension doubles.
  MaxSum (*log_sum_exact)(const double* query, const float* tiles, std::size_t count, std::size_t dimension);
};

/// The table that this process uses: KERNAD_TARGET's when set, else the best this CPU can run. Chosen once. Throws
/// InvalidParameter when KERNAD_TARGET names what is not compiled in or what the CPU cannot run.
[[nodiscard]] const KernelTable& active();

/// Names of the tables this CPU can run, best first.
[[nodiscard]] std::vector<std::string> available_targets();

/// The table of that name. Throws InvalidParameter listing available_targets() otherwise.
[[nodiscard]] const KernelTable& for_target(std::string_view name);

}  // namespace kernad::kernels
