// Bytes that are too many for one message come in parts.

/** `read` gives the bytes from `offset` on, and how many there are in all. */
export async function inParts(read: (offset: bigint) => Promise<{ bytes: Uint8Array; total: bigint }>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let have = 0;
  for (;;) {
    const { bytes, total } = await read(BigInt(have));
    parts.push(bytes);
    have += bytes.length;
    if (BigInt(have) >= total || bytes.length === 0) break;
  }
  const whole = new Uint8Array(have);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
