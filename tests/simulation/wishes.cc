#include "tests/simulation/wishes.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/time/clock.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <set>

#include "libs/errors/errors.h"

namespace kubari::simulation {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Stock = pb::StockService::Stub;
using Recalls = pb::RecallsService::Stub;

// Every Movement in an answer, each once.
void Collect(const Message& message, std::set<std::string>& seen, std::vector<pb::Movement>& out) {
  if (message.GetDescriptor() == pb::Movement::descriptor()) {
    pb::Movement movement;
    movement.CopyFrom(message);
    if (seen.insert(movement.name()).second) out.push_back(std::move(movement));
    return;
  }
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      Collect(message.GetReflection()->GetMessage(message, field), seen, out);
      continue;
    }
    for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
      Collect(message.GetReflection()->GetRepeatedMessage(message, field, i), seen, out);
    }
  }
}
// In the order in which they were recorded.
std::vector<pb::Movement> MovementsIn(const Message& answer) {
  std::set<std::string> seen;
  std::vector<pb::Movement> movements;
  Collect(answer, seen, movements);
  std::sort(movements.begin(), movements.end(),
            [](const pb::Movement& a, const pb::Movement& b) { return a.position() < b.position(); });
  return movements;
}

// The same request with other content: another note, or one item more.
void Change(Message& request) {
  const auto* reflection = request.GetReflection();
  if (const FieldDescriptor* note = request.GetDescriptor()->FindFieldByName("note")) {
    reflection->SetString(&request, note, "changed");
  } else if (const FieldDescriptor* items = request.GetDescriptor()->FindFieldByName("items")) {
    reflection->SetInt64(&request, items, reflection->GetInt64(request, items) + 1);
  }
}

Message& RequestIn(pb::MovementRequest& one) {
  const FieldDescriptor* field =
      one.GetReflection()->GetOneofFieldDescriptor(one, one.GetDescriptor()->FindOneofByName("request"));
  return *one.GetReflection()->MutableMessage(&one, field);
}
std::string RequestIdOf(Message& request) {
  return request.GetReflection()->GetString(request, request.GetDescriptor()->FindFieldByName("request_id"));
}

Result ResultOf(const std::string& request_id, const absl::Status& status, grpc::StatusCode code) {
  const std::string reason = errors::ReasonOf(status);
  return {.request_id = request_id,
          .code = code,
          .refusal = reason.empty() ? absl::StatusCodeToString(status.code()) : reason,
          .message = std::string(status.message())};
}
Result ResultOf(const std::string& request_id, const grpc::Status& status) {
  if (status.ok()) return {.request_id = request_id};
  return ResultOf(request_id, errors::FromGrpc(status), status.error_code());
}
// Of one in a batch.
Result ResultOf(const std::string& request_id, const pb::MovementOutcome& outcome) {
  if (!outcome.has_error()) return {.request_id = request_id, .movements = MovementsIn(outcome)};
  return ResultOf(request_id, grpc::Status(static_cast<grpc::StatusCode>(outcome.error().code()),
                                           outcome.error().message(), outcome.error().SerializeAsString()));
}

std::vector<Result> SendBatch(pb::RecordMovementsRequest request, Stock& stub, grpc::ClientContext& context,
                              bool changed) {
  for (pb::MovementRequest& one : *request.mutable_requests()) {
    if (changed) Change(RequestIn(one));
  }
  pb::RecordMovementsResponse response;
  const grpc::Status status = stub.RecordMovements(&context, request, &response);
  std::vector<Result> results;
  for (int i = 0; i < request.requests_size(); ++i) {
    const std::string id = RequestIdOf(RequestIn(*request.mutable_requests(i)));
    results.push_back(status.ok() ? ResultOf(id, response.outcomes(i)) : ResultOf(id, status));
  }
  return results;
}

}  // namespace

bool Result::unknown() const {
  switch (code) {
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::ABORTED:
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return true;
    default:
      return false;
  }
}

// Board ------------------------------------------------------------------------------------------------------------

