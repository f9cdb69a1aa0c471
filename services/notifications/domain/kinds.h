// What is known of each kind of notice: how soon people are told by e-mail, and who can get it.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "kubari/notifications/v1/notifications.pb.h"
#include "kubari/type/v1/access.pb.h"

namespace kubari::notifications {

namespace pb = ::kubari::notifications::v1;

struct KindRule {
  pb::NoticeKind kind = pb::NOTICE_KIND_UNSPECIFIED;
  pb::Timing timing = pb::TIMING_AT_ONCE;
  // Nobody may choose otherwise.
  bool fixed = false;
  // Roles whose holders can get it; empty: anybody.
  std::vector<type::v1::Role> roles;
};

// Every kind of the contract, in its order.
std::span<const KindRule> AllKinds();
// A kind that is not known (of a newer service) is told at once.
const KindRule& RuleOf(pb::NoticeKind kind);

// "LINES_OFFERED", as webhooks and metrics call it.
std::string NameOf(pb::NoticeKind kind);

// What people chose, by kind.
using Chosen = std::map<pb::NoticeKind, pb::Timing>;
pb::Timing TimingOf(pb::NoticeKind kind, const Chosen& chosen);

}  // namespace kubari::notifications
