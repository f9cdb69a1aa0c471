#include "services/stock/handlers/products.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "libs/errors/macros.h"
#include "libs/gs1/gs1.h"
#include "libs/ids/ids.h"
#include "libs/paging/paging.h"
#include "libs/pg/idempotency.h"
#include "services/stock/domain/lot_code.h"
#include "services/stock/domain/refusals.h"
#include "services/stock/picture_store.h"
#include "services/stock/product_rules.h"
#include "services/stock/registry_store.h"
#include "services/stock/view.h"

namespace kubari::stock {
namespace {

absl::Status CodeInvalid(const std::string& english, const std::string& japanese, errors::Metadata metadata = {}) {
  return errors::Make(absl::StatusCode::kInvalidArgument, "CODE_INVALID", english, japanese, std::move(metadata));
}

// A lot's code or name, bare or at the end of a link such as "https://example.org/#/lots/ABCD2345": what our own labels
// carry.
std::string LotCodeIn(const std::string& text) {
  const size_t slash = text.find_last_of('/');
  const std::string tail = slash == std::string::npos ? text : text.substr(slash + 1);
  return ReadLotCode(tail).value_or("");
}

// An ITF-14 that was made from the item's number by an indicator digit 1–8 in front: the item's GTIN; else "".
std::string ItemOfCase(const std::string& gtin14) {
  if (gtin14.empty() || gtin14[0] < '1' || gtin14[0] > '8') return "";
  std::string item = "0" + gtin14.substr(1, 12);
  item += static_cast<char>('0' + gs1::CheckDigit(item));
  return item;
}

// Which picture it has.
absl::StatusOr<pb::Product> WithPicture(const Context& context, const rpc::Call& call, pb::Product product) {
  RETURN_IF_ERROR(context.pool.Read({.network_id = call.principal.network_id, .deadline = call.deadline},
                                    [&](pg::Transaction& tx) { return pictures::TellHashes(tx, {&product}); }));
  return product;
}

}  // namespace

absl::StatusOr<pb::Product> ProductsHandler::CreateProduct(const rpc::Call& call,
                                                           const pb::CreateProductRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  if (!request.product_id().empty()) violations.Uuid("product_id", request.product_id());
  pb::Product product = request.product();
  CompleteProduct(product, "product", violations);
  RETURN_IF_ERROR(violations.status());
  product.set_name(
      ids::Name("products", request.product_id().empty() ? ids::NewV7(context_.clock.Now()) : request.product_id()));
  return context_.pool.Transact(
      {.network_id = call.principal.network_id, .deadline = call.deadline}, [&](pg::Transaction& tx) {
        return pg::Idempotent<pb::Product>(tx, request.request_id(), call.method->full_name(), request,
                                           [&](pg::Transaction& tx) -> absl::StatusOr<pb::Product> {
                                             RETURN_IF_ERROR(registry::InsertProducts(tx, {product}));
                                             return product;
                                           });
      });
}

absl::StatusOr<pb::Product> ProductsHandler::GetProduct(const rpc::Call& call, const pb::GetProductRequest& request) {
  errors::Violations violations;
  violations.Name("products", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(pb::Product product, FindProduct(context_, call, request.name()));
  return WithPicture(context_, call, std::move(product));
}

absl::StatusOr<pb::ListProductsResponse> ProductsHandler::ListProducts(const rpc::Call& call,
                                                                       const pb::ListProductsRequest& request) {
  errors::Violations violations;
  violations.Text("query", request.query(), 0, 200);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const int size, paging::PageSize(request.page_size()));
  const std::string fingerprint = paging::Fingerprint(request, call.principal.network_id);
  ASSIGN_OR_RETURN(const std::vector<std::string> after, paging::Decode(request.page_token(), fingerprint));
  if (!after.empty() && (after.size() != 2 || !ids::IsUuid(after[1]))) return paging::InvalidToken();
  return context_.pool.Read(
      {.network_id = call.principal.network_id, .deadline = call.deadline},
      [&](pg::Transaction& tx) -> absl::StatusOr<pb::ListProductsResponse> {
        ASSIGN_OR_RETURN(std::vector<pb::Product> found, registry::ListProducts(tx, request.query(), after, size + 1));
        pb::ListProductsResponse response;
        if (static_cast<int>(found.size()) > size) {
          found.resize(size);
          response.set_next_page_token(
              paging::Encode(fingerprint, {found.back().display_name(), IdOf(found.back().name())}));
        }
        std::vector<pb::Product*> shown;
        for (pb::Product& product : found) shown.push_back(&product);
        RETURN_IF_ERROR(pictures::TellHashes(tx, shown));
        response.mutable_products()->Assign(found.begin(), found.end());
        return response;
      });
}

absl::StatusOr<pb::LookUpCodeResponse> ProductsHandler::LookUpCode(const rpc::Call& call,
                                                                   const pb::LookUpCodeRequest& request) {
  const std::string& network = call.principal.network_id;
  const View view(context_.catalogue, call);
  pb::LookUpCodeResponse response;
  response.set_items(1);
  if (request.code().empty() || request.code().size() > gs1::kMaxInput) {
    return CodeInvalid("Scan or type a code of 1 to 2,000 characters.",
                       "1〜2,000文字のコードを読み取るか入力してください。");
  }
  // Answers with one lot and its product.
  const auto with_lot = [&](const Lot& lot) -> absl::StatusOr<pb::LookUpCodeResponse> {
    ASSIGN_OR_RETURN(pb::Product product, FindProduct(context_, call, lot.facts.product()));
    ASSIGN_OR_RETURN(*response.mutable_product(), WithPicture(context_, call, std::move(product)));
    response.set_gtin(lot.facts.gtin());
    *response.mutable_good_until() = lot.facts.good_until();
    response.set_donor_lot_number(lot.facts.donor_lot_number());
    *response.add_lots() = view.ToProto(lot);
    return response;
  };
  const std::string own_code = LotCodeIn(request.code());
  if (!own_code.empty()) {
    ASSIGN_OR_RETURN(const std::optional<Lot> lot, context_.catalogue.LotByCode(network, own_code, call.deadline));
    if (lot) return with_lot(*lot);
  }
  const absl::TimeZone zone = ZoneOf(call);
  const absl::StatusOr<gs1::Scan> scan =
      gs1::Parse(request.code(), static_cast<int>(absl::ToCivilDay(context_.clock.Now(), zone).year()));
  if (!scan.ok()) {
    if (!own_code.empty()) return response;  // a lot's code, of a lot that is not here
    return CodeInvalid(errors::MessageIn("en", scan.status()), errors::MessageIn("ja", scan.status()),
                       errors::MetadataOf(scan.status()));
  }

  response.set_gtin(scan->gtin14.value_or(scan->content_gtin14.value_or("")));
  response.set_donor_lot_number(scan->lot.value_or(""));
  response.set_sscc(scan->sscc.value_or(""));
  if (scan->use_by) {
    response.mutable_good_until()->set_kind(kubari::type::v1::DATE_KIND_USE_BY);
    response.mutable_good_until()->set_date(scan->use_by->Format());
  } else if (scan->best_before) {
    response.mutable_good_until()->set_kind(kubari::type::v1::DATE_KIND_BEST_BEFORE);
    response.mutable_good_until()->set_date(scan->best_before->Format());
  }
  if (scan->lot) {
    // Our own label in GS1 syntax carries the lot's code as batch number.
    if (const auto code = ReadLotCode(*scan->lot)) {
      ASSIGN_OR_RETURN(const std::optional<Lot> lot, context_.catalogue.LotByCode(network, *code, call.deadline));
      if (lot && (response.gtin().empty() || lot->facts.gtin() == response.gtin())) {
        const std::string sscc = response.sscc();
        ASSIGN_OR_RETURN(response, with_lot(*lot));
        response.set_sscc(sscc);
        return response;
      }
    }
  }
  if (response.gtin().empty()) return response;

  const std::string item = ItemOfCase(response.gtin());
  std::vector<std::string> candidates = {response.gtin()};
  if (!item.empty()) candidates.push_back(item);
  ASSIGN_OR_RETURN(const std::vector<pb::Product> products,
                   context_.pool.Read({.network_id = network, .deadline = call.deadline},
                                      [&](pg::Transaction& tx) { return registry::FindByCodes(tx, candidates, 10); }));
  // As the item's own number, as the case's own number, or as a case made from the item's number; in this order.
  const auto pick = [&](auto matches) { return std::find_if(products.begin(), products.end(), matches); };
  auto product = pick([&](const pb::Product& p) { return p.gtin() == response.gtin(); });
  bool is_case = false;
  if (product == products.end()) {
    is_case = true;
    product = pick([&](const pb::Product& p) { return p.case_gtin() == response.gtin(); });
    if (product == products.end()) product = pick([&](const pb::Product& p) { return p.gtin() == item; });
  }
  if (product == products.end()) return response;
  ASSIGN_OR_RETURN(*response.mutable_product(), WithPicture(context_, call, *product));
  const int64_t units = scan->gtin14 ? 1 : std::clamp<int64_t>(scan->count.value_or(1), 1, 100'000);
  response.set_items(units * (is_case ? product->items_per_case() : 1));

  LotFilter filter{.product = IdOf(product->name()), .in_stock = true};
  if (scan->lot) filter.donor_lot_number = *scan->lot;
  ASSIGN_OR_RETURN(const std::vector<Lot> lots, context_.reading.Lots(network, filter, {.size = 199}, call.deadline));
  for (const Lot& lot : lots) {
    const bool fits = !response.has_good_until() || lot.facts.good_until().date() == response.good_until().date();
    if (fits && response.lots_size() < 20) *response.add_lots() = view.ToProto(lot);
  }
  return response;
}

}  // namespace kubari::stock
