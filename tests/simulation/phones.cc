#include "tests/simulation/phones.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/time/clock.h>

#include "libs/errors/errors.h"

namespace kubari::simulation {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Every Movement in an answer, in the order of its fields.
void Collect(const Message& message, std::vector<pb::Movement>& out) {
  if (message.GetDescriptor() == pb::Movement::descriptor()) {
    out.emplace_back().CopyFrom(message);
    return;
  }
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      Collect(message.GetReflection()->GetMessage(message, field), out);
      continue;
    }
    for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
      Collect(message.GetReflection()->GetRepeatedMessage(message, field, i), out);
    }
  }
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

std::string ReasonOf(const grpc::Status& status) {
  const absl::Status parsed = errors::FromGrpc(status);
  const std::string reason = errors::ReasonOf(parsed);
  return reason.empty() ? absl::StatusCodeToString(parsed.code()) : reason;
}

// The phone does not know whether it was recorded, and asks again.
bool Unknown(const grpc::Status& status) {
  switch (status.error_code()) {
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

std::string FixedUuid(int kind, int n) { return absl::StrFormat("%08x-0000-4000-8000-%012x", kind, n); }

}  // namespace

void Board::Hear(const pb::Movement& movement) {
  const std::lock_guard lock(mutex_);
  all_.push_back(movement);
  switch (movement.kind()) {
    case pb::MOVEMENT_KIND_RECEIVE:
    case pb::MOVEMENT_KIND_TRANSFER:
    case pb::MOVEMENT_KIND_ARRIVE:
    case pb::MOVEMENT_KIND_PRODUCE:
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

std::string Setting::Coordinator() const {
  return Token(network, type::v1::ROLE_COORDINATOR, FixedUuid(8, 1), FixedUuid(9, 1));
}
std::string Setting::Auditor() const {
  return Token(network, type::v1::ROLE_AUDITOR, FixedUuid(8, 2), FixedUuid(9, 2));
}
std::string Setting::Volunteer(int phone) const {
  return Token(network, type::v1::ROLE_VOLUNTEER, FixedUuid(8, 3), FixedUuid(10, phone));
}
std::string Setting::Group(int n) const {
  return Token(network, type::v1::ROLE_GROUP, GroupName(n).substr(GroupName(n).find('/') + 1), FixedUuid(11, n));
}

Setting Furnish(pb::StockService::Stub& stub, const std::string& network) {
  Setting setting{.network = network};
  // Until it is there: the process may be starting just now. Request ids are the network's own, so that repeating is
  // safe.
  int step = 0;
  const auto call = [&](auto method, auto request, auto& response) {
    request.set_request_id(absl::StrCat(network.substr(0, 24), absl::Hex(++step, absl::kZeroPad12)));
    for (int tries = 0; tries < 200; ++tries) {
      grpc::ClientContext context;
      context.set_wait_for_ready(true);
      context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
      context.AddMetadata("authorization", "Bearer " + setting.Coordinator());
      const grpc::Status status = (stub.*method)(&context, request, &response);
      if (status.ok()) return;
      if (!Unknown(status)) {
        std::fprintf(stderr, "simulation: cannot furnish the network: %s\n", status.error_message().c_str());
        std::abort();
      }
    }
    std::abort();
  };
  for (int n = 1; n <= 3; ++n) {
    pb::CreateProductRequest request;
    request.set_product_id(ProductName(n).substr(ProductName(n).find('/') + 1));
    request.mutable_product()->set_display_name(absl::StrCat("模擬の品", n));
    request.mutable_product()->set_category(type::v1::FOOD_CATEGORY_NOODLES);
    request.mutable_product()->set_item_grams(100 * n);
    request.mutable_product()->set_items_per_case(12);
    request.mutable_product()->set_temperature_zone(type::v1::TEMPERATURE_ZONE_AMBIENT);
    pb::Product product;
    call(&pb::StockService::Stub::CreateProduct, request, product);
  }
  for (int w = 1; w <= 2; ++w) {
    pb::CreateWarehouseRequest request;
    request.set_warehouse_id(FixedUuid(6, w));
    request.mutable_warehouse()->set_code(absl::StrCat("W", w));
    request.mutable_warehouse()->set_display_name(absl::StrCat("模擬倉庫", w));
    request.mutable_warehouse()->set_organisation("organisations/" + FixedUuid(8, 3));
    for (int s = 1; s <= 2; ++s) {
      pb::Place& place = *request.add_places();
      place.set_code(absl::StrCat("A-", s));
      place.set_temperature_zone(type::v1::TEMPERATURE_ZONE_AMBIENT);
    }
    pb::Warehouse warehouse;
    call(&pb::StockService::Stub::CreateWarehouse, request, warehouse);
    setting.warehouses.push_back(warehouse.name());
    std::vector<std::string>& shelves = setting.shelves.emplace_back();
    for (int tries = 0; tries < 200 && shelves.empty(); ++tries) {
      pb::ListPlacesRequest list;
      list.set_warehouse(warehouse.name());
      grpc::ClientContext context;
      context.set_wait_for_ready(true);
      context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
      context.AddMetadata("authorization", "Bearer " + setting.Coordinator());
      pb::ListPlacesResponse places;
      if (stub.ListPlaces(&context, list, &places).ok()) {
        for (const pb::Place& place : places.places()) shelves.push_back(place.name());
      }
    }
  }
  return setting;
}

Phone::Phone(const Setting& setting, House& house, Board& board, Journal& journal, std::mutex& journal_mutex,
             unsigned seed, int number)
    : setting_(setting),
      house_(house),
      board_(board),
      journal_(journal),
      journal_mutex_(journal_mutex),
      random_(seed * 7919u + static_cast<unsigned>(number)),
      number_(number),
      stub_(pb::StockService::NewStub(house.Connect())) {}

std::string Phone::NewUuid() {
  return absl::StrFormat("%08x-%04x-4%03x-8%03x-%08x%04x", random_(), random_() & 0xffff, random_() & 0xfff,
                         random_() & 0xfff, random_(), random_() & 0xffff);
}

std::string Phone::AnyShelf() {
  const auto& shelves = setting_.shelves[Pick(0, 1)];
  return shelves[Pick(0, static_cast<int>(shelves.size()) - 1)];
}

template <typename Request, typename Response>
Wish Phone::WishFor(grpc::Status (pb::StockService::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    Request request, std::string token) {
  if constexpr (requires { request.set_request_id(""); }) request.set_request_id(NewUuid());
  Wish wish;
  if constexpr (requires { request.request_id(); }) wish.request_id = request.request_id();
  wish.what = absl::StrCat(request.GetTypeName().substr(17), " {", request.ShortDebugString(), "}");
  wish.token = token.empty() ? setting_.Coordinator() : std::move(token);
  wish.send = [method, request](pb::StockService::Stub& stub, grpc::ClientContext& context, bool changed,
                                std::vector<pb::Movement>& out) {
    Request sent = request;
    if (changed) Change(sent);
    Response response;
    const grpc::Status status = (stub.*method)(&context, sent, &response);
    if (status.ok()) Collect(response, out);
    return status;
  };
  return wish;
}

Wish Phone::MakeWish() {
  using Stub = pb::StockService::Stub;
  const auto receive = [&] {
    pb::ReceiveStockRequest r;
    r.set_place(AnyShelf());
    r.set_items(Pick(1, 60));
    if (Pick(0, 1) == 0) {
      r.set_offer_line(OfferLineName(Pick(1, 2)));
    } else {
      r.set_donor(DonorName());
      r.set_product(ProductName(Pick(1, 2)));
      r.mutable_good_until()->set_kind(type::v1::DATE_KIND_BEST_BEFORE);
      r.mutable_good_until()->set_date(Pick(0, 1) == 0 ? "2999-04" : absl::StrCat("2999-0", Pick(1, 3), "-15"));
    }
    if (Pick(0, 5) == 0) {
      pb::RefusedGoods& refused = *r.add_refused();
      refused.set_items(Pick(1, 5));
      refused.set_reason("DAMAGED");
    }
    return WishFor(&Stub::ReceiveStock, r, setting_.Volunteer(number_));
  };
  const std::string delivery = absl::StrCat("deliveries/", NewUuid());
  switch (Pick(0, 17)) {
    case 0:
    case 1:
    case 2:
      return receive();
    case 3:
    case 4: {
      const auto goods = board_.OnShelf(random_);
      if (!goods) return receive();
      pb::TransferStockRequest r;
      r.set_lot(goods->lot);
      r.set_from_place(goods->place);
      // Mostly beside it; sometimes in the other warehouse, which is refused.
      const auto& own =
          setting_.shelves[std::count(setting_.shelves[0].begin(), setting_.shelves[0].end(), goods->place) ? 0 : 1];
      r.set_to_place(Pick(0, 9) == 0 ? AnyShelf() : own[0] == goods->place ? own[1] : own[0]);
      r.set_items(Pick(1, 20));
      return WishFor(&Stub::TransferStock, r, setting_.Volunteer(number_));
    }
    case 5:
    case 6: {
      const auto goods = board_.OnShelf(random_);
      if (!goods) return receive();
      pb::ReserveStockRequest r;
      r.set_lot(goods->lot);
      r.set_place(goods->place);
      r.set_items(Pick(1, 20));
      r.set_group(GroupName(Pick(1, kGroups)));
      r.set_delivery(delivery);
      r.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(absl::Now() + absl::Hours(1)));
      if (Pick(0, 1) == 0) r.set_departure_reason("模擬");
      return WishFor(&Stub::ReserveStock, r);
    }
    case 7:
    case 8: {
      const auto promised = board_.Reservation(random_);
      if (!promised) return receive();
      if (Pick(0, 3) == 0) {
        pb::VoidReservationRequest r;
        r.set_name(promised->reservation());
        r.set_items(Pick(0, 5));
        return WishFor(&Stub::VoidReservation, r);
      }
      pb::IssueStockRequest r;
      r.set_reservation(promised->reservation());
      r.set_items(Pick(1, static_cast<int>(promised->items())));
      return WishFor(&Stub::IssueStock, r, setting_.Volunteer(number_));
    }
    case 9: {
      const auto goods = board_.OnShelf(random_);
      if (!goods) return receive();
      pb::IssueStockRequest r;
      r.set_lot(goods->lot);
      r.set_place(goods->place);
      r.set_items(Pick(1, 20));
      r.set_group(GroupName(Pick(1, kGroups)));
      r.set_delivery(delivery);
      r.set_departure_reason("模擬");
      return WishFor(&Stub::IssueStock, r);
    }
    case 10: {
      const auto shipped = board_.Shipped(random_);
      if (!shipped) return receive();
      pb::ConfirmReceiptRequest r;
      r.set_delivery(shipped->delivery());
      if (Pick(0, 2) == 0) {
        pb::ArrivedLine& line = *r.add_lines();
        line.set_lot(shipped->lot());
        line.set_items(Pick(0, static_cast<int>(shipped->items())));
        line.set_reason("MISSING");
      }
      return WishFor(&Stub::ConfirmReceipt, r);
    }
    case 11: {
      pb::DeliverDirectRequest r;
      r.set_offer_line(OfferLineName(Pick(1, 2)));
      r.set_items(Pick(1, 30));
      r.set_group(GroupName(Pick(1, kGroups)));
      r.set_delivery(delivery);
      return WishFor(&Stub::DeliverDirect, r);
    }
    case 12: {
      const auto goods = board_.WithGroup(random_);
      if (!goods) return receive();
      pb::PassOnRequest r;
      r.set_from_group(goods->place);
      r.set_to_group(GroupName(Pick(1, kGroups)));
      r.set_lot(goods->lot);
      r.set_items(Pick(1, 10));
      r.set_delivery(delivery);
      if (Pick(0, 2) > 0) r.set_consent("模擬の同意");
      return WishFor(&Stub::PassOn, r);
    }
    case 13: {
      pb::ReturnStockRequest r;
      r.set_reason("NOT_NEEDED");
      r.set_items(Pick(1, 10));
      r.set_to(AnyShelf());
      if (const auto shipped = board_.Shipped(random_); shipped && Pick(0, 1) == 0) {
        r.set_lot(shipped->lot());
        r.set_from(shipped->delivery());
      } else if (const auto goods = board_.WithGroup(random_); goods && Pick(0, 1) == 0) {
        r.set_lot(goods->lot);
        r.set_from(goods->place);
      } else if (const auto shelf = board_.OnShelf(random_)) {
        r.set_lot(shelf->lot);
        r.set_from(shelf->place);
        r.set_to(DonorName());
      } else {
        return receive();
      }
      return WishFor(&Stub::ReturnStock, r);
    }
    case 14: {
      const auto goods = board_.OnShelf(random_);
      if (!goods) return receive();
      if (Pick(0, 1) == 0) {
        pb::DiscardStockRequest r;
        r.set_lot(goods->lot);
        r.set_place(goods->place);
        r.set_items(Pick(1, 10));
        r.set_reason("DAMAGED");
        return WishFor(&Stub::DiscardStock, r);
      }
      pb::AdjustStockRequest r;
      r.set_lot(goods->lot);
      r.set_place(goods->place);
      r.set_difference(Pick(0, 1) == 0 ? Pick(1, 10) : -Pick(1, 10));
      r.set_reason("COUNTED");
      return WishFor(&Stub::AdjustStock, r);
    }
    case 15: {
      const auto sent = board_.Sent(random_);
      if (sent && Pick(0, 1) == 0) {
        pb::ReceiveTransferRequest r;
        r.set_transfer(sent->operation());
        pb::ArrivedGoods& goods = *r.add_goods();
        goods.set_lot(sent->lot());
        goods.set_place(AnyShelf());
        goods.set_items(Pick(0, static_cast<int>(sent->items())));
        goods.set_short_items(Pick(0, 2) == 0 ? Pick(1, 3) : 0);
        if (goods.short_items() > 0) goods.set_reason("MISSING");
        return WishFor(&Stub::ReceiveTransfer, r);
      }
      const auto goods = board_.OnShelf(random_);
      if (!goods) return receive();
      const bool east = std::count(setting_.shelves[0].begin(), setting_.shelves[0].end(), goods->place) > 0;
      pb::SendTransferRequest r;
      r.set_transfer_id(NewUuid());
      r.set_to_warehouse(setting_.warehouses[east ? 1 : 0]);
      pb::TransferGoods& sending = *r.add_goods();
      sending.set_lot(goods->lot);
      sending.set_place(goods->place);
      sending.set_items(Pick(1, 15));
      return WishFor(&Stub::SendTransfer, r);
    }
    case 16: {
      const auto one = board_.OnShelf(random_);
      const auto other = board_.OnShelf(random_);
      if (!one || !other) return receive();
      pb::TransformStockRequest r;
      r.set_transformation_id(NewUuid());
      const int items = Pick(1, 5);
      const auto take = [&](const Board::Goods& goods, int each) {
        pb::TransferGoods& input = *r.add_inputs();
        input.set_lot(goods.lot);
        input.set_place(goods.place);
        input.set_items(each);
      };
      const auto make = [&](const std::string& product, int each) {
        pb::TransformationOutput& output = *r.add_outputs();
        output.set_product(product);
        output.set_place(one->place);
        output.set_items(each);
      };
      if (Pick(0, 1) == 0 && one->lot != other->lot) {
        r.set_kind(pb::TRANSFORMATION_KIND_KIT);
        take(*one, 2 * items);
        take(*other, items);
        make(ProductName(3), items);
      } else {
        r.set_kind(pb::TRANSFORMATION_KIND_SPLIT);
        take(*one, items + 1);
        make("", items);
        make("", 1);
        r.mutable_outputs(0)->set_donor_lot_number("甲");
        r.mutable_outputs(1)->set_donor_lot_number("乙");
      }
      return WishFor(&Stub::TransformStock, r);
    }
    default: {
      const auto movement = board_.Any(random_);
      if (!movement) return receive();
      pb::ReverseMovementRequest r;
      r.set_movement(movement->name());
      r.set_reason("MISTAKE");
      return WishFor(&Stub::ReverseMovement, r);
    }
  }
}

bool Phone::Try(const Wish& wish) {
  grpc::ClientContext context;
  context.AddMetadata("authorization", "Bearer " + wish.token);
  context.set_wait_for_ready(true);
  // Sometimes it hangs up before the answer can be there.
  const bool impatient = Pick(0, 7) == 0;
  context.set_deadline(std::chrono::system_clock::now() +
                       (impatient ? std::chrono::milliseconds(Pick(1, 6)) : std::chrono::milliseconds(15'000)));
  std::vector<pb::Movement> movements;
  const grpc::Status status = wish.send(*stub_, context, /*changed=*/false, movements);
  // The answer is lost on the way.
  const bool lost = Pick(0, 9) == 0;
  {
    const std::lock_guard lock(journal_mutex_);
    Heard& heard = journal_[wish.request_id];
    heard.what = wish.what;
    if (lost || Unknown(status)) {
      ++heard.unknown;
    } else if (status.ok()) {
      std::vector<std::string> names;
      for (const pb::Movement& movement : movements) names.push_back(movement.name());
      if (heard.movements && *heard.movements != names)
        complaints_.push_back(absl::StrCat("two answers differ: ", wish.what));
      if (!heard.movements) heard.movements = names;
      ++heard.ok;
    } else {
      heard.refusal = ReasonOf(status);
      if (heard.movements) complaints_.push_back(absl::StrCat(heard.refusal, " after it was answered OK: ", wish.what));
      if (status.error_code() == grpc::StatusCode::INTERNAL || status.error_code() == grpc::StatusCode::UNKNOWN ||
          heard.refusal == "DATABASE_ERROR") {
        complaints_.push_back(absl::StrCat(heard.refusal, " (", status.error_message(), "): ", wish.what));
      }
    }
  }
  if (lost || Unknown(status)) return false;
  if (status.ok()) {
    for (const pb::Movement& movement : movements) board_.Hear(movement);
    answered_.push_back(wish);
  }
  return true;
}

void Phone::Step() {
  // An old request once more, though it was answered; or changed under the same id.
  if (!answered_.empty() && Pick(0, 9) == 0) {
    const Wish again = answered_[Pick(0, static_cast<int>(answered_.size()) - 1)];
    if (Pick(0, 1) == 0) {
      Try(again);
      return;
    }
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + again.token);
    context.set_wait_for_ready(true);
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(15));
    std::vector<pb::Movement> none;
    const grpc::Status status = again.send(*stub_, context, /*changed=*/true, none);
    if (!Unknown(status) && ReasonOf(status) != "REQUEST_ID_REUSED") {
      complaints_.push_back(absl::StrCat("changed under the same id, and heard ", status.ok() ? "OK" : ReasonOf(status),
                                         ": ", again.what));
    }
    return;
  }
  // What is unanswered is tried again, in any order, between new wishes.
  if (!unanswered_.empty() && Pick(0, 1) == 0) {
    const Wish wish = std::move(unanswered_.front());
    unanswered_.pop_front();
    if (!Try(wish)) unanswered_.push_back(wish);
    return;
  }
  const Wish wish = MakeWish();
  if (Pick(0, 9) == 0 || !Try(wish)) unanswered_.push_back(wish);  // also: the request never left the phone
}

void Phone::Finish() {
  for (int rounds = 0; !unanswered_.empty() && rounds < 2'000; ++rounds) {
    const Wish wish = std::move(unanswered_.front());
    unanswered_.pop_front();
    if (!Try(wish)) unanswered_.push_back(wish);
  }
  for (const Wish& wish : unanswered_) complaints_.push_back(absl::StrCat("no answer in 2,000 tries: ", wish.what));
}

}  // namespace kubari::simulation