void Board::Hear(const pb::Movement& movement) {
  const std::lock_guard lock(mutex_);
  all_.push_back(movement);
  switch (movement.kind()) {
    case pb::MOVEMENT_KIND_PRODUCE:
      made_.push_back(movement);
      [[fallthrough]];
    case pb::MOVEMENT_KIND_RECEIVE:
    case pb::MOVEMENT_KIND_TRANSFER:
    case pb::MOVEMENT_KIND_ARRIVE:
      on_shelf_.push_back({movement.lot(), movement.to_place()});
      break;
    case pb::MOVEMENT_KIND_RESERVE:
      reservations_.push_back(movement);
      break;
    case pb::MOVEMENT_KIND_ISSUE:
    case pb::MOVEMENT_KIND_DIRECT:
    case pb::MOVEMENT_KIND_PASS_ON:
      shipped_.push_back(movement);
      break;
    case pb::MOVEMENT_KIND_CONFIRM:
      with_group_.push_back({movement.lot(), movement.group()});
      break;
    case pb::MOVEMENT_KIND_SEND:
      sent_.push_back(movement);
      break;
    default:
      break;
  }
}

void Board::HearOfRecall(const Recall& recall, bool open) {
  const std::lock_guard lock(mutex_);
  if (open) {
    open_.push_back(recall);
  } else {
    open_.erase(std::remove_if(open_.begin(), open_.end(), [&](const Recall& one) { return one.name == recall.name; }),
                open_.end());
  }
}

// Wishes -----------------------------------------------------------------------------------------------------------

Wish Wishes::Next() {
  struct Kind {
    Maybe (Wishes::*make)();
    int weight;
  };
  static constexpr Kind kKinds[] = {{&Wishes::Receive, 12},
                                    {&Wishes::Move, 5},
                                    {&Wishes::Reserve, 9},
                                    {&Wishes::IssueReserved, 8},
                                    {&Wishes::Void, 3},
                                    {&Wishes::IssueFree, 5},
                                    {&Wishes::Confirm, 9},
                                    {&Wishes::Direct, 4},
                                    {&Wishes::PassOn, 8},
                                    {&Wishes::ReturnFromDelivery, 2},
                                    {&Wishes::ReturnFromGroup, 2},
                                    {&Wishes::ReturnToDonor, 2},
                                    {&Wishes::Discard, 2},
                                    {&Wishes::DiscardAtGroup, 2},
                                    {&Wishes::Adjust, 4},
                                    {&Wishes::Send, 5},
                                    {&Wishes::Arrive, 6},
                                    {&Wishes::Kit, 9},
                                    {&Wishes::Split, 3},
                                    {&Wishes::Repack, 3},
                                    {&Wishes::Reverse, 10},
                                    {&Wishes::Batch, 5},
                                    {&Wishes::OpenRecall, 2},
                                    {&Wishes::CloseRecall, 4},
                                    {&Wishes::Mischief, 12}};
  static const int kAll = [] {
    int sum = 0;
    for (const Kind& kind : kKinds) sum += kind.weight;
    return sum;
  }();
  int left = Pick(0, kAll - 1);
  for (const Kind& kind : kKinds) {
    if ((left -= kind.weight) >= 0) continue;
    if (Maybe wish = (this->*kind.make)()) return *std::move(wish);
    break;
  }
  return *Receive();
}

template <typename Stub, typename Request, typename Response>
Wish Wishes::WishFor(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*), Request request,
                     std::string token) {
  request.set_request_id(NewUuid());
  Wish wish;
  wish.request_ids = {request.request_id()};
  wish.what = absl::StrCat(Request::descriptor()->name(), " {", request.ShortDebugString(), "}");
  wish.token = token.empty() ? setting_.Coordinator() : std::move(token);
  wish.send = [method, request](Wish::Stubs stubs, grpc::ClientContext& context, bool changed) -> std::vector<Result> {
    Request sent = request;
    if (changed) Change(sent);
    Response response;
    grpc::Status status;
    if constexpr (std::is_same_v<Stub, Stock>) {
      status = (stubs.stock.*method)(&context, sent, &response);
    } else {
      status = (stubs.recalls.*method)(&context, sent, &response);
    }
    Result result = ResultOf(request.request_id(), status);
    if (status.ok()) result.movements = MovementsIn(response);
    return {std::move(result)};
  };
  return wish;
}

