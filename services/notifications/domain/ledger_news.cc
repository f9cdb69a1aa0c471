#include "services/notifications/domain/ledger_news.h"

#include <absl/strings/str_cat.h>
#include <google/protobuf/util/time_util.h>

#include <map>
#include <string>

#include "libs/ids/ids.h"
#include "libs/outbox/notice.h"

namespace kubari::notifications {
namespace {

using stock::v1::FeedEntry;
using stock::v1::Movement;

absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixMicros(google::protobuf::util::TimeUtil::TimestampToMicroseconds(time));
}

std::string IdOf(const std::string& name) { return name.substr(name.find('/') + 1); }

// The goods of one notice, as lines of its text.
struct Told {
  std::string group;
  std::string group_display_name;
  std::string delivery;
  absl::Time time;
  outbox::Words goods;

  void Add(const FeedEntry& entry) {
    const Movement& movement = entry.movement();
    group = IdOf(movement.group());
    group_display_name = entry.group_display_name();
    delivery = IdOf(movement.delivery());
    time = TimeOf(movement.occurred_time());
    absl::StrAppend(&goods.ja, "・", movement.product_display_name(), " ", movement.items(), "点\n");
    absl::StrAppend(&goods.en, "- ", movement.product_display_name(), ", ", movement.items(), movement.items() == 1 ? " item\n" : " items\n");
  }
};

}  // namespace

std::vector<v1::Notice> NewsOf(const feed::Entries& entries, absl::Time since) {
  // In the order of their keys: the same page gives the same notices.
  std::map<std::string, Told> shipped, short_of, expired;
  for (const FeedEntry& entry : entries) {
    const Movement& movement = entry.movement();
    if (TimeOf(movement.recorded_time()) < since || movement.group().empty()) continue;
    switch (movement.kind()) {
      case stock::v1::MOVEMENT_KIND_ISSUE:
      case stock::v1::MOVEMENT_KIND_DIRECT:
        if (!movement.delivery().empty()) shipped[movement.delivery()].Add(entry);
        break;
      case stock::v1::MOVEMENT_KIND_SHORTAGE:
        short_of[absl::StrCat(movement.delivery(), movement.group())].Add(entry);
        break;
      case stock::v1::MOVEMENT_KIND_EXPIRE:
        expired[absl::StrCat(movement.group(), absl::ToUnixMicros(TimeOf(movement.occurred_time())))].Add(entry);
        break;
      default:
        break;
    }
  }
  std::vector<v1::Notice> notices;
  for (const auto& [key, told] : shipped) {
    v1::Notice& notice = notices.emplace_back(outbox::Make(
        v1::NOTICE_KIND_DELIVERY_SHIPPED, {.ja = "食品を発送しました", .en = "Food is on its way to you"},
        {.ja = absl::StrCat("次の食品などをお届けします。届いたら、画面で受け取りの確認をお願いします。\n\n", told.goods.ja),
         .en = absl::StrCat("This and perhaps more is on its way. When it is there, please confirm in the app what arrived.\n\n", told.goods.en)},
        "/", told.time));
    notice.set_notice_id(outbox::IdOf({"shipped", told.delivery, told.group}));
    outbox::ToHolders(notice, type::v1::ROLE_GROUP, told.group);
    (*notice.mutable_facts())["delivery"] = ids::Name("deliveries", told.delivery);
    (*notice.mutable_facts())["group"] = ids::Name("groups", told.group);
  }
  for (const auto& [key, told] : short_of) {
    v1::Notice& notice = notices.emplace_back(outbox::Make(
        v1::NOTICE_KIND_SHORTAGE_CONFIRMED,
        {.ja = absl::StrCat(told.group_display_name, "：届いた数が足りません"), .en = absl::StrCat(told.group_display_name, " got less than was sent")},
        {.ja = absl::StrCat("届かなかったもの：\n", told.goods.ja), .en = absl::StrCat("What was missing:\n", told.goods.en)}, "/deliveries", told.time));
    outbox::ToHolders(notice, type::v1::ROLE_COORDINATOR);
    if (!told.delivery.empty()) (*notice.mutable_facts())["delivery"] = ids::Name("deliveries", told.delivery);
    (*notice.mutable_facts())["group"] = ids::Name("groups", told.group);
  }
  for (const auto& [key, told] : expired) {
    v1::Notice& notice = notices.emplace_back(outbox::Make(
        v1::NOTICE_KIND_LINE_EXPIRED,
        {.ja = absl::StrCat(told.group_display_name, "：期限までに返事や受け取りがなく、取り置きを終えました"),
         .en = absl::StrCat(told.group_display_name, ": goods were kept until their time ran out")},
        {.ja = absl::StrCat("次の食品などの取り置きを終えました。\n\n", told.goods.ja),
         .en = absl::StrCat("This and perhaps more is no longer kept.\n\n", told.goods.en)},
        "/", told.time));
    // What a run promised to a group runs out at one moment: it is told once, however many warehouses it would have come from and however
    // many pages of the feed its end takes.
    notice.set_notice_id(outbox::IdOf({"expired", absl::StrCat(absl::ToUnixMicros(told.time)), told.group}));
    outbox::ToHolders(notice, type::v1::ROLE_GROUP, told.group);
    outbox::ToHolders(notice, type::v1::ROLE_COORDINATOR);
    (*notice.mutable_facts())["group"] = ids::Name("groups", told.group);
  }
  return notices;
}

}  // namespace kubari::notifications
