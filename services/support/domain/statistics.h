// Which counts may be told to readers who are not parties. Pure.
#pragma once

#include "kubari/support/v1/support.pb.h"

namespace kubari::support {

namespace pb = v1;

// Takes out the figures of rows that count fewer than 5 requests. If only one row is taken out, its count would follow
// from the total and the others, so then the next smallest goes as well. The total is told only if it is at least 5.
void Suppress(pb::SupportStatistics& statistics);

}  // namespace kubari::support