std::string Wishes::NewUuid() {
  // One after the other: the order in which arguments are evaluated is the compiler's.
  unsigned words[6];
  for (unsigned& word : words) word = random_();
  return absl::StrFormat("%08x-%04x-4%03x-8%03x-%08x%04x", words[0], words[1] & 0xffff, words[2] & 0xfff,
                         words[3] & 0xfff, words[4], words[5] & 0xffff);
}

std::string Wishes::AnyShelf() {
  const auto& shelves = setting_.shelves[Pick(0, 1)];
  return shelves[Pick(0, static_cast<int>(shelves.size()) - 1)];
}

std::string Wishes::ShelfBeside(const std::string& shelf) {
  const auto& shelves = setting_.shelves[setting_.WarehouseOf(shelf)];
  return shelves[shelves[0] == shelf ? 1 : 0];
}

pb::ReceiveStockRequest Wishes::ReceiveRequest() {
  pb::ReceiveStockRequest r;
  r.set_place(AnyShelf());
  r.set_items(Pick(10, 80));
  if (Pick(0, 1) == 0) {
    r.set_offer_line(OfferLineName(Pick(1, 2)));
  } else {
    r.set_donor(DonorName());
    r.set_product(ProductName(Pick(1, 2)));
    r.mutable_good_until()->set_kind(type::v1::DATE_KIND_BEST_BEFORE);
    r.mutable_good_until()->set_date(Pick(0, 1) == 0 ? "2199-04" : absl::StrCat("2199-0", Pick(1, 3), "-15"));
  }
  if (Pick(0, 7) == 0) {
    // Past its date: only with a reason, and never to be handed over.
    r.mutable_good_until()->set_kind(type::v1::DATE_KIND_USE_BY);
    r.mutable_good_until()->set_date("2020-01-31");
    if (Pick(0, 1) == 0) r.set_short_dated_reason("模擬");
  }
  return r;
}

Wishes::Maybe Wishes::Receive() {
  pb::ReceiveStockRequest r = ReceiveRequest();
  if (Pick(0, 4) == 0) {
    pb::RefusedGoods& refused = *r.add_refused();
    refused.set_items(Pick(1, 5));
    refused.set_reason("DAMAGED");
    if (Pick(0, 2) == 0) r.set_items(0);  // all of it
  }
  return WishFor(&Stock::ReceiveStock, r, Volunteer());
}

Wishes::Maybe Wishes::Move() {
  const auto goods = board_.OnShelf(random_);
  if (!goods) return std::nullopt;
  pb::TransferStockRequest r;
  r.set_lot(goods->lot);
  r.set_from_place(goods->place);
  // Mostly beside it; sometimes in the other warehouse, which is refused.
  r.set_to_place(ShelfBeside(Pick(0, 9) == 0 ? AnyShelf() : goods->place));
  r.set_items(Pick(1, 20));
  return WishFor(&Stock::TransferStock, r, Volunteer());
}

Wishes::Maybe Wishes::Reserve() {
  const auto goods = board_.OnShelf(random_);
  if (!goods) return std::nullopt;
  pb::ReserveStockRequest r;
  r.set_reservation_id(NewUuid());
  r.set_lot(goods->lot);
  r.set_place(goods->place);
  r.set_items(Pick(1, 20));
  r.set_group(AnyGroup());
  r.set_delivery(NewDelivery());
  r.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(absl::Now() + absl::Hours(1)));
  if (Pick(0, 2) > 0) r.set_departure_reason("模擬");
  return WishFor(&Stock::ReserveStock, r);
}

