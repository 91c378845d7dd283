// Ending a call that takes long.
#pragma once

#include <functional>

#include "kernad/export.hpp"

namespace kernad {

/// While it lives, calls of the library on this thread ask `check` some twenty times a second, on this thread, whether
/// to go on. What it throws ends the call, and what the call would have changed stays as it was. A call asks between
/// its pieces of work: the eigenvectors of one matrix are one piece. Scopes may be nested; the innermost is asked.
class KERNAD_API InterruptScope {
 public:
  /// check: what the work calls from time to time; it may throw.
  explicit InterruptScope(std::function<void()> check);
  ~InterruptScope();
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;

  /// Asks the innermost scope of this thread, if there is one and its last answer is not recent.
  static void ask();

 private:
  std::function<void()> check_;
  const InterruptScope* outer_;
};

}  // namespace kernad
