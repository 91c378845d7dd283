// Cases from practice (tests/cases), and their correct values.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace kernad::testing {

inline const std::string kCases = KERNAD_TEST_CASES "/";

/// Computed in float64 by scipy (tests/cases/truth.json).
inline std::vector<double> truth(const std::string& name) {
  std::ifstream file(kCases + "truth.json");
  return nlohmann::json::parse(file).at(name).get<std::vector<double>>();
}

}  // namespace kernad::testing
