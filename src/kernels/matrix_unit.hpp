// Whether this process may use the processor's matrix unit.
#pragma once

namespace kernad::kernels {

/// True if the processor has AMX for bfloat16 and the operating system lets this process use it. Linux wants to be
/// asked for that, since a thread that does so has 8 KiB more to save when it is interrupted: asked once, on the first
/// call.
[[nodiscard]] bool matrix_unit_available();

}  // namespace kernad::kernels
