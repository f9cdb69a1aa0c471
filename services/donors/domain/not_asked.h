// Why groups are not asked about goods, in words.
#pragma once

#include "kubari/donors/v1/broadcasts.pb.h"

namespace kubari::donors {

// Fills not_asked from not_asked_counts: most groups first, then by code.
void TellNotAsked(v1::Broadcast& broadcast);

}  // namespace kubari::donors
