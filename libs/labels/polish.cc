#include "libs/labels/polish.h"

#define POINTERHOLDER_TRANSITION 4  // qpdf then uses std::shared_ptr
#include <exception>
#include <qpdf/Buffer.hh>
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFObjectHandle.hh>
#include <qpdf/QPDFWriter.hh>

#include "libs/errors/errors.h"

namespace kubari::labels {
namespace {

std::string PolishOrThrow(const std::string& pdf, const std::string& language) {
  QPDF document;
  document.processMemoryFile("labels.pdf", pdf.data(), pdf.size());
  auto preferences = QPDFObjectHandle::newDictionary();
  preferences.replaceKey("/PrintScaling", QPDFObjectHandle::newName("/None"));
  preferences.replaceKey("/DisplayDocTitle", QPDFObjectHandle::newBool(true));
  auto root = document.getRoot();
  root.replaceKey("/ViewerPreferences", preferences);
  root.replaceKey("/Lang", QPDFObjectHandle::newString(language));
  auto info = document.getTrailer().getKey("/Info");
  if (info.isDictionary()) info.removeKey("/CreationDate");

  QPDFWriter writer(document);
  writer.setOutputMemory();
  writer.setDeterministicID(true);
  writer.setObjectStreamMode(qpdf_o_generate);
  writer.write();
  const std::shared_ptr<Buffer> buffer = writer.getBufferSharedPointer();
  return std::string(reinterpret_cast<const char*>(buffer->getBuffer()), buffer->getSize());
}

}  // namespace

absl::StatusOr<std::string> Polish(const std::string& pdf, const std::string& language) {
  try {
    return PolishOrThrow(pdf, language);
  } catch (const std::exception& failure) {  // qpdf reports by exceptions; none leaves this file
    return errors::Make(absl::StatusCode::kInternal, "PDF_FAILED", "The sheet could not be drawn. Please report this.",
                        "シートを作れませんでした。不具合としてお知らせください。", {{"qpdf", failure.what()}});
  }
}

}  // namespace kubari::labels
