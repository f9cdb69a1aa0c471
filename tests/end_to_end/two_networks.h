// One installation with two networks, shared by the tests of a binary.
#pragma once

#include "tests/end_to_end/setting.h"

namespace kubari::end_to_end {

struct TwoNetworksSetting {
  // Thousands of calls of a few callers: without the gateway's limit.
  Installation installation{{.rate = 0}};
  Setting first{installation, "first"};
  Setting second{installation, "second"};
  TwoNetworksSetting() {
    first.Publish();
    second.Publish();
  }
};

// Made by the first call.
inline TwoNetworksSetting& TwoNetworks() {
  static TwoNetworksSetting setting;
  return setting;
}

}  // namespace kubari::end_to_end