Wishes::Maybe Wishes::IssueReserved() {
  const auto promised = board_.Reservation(random_);
  if (!promised) return std::nullopt;
  pb::IssueStockRequest r;
  r.set_reservation(promised->reservation());
  r.set_items(Pick(1, static_cast<int>(promised->items())));
  return WishFor(&Stock::IssueStock, r, Volunteer());
}

Wishes::Maybe Wishes::Void() {
  const auto promised = board_.Reservation(random_);
  if (!promised) return std::nullopt;
  pb::VoidReservationRequest r;
  r.set_name(promised->reservation());
  r.set_items(Pick(0, 5));
  return WishFor(&Stock::VoidReservation, r);
}

Wishes::Maybe Wishes::IssueFree() {
  const auto goods = board_.OnShelf(random_);
  if (!goods) return std::nullopt;
  pb::IssueStockRequest r;
  r.set_lot(goods->lot);
  r.set_place(goods->place);
  r.set_items(Pick(1, 20));
  r.set_group(AnyGroup());
  r.set_delivery(NewDelivery());
  if (Pick(0, 4) > 0) r.set_departure_reason("模擬");
  return WishFor(&Stock::IssueStock, r);
}

Wishes::Maybe Wishes::Confirm() {
  const auto shipped = board_.Shipped(random_);
  if (!shipped) return std::nullopt;
  pb::ConfirmReceiptRequest r;
  r.set_delivery(shipped->delivery());
  if (Pick(0, 2) == 0) {
    pb::ArrivedLine& line = *r.add_lines();
    line.set_lot(shipped->lot());
    line.set_items(Pick(0, static_cast<int>(shipped->items())));
    line.set_reason("MISSING");
  }
  return WishFor(&Stock::ConfirmReceipt, r);
}

Wishes::Maybe Wishes::Direct() {
  pb::DeliverDirectRequest r;
  r.set_offer_line(OfferLineName(Pick(1, 2)));
  r.set_items(Pick(1, 30));
  r.set_group(AnyGroup());
  r.set_delivery(NewDelivery());
  return WishFor(&Stock::DeliverDirect, r);
}

Wishes::Maybe Wishes::PassOn() {
  const auto goods = board_.WithGroup(random_);
  if (!goods) return std::nullopt;
  pb::PassOnRequest r;
  r.set_from_group(goods->place);
  r.set_to_group(AnyGroup());
  r.set_lot(goods->lot);
  r.set_items(Pick(1, 10));
  r.set_delivery(NewDelivery());
  if (Pick(0, 2) > 0) r.set_consent("模擬の同意");
  return WishFor(&Stock::PassOn, r);
}

Wishes::Maybe Wishes::ReturnFromDelivery() {
  const auto shipped = board_.Shipped(random_);
  if (!shipped) return std::nullopt;
  pb::ReturnStockRequest r;
  r.set_lot(shipped->lot());
  r.set_from(shipped->delivery());
  r.set_to(AnyShelf());
  r.set_items(Pick(1, 10));
  r.set_reason("NOBODY_THERE");
  return WishFor(&Stock::ReturnStock, r);
}

Wishes::Maybe Wishes::ReturnFromGroup() {
  const auto goods = board_.WithGroup(random_);
  if (!goods) return std::nullopt;
  pb::ReturnStockRequest r;
  r.set_lot(goods->lot);
  r.set_from(goods->place);
  r.set_to(AnyShelf());
  r.set_items(Pick(1, 10));
  r.set_reason("NOT_NEEDED");
  return WishFor(&Stock::ReturnStock, r);
}

Wishes::Maybe Wishes::ReturnToDonor() {
  const auto goods = board_.OnShelf(random_);
  if (!goods) return std::nullopt;
  pb::ReturnStockRequest r;
  r.set_lot(goods->lot);
  r.set_from(goods->place);
  r.set_to(DonorName());
  r.set_items(Pick(1, 10));
  r.set_reason("AGREED");
  return WishFor(&Stock::ReturnStock, r);
}

