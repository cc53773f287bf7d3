/** The data with one bit flipped in about every `everyBytes` bytes, at places that the numbers choose. */
export function flippedBits(data: Buffer, everyBytes: number, random: () => number): Buffer {
  const flipped = Buffer.from(data);
  for (let at = 0; at < data.length; at++) {
    if (random() * everyBytes >= 1) continue;
    flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << Math.floor(random() * 8)), at);
  }
  return flipped;
}
