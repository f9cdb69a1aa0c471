#include "services/stock/domain/picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "libs/errors/testing.h"
#include "services/stock/domain/picture_testing.h"

namespace kubari::stock {
namespace {

using namespace testing;  // NOLINT
using errors::Violates;

struct Judged {
  Picture picture;
  absl::Status status;
};
Judged Judge(std::string_view image) {
  errors::Violations violations;
  const Picture picture = InspectPicture(image, "image", violations);
  return {picture, violations.status()};
}
void IsA(const std::string& type, int width, int height, const std::string& image) {
  SCOPED_TRACE(type);
  const Judged judged = Judge(image);
  EXPECT_TRUE(judged.status.ok()) << judged.status;
  EXPECT_EQ(judged.picture.media_type, type);
  EXPECT_EQ(judged.picture.width, width);
  EXPECT_EQ(judged.picture.height, height);
}
absl::Status Of(const std::string& image) { return Judge(image).status; }

const std::string kColours = JpegPart(0xE2, std::string("ICC_PROFILE\0\x01\x01profile", 21));

TEST(Picture, IsKnownByItsHeader) {
  IsA("image/jpeg", 640, 480, Jpeg(640, 480));
  IsA("image/jpeg", 640, 480, Jpeg(640, 480, "", 0xC2));  // progressive
  IsA("image/jpeg", 30, 20, Jpeg(30, 20, kColours + JpegPart(0xEE, "Adobe") + "\xFF\xFF"));
  IsA("image/png", 300, 200, Png(300, 200));
  IsA("image/png", 300, 200, Png(300, 200, PngPart("sRGB", "x") + PngPart("PLTE", "rgb")));
  IsA("image/webp", 321, 123, Webp(WebpLossy(321, 123)));
  IsA("image/webp", 321, 123, Webp(WebpLossless(321, 123)));
  IsA("image/webp", 999, 777, Webp(WebpExtended(999, 777) + WebpPart("ICCP", "odd") + WebpLossy(999, 777)));
}

TEST(Picture, SidesHaveBounds) {
  IsA("image/jpeg", kMinPictureSide, kMaxPictureSide, Jpeg(kMinPictureSide, kMaxPictureSide));
  for (const std::string& image :
       {Jpeg(15, 100), Jpeg(100, 4097), Png(4097, 16), Png(16, 0), Png(0x80000000, 100), Png(100, 0xFFFFFFFF),
        Webp(WebpExtended(16'000'000, 100)), Webp(WebpLossless(100, 8))})
    EXPECT_THAT(Of(image), Violates("image", "OUT_OF_RANGE"));
}

TEST(Picture, BytesHaveABound) {
  std::string most = Jpeg(640, 480);
  most.append(kMaxPictureBytes - most.size(), 'x');
  EXPECT_TRUE(Of(most).ok());
  EXPECT_THAT(Of(most + "x"), Violates("image", "TOO_LARGE"));
}

TEST(Picture, CarriesNothingAboutWhoTookItAndWhere) {
  for (const std::string& image :
       {Jpeg(640, 480, JpegPart(0xE1, "Exif")), Jpeg(640, 480, JpegPart(0xE1, "http://ns.adobe.com/xap/1.0/")),
        Jpeg(640, 480, JpegPart(0xE2, "MPF")), Jpeg(640, 480, JpegPart(0xED, "Photoshop 3.0")),
        Jpeg(640, 480, JpegPart(0xFE, "taken at home")), Png(300, 200, PngPart("eXIf", "II*")),
        Png(300, 200, PngPart("tEXt", "Author")), Png(300, 200, PngPart("iTXt", "XML:com.adobe.xmp")),
        Webp(WebpExtended(300, 200) + WebpLossy(300, 200) + WebpPart("EXIF", "II*")),
        Webp(WebpExtended(300, 200) + WebpPart("XMP ", "odd") + WebpLossy(300, 200))})
    EXPECT_THAT(Of(image), Violates("image", "HAS_METADATA"));
}

TEST(Picture, AnythingElseIsNone) {
  for (const std::string& image :
       {std::string("x"), std::string("GIF89a\x10\x10"), std::string("<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
        std::string("RIFF\x04\x00\x00\x00WAVE", 12), std::string("\xFF\xD8\xFF"), std::string("\x89PNG\r\n\x1A\n"),
        Webp(""), Webp(WebpPart("VP8 ", "short")), Png(300, 200).substr(8), Webp(WebpPart("ALPH", "only"))})
    EXPECT_THAT(Of(image), Violates("image", "NOT_A_PICTURE"));
  // A frame that is not there, or stands behind the scan.
  std::string headless = Jpeg(640, 480);
  headless.erase(headless.find("\xFF\xC0"), 13);
  EXPECT_THAT(Of(headless), Violates("image", "NOT_A_PICTURE"));
  std::string late = Png(300, 200);
  late.insert(8, PngPart("gAMA", "1234"));
  EXPECT_THAT(Of(late), Violates("image", "NOT_A_PICTURE"));
}

// Whatever comes, reading ends and stays within the bytes (the sanitizers watch), and only what fits is let through.
TEST(Picture, DamagedOnesDoNoHarm) {
  std::mt19937 random(20270331);  // NOLINT: the same bytes in every run
  const std::vector<std::string> whole = {Jpeg(640, 480, kColours), Png(300, 200, PngPart("gAMA", "1234")),
                                          Webp(WebpExtended(300, 200) + WebpPart("ICCP", "odd") + WebpLossy(300, 200)),
                                          Webp(WebpLossless(64, 64))};
  for (const std::string& image : whole) {
    for (size_t size = 0; size < image.size(); ++size) Judge(std::string(image.data(), size));
    for (int i = 0; i < 5'000; ++i) {
      std::string damaged = image;
      for (int changes = 0; changes < 3; ++changes) damaged[random() % damaged.size()] = static_cast<char>(random());
      const Judged judged = Judge(damaged);
      if (!judged.status.ok()) continue;
      EXPECT_GE(judged.picture.width, kMinPictureSide);
      EXPECT_LE(judged.picture.height, kMaxPictureSide);
    }
  }
}

}  // namespace
}  // namespace kubari::stock
