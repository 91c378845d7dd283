// Everything public.
#pragma once

#include "kernad/calibration.hpp"
#include "kernad/error.hpp"
#include "kernad/explanation.hpp"
#include "kernad/feature_scaling_method.hpp"
#include "kernad/gaussian_kde.hpp"
#include "kernad/io.hpp"
#include "kernad/kde_classifier.hpp"
#include "kernad/kde_options.hpp"
#include "kernad/matrix.hpp"
#include "kernad/metrics.hpp"
#include "kernad/pca.hpp"
#include "kernad/sampling.hpp"
#include "kernad/scorer.hpp"
#include "kernad/state_dict.hpp"
#include "kernad/system_info.hpp"
#include "kernad/version.hpp"
