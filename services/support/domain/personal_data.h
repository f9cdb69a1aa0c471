// What does not belong into a free text: telephone numbers and e-mail addresses. Only what is obviously one is found; a
// name cannot be told from a word, so the screens warn of names.
#pragma once

#include <string>
#include <string_view>

#include "libs/errors/errors.h"

namespace kubari::support {

enum class PersonalData { kNone, kTelephone, kEmail };

// Japanese numbers as people write them: in one piece or in the usual groups, wide or narrow, with any kind of hyphen,
// blanks, brackets or dots between, in kanji digits, or with +81. Postal codes, dates, addresses and quantities are
// none.
PersonalData FindPersonalData(std::string_view text);

// 0 or `min` to `max` characters, and PERSONAL_DATA where one is found. The violation never repeats the text.
void CheckFreeText(errors::Violations& violations, const std::string& field, const std::string& text, int min, int max);

}  // namespace kubari::support