Wishes::Maybe Wishes::Discard() {
  const auto goods = board_.OnShelf(random_);
  if (!goods) return std::nullopt;
  pb::DiscardStockRequest r;
  r.set_lot(goods->lot);
  r.set_place(goods->place);
  r.set_items(Pick(1, 10));
  r.set_reason("DAMAGED");
  return WishFor(&Stock::DiscardStock, r, Volunteer());
}

Wishes::Maybe Wishes::DiscardAtGroup() {
  const auto goods = board_.WithGroup(random_);
  if (!goods) return std::nullopt;
  pb::DiscardStockRequest r;
  r.set_lot(goods->lot);
  r.set_place(goods->place);
  r.set_items(Pick(1, 5));
  r.set_reason("PEST");
  return WishFor(&Stock::DiscardStock, r);
}

Wishes::Maybe Wishes::Adjust() {
  const auto goods = board_.OnShelf(random_);
  if (!goods) return std::nullopt;
  pb::AdjustStockRequest r;
  r.set_lot(goods->lot);
  r.set_place(goods->place);
  r.set_difference(Pick(0, 1) == 0 ? Pick(1, 10) : -Pick(1, 10));
  r.set_reason("COUNTED");
  return WishFor(&Stock::AdjustStock, r);
}

Wishes::Maybe Wishes::Send() {
  const auto goods = board_.OnShelf(random_);
  if (!goods) return std::nullopt;
  pb::SendTransferRequest r;
  r.set_transfer_id(NewUuid());
  // Sometimes under the id of one that is on its way, or has arrived.
  if (const auto sent = board_.Sent(random_); sent && Pick(0, 2) == 0)
    r.set_transfer_id(sent->operation().substr(sent->operation().find('/') + 1));
  r.set_to_warehouse(setting_.warehouses[1 - setting_.WarehouseOf(goods->place)]);
  pb::TransferGoods& sending = *r.add_goods();
  sending.set_lot(goods->lot);
  sending.set_place(goods->place);
  sending.set_items(Pick(1, 15));
  return WishFor(&Stock::SendTransfer, r, Volunteer());
}

Wishes::Maybe Wishes::Arrive() {
  const auto sent = board_.Sent(random_);
  if (!sent) return std::nullopt;
  pb::ReceiveTransferRequest r;
  r.set_transfer(sent->operation());
  pb::ArrivedGoods& goods = *r.add_goods();
  goods.set_lot(sent->lot());
  goods.set_place(AnyShelf());
  goods.set_items(Pick(0, static_cast<int>(sent->items())));
  goods.set_short_items(Pick(0, 2) == 0 ? Pick(1, 3) : 0);
  if (goods.short_items() > 0) goods.set_reason("MISSING");
  return WishFor(&Stock::ReceiveTransfer, r);
}

// Into other goods ---------------------------------------------------------------------------------------------------

namespace {

void Take(pb::TransformStockRequest& r, const Board::Goods& goods, int items) {
  pb::TransferGoods& input = *r.add_inputs();
  input.set_lot(goods.lot);
  input.set_place(goods.place);
  input.set_items(items);
}

pb::TransformationOutput& Make(pb::TransformStockRequest& r, const std::string& product, const std::string& place,
                               int items) {
  pb::TransformationOutput& output = *r.add_outputs();
  output.set_product(product);
  output.set_place(place);
  output.set_items(items);
  return output;
}

}  // namespace

Wishes::Maybe Wishes::Kit() {
  const auto one = board_.OnShelf(random_);
  const auto other = board_.OnShelf(random_);
  if (!one || !other || one->lot == other->lot) return std::nullopt;
  pb::TransformStockRequest r;
  r.set_transformation_id(NewUuid());
  r.set_kind(pb::TRANSFORMATION_KIND_KIT);
  const int items = Pick(1, 5);
  // Sometimes they do not divide, or an id is used again, or the kit is said to last longer than its parts.
  Take(r, *one, 2 * items + (items > 1 && Pick(0, 2) == 0 ? 1 : 0));
  Take(r, *other, items);
  pb::TransformationOutput& kit = Make(r, ProductName(kKit), one->place, items);
  if (Pick(0, 2) == 0) {
    kit.mutable_good_until()->set_kind(type::v1::DATE_KIND_USE_BY);
    kit.mutable_good_until()->set_date("2199-12-31");
  }
  if (const auto made = board_.Made(random_); made && Pick(0, 2) == 0)
    r.set_transformation_id(made->operation().substr(made->operation().find('/') + 1));
  return WishFor(&Stock::TransformStock, r, Volunteer());
}

