#include "services/donors/broadcast_handler.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <optional>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/auth/access.h"
#include "libs/eligibility/eligibility.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/log/log.h"
#include "libs/paging/page.h"
#include "libs/registry/agreements.h"
#include "libs/registry/fields.h"
#include "libs/registry/mutation.h"
#include "libs/rpc/client.h"
#include "services/donors/broadcast_store.h"
#include "services/donors/domain/not_asked.h"
#include "services/donors/domain/shapes.h"
#include "services/donors/handler.h"
#include "services/donors/notices.h"
#include "services/donors/offer_store.h"
#include "services/donors/viewer.h"

namespace kubari::donors {
namespace {

constexpr absl::Duration kLongest = absl::Hours(24 * 60);
constexpr int kMaxGroups = 1'000;

absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixMicros(google::protobuf::util::TimeUtil::TimestampToMicroseconds(time));
}

void CheckAudience(errors::Violations& violations, const v1::BroadcastAudience& audience) {
  const std::string field = "broadcast.audience";
  for (int i = 0; i < audience.prefectures_size(); ++i) {
    violations.Require(registry::IsPrefectureCode(audience.prefectures(i)), absl::StrCat(field, ".prefectures[", i, "]"),
                       "NOT_A_PREFECTURE",
                       absl::StrCat("'", audience.prefectures(i), "' is not a prefecture code, 01 to 47."),
                       absl::StrCat("「", audience.prefectures(i), "」は都道府県コード（01〜47）ではありません。"));
  }
  for (int i = 0; i < audience.kinds_size(); ++i)
    violations.Enum(absl::StrCat(field, ".kinds[", i, "]"), audience.kinds(i));
  for (int i = 0; i < audience.wanted_tags_size(); ++i)
    violations.Enum(absl::StrCat(field, ".wanted_tags[", i, "]"), audience.wanted_tags(i));
  violations.Range(field + ".groups", audience.groups_size(), 0, kMaxGroups);
  for (int i = 0; i < std::min(audience.groups_size(), kMaxGroups); ++i)
    violations.Name("groups", absl::StrCat(field, ".groups[", i, "]"), audience.groups(i));
}

void CheckBroadcast(errors::Violations& violations, const v1::Broadcast& broadcast, absl::Time now) {
  if (broadcast.offer_line().empty()) {
    violations.Name("products", "broadcast.product", broadcast.product());
    violations.Range("broadcast.cases", broadcast.cases(), 1, kMaxCases);
    violations.Range("broadcast.items_per_case", broadcast.items_per_case(), 1, kMaxItemsPerCase);
    CheckGoodUntil(violations, "broadcast.good_until", broadcast.good_until());
    violations.Require(type::v1::TemperatureZone_IsValid(broadcast.temperature_zone()), "broadcast.temperature_zone",
                       "UNKNOWN_VALUE", "This temperature zone is not known.", "この温度帯は定義されていません。");
    registry::CheckConditions(violations, "broadcast.conditions", broadcast.conditions());
  } else {
    registry::CheckChildName(violations, "offers", "lines", "broadcast.offer_line", broadcast.offer_line());
  }
  violations.Text("broadcast.text", broadcast.text(), 0, 1000);
  if (!broadcast.hand_over_date().empty())
    registry::CheckDay(violations, "broadcast.hand_over_date", broadcast.hand_over_date());
  CheckAudience(violations, broadcast.audience());
  // Within the years 1970 to 9999: what is outside of them is out of every range here.
  const int64_t seconds = broadcast.answer_until_time().seconds();
  const bool valid = seconds > 0 && seconds < int64_t{253402300800};
  violations.Require(broadcast.has_answer_until_time() && valid && TimeOf(broadcast.answer_until_time()) > now &&
                         TimeOf(broadcast.answer_until_time()) <= now + kLongest,
                     "broadcast.answer_until_time", "OUT_OF_RANGE",
                     "Say until when answers are taken: a time to come, within 60 days.",
                     "回答の締め切りを、これから 60 日以内の日時で指定してください。");
}

// Does the audience take the group in?
bool InAudience(const v1::BroadcastAudience& audience, const groups::v1::Group& group) {
  const auto any = [](const auto& wanted, const auto& has) {
    return wanted.empty() || std::find_first_of(wanted.begin(), wanted.end(), has.begin(), has.end()) != wanted.end();
  };
  const std::vector<std::string> prefecture = {
      group.sites_size() == 0 ? "" : group.sites(0).address().municipality_code().substr(0, 2)};
  return any(audience.prefectures(), prefecture) && any(audience.kinds(), std::vector<int>{group.kind()}) &&
         any(audience.wanted_tags(), group.wanted_tags()) &&
         any(audience.groups(), std::vector<std::string>{group.name()});
}

// The goods as a lot, which is what the rules of hand-over judge.
stock::v1::Lot LotOf(const v1::Broadcast& broadcast, const stock::v1::Product& product) {
  stock::v1::Lot lot;
  *lot.mutable_good_until() = broadcast.good_until();
  lot.set_temperature_zone(broadcast.temperature_zone());
  lot.set_category(product.category());
  *lot.mutable_allergens() = product.allergens();
  *lot.mutable_tags() = product.tags();
  *lot.mutable_conditions() = broadcast.conditions();
  return lot;
}

absl::Status CheckOpen(const v1::Broadcast& broadcast, absl::Time now) {
  if (broadcast.open()) return absl::OkStatus();
  const absl::Time closed = broadcast.has_close_time() ? TimeOf(broadcast.close_time())
                                                       : std::min(now, TimeOf(broadcast.answer_until_time()));
  return errors::Make(absl::StatusCode::kFailedPrecondition, "BROADCAST_CLOSED",
                      "This question is over; answers are no longer taken.",
                      "この問い合わせは締め切られました。回答は受け付けていません。",
                      {{"broadcast", broadcast.name()}, {"closed_time", absl::FormatTime(closed, absl::UTCTimeZone())}});
}

absl::Status NobodyToAsk(v1::Broadcast broadcast) {
  TellNotAsked(broadcast);
  errors::Metadata metadata;
  std::string english, japanese;
  for (const v1::NotAsked& each : broadcast.not_asked()) {
    metadata[each.code()] = absl::StrCat(each.groups());
    absl::StrAppend(&english, " ", each.message());
    absl::StrAppend(&japanese, japanese.empty() ? "（" : "、", each.message_ja());
  }
  if (!japanese.empty()) japanese += "）";
  return errors::Make(
      absl::StatusCode::kFailedPrecondition, "NOBODY_TO_ASK",
      absl::StrCat("No group may have these goods and is among those you chose. Widen the audience.", english),
      absl::StrCat("この食品を受け取れる団体が、選んだ範囲にありません。範囲を広げてください。", japanese), std::move(metadata));
}

bool SeesAll(const rpc::Call& call) { return call.scope.whole_network; }

// The caller's own, where it does not see all: groups it acts for, donors it acts for.
std::vector<std::string> Own(const rpc::Call& call, type::v1::Role role) {
  return call.principal.OrganisationsWith(role);
}

// Puts in what the caller's groups answered, and takes out what is for the office alone.
absl::Status Show(pg::Transaction& tx, const rpc::Call& call, std::vector<v1::Broadcast>& all) {
  if (SeesAll(call)) return absl::OkStatus();
  std::vector<std::string> ids;
  for (v1::Broadcast& each : all) {
    each.clear_not_asked_counts();
    each.clear_not_asked();
    each.clear_audience();
    ids.push_back(*ids::IdFromName("broadcasts", each.name()));
  }
  ASSIGN_OR_RETURN(const auto answers, AnswersOf(tx, ids, Own(call, type::v1::ROLE_GROUP)));
  for (v1::Broadcast& each : all) {
    for (const auto& [name, answer] : answers) {
      if (name == each.name()) *each.add_own_answers() = answer;
    }
    // How many others can use it is not a group's business; and who gives is told by the lots, where the donor agreed.
    if (each.own_answers().empty()) continue;
    each.clear_asked_count();
    each.clear_yes_count();
    each.clear_no_count();
    each.clear_later_count();
    each.clear_yes_cases();
    each.clear_offer_line();
    each.clear_conditions();
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<BroadcastsHandler::Goods> BroadcastsHandler::GoodsOf(const rpc::Call& call, const v1::Broadcast& given,
                                                                    absl::CivilDay today) {
  Goods goods{.broadcast = given};
  v1::Broadcast& broadcast = goods.broadcast;
  v1::Offer wanted;
  if (!given.offer_line().empty()) {
    const auto line_name = *registry::ParseChildName("offers", "lines", given.offer_line());
    goods.offer_id = line_name.first;
    ASSIGN_OR_RETURN(const v1::Offer offer, pool_.Read(registry::TxOf(call), [&](pg::Transaction& tx) {
      return LoadOffer(tx, goods.offer_id);
    }));
    const auto line = std::find_if(offer.lines().begin(), offer.lines().end(),
                                   [&](const v1::OfferLine& each) { return each.name() == given.offer_line(); });
    if (line == offer.lines().end()) {
      return errors::Make(absl::StatusCode::kNotFound, "OFFER_LINE_NOT_FOUND",
                          absl::StrCat("There is no line ", given.offer_line(), "."),
                          absl::StrCat("明細 ", given.offer_line(), " はありません。"), {{"lines", given.offer_line()}});
    }
    if (offer.state() != v1::OFFER_STATE_ACCEPTED) RETURN_IF_ERROR(Next(offer, Step::kAccept).status());
    broadcast.set_product(line->product());
    broadcast.set_cases(offer.state() == v1::OFFER_STATE_ACCEPTED ? line->accepted_cases() : line->cases());
    broadcast.set_items_per_case(line->items_per_case());
    *broadcast.mutable_good_until() = line->good_until();
    broadcast.set_temperature_zone(line->temperature_zone());
    *broadcast.mutable_conditions() = offer.conditions();
    if (broadcast.cases() == 0) return Next(offer, Step::kAccept).status();
  }
  wanted.add_lines()->set_product(broadcast.product());
  ASSIGN_OR_RETURN(const Products products, catalogue_.ProductsOf(call, wanted));
  goods.product = products.at(broadcast.product());
  broadcast.set_product_display_name(goods.product.display_name());
  *broadcast.mutable_allergens() = goods.product.allergens();
  if (broadcast.temperature_zone() == type::v1::TEMPERATURE_ZONE_UNSPECIFIED)
    broadcast.set_temperature_zone(goods.product.temperature_zone());
  return goods;
}

absl::StatusOr<BroadcastsHandler::Asked> BroadcastsHandler::AskedOf(const rpc::Call& call, const Goods& goods,
                                                                    absl::CivilDay today) {
  ASSIGN_OR_RETURN(const stock::v1::StockRules rules,
                   rpc::Invoke(&stock::v1::StockService::Stub::GetStockRules, *stock_, rpc::OnBehalfOf(call),
                               stock::v1::GetStockRulesRequest()));
  // An offer under way has an agreement; whether it is in force on the day of hand-over is asked again then.
  const eligibility::LotFacts lot =
      eligibility::LotFactsOf(LotOf(goods.broadcast, goods.product), /*donor_agreements=*/true);
  const eligibility::HandOverRules hand_over = eligibility::HandOverRulesOf(rules);
  const absl::CivilDay day = registry::ParseDay(goods.broadcast.hand_over_date()).value_or(today);
  Asked asked;
  groups::v1::ListGroupsRequest request;
  request.set_page_size(200);
  do {
    ASSIGN_OR_RETURN(const groups::v1::ListGroupsResponse page,
                     rpc::Invoke(&groups::v1::GroupsService::Stub::ListGroups, *groups_, rpc::OnBehalfOf(call), request));
    for (const groups::v1::Group& group : page.groups()) {
      if (!InAudience(goods.broadcast.audience(), group)) continue;
      const std::vector<eligibility::Code> reasons =
          eligibility::Check(lot, eligibility::GroupFactsOf(group), hand_over, std::max(day, today)).All();
      if (reasons.empty()) {
        asked.groups.emplace_back(*ids::IdFromName("groups", group.name()), group.display_name());
      } else {
        ++asked.left_out[std::string(eligibility::CodeName(reasons.front()))];
      }
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return asked;
}

absl::StatusOr<v1::Broadcast> BroadcastsHandler::CreateBroadcast(const rpc::Call& call,
                                                                 const v1::CreateBroadcastRequest& request) {
  const absl::Time now = clock_.Now();
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  if (!request.broadcast_id().empty()) violations.Uuid("broadcast_id", request.broadcast_id());
  // A replay is answered although its deadline may have passed meanwhile.
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const auto first, registry::FirstAnswer<v1::Broadcast>(pool_, call, request));
  if (first) return *first;
  CheckBroadcast(violations, request.broadcast(), now);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  v1::Broadcast given = request.broadcast();
  for (const char* output : {"name", "close_time", "open", "asked_count", "yes_count", "no_count", "later_count",
                             "yes_cases", "not_asked_counts", "not_asked", "own_answers", "etag", "create_time"}) {
    given.GetReflection()->ClearField(&given, given.GetDescriptor()->FindFieldByName(output));
  }
  ASSIGN_OR_RETURN(Goods goods, GoodsOf(call, given, today));
  ASSIGN_OR_RETURN(const Asked asked, AskedOf(call, goods, today));
  v1::Broadcast& broadcast = goods.broadcast;
  for (const auto& [reason, count] : asked.left_out) (*broadcast.mutable_not_asked_counts())[reason] = count;
  if (request.preview()) {
    broadcast.set_asked_count(static_cast<int32_t>(asked.groups.size()));
    TellNotAsked(broadcast);
    return broadcast;
  }
  if (asked.groups.empty()) return NobodyToAsk(broadcast);
  const std::string id = request.broadcast_id().empty() ? ids::NewV7(now) : request.broadcast_id();
  broadcast.set_name(ids::Name("broadcasts", id));
  return registry::Mutate<v1::Broadcast>(pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::Broadcast> {
    RETURN_IF_ERROR(InsertBroadcast(tx, broadcast, asked.groups, now));
    std::vector<std::string> group_ids;
    for (const auto& [group_id, name] : asked.groups) group_ids.push_back(group_id);
    TellBroadcast(tx, broadcast, group_ids, now);
    return LoadBroadcast(tx, id, now);
  });
}

absl::StatusOr<v1::Broadcast> BroadcastsHandler::GetBroadcast(const rpc::Call& call,
                                                              const v1::GetBroadcastRequest& request) {
  errors::Violations violations;
  violations.Name("broadcasts", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  const std::string id = *ids::IdFromName("broadcasts", request.name());
  return pool_.Read(registry::TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<v1::Broadcast> {
    ASSIGN_OR_RETURN(std::vector<v1::Broadcast> one, [&]() -> absl::StatusOr<std::vector<v1::Broadcast>> {
      ASSIGN_OR_RETURN(v1::Broadcast found, LoadBroadcast(tx, id, clock_.Now()));
      return std::vector{std::move(found)};
    }());
    const std::string offer_line = one[0].offer_line();
    RETURN_IF_ERROR(Show(tx, call, one));
    if (SeesAll(call) || !one[0].own_answers().empty()) return one[0];
    if (const auto line = registry::ParseChildName("offers", "lines", offer_line)) {
      ASSIGN_OR_RETURN(const v1::Offer offer, LoadOffer(tx, line->first));
      if (IsOf(Own(call, type::v1::ROLE_DONOR), offer)) return one[0];
    }
    return auth::NotYourOrganisation(request.name());
  });
}

absl::StatusOr<v1::ListBroadcastsResponse> BroadcastsHandler::ListBroadcasts(const rpc::Call& call,
                                                                             const v1::ListBroadcastsRequest& request) {
  errors::Violations violations;
  if (!request.offer().empty()) violations.Name("offers", "offer", request.offer());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const paging::Page page,
                   paging::Page::Of(request, call.principal.network_id, {"", paging::kFirstId}));
  BroadcastFilter filter{
      .offer_id = ids::IdFromName("offers", request.offer()), .now = clock_.Now(), .limit = page.limit()};
  if (request.has_open()) filter.open = request.open();
  if (!SeesAll(call)) {
    filter.groups = Own(call, type::v1::ROLE_GROUP);
    filter.donors = Own(call, type::v1::ROLE_DONOR);
  }
  if (!page.key(0).empty()) {
    int64_t micros = 0;
    if (!absl::SimpleAtoi(page.key(0), &micros)) return paging::InvalidToken();
    filter.after_time = absl::FromUnixMicros(micros);
    filter.after_id = page.key(1);
  }
  return pool_.Read(registry::TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<v1::ListBroadcastsResponse> {
    ASSIGN_OR_RETURN(std::vector<v1::Broadcast> found, donors::ListBroadcasts(tx, filter));
    v1::ListBroadcastsResponse response;
    response.set_next_page_token(page.Cut(found, [](const v1::Broadcast& last) {
      return std::vector{absl::StrCat(absl::ToUnixMicros(TimeOf(last.create_time()))),
                         *ids::IdFromName("broadcasts", last.name())};
    }));
    RETURN_IF_ERROR(Show(tx, call, found));
    for (v1::Broadcast& each : found) *response.add_broadcasts() = std::move(each);
    return response;
  });
}

absl::StatusOr<v1::ListBroadcastAnswersResponse> BroadcastsHandler::ListBroadcastAnswers(
    const rpc::Call& call, const v1::ListBroadcastAnswersRequest& request) {
  errors::Violations violations;
  violations.Name("broadcasts", "name", request.name());
  AnswerFilter filter;
  for (int i = 0; i < request.replies_size(); ++i) {
    violations.Require(v1::BroadcastReply_IsValid(request.replies(i)), absl::StrCat("replies[", i, "]"),
                       "UNKNOWN_VALUE", "This reply is not known.", "この回答は定義されていません。");
    filter.replies.push_back(request.replies(i));
  }
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const paging::Page page,
                   paging::Page::Of(request, call.principal.network_id, {"", "", paging::kFirstId}));
  filter.limit = page.limit();
  if (!page.key(0).empty()) {
    int rank = 0;
    if (!absl::SimpleAtoi(page.key(0), &rank) || !absl::SimpleAtoi(page.key(1), &filter.after_cases))
      return paging::InvalidToken();
    filter.after_rank = rank;
    filter.after_group = page.key(2);
  }
  const std::string id = *ids::IdFromName("broadcasts", request.name());
  return pool_.Read(registry::TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<v1::ListBroadcastAnswersResponse> {
    RETURN_IF_ERROR(LoadBroadcast(tx, id, clock_.Now()).status());
    ASSIGN_OR_RETURN(std::vector<RankedAnswer> found, ListAnswers(tx, id, filter));
    v1::ListBroadcastAnswersResponse response;
    response.set_next_page_token(page.Cut(found, [](const RankedAnswer& last) {
      return std::vector{absl::StrCat(last.rank), absl::StrCat(last.answer.cases()),
                         *ids::IdFromName("groups", last.answer.group())};
    }));
    for (RankedAnswer& each : found) *response.add_answers() = std::move(each.answer);
    return response;
  });
}

absl::StatusOr<v1::Broadcast> BroadcastsHandler::AnswerBroadcast(const rpc::Call& call,
                                                                 const v1::AnswerBroadcastRequest& request) {
  const bool yes = request.reply() == v1::BROADCAST_REPLY_YES;
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("broadcasts", "name", request.name());
  violations.Name("groups", "group", request.group());
  violations.Enum("reply", request.reply());
  violations.Range("cases", request.cases(), yes ? 1 : 0, yes ? kMaxCases : 0);
  violations.Text("note", request.note(), 0, 300);
  RETURN_IF_ERROR(violations.status());
  const std::string id = *ids::IdFromName("broadcasts", request.name());
  const std::string group_id = *ids::IdFromName("groups", request.group());
  if (!SeesAll(call) && !call.scope.Includes(group_id)) return auth::NotYourOrganisation(request.group());
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  const absl::Time now = clock_.Now();
  const auto kept = registry::Mutate<v1::Broadcast>(pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::Broadcast> {
    ASSIGN_OR_RETURN(const v1::Broadcast before, LoadBroadcast(tx, id, now, Lock::kUpdate));
    v1::BroadcastAnswer answer;
    answer.set_reply(request.reply());
    answer.set_cases(request.cases());
    answer.set_note(request.note());
    RETURN_IF_ERROR(CheckOpen(before, now));
    errors::Violations more;
    more.Range("cases", request.cases(), yes ? 1 : 0, yes ? before.cases() : 0);
    RETURN_IF_ERROR(more.status());
    ASSIGN_OR_RETURN(const bool asked, Answer(tx, id, group_id, answer, now));
    if (!asked) {
      return errors::Make(absl::StatusCode::kNotFound, "GROUP_NOT_ASKED",
                          absl::StrCat(request.group(), " was not asked."),
                          absl::StrCat(request.group(), " にはたずねていません。"),
                          {{"group", request.group()}, {"broadcast", request.name()}});
    }
    ASSIGN_OR_RETURN(v1::Broadcast after, LoadBroadcast(tx, id, now));
    TellBroadcastAnswered(tx, after, today, now);
    std::vector<v1::Broadcast> one = {std::move(after)};
    RETURN_IF_ERROR(Show(tx, call, one));
    return one[0];
  });
  RETURN_IF_ERROR(kept.status());
  // The answer is given whether or not the groups service is there.
  const absl::Status told =
      needs_.Tell(call.principal.network_id, call.principal.time_zone, id, group_id, call.deadline);
  if (!told.ok()) log::Warning("an answer is told later", {{"broadcast", request.name()}, {"reason", errors::ReasonOf(told)}});
  return kept;
}

absl::StatusOr<v1::Broadcast> BroadcastsHandler::CloseBroadcast(const rpc::Call& call,
                                                                const v1::CloseBroadcastRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("broadcasts", "name", request.name());
  violations.Text("etag", request.etag(), 1, 40);
  RETURN_IF_ERROR(violations.status());
  const std::string id = *ids::IdFromName("broadcasts", request.name());
  const absl::Time now = clock_.Now();
  return registry::Mutate<v1::Broadcast>(pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::Broadcast> {
    ASSIGN_OR_RETURN(const v1::Broadcast before, LoadBroadcast(tx, id, now, Lock::kUpdate));
    RETURN_IF_ERROR(registry::CheckEtag(before.name(), request.etag(), before.etag()));
    RETURN_IF_ERROR(CheckOpen(before, now));
    donors::CloseBroadcast(tx, id, now);
    ASSIGN_OR_RETURN(const v1::Broadcast after, LoadBroadcast(tx, id, now));
    TellBroadcastOver(tx, after, now);
    return after;
  });
}

}  // namespace kubari::donors
