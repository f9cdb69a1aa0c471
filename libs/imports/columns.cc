#include "libs/imports/columns.h"

#include "absl/strings/str_cat.h"
#include "kubari/type/v1/food.pb.h"
#include "libs/imports/words.h"

namespace kubari::imports {

using tables::Kind;

tables::Column CodeColumn(const std::string& what, const std::string& what_ja, std::string example) {
  return {.name = "code",
          .aliases = {"番号", "管理番号", "ID", "No"},
          .title = "Code",
          .title_ja = "コード",
          .hint = absl::StrCat("Short and unique in the network. A ", what, " whose code is there already is skipped."),
          .hint_ja =
              absl::StrCat("ネットワーク内で重ならない、", what_ja, "の短い記号。登録済みのコードの行は飛ばします。"),
          .example = std::move(example)};
}

tables::Column NameColumn(std::vector<std::string> aliases, std::string example) {
  aliases.push_back("名称");
  return {.name = "name",
          .aliases = std::move(aliases),
          .title = "Name",
          .title_ja = "名前",
          .hint = "Full name, up to 200 characters.",
          .hint_ja = "正式な名前（200文字まで）。",
          .example = std::move(example)};
}

tables::Column KanaColumn(std::string example) {
  return {.name = "name_kana",
          .aliases = {"読み", "カナ", "フリガナ", "ふりがな", "よみ", "名称カナ"},
          .required = false,
          .title = "Reading (kana)",
          .title_ja = "読み（カナ）",
          .hint = "For finding it.",
          .hint_ja = "探すときに使います。",
          .example = std::move(example)};
}

tables::Column EmailColumn() {
  return {.name = "contact_email",
          .aliases = {"メール", "メールアドレス", "email", "e-mail"},
          .required = false,
          .title = "Contact e-mail",
          .title_ja = "連絡先メール",
          .hint = "Of the organisation, not of a private person.",
          .hint_ja = "組織のメール。個人のものは入れません。",
          .example = "office@example.jp"};
}

Columns AddressColumns(bool municipality_required, bool position_required) {
  return {{.name = "postal_code",
           .aliases = {"〒", "郵便"},
           .required = false,
           .title = "Postal code",
           .title_ja = "郵便番号",
           .hint = "For instance 100-0001.",
           .hint_ja = "例：100-0001",
           .example = "100-0001"},
          {.name = "municipality_code",
           .aliases = {"自治体コード", "全国地方公共団体コード", "JISコード"},
           .required = municipality_required,
           .title = "Municipality code",
           .title_ja = "市区町村コード",
           .hint = "Five digits; the first two are the prefecture.",
           .hint_ja = "5桁。上2桁は都道府県です。",
           .example = "13101"},
          {.name = "address",
           .aliases = {"所在地"},
           .required = false,
           .title = "Address",
           .title_ja = "住所",
           .hint = "After the prefecture.",
           .hint_ja = "都道府県より後。",
           .example = "千代田区千代田1-1"},
          {.name = "latitude",
           .aliases = {"lat"},
           .required = position_required,
           .title = "Latitude",
           .title_ja = "緯度",
           .kind = Kind::kDegrees,
           .hint = "Decimal degrees, for distances.",
           .hint_ja = "度（小数）。距離の計算に使います。",
           .example = "35.685175"},
          {.name = "longitude",
           .aliases = {"lng", "lon"},
           .required = position_required,
           .title = "Longitude",
           .title_ja = "経度",
           .kind = Kind::kDegrees,
           .hint = "Decimal degrees.",
           .hint_ja = "度（小数）。",
           .example = "139.752799"}};
}

Columns AgreementColumns(bool required) {
  return {{.name = "agreement_title",
           .aliases = {"合意書名", "契約"},
           .required = required,
           .title = "Agreement",
           .title_ja = "合意書",
           .hint = "Its title.",
           .hint_ja = "合意書の件名。",
           .example = "食品寄付に関する合意書"},
          {.name = "agreement_from",
           .aliases = {"合意書開始日"},
           .required = required,
           .title = "Agreement from",
           .title_ja = "合意書の開始日",
           .kind = Kind::kDay,
           .hint = "Like 2026-04-01.",
           .hint_ja = "2026-04-01 の形。",
           .example = "2026-04-01"},
          {.name = "agreement_to",
           .aliases = {"合意書終了日"},
           .required = false,
           .title = "Agreement until",
           .title_ja = "合意書の終了日",
           .kind = Kind::kDay,
           .hint = "Empty: no end.",
           .hint_ja = "空なら期限なし。",
           .example = "2029-03-31"}};
}

tables::Column TemperatureColumn(bool required, std::string hint, std::string hint_ja) {
  return {.name = "temperature",
          .aliases = {"保管温度", "保存方法", "温度"},
          .required = required,
          .title = "Temperature",
          .title_ja = "温度帯",
          .kind = Kind::kChoice,
          .hint = std::move(hint),
          .hint_ja = std::move(hint_ja),
          .example = "常温",
          .choices = Choices<type::v1::TemperatureZone>()};
}

tables::Column YesNoColumn(std::string name, std::vector<std::string> aliases, std::string title, std::string title_ja,
                           std::string hint, std::string hint_ja, std::string example) {
  return {.name = std::move(name),
          .aliases = std::move(aliases),
          .required = false,
          .title = std::move(title),
          .title_ja = std::move(title_ja),
          .kind = Kind::kYesNo,
          .hint = std::move(hint),
          .hint_ja = std::move(hint_ja),
          .example = std::move(example)};
}

}  // namespace kubari::imports
