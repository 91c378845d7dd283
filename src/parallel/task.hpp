// A task that several threads share, by reference: passing one allocates nothing.
#pragma once

#include <cstddef>
#include <memory>

namespace kernad::parallel {

/// Calls what it was made from, which must outlive it: task(i, worker).
class Task {
 public:
  template <typename F>
  Task(const F& function)  // NOLINT(google-explicit-constructor): a lambda is a task
      : function_(std::addressof(function)),
        call_([](const void* f, std::size_t i, std::size_t worker) { (*static_cast<const F*>(f))(i, worker); }) {}

  void operator()(std::size_t i, std::size_t worker) const { call_(function_, i, worker); }

 private:
  const void* function_;
  void (*call_)(const void*, std::size_t, std::size_t);
};

}  // namespace kernad::parallel
