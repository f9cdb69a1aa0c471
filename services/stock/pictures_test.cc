// Products' pictures over the wire.
#include <absl/strings/escaping.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "services/stock/domain/canonical.h"
#include "services/stock/domain/picture_testing.h"
#include "services/stock/service_testing.h"

namespace kubari::stock {
namespace {

using namespace testing;  // NOLINT
using errors::FailsBecause;
using errors::Violates;

class PicturesTest : public ServiceTest {
 protected:
  static pb::SetProductPictureRequest Setting(const std::string& image, const std::string& expected = "") {
    pb::SetProductPictureRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_product(ids::Name("products", kProduct));
    request.set_image(image);
    request.set_expected_hash(expected);
    return request;
  }
  absl::StatusOr<pb::Product> Set(const pb::SetProductPictureRequest& request, const std::string& who = "volunteer") {
    return Call(&Stub::SetProductPicture, who, request);
  }
  absl::StatusOr<pb::ProductPicture> Get(const std::string& who = "group") {
    pb::GetProductPictureRequest request;
    request.set_product(ids::Name("products", kProduct));
    return Call(&Stub::GetProductPicture, who, request);
  }
  // As everybody sees it.
  std::string Hash() {
    pb::GetProductRequest get;
    get.set_name(ids::Name("products", kProduct));
    const auto product = Call(&Stub::GetProduct, "auditor", get);
    EXPECT_THAT(product, IsOk());
    const auto listed = Call(&Stub::ListProducts, "donor", pb::ListProductsRequest());
    EXPECT_THAT(listed, IsOk());
    EXPECT_EQ(listed->products(0).picture_hash(), product->picture_hash());
    pb::LookUpCodeRequest look;
    look.set_code("9520000000004");
    EXPECT_EQ(Call(&Stub::LookUpCode, "volunteer", look)->product().picture_hash(), product->picture_hash());
    return product->picture_hash();
  }
  static std::string HashOf(const std::string& image) { return absl::BytesToHexString(Sha256(image)); }

