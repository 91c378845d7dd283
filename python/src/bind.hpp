// Each part of the module, in the order in which module.cpp adds them.
#pragma once

#include <nanobind/nanobind.h>

#include <string>

#include "kernad/kde_classifier.hpp"

namespace kernad::python {

/// The result of os.fsencode: paths need not be UTF-8.
inline std::string to_path(const nanobind::bytes& path) { return {path.c_str(), path.size()}; }

void bind_errors();
void bind_functions(nanobind::module_& m);
void bind_stages(nanobind::module_& m);
void bind_classifier(nanobind::module_& m);
void bind_calibration(nanobind::module_& m, nanobind::class_<KDEClassifier>& classifier);
void bind_explanation(nanobind::class_<KDEClassifier>& classifier);
void bind_comparison(nanobind::module_& m);
void bind_scorer(nanobind::module_& m);
void bind_sketch(nanobind::module_& m);

}  // namespace kernad::python
