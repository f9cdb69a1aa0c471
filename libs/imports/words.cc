#include "libs/imports/words.h"

#include <map>
#include <mutex>

#include "absl/strings/ascii.h"

namespace kubari::imports {
namespace {

struct Word {
  const char* title;
  const char* title_ja;
  std::vector<std::string> others = {};
};

// By the value's name in the contract. A value without an entry can be written by its name only; the test wants one for
// each.
const std::map<std::string, Word>& Words() {
  static const std::map<std::string, Word> words = {
      {"TEMPERATURE_ZONE_AMBIENT", {"Ambient", "常温", {"ドライ", "室温", "常温保存", "dry"}}},
      {"TEMPERATURE_ZONE_CHILLED", {"Chilled", "冷蔵", {"チルド", "要冷蔵", "冷蔵保存"}}},
      {"TEMPERATURE_ZONE_FROZEN", {"Frozen", "冷凍", {"要冷凍", "冷凍保存", "フローズン"}}},
      {"DATE_KIND_USE_BY", {"Use by", "消費期限", {"消費", "use-by"}}},
      {"DATE_KIND_BEST_BEFORE", {"Best before", "賞味期限", {"賞味", "best-before", "BB"}}},
      {"DATE_KIND_NONE", {"No date", "期限表示なし", {"なし", "無", "期限なし", "表示なし"}}},
      {"FOOD_CATEGORY_RICE", {"Rice", "米", {"お米"}}},
      {"FOOD_CATEGORY_NOODLES", {"Noodles", "めん類", {"麺", "麺類", "めん"}}},
      {"FOOD_CATEGORY_BREAD_CEREAL", {"Bread and cereal", "パン・シリアル", {"パン", "シリアル"}}},
      {"FOOD_CATEGORY_CANNED", {"Canned food", "缶詰"}},
      {"FOOD_CATEGORY_RETORT", {"Retort pouches", "レトルト", {"レトルト食品"}}},
      {"FOOD_CATEGORY_SEASONING", {"Seasoning", "調味料"}},
      {"FOOD_CATEGORY_SNACK", {"Snacks", "菓子", {"お菓子"}}},
      {"FOOD_CATEGORY_DRINK", {"Drinks", "飲料", {"飲み物"}}},
      {"FOOD_CATEGORY_DAIRY_EGG", {"Dairy and eggs", "乳製品・卵", {"乳製品", "卵"}}},
      {"FOOD_CATEGORY_MEAT_FISH", {"Meat and fish", "肉・魚", {"肉", "魚"}}},
      {"FOOD_CATEGORY_FRUIT_VEGETABLE", {"Fruit and vegetables", "野菜・果物", {"野菜", "果物", "青果"}}},
      {"FOOD_CATEGORY_PREPARED", {"Prepared food", "調理済み食品", {"惣菜"}}},
      {"FOOD_CATEGORY_BABY", {"Baby food", "ベビーフード", {"離乳食"}}},
      {"FOOD_CATEGORY_CARE", {"Care food", "介護食"}},
      {"FOOD_CATEGORY_NON_FOOD", {"Non-food", "食品以外", {"日用品"}}},
      {"DIETARY_TAG_CARE_FOOD", {"Care food", "介護食"}},
      {"DIETARY_TAG_LOW_SALT", {"Low salt", "塩分控えめ", {"減塩"}}},
      {"DIETARY_TAG_BABY_FOOD", {"Baby food", "ベビーフード", {"離乳食"}}},
      {"DIETARY_TAG_HALAL", {"Halal", "ハラール", {"ハラル"}}},
      {"DIETARY_TAG_VEGETARIAN", {"Vegetarian", "ベジタリアン", {"菜食"}}},
      {"DIETARY_TAG_NEEDS_COOKING", {"Needs cooking", "調理が必要", {"要調理"}}},
      {"DIETARY_TAG_STOCKPILE", {"Stockpile", "備蓄品", {"備蓄"}}},
      {"ALLERGEN_SHRIMP", {"Shrimp", "えび", {"エビ", "海老"}}},
      {"ALLERGEN_CRAB", {"Crab", "かに", {"カニ", "蟹"}}},
      {"ALLERGEN_WALNUT", {"Walnut", "くるみ", {"クルミ"}}},
      {"ALLERGEN_WHEAT", {"Wheat", "小麦"}},
      {"ALLERGEN_BUCKWHEAT", {"Buckwheat", "そば", {"ソバ", "蕎麦"}}},
      {"ALLERGEN_EGG", {"Egg", "卵", {"たまご", "玉子", "鶏卵"}}},
      {"ALLERGEN_MILK", {"Milk", "乳", {"乳成分", "牛乳"}}},
      {"ALLERGEN_PEANUT", {"Peanut", "落花生", {"ピーナッツ"}}},
      {"ALLERGEN_CASHEW", {"Cashew nut", "カシューナッツ"}},
      {"ALLERGEN_ALMOND", {"Almond", "アーモンド"}},
      {"ALLERGEN_ABALONE", {"Abalone", "あわび", {"アワビ"}}},
      {"ALLERGEN_SQUID", {"Squid", "いか", {"イカ"}}},
      {"ALLERGEN_SALMON_ROE", {"Salmon roe", "いくら", {"イクラ"}}},
      {"ALLERGEN_ORANGE", {"Orange", "オレンジ"}},
      {"ALLERGEN_KIWIFRUIT", {"Kiwifruit", "キウイフルーツ", {"キウイ"}}},
      {"ALLERGEN_BEEF", {"Beef", "牛肉"}},
      {"ALLERGEN_SESAME", {"Sesame", "ごま", {"ゴマ", "胡麻"}}},
      {"ALLERGEN_SALMON", {"Salmon", "さけ", {"サケ", "鮭"}}},
      {"ALLERGEN_MACKEREL", {"Mackerel", "さば", {"サバ", "鯖"}}},
      {"ALLERGEN_SOYBEAN", {"Soybean", "大豆"}},
      {"ALLERGEN_CHICKEN", {"Chicken", "鶏肉"}},
      {"ALLERGEN_BANANA", {"Banana", "バナナ"}},
      {"ALLERGEN_PORK", {"Pork", "豚肉"}},
      {"ALLERGEN_MACADAMIA", {"Macadamia nut", "マカダミアナッツ"}},
      {"ALLERGEN_PEACH", {"Peach", "もも", {"桃"}}},
      {"ALLERGEN_YAM", {"Yam", "やまいも", {"山芋"}}},
      {"ALLERGEN_APPLE", {"Apple", "りんご", {"リンゴ"}}},
      {"ALLERGEN_GELATIN", {"Gelatin", "ゼラチン"}},
      {"ALLERGEN_PISTACHIO", {"Pistachio", "ピスタチオ"}},
      {"COMPLIANCE_LEVEL_BASIC", {"Terms signed", "合意書あり"}},
      {"COMPLIANCE_LEVEL_HYGIENE", {"Hygiene and records", "衛生責任者・記録あり"}},
      {"COMPLIANCE_LEVEL_STORAGE_PROVEN", {"Storage proven", "保管温度を記録"}},
      {"COMPLIANCE_LEVEL_CERTIFIED", {"Certified", "外部認証"}},
      {"GROUP_KIND_CAFETERIA", {"Children’s cafeteria", "こども食堂", {"子ども食堂", "子供食堂"}}},
      {"GROUP_KIND_FOOD_BANK", {"Food bank", "フードバンク"}},
      {"GROUP_KIND_PANTRY", {"Pantry", "フードパントリー", {"パントリー"}}},
      {"GROUP_KIND_HOME_DELIVERY", {"Home delivery", "こども宅食", {"子ども宅食", "宅食"}}},
      {"GROUP_KIND_FACILITY", {"Facility", "児童福祉施設など", {"児童福祉施設", "施設"}}},
      {"GROUP_KIND_OTHER", {"Other", "その他"}},
      {"LEGAL_FORM_NPO", {"NPO", "特定非営利活動法人", {"NPO法人"}}},
      {"LEGAL_FORM_SOCIAL_WELFARE", {"Social welfare corporation", "社会福祉法人"}},
      {"LEGAL_FORM_WELFARE_COUNCIL", {"Social-welfare council", "社会福祉協議会", {"社協"}}},
      {"LEGAL_FORM_GENERAL_ASSOCIATION",
       {"General association", "一般社団・財団法人", {"一般社団法人", "一般財団法人"}}},
      {"LEGAL_FORM_PUBLIC_INTEREST",
       {"Public-interest association", "公益社団・財団法人", {"公益社団法人", "公益財団法人"}}},
      {"LEGAL_FORM_VOLUNTARY", {"Voluntary group", "任意団体"}},
      {"LEGAL_FORM_COMPANY", {"Company", "会社", {"株式会社", "合同会社"}}},
      {"LEGAL_FORM_COOPERATIVE", {"Cooperative", "協同組合", {"生活協同組合", "生協"}}},
      {"LEGAL_FORM_RELIGIOUS", {"Religious corporation", "宗教法人"}},
      {"LEGAL_FORM_SCHOOL", {"School corporation", "学校法人"}},
      {"LEGAL_FORM_MUNICIPALITY", {"Municipality", "自治体"}},
      {"LEGAL_FORM_INDIVIDUAL", {"Individual", "個人"}},
      {"LEGAL_FORM_OTHER", {"Other", "その他"}},
      {"ACTIVITY_KIND_CAFETERIA", {"Meals together", "会食", {"こども食堂", "地域食堂"}}},
      {"ACTIVITY_KIND_LUNCH_BOXES", {"Lunch boxes", "弁当配布", {"弁当"}}},
      {"ACTIVITY_KIND_PANTRY", {"Pantry", "フードパントリー", {"パントリー"}}},
      {"ACTIVITY_KIND_HOME_DELIVERY", {"Home delivery", "こども宅食", {"宅食"}}},
      {"ACTIVITY_KIND_FOOD_BANK", {"Food bank", "フードバンク"}},
      {"ACTIVITY_KIND_LEARNING", {"Learning support", "学習支援"}},
      {"ACTIVITY_KIND_PLACE_TO_BE", {"Place to be", "居場所"}},
      {"ACTIVITY_KIND_CONSULTATION", {"Consultation", "相談支援", {"相談"}}},
      {"ACTIVITY_KIND_EXPERIENCES", {"Experiences", "体験活動"}},
      {"ACTIVITY_KIND_CARE_LEAVERS", {"Care leavers", "施設・里親・ケアリーバーの支援", {"ケアリーバー"}}},
      {"ACTIVITY_KIND_SINGLE_PARENTS", {"Single parents", "ひとり親家庭の支援", {"ひとり親"}}},
      {"ACTIVITY_KIND_ELDERLY", {"Older people", "高齢者の支援", {"高齢者"}}},
      {"ACTIVITY_KIND_FOREIGN_ROOTS", {"Foreign roots", "外国につながる人の支援"}},
      {"ACTIVITY_KIND_POVERTY", {"Poverty", "生活困窮者・路上生活者の支援", {"生活困窮者"}}},
      {"ACTIVITY_KIND_DISASTER", {"Disaster relief", "災害時の支援"}},
      {"ACTIVITY_KIND_OTHER", {"Other", "その他"}},
      {"AGE_BAND_INFANT", {"0–2", "乳幼児", {"0〜2歳"}}},
      {"AGE_BAND_PRESCHOOL", {"3–5", "幼児", {"3〜5歳"}}},
      {"AGE_BAND_ELEMENTARY", {"Elementary school", "小学生"}},
      {"AGE_BAND_JUNIOR_HIGH", {"Junior high school", "中学生"}},
      {"AGE_BAND_HIGH_SCHOOL", {"15–17", "高校生世代", {"高校生", "15〜17歳"}}},
      {"AGE_BAND_YOUNG_ADULT", {"18–29", "若者", {"18〜29歳"}}},
      {"AGE_BAND_ADULT", {"30–64", "30〜64歳", {"大人"}}},
      {"AGE_BAND_ELDERLY", {"65 and over", "65歳以上", {"高齢者"}}},
      {"HELP_FUNDS", {"Funds", "資金"}},
      {"HELP_VOLUNTEERS", {"Volunteers", "人手", {"ボランティア"}}},
      {"HELP_VENUE", {"Venue", "会場"}},
      {"HELP_STORAGE", {"Storage", "保管場所"}},
      {"HELP_TRANSPORT", {"Transport", "運搬", {"配送"}}},
      {"HELP_EQUIPMENT", {"Equipment", "調理器具・備品", {"備品"}}},
      {"HELP_TRAINING", {"Training", "研修"}},
      {"HELP_ADVICE", {"Advice", "相談・伴走", {"相談"}}},
      {"HELP_PUBLICITY", {"Publicity", "広報"}},
      {"HELP_CONNECTIONS", {"Connections", "学校・行政・他団体とのつなぎ", {"つなぎ"}}},
      {"HELP_DAILY_GOODS", {"Daily goods", "日用品・衛生用品", {"日用品"}}},
      {"HELP_OTHER", {"Other", "その他"}},
      {"VEHICLE_NONE", {"None", "車なし", {"なし", "無"}}},
      {"VEHICLE_CAR", {"Car", "乗用車"}},
      {"VEHICLE_KEI", {"Kei van or truck", "軽バン・軽トラック", {"軽バン", "軽トラック", "軽トラ", "軽"}}},
      {"VEHICLE_ONE_TON", {"One-ton truck", "1トン車・ワゴン", {"1トン車", "ワゴン"}}},
      {"VEHICLE_TWO_TON", {"Two-ton truck or larger", "2トン車以上", {"2トン車"}}},
      {"WEEKDAY_MONDAY", {"Monday", "月", {"月曜", "月曜日", "mon"}}},
      {"WEEKDAY_TUESDAY", {"Tuesday", "火", {"火曜", "火曜日", "tue"}}},
      {"WEEKDAY_WEDNESDAY", {"Wednesday", "水", {"水曜", "水曜日", "wed"}}},
      {"WEEKDAY_THURSDAY", {"Thursday", "木", {"木曜", "木曜日", "thu"}}},
      {"WEEKDAY_FRIDAY", {"Friday", "金", {"金曜", "金曜日", "fri"}}},
      {"WEEKDAY_SATURDAY", {"Saturday", "土", {"土曜", "土曜日", "sat"}}},
      {"WEEKDAY_SUNDAY", {"Sunday", "日", {"日曜", "日曜日", "sun"}}},
  };
  return words;
}

// "FOOD_CATEGORY_" of FOOD_CATEGORY_UNSPECIFIED.
size_t PrefixOf(const google::protobuf::EnumDescriptor& type) {
  return type.FindValueByNumber(0)->name().size() - std::string_view("UNSPECIFIED").size();
}

}  // namespace

const std::vector<tables::Choice>& ChoicesOf(const google::protobuf::EnumDescriptor& type) {
  static std::mutex mutex;
  static std::map<const google::protobuf::EnumDescriptor*, std::vector<tables::Choice>> all;
  const std::lock_guard<std::mutex> lock(mutex);
  const auto [at, is_new] = all.try_emplace(&type);
  if (!is_new) return at->second;
  for (int i = 0; i < type.value_count(); ++i) {
    const auto& value = *type.value(i);
    if (value.number() == 0) continue;
    tables::Choice choice = {.value = absl::AsciiStrToLower(value.name().substr(PrefixOf(type)))};
    if (const auto word = Words().find(value.name()); word != Words().end()) {
      choice.title = word->second.title;
      choice.title_ja = word->second.title_ja;
      choice.others = word->second.others;
    }
    at->second.push_back(std::move(choice));
  }
  return at->second;
}

int NumberOf(const google::protobuf::EnumDescriptor& type, const std::string& value) {
  const auto* found =
      type.FindValueByName(type.FindValueByNumber(0)->name().substr(0, PrefixOf(type)) + absl::AsciiStrToUpper(value));
  return found == nullptr ? -1 : found->number();
}

}  // namespace kubari::imports