  const std::string jpeg_ = Jpeg(640, 480), png_ = Png(300, 200), webp_ = Webp(WebpLossless(64, 48));
};

TEST_F(PicturesTest, AProductIsSeen) {
  EXPECT_EQ(Hash(), "");
  EXPECT_THAT(Get(), FailsBecause("PICTURE_NOT_FOUND"));
  const auto set = Set(Setting(jpeg_));
  ASSERT_THAT(set, IsOk());
  EXPECT_EQ(set->picture_hash(), HashOf(jpeg_));
  EXPECT_EQ(set->display_name(), "架空めん");
  EXPECT_EQ(Hash(), HashOf(jpeg_));
  const auto picture = Get();
  ASSERT_THAT(picture, IsOk());
  EXPECT_EQ(picture->product(), ids::Name("products", kProduct));
  EXPECT_EQ(picture->image(), jpeg_);
  EXPECT_EQ(picture->media_type(), "image/jpeg");
  EXPECT_EQ(picture->hash(), HashOf(jpeg_));
  EXPECT_EQ(picture->width(), 640);
  EXPECT_EQ(picture->height(), 480);
  EXPECT_EQ(picture->update_time().seconds(), absl::ToUnixSeconds(clock_.Now()));
  // A lot's own code leads to it as well.
  pb::LookUpCodeRequest look;
  look.set_code(Receive(5).code());
  EXPECT_EQ(Call(&Stub::LookUpCode, "volunteer", look)->product().picture_hash(), HashOf(jpeg_));
}

TEST_F(PicturesTest, APictureIsReplacedAndTakenAwayByWhoSawIt) {
  ASSERT_THAT(Set(Setting(jpeg_)), IsOk());
  ASSERT_THAT(Set(Setting(png_, HashOf(jpeg_)), "donor"), IsOk());
  EXPECT_EQ(Get()->media_type(), "image/png");
  // Whoever still sees the first one, or none, is told; and nothing changes.
  for (const std::string& seen : {HashOf(jpeg_), std::string()}) {
    EXPECT_THAT(Set(Setting(webp_, seen)), FailsBecause("STALE_ETAG"));
    EXPECT_THAT(Set(Setting("", seen)), FailsBecause("STALE_ETAG"));
  }
  EXPECT_EQ(Hash(), HashOf(png_));
  const auto gone = Set(Setting("", HashOf(png_)), "manager");
  ASSERT_THAT(gone, IsOk());
  EXPECT_EQ(gone->picture_hash(), "");
  EXPECT_EQ(Hash(), "");
  EXPECT_THAT(Get(), FailsBecause("PICTURE_NOT_FOUND"));
  EXPECT_THAT(Set(Setting(webp_, HashOf(png_))), FailsBecause("STALE_ETAG"));
  EXPECT_THAT(Set(Setting(webp_)), IsOk());
}

TEST_F(PicturesTest, WhatIsThereAlreadyIsSetAgainInPeace) {
  const pb::SetProductPictureRequest first = Setting(jpeg_);
  ASSERT_THAT(Set(first), IsOk());
  EXPECT_THAT(Set(first), IsOk());                          // repeated
  EXPECT_THAT(Set(Setting(jpeg_)), IsOk());                 // by another phone
  EXPECT_THAT(Set(Setting(jpeg_, HashOf(jpeg_))), IsOk());  // anew
  ASSERT_THAT(Set(Setting("", HashOf(jpeg_))), IsOk());
  EXPECT_THAT(Set(Setting("", HashOf(jpeg_))), IsOk());
  EXPECT_THAT(Set(Setting("")), IsOk());
  // The first answer, though the picture is gone by now.
  const auto again = Set(first);
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->picture_hash(), HashOf(jpeg_));
  EXPECT_EQ(Hash(), "");
  pb::SetProductPictureRequest other = first;
  other.set_image(png_);
  EXPECT_THAT(Set(other), FailsBecause("REQUEST_ID_REUSED"));
}

TEST_F(PicturesTest, OfTwoWhoSetTheFirstOneOnlyOneDoes) {
  std::vector<absl::StatusOr<pb::Product>> answers(2);
  std::thread other([&] { answers[1] = Set(Setting(png_), "manager"); });
  answers[0] = Set(Setting(jpeg_));
  other.join();
  EXPECT_NE(answers[0].ok(), answers[1].ok());
  const size_t first = answers[0].ok() ? 0 : 1;
  EXPECT_THAT(answers[1 - first], FailsBecause("STALE_ETAG"));
  EXPECT_EQ(Hash(), answers[first]->picture_hash());
}

TEST_F(PicturesTest, OnlyPicturesOfProductsAreTaken) {
  EXPECT_THAT(Set(Setting("<svg/>")), Violates("image", "NOT_A_PICTURE"));
  EXPECT_THAT(Set(Setting(Jpeg(640, 480, JpegPart(0xE1, "Exif")))), Violates("image", "HAS_METADATA"));
  EXPECT_THAT(Set(Setting(jpeg_ + std::string(204'800, 'x'))), Violates("image", "TOO_LARGE"));
  EXPECT_THAT(Set(Setting(jpeg_, "the first one")), Violates("expected_hash", "NOT_A_HASH"));
  pb::SetProductPictureRequest unknown = Setting(jpeg_);
  unknown.set_product(ids::Name("products", ids::NewUuid()));
  EXPECT_THAT(Set(unknown), FailsBecause("PRODUCT_NOT_FOUND"));
  for (const std::string who : {"group", "auditor"})
    EXPECT_THAT(Set(Setting(jpeg_), who), FailsBecause("ROLE_NOT_ALLOWED"));
  EXPECT_EQ(Hash(), "");
  pb::GetProductPictureRequest get;
  get.set_product(unknown.product());
  EXPECT_THAT(Call(&Stub::GetProductPicture, "group", get), FailsBecause("PRODUCT_NOT_FOUND"));
}

TEST_F(PicturesTest, NobodySaysWhichPictureANewProductHas) {
  pb::CreateProductRequest request;
  request.set_request_id(ids::NewUuid());
  request.mutable_product()->set_display_name("架空みそ");
  request.mutable_product()->set_category(type::v1::FOOD_CATEGORY_SEASONING);
  request.mutable_product()->set_item_grams(500);
  request.mutable_product()->set_items_per_case(10);
  request.mutable_product()->set_temperature_zone(type::v1::TEMPERATURE_ZONE_AMBIENT);
  request.mutable_product()->set_picture_hash(HashOf(jpeg_));
  const auto made = Call(&Stub::CreateProduct, "coordinator", request);
  ASSERT_THAT(made, IsOk());
  EXPECT_EQ(made->picture_hash(), "");
}

}  // namespace
}  // namespace kubari::stock