Wishes::Maybe Wishes::Split() {
  const auto goods = board_.OnShelf(random_);
  if (!goods) return std::nullopt;
  pb::TransformStockRequest r;
  r.set_transformation_id(NewUuid());
  r.set_kind(pb::TRANSFORMATION_KIND_SPLIT);
  const int items = Pick(1, 5);
  Take(r, *goods, items + 1);
  Make(r, "", goods->place, items).set_donor_lot_number("甲");
  Make(r, "", goods->place, 1).set_donor_lot_number("乙");
  return WishFor(&Stock::TransformStock, r, Volunteer());
}

Wishes::Maybe Wishes::Repack() {
  const auto goods = board_.OnShelf(random_);
  if (!goods) return std::nullopt;
  pb::TransformStockRequest r;
  r.set_transformation_id(NewUuid());
  r.set_kind(pb::TRANSFORMATION_KIND_REPACK);
  Take(r, *goods, 8);
  // 800 g or 1,600 g go in; sometimes more is to come out.
  Make(r, ProductName(kRepacked), ShelfBeside(goods->place), Pick(0, 3) == 0 ? 5 : 2);
  return WishFor(&Stock::TransformStock, r, Volunteer());
}

// Corrections, many at once, recalls
// -----------------------------------------------------------------------------------

Wishes::Maybe Wishes::Reverse() {
  const auto movement = board_.Any(random_);
  if (!movement) return std::nullopt;
  pb::ReverseMovementRequest r;
  r.set_movement(movement->name());
  r.set_reason("MISTAKE");
  // A volunteer may, if it was their own.
  return WishFor(&Stock::ReverseMovement, r, Pick(0, 3) == 0 ? Volunteer() : "");
}

std::optional<pb::MovementRequest> Wishes::PartOfBatch() {
  pb::MovementRequest one;
  const auto goods = board_.OnShelf(random_);
  const int kind = goods ? Pick(0, 4) : 0;
  if (kind <= 1) {
    *one.mutable_receive() = ReceiveRequest();
  } else if (kind == 2) {
    one.mutable_transfer()->set_lot(goods->lot);
    one.mutable_transfer()->set_from_place(goods->place);
    one.mutable_transfer()->set_to_place(ShelfBeside(goods->place));
    one.mutable_transfer()->set_items(Pick(1, 30));
  } else if (kind == 3) {
    one.mutable_discard()->set_lot(goods->lot);
    one.mutable_discard()->set_place(goods->place);
    one.mutable_discard()->set_items(Pick(1, 10));
    one.mutable_discard()->set_reason("OTHER");
  } else if (const auto movement = board_.Any(random_)) {
    one.mutable_reverse()->set_movement(movement->name());
    one.mutable_reverse()->set_reason("OTHER");
  } else {
    return std::nullopt;
  }
  RequestIn(one).GetReflection()->SetString(&RequestIn(one),
                                            RequestIn(one).GetDescriptor()->FindFieldByName("request_id"), NewUuid());
  return one;
}

Wishes::Maybe Wishes::Batch() {
  pb::RecordMovementsRequest r;
  Wish wish;
  for (int left = Pick(2, 8); left > 0; --left) {
    auto one = PartOfBatch();
    if (!one) continue;
    wish.request_ids.push_back(RequestIdOf(RequestIn(*one)));
    *r.add_requests() = *std::move(one);
  }
  if (r.requests().empty()) return std::nullopt;
  wish.what = absl::StrCat("RecordMovements {", r.ShortDebugString(), "}");
  wish.token = setting_.Coordinator();
  wish.send = [r](Wish::Stubs stubs, grpc::ClientContext& context, bool changed) {
    return SendBatch(r, stubs.stock, context, changed);
  };
  return wish;
}

