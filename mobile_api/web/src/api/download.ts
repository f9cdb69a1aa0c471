// A file that a service made, into the person's hands.
export function download(content: Uint8Array, fileName: string, type: string): void {
  saveBlob(new Blob([content as BlobPart], { type }), fileName);
}

export function saveBlob(blob: Blob, fileName: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  // Safari reads the address a moment after the click.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
