// The result of a test on pictures, and its page.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kernad/images.hpp"
#include "pictures.hpp"

namespace kernad::cli {

/// A test set, judged.
struct Tested {
  std::vector<images::TestPicture> pictures;
  std::vector<images::Verdict> verdicts;
  std::vector<Embeddings> maps;  ///< at the resolution of the mask; empty for pictures without one
  std::vector<std::vector<std::uint8_t>> masks;
};

/// What was found of the pictures of one kind.
struct DefectKind {
  std::size_t pictures = 0;
  std::size_t called = 0;  ///< anomalous
  double AUROC = 0;        ///< against the good ones
};

/// The page of kernad test --report: metrics, curves, and the pictures themselves, mistakes first.
[[nodiscard]] std::string picture_report(const PictureCommand& command, const images::PictureModel& model,
                                         const Tested& tested, const std::map<std::string, DefectKind>& kinds,
                                         const std::optional<images::LocalisationMetrics>& pixels);

}  // namespace kernad::cli
