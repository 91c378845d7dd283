#include "kernad/interrupt.hpp"

#include <chrono>
#include <utility>

namespace kernad {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kBetweenChecks{50};

// Per thread, and only while a scope exists there: no state remains after the call.
thread_local const InterruptScope* innermost = nullptr;
thread_local Clock::time_point next_check;

}  // namespace

InterruptScope::InterruptScope(std::function<void()> check) : check_(std::move(check)), outer_(innermost) {
  innermost = this;
  next_check = Clock::now() + kBetweenChecks;
}

InterruptScope::~InterruptScope() { innermost = outer_; }

void InterruptScope::ask() {
  if (innermost == nullptr) return;
  const Clock::time_point now = Clock::now();
  if (now < next_check) return;
  next_check = now + kBetweenChecks;
  innermost->check_();
}

}  // namespace kernad
