// The reference's sigmoid from log-density to anomaly probability, 1 / (1 + exp(slope (log-density - midpoint))).
#pragma once

namespace kernad::calibration {

inline constexpr double kSlope = 0.05;   // per nat
inline constexpr double kMidpoint = 12;  // nats

}  // namespace kernad::calibration
