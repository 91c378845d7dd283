#include <fmt/format.h>

#include <array>
#include <memory>

#include "c/figures.hpp"
#include "c/guard.hpp"
#include "c/handles.hpp"

using kernad::KDEClassifier;
using kernad::c::guarded;
using kernad::c::made;
using kernad::c::required;

namespace {

using ModelFigure = kernad::c::Figure<KDEClassifier>;

constexpr std::array kModelFigures = {
    ModelFigure{"rows_seen", [](const KDEClassifier& of) { return static_cast<double>(of.report().rows_seen); }},
    ModelFigure{"rows_used", [](const KDEClassifier& of) { return static_cast<double>(of.report().rows_used); }},
    ModelFigure{"columns", [](const KDEClassifier& of) { return static_cast<double>(of.report().columns); }},
    ModelFigure{"rank", [](const KDEClassifier& of) { return static_cast<double>(of.report().rank); }},
    ModelFigure{"components", [](const KDEClassifier& of) { return static_cast<double>(of.report().components); }},
    ModelFigure{"kde_rank", [](const KDEClassifier& of) { return static_cast<double>(of.report().kde_rank); }},
    ModelFigure{"explained_variance", [](const KDEClassifier& of) { return of.report().explained_variance; }},
    ModelFigure{"bandwidth_factor", [](const KDEClassifier& of) { return of.report().bandwidth_factor; }},
    ModelFigure{"max_length", [](const KDEClassifier& of) { return of.report().max_length; }},
    ModelFigure{"shrinkage", [](const KDEClassifier& of) { return of.report().shrinkage; }},
    ModelFigure{"loo_log_likelihood", [](const KDEClassifier& of) { return of.report().loo_log_likelihood; }},
    ModelFigure{"calibration_rows",
                [](const KDEClassifier& of) { return static_cast<double>(of.calibration().size()); }},
    ModelFigure{"calibration_folds",
                [](const KDEClassifier& of) { return static_cast<double>(of.calibration().folds()); }},
    ModelFigure{"smallest_fpr", [](const KDEClassifier& of) { return of.calibration().smallest_fpr(); }},
    ModelFigure{"threshold", [](const KDEClassifier& of) { return of.threshold().log_density; }},
};

}  // namespace

size_t kernad_model_columns(const kernad_model* model) {
  return model == nullptr ? 0 : model->classifier.report().columns;
}

kernad_status kernad_model_figure(const kernad_model* model, const char* name, double* out) {
  return guarded([&] {
    required(out, "out") =
        kernad::c::figure<KDEClassifier>(kModelFigures, required(model, "model").classifier, &required(name, "name"));
  });
}

kernad_status kernad_model_options(const kernad_model* model, kernad_options** out) {
  return made(out, [&] {
    return std::make_unique<kernad_options>(required(model, "model").classifier.options(), model->threads);
  });
}

size_t kernad_model_note_count(const kernad_model* model) {
  return model == nullptr ? 0 : model->classifier.report().notes.size();
}

kernad_status kernad_model_note(const kernad_model* model, size_t index, const char** code, const char** text) {
  return guarded([&] {
    const auto& notes = required(model, "model").classifier.report().notes;
    if (index >= notes.size()) {
      throw kernad::InvalidParameter(
          fmt::format("index is {}; there are {} notes, counted from 0", index, notes.size()));
    }
    if (code != nullptr) *code = to_string(notes[index].code).data();  // a literal
    if (text != nullptr) *text = notes[index].text.c_str();
  });
}
