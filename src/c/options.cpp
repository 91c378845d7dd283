#include <memory>

#include "c/guard.hpp"
#include "c/handles.hpp"

using kernad::c::guarded;
using kernad::c::made;
using kernad::c::required;

kernad_status kernad_options_create(kernad_options** out) {
  return made(out, [] { return std::make_unique<kernad_options>(); });
}

void kernad_options_free(kernad_options* options) { delete options; }

kernad_status kernad_options_set(kernad_options* options, const char* name, const char* value) {
  return guarded([&] {
    kernad::KDEClassifierOptions changed = required(options, "options").values;
    kernad::set_option(changed, &required(name, "name"), &required(value, "value"));
    *options = kernad_options(changed, options->threads);
  });
}

kernad_status kernad_options_get(const kernad_options* options, const char* name, const char** out) {
  return guarded([&] {
    const auto& texts = required(options, "options").texts;
    required(out, "out") = nullptr;
    const auto found = texts.find(&required(name, "name"));
    if (found == texts.end()) {
      kernad::KDEClassifierOptions none;
      kernad::set_option(none, name, "");  // throws, naming the valid options
      return;
    }
    *out = found->second.c_str();
  });
}

kernad_status kernad_options_set_threads(kernad_options* options, int threads) {
  return guarded([&] {
    kernad::KDEClassifier().set_threads(threads);  // throws for an invalid number
    required(options, "options").threads = threads;
  });
}
