#include "services/stock/picture_store.h"

#include <map>

#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/registry/mutation.h"

namespace kubari::stock::pictures {
namespace {

constexpr pg::Statement kHashes{
    "SELECT product_id, encode(hash, 'hex') AS hash FROM product_pictures WHERE network_id = $1 AND product_id = "
    "ANY($2::uuid[])"};
constexpr pg::Statement kLoad{
    "SELECT image, media_type, encode(hash, 'hex') AS hash, width, height, update_time FROM product_pictures "
    "WHERE network_id = $1 AND product_id = $2"};
// Each changes what the caller saw and nothing else; who comes second changes nothing.
constexpr pg::Statement kInsert{
    "INSERT INTO product_pictures (network_id, product_id, image, media_type, hash, width, height, actor, update_time) "
    "VALUES ($1, $2, $3, $4, decode($5, 'hex'), $6, $7, $8, $9) ON CONFLICT DO NOTHING"};
constexpr pg::Statement kReplace{
    "UPDATE product_pictures SET image = $3, media_type = $4, hash = decode($5, 'hex'), width = $6, height = $7, "
    "actor = $8, update_time = $9 WHERE network_id = $1 AND product_id = $2 AND hash = decode($10, 'hex')"};
constexpr pg::Statement kRemove{
    "DELETE FROM product_pictures WHERE network_id = $1 AND product_id = $2 AND hash = decode($3, 'hex')"};

std::string IdOf(const std::string& product) { return ids::IdFromName("products", product).value_or(""); }

absl::StatusOr<std::map<std::string, std::string>> Hashes(pg::Transaction& tx, const std::vector<std::string>& ids) {
  std::map<std::string, std::string> hashes;
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kHashes, tx.network_id(), ids));
  for (const pg::Row row : rows) hashes[row.Get<std::string>("product_id")] = row.Get<std::string>("hash");
  return hashes;
}

}  // namespace

absl::Status TellHashes(pg::Transaction& tx, const std::vector<pb::Product*>& products) {
  std::vector<std::string> ids;
  for (const pb::Product* product : products) ids.push_back(IdOf(product->name()));
  if (ids.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(auto hashes, Hashes(tx, ids));
  for (size_t i = 0; i < ids.size(); ++i) products[i]->set_picture_hash(hashes[ids[i]]);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<pb::ProductPicture>> Load(pg::Transaction& tx, const std::string& product_id) {
  ASSIGN_OR_RETURN(const pg::Result rows, tx.Query(kLoad, tx.network_id(), product_id));
  if (rows.empty()) return std::nullopt;
  const pg::Row row = rows[0];
  pb::ProductPicture picture;
  picture.set_product(ids::Name("products", product_id));
  picture.set_image(row.Get<pg::Bytes>("image").value);
  picture.set_media_type(row.Get<std::string>("media_type"));
  picture.set_hash(row.Get<std::string>("hash"));
  picture.set_width(row.Get<int32_t>("width"));
  picture.set_height(row.Get<int32_t>("height"));
  *picture.mutable_update_time() = registry::ToTimestamp(row.Get<absl::Time>("update_time"));
  return picture;
}

absl::Status Set(pg::Transaction& tx, const pb::SetProductPictureRequest& request, const Picture& picture,
                 const std::string& hash, const std::string& actor, absl::Time now) {
  const std::string& network = tx.network_id();
  const std::string product_id = IdOf(request.product()), &expected = request.expected_hash();
  const pg::Bytes image{request.image()};
  const auto change = [&]() -> absl::StatusOr<int64_t> {
    if (request.image().empty()) return expected.empty() ? 0 : tx.Execute(kRemove, network, product_id, expected);
    if (expected.empty()) {
      return tx.Execute(kInsert, network, product_id, image, picture.media_type, hash, picture.width, picture.height,
                        actor, now);
    }
    return tx.Execute(kReplace, network, product_id, image, picture.media_type, hash, picture.width, picture.height,
                      actor, now, expected);
  };
  ASSIGN_OR_RETURN(const int64_t changed, change());
  if (changed > 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(auto hashes, Hashes(tx, {product_id}));
  if (hashes[product_id] == hash) return absl::OkStatus();
  return registry::CheckEtag(request.product(), expected, hashes[product_id]);
}

}  // namespace kubari::stock::pictures
