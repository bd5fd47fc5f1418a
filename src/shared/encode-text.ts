const encoder = new TextEncoder()
let encode: (text: string) => Uint8Array = (text) => encoder.encode(text)

/**
 * Names a faster way of this runtime from text to UTF-8 (`Buffer` on Node: small texts share their memory, where each
 * `TextEncoder.encode` asks for its own).
 */
export function useTextEncoder(faster: (text: string) => Uint8Array): void {
  encode = faster
}

/** Text as UTF-8. */
export function encodeText(text: string): Uint8Array {
  return encode(text)
}