Wishes::Maybe Wishes::OpenRecall() {
  const auto goods = board_.OnShelf(random_);
  if (!goods || board_.Open(random_)) return std::nullopt;  // one at a time leaves the others something to do
  pb::OpenRecallRequest r;
  r.set_recall_id(NewUuid());
  r.set_title("模擬の回収");
  r.set_message("模擬です。");
  r.mutable_goods()->add_lots(goods->lot);
  Wish wish = WishFor(&Recalls::OpenRecall, r);
  wish.recall = {.name = "recalls/" + r.recall_id(), .lot = goods->lot};
  wish.opens = true;
  return wish;
}

Wishes::Maybe Wishes::CloseRecall() {
  const auto recall = board_.Open(random_);
  if (!recall) return std::nullopt;
  pb::CloseRecallRequest r;
  r.set_name(recall->name);
  r.set_note("模擬の終わり");
  Wish wish = WishFor(&Recalls::CloseRecall, r);
  wish.recall = recall;
  return wish;
}

Wishes::Maybe Wishes::Mischief() {
  const auto goods = board_.OnShelf(random_);
  const auto shipped = board_.Shipped(random_);
  const auto promised = board_.Reservation(random_);
  const auto recall = board_.Open(random_);
  if (!goods) return std::nullopt;
  pb::IssueStockRequest issue;
  issue.set_lot(goods->lot);
  issue.set_place(goods->place);
  issue.set_items(1);
  issue.set_group(AnyGroup());
  issue.set_delivery(NewDelivery());
  issue.set_departure_reason("模擬");
  pb::ReceiveStockRequest receive = ReceiveRequest();
  switch (Pick(0, 10)) {
    case 0:  // far more than there can be
      issue.set_items(1'000'000);
      return WishFor(&Stock::IssueStock, issue);
    case 1:  // a volunteer, without a reservation
      return WishFor(&Stock::IssueStock, issue, Volunteer());
    case 2:  // someone of another organisation
      return WishFor(&Stock::ReceiveStock, receive, setting_.Outsider());
    case 3:  // where it does not belong
      receive.set_place(setting_.cold_shelf);
      return WishFor(&Stock::ReceiveStock, receive);
    case 4:  // a group without an agreement
      issue.set_group(StrangerName());
      return WishFor(&Stock::IssueStock, issue);
    case 5:  // what is not there
      issue.set_lot("lots/" + NewUuid());
      return WishFor(&Stock::IssueStock, issue);
    case 6:  // nothing at all
      issue.set_items(0);
      return WishFor(&Stock::IssueStock, issue);
    case 7:  // one delivery to two groups
      if (!shipped) return std::nullopt;
      issue.set_delivery(shipped->delivery());
      return WishFor(&Stock::IssueStock, issue);
    case 8: {  // a reservation's id twice
      if (!promised) return std::nullopt;
      pb::ReserveStockRequest r;
      r.set_reservation_id(promised->reservation().substr(promised->reservation().find('/') + 1));
      r.set_lot(goods->lot);
      r.set_place(goods->place);
      r.set_items(1);
      r.set_group(AnyGroup());
      r.set_delivery(NewDelivery());
      r.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(absl::Now() + absl::Hours(1)));
      return WishFor(&Stock::ReserveStock, r);
    }
    default: {  // what a recall stops
      if (!recall) return std::nullopt;
      pb::TransformStockRequest r;
      r.set_transformation_id(NewUuid());
      r.set_kind(pb::TRANSFORMATION_KIND_SPLIT);
      Take(r, {recall->lot, goods->place}, 1);
      Make(r, "", goods->place, 1);
      return WishFor(&Stock::TransformStock, r);
    }
  }
}

}  // namespace kubari::simulation
