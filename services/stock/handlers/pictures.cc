#include "services/stock/handlers/pictures.h"

#include <absl/strings/escaping.h>

#include <algorithm>

#include "libs/errors/macros.h"
#include "libs/pg/idempotency.h"
#include "services/stock/domain/canonical.h"
#include "services/stock/domain/picture.h"
#include "services/stock/domain/refusals.h"
#include "services/stock/picture_store.h"

namespace kubari::stock {
namespace {

bool IsHash(const std::string& text) {
  return text.size() == 64 &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

absl::StatusOr<pb::Product> PicturesHandler::SetProductPicture(const rpc::Call& call,
                                                               const pb::SetProductPictureRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  violations.Name("products", "product", request.product());
  violations.Require(request.expected_hash().empty() || IsHash(request.expected_hash()), "expected_hash", "NOT_A_HASH",
                     "Give the picture_hash of the product as you saw it: 64 hexadecimal digits, or nothing.",
                     "読み込んだ商品の picture_hash（16進数64桁、または空）をそのまま渡してください。");
  Picture picture;
  if (!request.image().empty()) picture = InspectPicture(request.image(), "image", violations);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const pb::Product product, FindProduct(context_, call, request.product()));
  const std::string hash = request.image().empty() ? "" : absl::BytesToHexString(Sha256(request.image()));
  const auto set = [&](pg::Transaction& tx) -> absl::StatusOr<pb::Product> {
    RETURN_IF_ERROR(pictures::Set(tx, request, picture, hash, call.principal.subject, context_.clock.Now()));
    pb::Product shown = product;
    shown.set_picture_hash(hash);
    return shown;
  };
  return context_.pool.Transact(
      {.network_id = call.principal.network_id, .deadline = call.deadline}, [&](pg::Transaction& tx) {
        return pg::Idempotent<pb::Product>(tx, request.request_id(), call.method->full_name(), request, set);
      });
}

absl::StatusOr<pb::ProductPicture> PicturesHandler::GetProductPicture(const rpc::Call& call,
                                                                      const pb::GetProductPictureRequest& request) {
  errors::Violations violations;
  violations.Name("products", "product", request.product());
  RETURN_IF_ERROR(violations.status());
  RETURN_IF_ERROR(FindProduct(context_, call, request.product()));
  ASSIGN_OR_RETURN(
      std::optional<pb::ProductPicture> picture,
      context_.pool.Read({.network_id = call.principal.network_id, .deadline = call.deadline},
                         [&](pg::Transaction& tx) { return pictures::Load(tx, IdOf(request.product())); }));
  if (!picture) return refusals::PictureNotFound(request.product());
  return *std::move(picture);
}

}  // namespace kubari::stock
